"""Reference counts, before and after work that was done often."""

from __future__ import annotations

import gc
import sys
from collections.abc import Awaitable, Callable, Sequence


async def drift(
    work: Callable[[], Awaitable[None]], watched: Sequence[object], *, times: int
) -> list[int]:
    """How far the counts of ``watched`` have moved, but for those that moved by 20 at most."""
    await work()
    gc.collect()
    before = [sys.getrefcount(each) for each in watched]
    for _ in range(times):
        await work()
    gc.collect()
    after = [sys.getrefcount(each) for each in watched]
    return [b - a for a, b in zip(before, after, strict=True) if abs(b - a) > 20]
