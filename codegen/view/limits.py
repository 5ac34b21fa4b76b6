"""Constraints in words, for docstrings."""

from __future__ import annotations

from ..model import Contract, Field, resolve
from ..typeexpr import Scalar

_LONGEST = 60
"""Characters of a pattern that a docstring shows."""


def limits_doc(contract: Contract, one: Field) -> str:
    """Sentences such as ``At most 64 characters.``; empty without constraints."""
    rule = one.constraints
    is_data = resolve(contract, one.type) == Scalar("bytes")
    found = [
        _span(rule.min, rule.max, ""),
        _span(rule.min_len, rule.max_len, "byte" if is_data else "character"),
        _span(None, rule.max_bytes, "byte", " as UTF-8"),
        f"Matches ``{_short(rule.pattern)}``." if rule.pattern else "",
        _span(rule.min_items, rule.max_items, "item"),
        "All different." if rule.unique else "",
    ]
    return " ".join(sentence for sentence in found if sentence)


def _span(low: float | None, high: float | None, unit: str, more: str = "") -> str:
    if low is None and high is None:
        return ""
    last = low if high is None else high
    unit = f" {unit}{'' if last == 1 else 's'}" if unit else ""
    if low == high:
        return f"Exactly {low}{unit}{more}."
    if high is None:
        return f"At least {low}{unit}{more}."
    if low is None:
        return f"At most {high}{unit}{more}."
    return f"{low} to {high}{unit}{more}."


def _short(pattern: str) -> str:
    return pattern if len(pattern) <= _LONGEST else f"{pattern[: _LONGEST - 1]}…"
