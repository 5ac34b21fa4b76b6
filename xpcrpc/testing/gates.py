"""What messages can wait for in a test: a latch, turns of the loop, a clock that the test turns."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable


class Latch:
    """Opens once and stays open; see `xpcrpc.transport.memory.Gate`."""

    def __init__(self) -> None:
        self._is_open = False
        self._calls: list[Callable[[], None]] = []

    @property
    def is_open(self) -> bool:
        """Whether it was opened."""
        return self._is_open

    def when_open(self, call: Callable[[], None]) -> None:
        """Have ``call`` called when it opens; at once if it is open."""
        if self._is_open:
            call()
        else:
            self._calls.append(call)

    def open(self) -> None:
        """Open it; doing so again changes nothing."""
        self._is_open = True
        calls, self._calls = self._calls, []
        for call in calls:
            call()


class Clock:
    """Time that passes only when a test says so."""

    def __init__(self) -> None:
        self.now_s = 0.0
        """Seconds since it was made."""
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, Latch]] = []

    def after(self, seconds: float) -> Latch:
        """A latch that opens when so many seconds have passed."""
        latch = Latch()
        heapq.heappush(self._due, (self.now_s + seconds, next(self._numbers), latch))
        return latch

    def advance(self, seconds: float) -> None:
        """Let time pass; latches open in the order of their times."""
        end_s = self.now_s + seconds
        while self._due and self._due[0][0] <= end_s:
            self.now_s, _, latch = heapq.heappop(self._due)
            latch.open()
        self.now_s = end_s


def after_turns(turns: int, latch: Latch | None = None) -> Latch:
    """A latch that opens after so many turns of the running loop."""
    latch = latch or Latch()
    loop = asyncio.get_running_loop()

    def turn(left: int) -> None:
        if left <= 0:
            latch.open()
        else:
            loop.call_soon(turn, left - 1)

    turn(turns)
    return latch
