"""Types: how they are written, what they name, and what they hold."""

from __future__ import annotations

from typing import Final

from .mistake import Mistake

TYPE_SYNTAX: Final = Mistake(
    "type-syntax",
    "A type expression follows its grammar",
    "`T ::= scalar | resource | Name | alias.Name | list<T> | map<string, T> | T?`; no more.",
)
TYPE_TOO_DEEP: Final = Mistake(
    "type-too-deep",
    "At most 24 types stand inside each other",
    "Nobody can read such a type; a named struct says what each level is.",
)
OPTIONAL_TWICE: Final = Mistake(
    "optional-twice",
    "A type is optional once",
    "There is one null in XPC, so two of them could not be told apart.",
)
OPTIONAL_ANY: Final = Mistake(
    "optional-any",
    "`any` has no `?`",
    "`any` holds null already, so absence and null could not be told apart.",
)
FD_MODE: Final = Mistake(
    "fd-mode",
    "A descriptor is for read, write, readwrite or socket",
    "The mode is checked when a descriptor arrives, so it must be one that can be checked.",
)
MAP_KEY: Final = Mistake(
    "map-key",
    "The keys of a map are strings",
    "An XPC dictionary has no other keys.",
)
UNKNOWN_TYPE: Final = Mistake(
    "unknown-type",
    "A named type is declared, or imported",
    "There is nothing to read or write.",
)
ERROR_AS_TYPE: Final = Mistake(
    "error-as-type",
    "An error is no type of a value",
    "Errors travel as the failure of a call; a value that says what went wrong is a struct.",
)
PROTOCOL_AS_TYPE: Final = Mistake(
    "protocol-as-type",
    "A protocol is no type of a value; an end of it is",
    "It must be said which side the receiver gets, client or server.",
)
UNKNOWN_IMPORT: Final = Mistake(
    "unknown-import",
    "What stands before the dot is an import",
    "The type would be looked for in no file.",
)
UNKNOWN_PROTOCOL: Final = Mistake(
    "unknown-protocol",
    "A named protocol is declared",
    "There is nothing to serve or call.",
)
INFINITE_TYPE: Final = Mistake(
    "infinite-type",
    "A type holds itself through `?`, `list` or `map` only",
    "Its smallest value would be endless.",
)
ALIAS_CIRCLE: Final = Mistake(
    "alias-circle",
    "An alias does not name itself",
    "It would be another name for nothing.",
)
RESOURCE_NOT_MARKED: Final = Mistake(
    "resource-not-marked",
    "What holds a descriptor, shared memory or an end says `resource = true`",
    "Such a value has one owner, cannot be stored or copied, and readers must know before.",
)
ENUM_TYPE: Final = Mistake(
    "enum-type",
    "The `type` of an enum is an integer type",
    "Enums are text, or integers, on the wire.",
)
CASE_VALUE_OF_TEXT: Final = Mistake(
    "case-value-of-text",
    "Only the cases of an integer enum have values",
    "On the wire a case of a text enum is its name; the number would be lost.",
)
CASE_VALUE_RANGE: Final = Mistake(
    "case-value-range",
    "The value of a case fits the type of its enum",
    "It could not be written.",
)
FLAG_BIT: Final = Mistake(
    "flag-bit",
    "A flag is one of 64 bits",
    "Flags are a uint64 on the wire, and are combined bit by bit.",
)
ERROR_CODE_RANGE: Final = Mistake(
    "error-code-range",
    "The code of an error is 100 or more, and fits 63 bits",
    "Lower ones are the runtime's own failures.",
)
