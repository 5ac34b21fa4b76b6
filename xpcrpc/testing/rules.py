"""A contract's rules, put together for those who make values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..constraints import Constraint, Each, rules_of


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
