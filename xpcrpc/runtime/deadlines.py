"""Deadlines: one timer for many, and the remaining time of the call that is being served."""

from __future__ import annotations

import asyncio
import math
from contextvars import ContextVar
from typing import Final, Protocol

serving_until: Final[ContextVar[float]] = ContextVar("xpcrpc_serving_until", default=math.inf)
"""The deadline, in the loop's time, of the call that the current task serves.

A call made meanwhile gets no more time than is left (`remaining`)."""


def remaining(loop: asyncio.AbstractEventLoop, timeout_s: float) -> float:
    """``timeout_s``, or what is left of the call being served if that is less; at least 0."""
    until = serving_until.get()
    return timeout_s if until is math.inf else max(0.0, min(timeout_s, until - loop.time()))


class Timed(Protocol):
    """Something with a deadline."""

    deadline: float
    """In the loop's time, seconds; infinite for none."""

    def expire(self) -> None:
        """The deadline has come. Must not raise."""


class Deadlines:
    """Tells each of its members when its deadline has come.

    One timer serves all. It is set for the earliest deadline and looks for the
    next when it rings, so a call that ends in time costs it nothing: a timer per
    call would cost more than the call's own bookkeeping.
    """

    __slots__ = ("_at", "_loop", "_members", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._members: set[Timed] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._at = math.inf

    def add(self, member: Timed) -> None:
        """Watch a deadline until `discard`."""
        self._members.add(member)
        if member.deadline < self._at:
            self._set(member.deadline)

    def discard(self, member: Timed) -> None:
        """Watch it no longer."""
        self._members.discard(member)

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._at = None, math.inf
        self._members.clear()

    def _set(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._at = at
        self._timer = self._loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._timer, self._at = None, math.inf
        # The loop may ring a clock tick early; what it rings for is due.
        now = self._loop.time() + 1e-3
        for member in [member for member in self._members if member.deadline <= now]:
            self._members.discard(member)
            member.expire()
        earliest = min((member.deadline for member in self._members), default=math.inf)
        if earliest < self._at:
            self._set(earliest)
