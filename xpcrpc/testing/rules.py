"""A contract's rules, taken apart for those who make values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..constraints import AllOf, Constraint, Each


def rules_of(validator: Any) -> list[Constraint]:
    """The single rules in a validator, however they are put together."""
    if validator is None:
        return []
    if isinstance(validator, AllOf):
        return [rule for part in validator.rules for rule in rules_of(part)]
    if isinstance(validator, Constraint):
        return [validator]
    return [rule for part in getattr(validator, "_validators", ()) for rule in rules_of(part)]


def of_items(rules: Iterable[Constraint]) -> list[Constraint]:
    """The single rules for each item, of those for a list or a map."""
    return [part for rule in rules if isinstance(rule, Each) for part in rules_of(rule.rule)]


def tightest(rules: list[Constraint], kind: type, low: Any, high: Any) -> tuple[Any, Any]:
    """The limits that all the rules of a kind leave."""
    for rule in rules:
        if isinstance(rule, kind):
            least, most = getattr(rule, "min", None), getattr(rule, "max", None)
            low = least if least is not None and (low is None or least > low) else low
            high = most if most is not None and (high is None or most < high) else high
    return low, high
