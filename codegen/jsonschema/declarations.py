"""Enums, flags, structs, unions, aliases, constants, errors and protocols."""

from __future__ import annotations

from ..typeexpr import INT_BITS
from .blocks import (
    ABOUT,
    CONSTRAINTS,
    DOC,
    INT64_MAX,
    NO_CONTROL,
    PASCAL,
    RESOURCE,
    SNAKE,
    VALUE,
    WHEN,
    Schema,
    choice,
    flag,
    named,
    ref,
    table,
    text,
)
from .fits import constant, marked, numbered_cases
from .types import struct_name


def declarations() -> dict[str, Schema]:
    enum = table(
        {
            **ABOUT,
            "type": {"enum": list(INT_BITS), "description": "An integer on the wire, not text."},
            "open": flag("Unknown values are kept, not refused.", True),
            "cases": named(SNAKE, ref("case"), "The cases: docs, or tables.", minProperties=1),
        },
        "A set of cases.",
        required=["cases"],
    )
    # An enum of integers needs their values; an enum of texts has none.
    numbered = {"type": "object", "required": ["value"]}
    textual = {"properties": {"value": False}}
    enum |= {
        "if": {"required": ["type"]},
        "then": {"properties": {"cases": {"additionalProperties": numbered}}},
        "else": {"properties": {"cases": {"additionalProperties": textual}}},
        "allOf": numbered_cases(),
    }
    bit = table(
        {
            "value": {"type": "integer", "minimum": 1, "description": "One bit: 1, 2, 4, … 0x80."},
            "doc": DOC,
            **WHEN,
        },
        required=["value"],
    )
    return {
        "enum": enum,
        "case": {
            "description": "A case: its doc, or a table.",
            "anyOf": [
                {"type": "string", "pattern": NO_CONTROL},
                table(
                    {
                        "value": {"type": "integer", "description": "Its number on the wire."},
                        "doc": DOC,
                        "wire": text("Its name on the wire."),
                        **WHEN,
                    }
                ),
            ],
        },
        "flags": table(
            {**ABOUT, "bits": named(SNAKE, bit, "The bits.", minProperties=1)},
            "A set of bits; unknown ones are kept.",
            required=["bits"],
        ),
        "struct": table(
            {
                **ABOUT,
                "unknown": choice(
                    "What happens to keys that are not declared.", "ignore", "keep", "reject"
                ),
                "resource": RESOURCE,
                "fields": ref("fields"),
            },
            "A record.",
            **marked("fields"),
        ),
        "union": table(
            {
                **ABOUT,
                "open": flag("Unknown cases are kept, not refused.", True),
                "resource": RESOURCE,
                "cases": named(SNAKE, ref("fields"), "Tables of fields.", minProperties=1),
            },
            "One of several records.",
            required=["cases"],
            **marked("cases"),
        ),
        "alias": table(
            {**ABOUT, "type": ref("type"), **CONSTRAINTS},
            "A name for a type with constraints.",
            allOf=[ref("fits")],
            required=["type"],
        ),
        "const": table(
            {**ABOUT, "type": ref("type"), "value": {"description": VALUE}},
            "A value that both sides know.",
            allOf=[constant()],
            required=["type", "value"],
        ),
        "error": table(
            {
                "code": {
                    "type": "integer", "minimum": 100, "maximum": INT64_MAX,
                    "description": "Its number on the wire, from 100; no two errors share one.",
                },
                **ABOUT,
                "resource": RESOURCE,
                "fields": ref("fields"),
            },
            "A failure that methods may answer with.",
            **marked("fields"),
            required=["code"],
        ),
        "protocol": table(
            {
                **ABOUT,
                "callbacks": {
                    "type": "string",
                    "pattern": PASCAL,
                    "description": "The protocol that the client serves on the same connection.",
                },
                "methods": named(SNAKE, ref("method"), "The methods.", minProperties=1),
                "events": named(
                    SNAKE,
                    table(
                        {
                            "in": {
                                "description": "A struct's name, or a table of fields.",
                                "anyOf": [struct_name(), ref("arguments")],
                            },
                            "selector": text("Its name on the wire."),
                            **ABOUT,
                        }
                    ),
                    "What the server tells the client without a request.",
                ),
            },
            "Methods that one side serves.",
            anyOf=[{"required": ["methods"]}, {"required": ["events"]}],
        ),
    }  # fmt: skip
