"""Names: how they are spelled, and what must differ."""

from __future__ import annotations

from typing import Final

from .mistake import Mistake

NAME_SPELLING: Final = Mistake(
    "name-spelling",
    "Types are PascalCase, fields and methods snake_case, constants UPPER_CASE",
    "Names are turned into Python's, and into the wire's, by their words.",
)
NAME_TOO_LONG: Final = Mistake(
    "name-too-long",
    "A name has at most 48 characters",
    "Generated lines grow with it, and no longer fit a screen.",
)
PYTHON_NAME: Final = Mistake(
    "python-name",
    "`python` names a Python package in snake_case",
    "It becomes a folder that programs import.",
)
PYTHON_COLLISION: Final = Mistake(
    "python-collision",
    "Two names of a contract stay two in Python",
    "One would hide the other; nothing is renamed silently.",
)
DECLARED_TWICE: Final = Mistake(
    "declared-twice",
    "A name is declared once, whatever its kind",
    "A type expression could mean either.",
)
WIRE_NAME_TWICE: Final = Mistake(
    "wire-name-twice",
    "Fields, and cases, have names of their own on the wire",
    "A reader could not tell the two apart, and a dictionary holds a key once.",
)
CASE_VALUE_TWICE: Final = Mistake(
    "case-value-twice",
    "Cases have values of their own",
    "A reader could not tell the two apart.",
)
BIT_TWICE: Final = Mistake(
    "bit-twice",
    "Flags have bits of their own",
    "A reader could not tell the two apart.",
)
ERROR_CODE_TWICE: Final = Mistake(
    "error-code-twice",
    "Errors have codes of their own",
    "A client raises the exception that the code names.",
)
SERVICE_NAME_TWICE: Final = Mistake(
    "service-name-twice",
    "Services have names of their own",
    "The system gives a name to one listener only.",
)
SELECTOR_TWICE: Final = Mistake(
    "selector-twice",
    "Methods and events of a protocol have selectors of their own",
    "A service could not tell which one was called.",
)
SELECTOR_TAKEN: Final = Mistake(
    "selector-taken",
    "A selector does not begin with `xpcrpc.`",
    "Every service answers `xpcrpc.hello` and others by itself; a method of that name is lost.",
)
CALLBACK_SELECTOR: Final = Mistake(
    "callback-selector",
    "No method of `callbacks` has the selector of one of the protocol's events",
    "Both arrive at the client, on one connection.",
)
SINCE_IN_FUTURE: Final = Mistake(
    "since-in-future",
    "`since` is not above the contract's version",
    "A client of this version would look for what no service has yet.",
)
RESERVED_OWNER: Final = Mistake(
    "reserved-owner",
    "`[reserved]` speaks of what is declared",
    "The line protects nothing, most likely since its owner was renamed.",
)
RESERVED_NAME: Final = Mistake(
    "reserved-name",
    "A reserved name does not come back",
    "Programs in the field still read the old meaning into it.",
)
RESERVED_CODE: Final = Mistake(
    "reserved-code",
    "A reserved code does not come back",
    "Programs in the field still raise the old error for it.",
)
RESERVED_CODE_FORM: Final = Mistake(
    "reserved-code-form",
    "A reserved code is a positive integer",
    "No error could have had another one.",
)
