"""Spans of time as contracts write them: ``"5s"``, ``"250ms"``, ``"1.5h"``."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
"""Nanoseconds in each unit."""

_SHAPE: Final = re.compile(r"(-?[0-9]{1,20}(?:\.[0-9]{1,20})?)(ns|us|ms|s|m|h|d)")


def parse_duration(text: str) -> int | None:
    """The span in nanoseconds; None if the text is none, or not a whole number of them."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    span = Decimal(match.group(1)) * UNITS[match.group(2)]
    if span != span.to_integral_value() or not -(2**63) <= span < 2**63:
        return None
    return int(span)
