"""Choices of types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..check.references import expressions
from ..model import MISSING, Contract, EnumType, UnionType, resolve
from ..typeexpr import INT_BITS, Optional, Scalar, parts
from .rule import Finding, Rule

_SPAN: Final = re.compile(r"(?:.*_)?(?:ns|us|ms|msec|secs?|seconds|minutes|hours|millis|timeout)")
_MOMENT: Final = re.compile(r".*_at|(?:.*_)?timestamp")


def _closed(contract: Contract) -> Iterator[Finding]:
    for declared in contract.types.values():
        if isinstance(declared, (EnumType, UnionType)) and not declared.open:
            yield Finding(
                (*declared.path, "open"),
                f"{declared.name} is closed, so a new case breaks every older reader; drop "
                "open = false, or give the reason in [lint] ignore",
            )


def _named(contract: Contract, name: str, message: str) -> Iterator[Finding]:
    for expression, path in expressions(contract):
        if Scalar(name) in parts(expression):
            yield Finding(path, message, at_value=True)


def _f32(contract: Contract) -> Iterator[Finding]:
    return _named(
        contract,
        "f32",
        "XPC carries doubles only, so f32 saves nothing and rounds on both ends; write f64",
    )


def _any(contract: Contract) -> Iterator[Finding]:
    return _named(
        contract,
        "any",
        "nothing is checked or documented about any; declare a struct or a union",
    )


def _optional_defaults(contract: Contract) -> Iterator[Finding]:
    for _, fields in contract.field_owners():
        for one in fields:
            if isinstance(one.type, Optional) and one.default is not MISSING:
                yield Finding(
                    one.type_path,
                    f"{one.name} has a default, so the '?' only adds a second way to leave it "
                    "out; drop the '?' or the default",
                    at_value=True,
                )


def _times(contract: Contract) -> Iterator[Finding]:
    numbers = {*INT_BITS, "f32", "f64"}
    for _, fields in contract.field_owners():
        for one in fields:
            resolved = resolve(contract, one.type)
            if not (isinstance(resolved, Scalar) and resolved.name in numbers):
                continue
            if _SPAN.fullmatch(one.name):
                better = "duration"
            elif _MOMENT.fullmatch(one.name):
                better = "date"
            else:
                continue
            yield Finding(
                one.type_path,
                f"{one.name} looks like a {better} in a number; write {better}, which has "
                "its unit in its type",
                at_value=True,
            )


RULES = (
    Rule(
        id="closed-enum",
        title="Enums and unions are open, unless a reason says why not",
        why="A reader of a closed one refuses the whole message when a newer peer sends a "
        "case that it does not know.",
        bad="[enum.Side]\nopen = false",
        good='[lint]\nignore = { "closed-enum:enum.Side" = "a coin has no third side" }',
        find=_closed,
    ),
    Rule(
        id="single-precision",
        title="Numbers with a fraction are f64",
        why="The message holds a double either way; f32 rounds what is sent, and a reader in "
        "another language may overflow it to infinity.",
        bad='fields.ratio = "f32"',
        good='fields.ratio = "f64"',
        find=_f32,
    ),
    Rule(
        id="untyped-value",
        title="Messages say what they hold",
        why="A field of type any is a private agreement that no compiler, test or page knows.",
        bad='fields.payload = "any"',
        good='fields.payload = "Payload"  # a struct or a union',
        find=_any,
    ),
    Rule(
        id="optional-with-default",
        title="A field has a '?' or a default, not both",
        why="Left out, it has the default; null, it is None: two absent states that somebody "
        "will mix up.",
        bad='fields.limit = { type = "u32?", default = 10 }',
        good='fields.limit = { type = "u32", default = 10 }',
        find=_optional_defaults,
    ),
    Rule(
        id="number-for-time",
        title="Spans of time are duration, moments are date",
        why="A number has no unit: one side counts milliseconds and the other seconds, and "
        "both type-check.",
        bad='fields.delay_ms = "u32"',
        good='fields.delay = "duration"',
        find=_times,
    ),
)
