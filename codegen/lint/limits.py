"""What one peer can cost the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..model import (
    AliasType,
    Constraints,
    Contract,
    Field,
    StructType,
    UnionType,
    aliases,
    resolve,
)
from ..typeexpr import ListOf, MapOf, Named, Scalar, TypeExpr, parts
from .rule import Finding, Rule

_LONG_NS: Final = 5 * 60 * 1_000_000_000
"""Five minutes: nobody waits longer for an answer without asking what is wrong."""

_ENDLESS: Final = re.compile(r"(?<!\\)(?:\\\\)*(?:[*+]|\{[0-9]*,\})")
"""A repeat without an end, in a pattern."""


def _unbounded(contract: Contract) -> Iterator[Finding]:
    for one in _sent_in_requests(contract):
        advice = _missing_limit(contract, one)
        if advice:
            yield Finding(one.path, f"a request may carry {advice}")


def _missing_limit(contract: Contract, one: Field) -> str | None:
    """What is without a limit, and which limit to add; the field's outermost type alone."""
    rules = [one.constraints, *(alias.constraints for alias in aliases(contract, one.type))]
    match resolve(contract, one.type):
        case Scalar("string"):
            limited = any(map(_limits_text, rules))
            return None if limited else "text of any length here; add max_len or max_bytes"
        case Scalar("bytes"):
            limited = any(rule.max_len is not None for rule in rules)
            return None if limited else "any number of bytes here; add max_len"
        case ListOf() | MapOf():
            limited = any(rule.max_items is not None for rule in rules)
            return None if limited else "any number of items here; add max_items"
    return None


def _limits_text(rule: Constraints) -> bool:
    if rule.max_len is not None or rule.max_bytes is not None:
        return True
    return rule.pattern is not None and _ENDLESS.search(rule.pattern) is None


def _sent_in_requests(contract: Contract) -> Iterator[Field]:
    """Every field that some request holds, at any depth; each of them once."""
    seen: set[str] = set()
    waiting: list[Field] = []

    def enter(expression: TypeExpr) -> None:
        for part in parts(expression):
            if isinstance(part, Named) and part.name not in seen:
                seen.add(part.name)
                # Fields of an imported type are its own contract's to limit.
                declared = contract.types.get(part.name)
                if isinstance(declared, StructType):
                    waiting.extend(declared.fields)
                elif isinstance(declared, UnionType):
                    waiting.extend(one for case in declared.cases for one in case.fields)
                elif isinstance(declared, AliasType):
                    enter(declared.type)

    for protocol in contract.protocols.values():
        for method in protocol.methods:
            if isinstance(method.request, StructType):
                waiting.extend(method.request.fields)
            elif method.request is not None:
                enter(Named(method.request))
            if method.stream is not None and method.stream.items_in is not None:
                enter(method.stream.items_in)
    while waiting:
        one = waiting.pop()
        yield one
        enter(one.type)


def _long_timeouts(contract: Contract) -> Iterator[Finding]:
    for protocol in contract.protocols.values():
        for method in protocol.methods:
            if (method.timeout_ns or 0) > _LONG_NS:
                yield Finding(
                    (*method.path, "timeout"),
                    "a caller may wait for more than 5 minutes; answer at once, and let "
                    "the caller ask how far the work is",
                    at_value=True,
                )


RULES = (
    Rule(
        id="unbounded-request",
        title="Text, bytes, lists and maps in requests have a limit",
        why="Whoever may connect decides how much memory the service spends on a request; "
        "a limit in the contract refuses the excess before any handler runs.",
        bad='in = { name = "string" }',
        good='in = { name = { type = "string", max_len = 255 } }',
        find=_unbounded,
    ),
    Rule(
        id="long-timeout",
        title="No call takes longer than five minutes",
        why="The caller holds a connection and its memory all that time, and a service that "
        "died is noticed as late. Long work is started by one call and watched by others.",
        bad='timeout = "1h"',
        good='timeout = "30s"',
        find=_long_timeouts,
    ),
)
