"""Constraints, defaults, examples and constants."""

from __future__ import annotations

from typing import Final

from .mistake import Mistake

CONSTRAINT_MISPLACED: Final = Mistake(
    "constraint-misplaced",
    "A constraint stands at a type that it fits",
    "It would never be checked.",
)
LIMIT_FINITE: Final = Mistake(
    "limit-finite",
    "A limit is a finite number",
    "Infinity limits nothing, and nothing compares with nan.",
)
LIMIT_WHOLE: Final = Mistake(
    "limit-whole",
    "The limit of an integer is an integer",
    "Another reader might round it the other way.",
)
LIMIT_RANGE: Final = Mistake(
    "limit-range",
    "A limit lies inside its type",
    "It would limit nothing, or everything.",
)
LIMIT_OF_LENGTH: Final = Mistake(
    "limit-of-length",
    "A length or a number of items is 0 or more, and fits 63 bits",
    "No value has such a length.",
)
LIMITS_CROSSED: Final = Mistake(
    "limits-crossed",
    "The lower limit is not above the upper one",
    "No value would fit.",
)
PATTERN: Final = Mistake(
    "pattern",
    "A pattern means the same in Python and in RE2",
    "Each language checks it with its own engine, some of which never backtrack.",
)
VALUE_TYPE: Final = Mistake(
    "value-type",
    "A default, an example or a constant is a value of its type",
    "It could not be written to a message.",
)
VALUE_CASE: Final = Mistake(
    "value-case",
    "A value of an enum, flags or a union names what these declare",
    "There is no such member in generated code.",
)
VALUE_FIELD: Final = Mistake(
    "value-field",
    "A value of a struct has the fields of the struct, and all that it requires",
    "The object could not be made.",
)
VALUE_CONSTRAINT: Final = Mistake(
    "value-constraint",
    "A value keeps to the constraints of its own field or alias",
    "Whoever leaves the field out would send what the other side refuses.",
)
VALUE_OF_RESOURCE: Final = Mistake(
    "value-of-resource",
    "A descriptor, shared memory or an end has no default and no example",
    "There is no such thing before a program opens it.",
)
DEFAULT_OF_ANY: Final = Mistake(
    "default-of-any",
    "A default of `any` is no list and no table",
    "Every object would share it, and a change to one would show in all.",
)
DEFAULT_OF_ARGUMENT: Final = Mistake(
    "default-of-argument",
    "An optional list, map or struct in the table of a method or event has no default",
    "As a keyword argument, None would mean absence and the default at once.",
)
CONSTANT_TYPE: Final = Mistake(
    "constant-type",
    "A constant is a scalar, an enum or flags",
    "Anything else can be changed by whoever imports it.",
)
