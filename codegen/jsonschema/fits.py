"""Values and limits against the type that stands beside them.

A type is known here by its spelling: what a name stands for is the compiler's.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from ..check.constraints import int_range
from ..typeexpr import INT_BITS
from ..values import INT64
from .blocks import CONSTRAINTS, Schema

RESOURCE_WORDS: Final = "(fd|shmem|client_end|server_end)"
_LIST: Final = r"^\s*list\s*<"
_MAP: Final = r"^\s*map\s*<"
_RESOURCE: Final = rf"^\s*{RESOURCE_WORDS}\b"
_HOLDS: Final = rf"(^|[<,\s]){RESOURCE_WORDS}\b"
_OPTIONAL: Final = r"\?\s*$"
_NO_NUL: Final = "^[^\\u0000]*$"
_F32_MAX: Final = 3.4028235677973366e38
"""The first number that 32 bits round to infinity."""
_SCALAR_OR_TABLE: Final[Schema] = {"not": {"type": ["array", "object"]}}

_LENGTHS: Final = ("min_len", "max_len")
_COUNTS: Final = ("min_items", "max_items")


def _integer(low_high: tuple[int, int]) -> Schema:
    return {"type": "integer", "minimum": low_high[0], "maximum": low_high[1]}


def _or_ns(pattern: str) -> Schema:
    """Text, or nanoseconds."""
    return {"anyOf": [{"type": "string", "pattern": pattern}, _integer(INT64)]}


_VALUES: Final[dict[str, Schema]] = {
    "bool": {"type": "boolean"},
    # TOML's inf and nan are null to some editors.
    "f64": {"type": ["number", "null"]},
    "f32": {
        "type": ["number", "null"],
        "anyOf": [
            {"exclusiveMinimum": -_F32_MAX, "exclusiveMaximum": _F32_MAX},
            {"exclusiveMinimum": sys.float_info.max},
            {"exclusiveMaximum": -sys.float_info.max},
        ],
    },
    "string": {"type": "string", "pattern": _NO_NUL},
    "bytes": {"type": "string", "pattern": "^([0-9a-fA-F]{2})*$"},
    "uuid": {"type": "string", "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"},
    "date": _or_ns(
        r"^(1[6-9]|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}[Tt ]"
        r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
    ),
    "duration": _or_ns(r"^-?[0-9]{1,20}(\.[0-9]{1,20})?(ns|us|ms|s|m|h|d)$"),
    "any": {},
    **{name: _integer(int_range(name) or INT64) for name in INT_BITS},
}
"""What a value of each scalar looks like."""

_LIMITS: Final = {
    "string": (*_LENGTHS, "max_bytes", "pattern"),
    "bytes": _LENGTHS,
    "f32": ("min", "max"),
    "f64": ("min", "max"),
    **dict.fromkeys(INT_BITS, ("min", "max")),
}
"""The constraints that fit a scalar; those that are not here have none."""


def fits() -> Schema:
    """Of a field or an alias: its limits, default and example fit its type."""
    rules = [
        _when(_scalar(name), _limits(_LIMITS.get(name, ()), name) | _both(value))
        for name, value in _VALUES.items()
    ]
    table = {"type": "object", "propertyNames": {"pattern": _NO_NUL}}
    rules += [
        _when(_scalar("any"), {"default": _SCALAR_OR_TABLE}),
        _when(_LIST, _limits((*_COUNTS, "unique")) | _both({"type": "array"})),
        _when(_MAP, _limits(_COUNTS) | _both(table)),
        _when(_RESOURCE, _limits(()) | _both(False)),
        _when(_LIST, _both({"uniqueItems": True}), unique={"const": True}),
        _when(_LIST, _both({"minItems": 1}), min_items={"minimum": 1}),
        _when(_MAP, _both({"minProperties": 1}), min_items={"minimum": 1}),
        _when(r"^\s*(string|bytes)\s*\??\s*$", _both({"minLength": 1}), min_len={"minimum": 1}),
    ]
    return {"allOf": rules}


def constant() -> Schema:
    """Of a constant: its type is one that it may have, and its value is of that type."""
    refused = [_scalar("any"), _LIST, _MAP, _RESOURCE, _OPTIONAL]
    return {
        "properties": {"type": {"not": {"anyOf": [{"pattern": pattern} for pattern in refused]}}},
        "allOf": [_when(_scalar(name), {"value": value}) for name, value in _VALUES.items()],
    }


def argument() -> Schema:
    """Of a field in the table of a request or event: an optional one has a scalar default."""
    return _when(_OPTIONAL, {"default": _SCALAR_OR_TABLE}) | {"$ref": "#/$defs/field"}


def numbered_cases() -> list[Schema]:
    """Of an enum: its cases' values fit its type."""
    return [
        {
            "if": {"required": ["type"], "properties": {"type": {"const": name}}},
            "then": {
                "properties": {
                    "cases": {"additionalProperties": {"properties": {"value": _VALUES[name]}}}
                }
            },
        }
        for name in INT_BITS
    ]


def marked(key: str) -> Schema:
    """Of a struct, union or error: it says that it is a resource if one of its fields is.

    ``key`` is where the fields are, or the cases that have them.
    """
    spelled = {"type": "string", "pattern": _HOLDS}
    whole = {"type": "object", "required": ["type"], "properties": {"type": spelled}}
    some = _some({"anyOf": [spelled, whole]})
    return {
        "if": {
            "required": [key],
            "properties": {key: some if key == "fields" else _some(some)},
        },
        "then": {"required": ["resource"], "properties": {"resource": {"const": True}}},
    }


def _some(item: Schema) -> Schema:
    """At least one value in the table is like this."""
    return {"type": "object", "not": {"additionalProperties": {"not": item}}}


def _scalar(name: str) -> str:
    return rf"^\s*{name}\s*\??\s*$"


def _when(pattern: str, then: dict[str, Any], **also: Schema) -> Schema:
    """What these keys are if the type is spelled like this, and other keys are like that."""
    return {
        "if": {
            "type": "object",
            "required": ["type", *also],
            "properties": {"type": {"type": "string", "pattern": pattern}, **also},
        },
        "then": {"properties": then},
    }


def _both(value: Any) -> dict[str, Any]:
    return {"default": value, "example": value}


def _limits(fitting: tuple[str, ...], name: str = "") -> dict[str, Any]:
    """No constraints but these, and of an integer only its own numbers."""
    limits: dict[str, Any] = {key: False for key in CONSTRAINTS if key not in fitting}
    if "unique" in limits:
        # To say that it is not so is right for any type.
        limits["unique"] = {"const": False}
    if name in INT_BITS:
        limits |= dict.fromkeys(fitting, _VALUES[name])
    return limits
