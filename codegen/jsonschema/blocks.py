"""Building blocks of the schema: tables, texts, choices, and what many tables share."""

from __future__ import annotations

import sys
from typing import Any, Final, TypeAlias

from ..naming import MAX_NAME

Schema: TypeAlias = dict[str, Any]

INT64_MAX: Final = 2**63 - 1
SNAKE: Final = "^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
PASCAL: Final = "^[A-Z][A-Za-z0-9]*$"
UPPER: Final = "^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$"
VERSION: Final = r"^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$"
NO_CONTROL: Final = (
    "^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f\\u2028\\u2029\\ufeff\\u202a-\\u202e\\u2066-\\u2069]*$"
)
SPAN: Final = r"^(?=.*[1-9])[0-9]{1,20}(\.[0-9]{1,20})?(ns|us|ms|s|m|h|d)$"


def ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def table(properties: dict[str, Schema], about: str = "", **more: Any) -> Schema:
    """A table with these keys and no others."""
    described = {"description": about} if about else {}
    return {
        "type": "object",
        **described,
        "additionalProperties": False,
        "properties": properties,
        **more,
    }


def named(pattern: str, item: Schema, about: str = "", **more: Any) -> Schema:
    """A table whose keys are names that the author gives."""
    described = {"description": about} if about else {}
    return {
        "type": "object",
        **described,
        "propertyNames": {"pattern": pattern, "maxLength": MAX_NAME},
        "additionalProperties": item,
        **more,
    }


def text(about: str, **more: Any) -> Schema:
    return {
        "type": "string", "description": about, "minLength": 1, "pattern": NO_CONTROL, **more,
    }  # fmt: skip


def flag(about: str, default: bool = False) -> Schema:
    return {"type": "boolean", "description": about, "default": default}


def choice(about: str, *choices: str) -> Schema:
    return {"enum": list(choices), "description": about, "default": choices[0]}


def count(about: str) -> Schema:
    return {"type": "integer", "description": about, "minimum": 0, "maximum": INT64_MAX}


def array(item: Schema, about: str, **more: Any) -> Schema:
    return {"type": "array", "description": about, "items": item, **more}


def described(schema: Schema, about: str) -> Schema:
    return {**schema, "description": about}


DOC: Final = text("What it is, for readers; becomes the docstring and the documentation.")
WHEN: Final[dict[str, Schema]] = {
    "since": {
        "type": "string",
        "pattern": VERSION,
        "description": "The contract's version that it came with, such as 1.1.",
    },
    "deprecated": text("Why not to use it any more, and what instead."),
}
ABOUT: Final[dict[str, Schema]] = {"doc": DOC, **WHEN}
FINITE: Final = {"minimum": -sys.float_info.max, "maximum": sys.float_info.max}
_ESCAPE: Final = r"""\\(x[0-9A-Fa-f]{2}|[dDwWsSbBAtnrfv\\.\[\]{}()*+?|^$\-/"'#&~<>=!@%:;, ])"""
RE2: Final = (
    rf"^({_ESCAPE}|\[\^?\]?({_ESCAPE}|[^\]\\])*\]|\((?!\?)|\(\?(:|P<[A-Za-z_][A-Za-z0-9_]*>)"
    r"|[*+?}](?!\+)|[^\\\[(*+?}])*$"
)
"""Escapes, classes, groups, repeats and other characters, as far as one pattern can tell them."""
CONSTRAINTS: Final[dict[str, Schema]] = {
    "min": {"type": "number", **FINITE, "description": "Least number."},
    "max": {"type": "number", **FINITE, "description": "Greatest number."},
    "min_len": count("Least length: characters of a string, bytes of data."),
    "max_len": count("Greatest length: characters of a string, bytes of data."),
    "max_bytes": count("Greatest length of a string in UTF-8, in bytes."),
    "pattern": text(
        "A regular expression that the whole text matches; RE2's subset.",
        allOf=[{"pattern": RE2}],
    ),
    "min_items": count("Fewest items of a list or map."),
    "max_items": count("Most items of a list or map."),
    "unique": flag("No two items of the list are alike."),
}
VALUE: Final = 'In the form that the type has in contracts, such as "5s" for a duration.'
RESOURCE: Final = flag("It holds a descriptor, shared memory or an end, at any depth.")
