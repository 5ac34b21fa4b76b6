"""Type expressions and fields."""

from __future__ import annotations

from typing import Final

from ..typeexpr import FD_MODES, INT_BITS, MAX_DEPTH, SCALARS
from .blocks import CONSTRAINTS, DOC, VALUE, WHEN, Schema, ref, table, text

_DEPTH: Final = 4
"""Lists and maps inside each other whose spelling the schema checks; deeper ones it lets pass."""


def type_schema() -> Schema:
    simple = [*sorted(SCALARS, key=_natural), "fd", *(f"fd<{mode}>" for mode in FD_MODES), "shmem"]
    return {
        "description": "A type: a scalar, fd, shmem, client_end<Protocol>, list<T>, "
        "map<string, T>, server_end<Protocol>, the name of a declaration, import.Name, or any of "
        "these with '?' for optional.",
        "not": {"pattern": rf"((list|map)\s*<[^<>]*){{{MAX_DEPTH + 1}}}"},
        "anyOf": [
            {"enum": simple},
            {"type": "string", "pattern": f"^{_expression(_DEPTH)}$"},
            {"type": "string", "pattern": rf"^(\s*(list|map)\s*<[^>]*){{{_DEPTH + 1}}}"},
        ],
    }  # fmt: skip


_WORD: Final = "[A-Za-z_][A-Za-z0-9_]*"


def _expression(depth: int) -> str:
    """The type expressions with so many lists and maps around each other, as a pattern."""
    words = "|".join((*sorted(SCALARS - {"any"}, key=_natural), "shmem"))
    own = rf"(({words})\b|([a-z][a-z0-9_]*\s*\.\s*)?[A-Z][A-Za-z0-9]*)"
    descriptor = rf"fd(\s*<\s*({'|'.join(FD_MODES)})\s*>)?"
    pattern = rf"({own}|{descriptor}|(client|server)_end\s*<\s*{_WORD}\s*>"
    if depth:
        pattern += rf"|(list\s*<|map\s*<\s*string\s*,){_expression(depth - 1)}>"
    return rf"\s*(any|{pattern})\s*\??)\s*"


def _natural(name: str) -> tuple[str, int]:
    """``u8`` before ``u16``"""
    return (name[0], INT_BITS[name]) if name in INT_BITS else (name, 0)


def struct_name() -> Schema:
    """What ``in`` may name: a struct of this contract or of an imported one."""
    return {
        "type": "string",
        "pattern": r"^([a-z][a-z0-9]*(_[a-z0-9]+)*\.)?[A-Z][A-Za-z0-9]*$",
        "description": "A struct's name, or import.Name.",
    }


def field() -> Schema:
    whole = table(
        {
            "type": ref("type"),
            **CONSTRAINTS,
            "default": {"description": f"What it is if it is left out. {VALUE}"},
            "example": {"description": f"A value for the documentation. {VALUE}"},
            "wire": text("Its name on the wire."),
            **WHEN,
            "doc": DOC,
        },
        required=["type"],
        allOf=[ref("fits")],
    )
    return {
        "description": "A field: its type, or a table with its type and more about it.",
        "anyOf": [ref("type"), whole],
    }
