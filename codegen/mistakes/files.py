"""Files: what can be read at all, and what belongs together."""

from __future__ import annotations

from typing import Final

from .mistake import Mistake

NOT_UTF8: Final = Mistake(
    "not-utf8",
    "A contract is UTF-8 text",
    "TOML is UTF-8 by definition; other bytes would mean different letters to each reader.",
)
BYTE_ORDER_MARK: Final = Mistake(
    "byte-order-mark",
    "A contract starts with its first key, not with a byte order mark",
    "The mark is invisible, and TOML readers take it for a part of the first key.",
)
FILE_TOO_LONG: Final = Mistake(
    "file-too-long",
    "A contract has at most 1 MiB",
    "No person wrote a contract of that length; a large service is several contracts.",
)
NOT_TOML: Final = Mistake(
    "not-toml",
    "A contract is one TOML 1.0 document",
    "What TOML readers refuse, or read in two ways, has no meaning that two sides could share.",
)
TOO_MANY_DOTS: Final = Mistake(
    "too-many-dots",
    "A line has at most 1,000 dots",
    "Keys of thousands of parts keep a TOML reader busy for minutes, and say nothing.",
)
NESTED_TOO_DEEP: Final = Mistake(
    "nested-too-deep",
    "Tables and lists stand at most 32 deep",
    "The language itself needs about ten; what is deeper exhausts the stack of its reader.",
)
NUMBER_TOO_LONG: Final = Mistake(
    "number-too-long",
    "A number has at most 1,024 bits",
    "XPC carries 64 of them; converting thousands of digits takes time by their square.",
)
NOT_A_CONTRACT: Final = Mistake(
    "not-a-contract",
    "A file that is laid out says `schema`",
    "Other TOML files, such as pyproject.toml, have another order of keys, which fmt would ruin.",
)
FORM_WOULD_CHANGE: Final = Mistake(
    "form-would-change",
    "Laying a file out changes no value and no comment",
    "The compiler compares before it writes; a difference is a fault of its own, and is refused.",
)
NOT_A_LOCK: Final = Mistake(
    "not-a-lock",
    "A lock is as `xpcrpc freeze` wrote it",
    "A lock that was edited promises to peers what nobody ever shipped.",
)
IMPORT_ALIAS: Final = Mistake(
    "import-alias",
    "The alias of an import is in snake_case and no word of Python",
    "Generated modules import the other package under this name.",
)
IMPORT_PATH: Final = Mistake(
    "import-path",
    "The path of an import is relative to the importing file",
    "An absolute path works on one machine only.",
)
IMPORT_UNREADABLE: Final = Mistake(
    "import-unreadable",
    "An imported contract can be read",
    "Nothing is known of the types that it should declare.",
)
IMPORT_CIRCLE: Final = Mistake(
    "import-circle",
    "Contracts do not import each other in a circle",
    "Their Python modules would import each other too, and none could be the first.",
)
IMPORT_TWICE: Final = Mistake(
    "import-twice",
    "A contract is imported once",
    "One type would have two names, and readers would look for a difference.",
)
IMPORT_DEPTH: Final = Mistake(
    "import-depth",
    "At most 32 contracts import each other in a row",
    "Nobody can follow such a chain, and a reader of it needs stack for every link.",
)
IMPORT_WITHOUT_FILE: Final = Mistake(
    "import-without-file",
    "A contract that imports is a file",
    "Text from elsewhere has no folder that a path could be relative to.",
)
IMPORT_TYPES_ONLY: Final = Mistake(
    "import-types-only",
    "Only types are imported, no errors and no protocols",
    "Codes and selectors belong to a service, and its own contract lists them.",
)
PACKAGE_TWICE: Final = Mistake(
    "package-twice",
    "Contracts that are compiled together make Python packages of different names",
    "The second would overwrite the first.",
)
