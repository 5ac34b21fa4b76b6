"""The whole schema."""

from __future__ import annotations

import json
import re

from ..check.wire import OWN_PACKAGE, OWN_SELECTORS
from ..lint import RULES
from ..naming import MAX_NAME
from .blocks import (
    DOC,
    PASCAL,
    SNAKE,
    UPPER,
    VERSION,
    Schema,
    array,
    choice,
    named,
    ref,
    table,
)
from .declarations import declarations
from .fits import argument, fits
from .protocols import method, services
from .types import field, type_schema


def json_schema() -> Schema:
    """The whole schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "xpcrpc contract",
        "description": "A contract of xpcrpc: typed messages over raw XPC. Language version 1.",
        **_contract(),
        "$defs": _definitions(),
    }


def schema_text() -> str:
    """The text of the file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=True) + "\n"


def _contract() -> Schema:
    properties: dict[str, Schema] = {
        "schema": {"const": 1, "description": "The version of the contract language."},
        "package": {
            "type": "string",
            "pattern": r"^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z][A-Za-z0-9_-]*)+$",
            "description": "Reverse-DNS name; its last label names the generated package.",
        },
        "python": {
            "type": "string",
            "pattern": SNAKE,
            "maxLength": MAX_NAME,
            "description": "Another name for the generated Python package.",
        },
        "version": {
            "type": "string",
            "pattern": VERSION,
            "description": "MAJOR.MINOR of this contract; a breaking change needs a new MAJOR.",
        },
        "doc": DOC,
        "imports": named(
            SNAKE,
            {
                "type": "string",
                "pattern": r"^[^/\\][^\\]*$",
                "description": "Relative to this file.",
            },
            "Other contracts, by the name that their types get here.",
            propertyNames={"pattern": SNAKE, "maxLength": 64},
        ),
        "wire": ref("wire"),
        "lint": ref("lint"),
    }
    declarations = {
        "enum": (PASCAL, "Sets of cases: text or integers on the wire."),
        "flags": (PASCAL, "Sets of bits: a uint64 on the wire."),
        "struct": (PASCAL, "Records: dictionaries on the wire."),
        "union": (PASCAL, "One of several records: a dictionary with the case as its one key."),
        "alias": (PASCAL, "Names for types with constraints."),
        "const": (UPPER, "Values that both sides know."),
        "error": (PASCAL, "Failures that methods may answer with."),
        "protocol": (PASCAL, "Methods that one side serves."),
        "service": (SNAKE, "Where a protocol is served, and who may connect."),
    }
    for kind, (pattern, about) in declarations.items():
        properties[kind] = named(pattern, ref(kind), about)
    properties["reserved"] = ref("reserved")
    return table(properties, required=["schema", "package", "version"], **_own_selectors())


def _own_selectors() -> Schema:
    """No contract but the standard one has the selectors that every service answers by itself."""
    refused = {"not": {"pattern": f"^{re.escape(OWN_SELECTORS)}"}}
    callables = {"additionalProperties": {"properties": {"selector": refused}}}
    protocol = {"properties": {"methods": callables, "events": callables}}
    return {
        "if": {"not": {"properties": {"package": {"const": OWN_PACKAGE}}}},
        "then": {"properties": {"protocol": {"additionalProperties": protocol}}},
    }


def _definitions() -> dict[str, Schema]:
    return {
        "type": type_schema(),
        "field": field(),
        "fits": fits(),
        "arguments": named(SNAKE, argument(), "The fields of a request or an event."),
        "fields": named(SNAKE, ref("field"), "The fields, each a type or a table about it."),
        **declarations(),
        "method": method(),
        **services(),
        "wire": table(
            {
                "dialect": choice("The shape of messages.", "rama"),
                "selector": {
                    "type": "string",
                    "pattern": r"^(?=.*\{(name|camel|pascal)\})"
                    r"([^{}]|\{(name|camel|pascal|protocol)\})*$",
                    "default": "{name}",
                    "description": "How methods are named on the wire: {name}, {camel}, {pascal} "
                    "and {protocol} are filled in.",
                },
                "fields": {
                    "type": "string",
                    "pattern": r"^(?=.*\{(name|camel)\})([^{}]|\{(name|camel)\})*$",
                    "default": "{name}",
                    "description": "How fields are named on the wire: {name} or {camel}.",
                },
                "none": choice("What an absent optional field is on the wire.", "omit", "null"),
            },
            "How names and absent values look in messages.",
        ),
        "lint": _lint(),
        "reserved": _reserved(),
    }


def _lint() -> Schema:
    reason = {"type": "string", "minLength": 1}
    ids = "|".join(rule.id for rule in RULES)
    ignore = {
        "type": "object",
        "description": 'Exceptions: "rule" or "rule:path" = "reason".',
        "properties": {
            rule.id: {**reason, "description": f"{rule.title}. {rule.why}"} for rule in RULES
        },
        "patternProperties": {f"^({ids}):.+$": reason},
        "additionalProperties": False,
    }
    return table({"ignore": ignore}, "What xpcrpc lint leaves alone.")


def _reserved() -> Schema:
    names = array({"type": "string"}, "Names.")
    return table(
        {
            "fields": named(PASCAL, names, "By struct or error."),
            "cases": named(PASCAL, names, "By enum, flags or union."),
            "methods": named(PASCAL, names, "By protocol."),
            "codes": array({"type": "integer", "minimum": 1}, "Codes of errors."),
        },
        "Names and codes that must not come back.",
    )
