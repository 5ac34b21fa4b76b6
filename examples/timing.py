"""How long a round trip takes, for the examples' transcripts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

CALLS: Final = 500


async def median_round_trip(call: Callable[[], Awaitable[Any]]) -> str:
    """The median duration of some hundred calls, one after another, in words."""
    durations_ns = []
    for _ in range(CALLS):
        began = time.perf_counter_ns()
        await call()
        durations_ns.append(time.perf_counter_ns() - began)
    return f"{statistics.median(durations_ns) / 1000:.0f} µs, median of {CALLS} calls"
