"""Deadlines: one timer for many, and the remaining time of the call that is being served."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextvars import ContextVar
from time import monotonic
from typing import Final, Protocol, cast

from ..protocol.deadlines import Timed, Timetable


class Serving(Protocol):
    """A call that this side serves."""

    deadline: float
    """In the loop's time, seconds; infinite for none."""
    over: bool
    """Whether it has ended: what its handler left running has no deadline of it any more."""


serving: Final[ContextVar[Serving | None]] = ContextVar("xpcrpc_serving", default=None)
"""The call that the current task serves.

A call made meanwhile gets no more time than is left (`remaining`)."""


def until_of_served() -> float:
    """When the call that the current task serves must be over; infinite if it need not."""
    call = serving.get()
    return math.inf if call is None or call.over else call.deadline


def remaining(loop: asyncio.AbstractEventLoop, timeout_s: float) -> float:
    """``timeout_s``, or what is left of the call being served if that is less; at least 0."""
    call = serving.get()
    if call is None or call.over or call.deadline is math.inf:
        return timeout_s
    return max(0.0, min(timeout_s, call.deadline - loop.time()))


class Expiring(Timed, Protocol):
    """Something that is told when its deadline has come."""

    def expire(self) -> None:
        """The deadline has come. Must not raise; it may have ended meanwhile."""


def clock_of(loop: asyncio.AbstractEventLoop) -> Callable[[], float]:
    """``loop.time``, or what an ordinary loop's does: it is asked for every call."""
    ordinary = getattr(loop.time, "__func__", None) is asyncio.BaseEventLoop.time
    return monotonic if ordinary else loop.time


class Deadlines(Timetable):
    """Tells each of its members when its deadline has come.

    One timer serves all. It is set for the earliest deadline and looks for the
    next when it rings, so a call that ends in time costs it nothing: a timer per
    call would cost more than the call's own bookkeeping.
    """

    __slots__ = ("_loop", "_timer", "at", "discard", "enter", "now")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        # As they are: a method of ours around each would cost more than it does.
        self.enter: Callable[[Expiring], None] = self.members.add
        """`add`, for a member whose deadline is not before `at`."""
        self.discard: Callable[[Expiring], None] = self.members.discard
        """Watch a member no longer."""
        self.now: Callable[[], float] = clock_of(loop)
        """The loop's time, seconds."""
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self.at = math.inf
        """When the timer rings, in the loop's time, seconds; infinite for never."""

    def add(self, member: Expiring) -> None:
        """Watch a deadline until `discard`."""
        self.members.add(member)
        if member.deadline < self.at:
            self._set(member.deadline)

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self.at = None, math.inf
        self.members.clear()

    def _set(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.at = at
        self._timer = self._loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._timer, self.at = None, math.inf
        # The loop may ring a clock tick early; what it rings for is due.
        for member in self.take_due(self._loop.time() + 1e-3):
            cast("Expiring", member).expire()
        earliest = self.earliest()
        if earliest < self.at:
            self._set(earliest)
