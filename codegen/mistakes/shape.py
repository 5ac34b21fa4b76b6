"""Shape: which keys there are, and which kind of value each has."""

from __future__ import annotations

from typing import Final

from .mistake import Mistake

UNKNOWN_KEY: Final = Mistake(
    "unknown-key",
    "A table has the keys of the language only",
    "A misspelled key would be ignored, and what it says would not hold.",
)
MISSING_KEY: Final = Mistake(
    "missing-key",
    "A table has the keys that it needs",
    "The compiler would have to guess what peers rely on.",
)
WRONG_KIND: Final = Mistake(
    "wrong-kind",
    "A key has a value of its kind",
    "Text that looks like a number, or a list in place of a table, is read in two ways.",
)
EMPTY_TEXT: Final = Mistake(
    "empty-text",
    "A text says something",
    "An empty name, doc or reason is a line that was never finished.",
)
CONTROL_CHARACTER: Final = Mistake(
    "control-character",
    "A text holds no control characters",
    "They end lines in generated code, and turn its direction round in an editor.",
)
ONE_LINE: Final = Mistake(
    "one-line",
    "A setting of a job or unit is one line",
    "A line break would begin the next setting of the unit file.",
)
UNKNOWN_WORD: Final = Mistake(
    "unknown-word",
    "A setting with a choice has one of its words",
    "A misspelled word would silently mean the default.",
)
SCHEMA_VERSION: Final = Mistake(
    "schema-version",
    "`schema` is the version of the language, 1",
    "Another version may give the same keys another meaning.",
)
PACKAGE_NAME: Final = Mistake(
    "package-name",
    "`package` is a reverse-DNS name",
    "It must be the contract's alone, and its last label names the Python package.",
)
VERSION_FORM: Final = Mistake(
    "version-form",
    "A version is MAJOR.MINOR",
    "Peers compare versions, and need to know which part allows a break.",
)
WIRE_PLACEHOLDER: Final = Mistake(
    "wire-placeholder",
    "A template has the placeholders of the language only",
    "Anything else in braces would go onto the wire as it is written.",
)
WIRE_TEMPLATE: Final = Mistake(
    "wire-template",
    "A template makes different names of different names",
    "Every selector would be the same, and a service could not tell calls apart.",
)
UNKNOWN_LINT_RULE: Final = Mistake(
    "unknown-lint-rule",
    "An exception names a lint rule that exists",
    "It would cover nothing, and the finding that it was written for would come back.",
)
