"""What must happen on a connection before calls: a greeting, and the program's own words."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Final

from ..contract import Method
from ..errors import (
    ConnectionInterruptedError,
    ConnectionInvalidError,
    DeadlineExceededError,
    TransportError,
)
from .greeting import Attempt, Greeting

FIRST_DELAY_S: Final = 0.1
"""Before a connection that somebody listens on is tried again, in seconds; doubled each time."""

LONGEST_DELAY_S: Final = 5.0

_log: Final = logging.getLogger("xpcrpc.client")

_preparing: Final[ContextVar[object]] = ContextVar("xpcrpc_preparing", default=None)
"""The preparation that the current task is part of, with all tasks that it has started."""


class Readiness:
    """Done once for each process that serves the connection, however many calls wait for it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        greeting: Greeting | None = None,
        hook: Callable[[], Awaitable[None]] | None = None,
        wanted: Callable[[], bool] = lambda: False,
    ) -> None:
        """``wanted`` tells whether to prepare without a call, as somebody listens."""
        self.greeting = greeting
        self.attempt: Attempt | None = None
        """Makes the greeting's call; set by whoever makes calls."""
        self._loop = loop
        self._hook = hook
        self._wanted = wanted
        self._owes_hook = False
        self._replaced: asyncio.Future[None] | None = None
        self._closed: TransportError | None = None
        self._task: asyncio.Task[None] | None = None
        self._mark: object = None
        self._again: asyncio.TimerHandle | None = None
        self._delay_s = FIRST_DELAY_S
        self.interruptions = 0
        """How often the service was replaced by a new process."""
        self.ready = greeting is None
        """Whether calls may go out at once."""
        self.plain = self.ready
        """Whether they may, and none needs a look at what the service has."""

    def interrupted(self) -> None:
        """The service was replaced by a new process, which knows nothing of us."""
        self._owes_hook = self._hook is not None
        self.interruptions += 1
        if self.greeting is not None:
            self.greeting.replace()
        self.ready = self.plain = self.greeting is None and not self._owes_hook
        if self._replaced is not None and not self._replaced.done():
            self._replaced.set_result(None)
        if self._wanted():
            self.begin_soon()

    def reopened(self) -> None:
        """There is a new connection, to a process that knows nothing of us."""
        self._closed = None
        self.interrupted()

    # -- preparing ------------------------------------------------------------------

    def begin(self) -> None:
        """Prepare now, though no call waits for it: a service tells nobody whom it never saw."""
        if not self.ready and self._task is None and self._closed is None:
            self._mark = object()
            self._task = self._loop.create_task(
                self._prepare(self._mark, self.interruptions), name="xpcrpc greeting"
            )
            self._task.add_done_callback(self._prepared)

    def begin_soon(self) -> None:
        """`begin`, after a pause that grows while the service keeps going away."""
        if self._again is None and self._closed is None:
            self._again = self._loop.call_later(self._delay_s, self._begin_again)
            self._delay_s = min(2 * self._delay_s, LONGEST_DELAY_S)

    def _begin_again(self) -> None:
        self._again = None
        self.begin()

    async def wait(self, method: Method[Any, Any], until: float) -> None:
        """Wait until calls may go out; ``until`` in the loop's time, infinite for no bound.

        Raises:
            DeadlineExceededError: not in time.
            ConnectionInvalidError: the client was closed meanwhile.
            Exception: what the greeting or the program's hook failed with.
        """
        if self._mark is not None and _preparing.get() is self._mark:
            return  # the hook's own calls, whatever tasks it makes them in
        while not self.ready:
            if self._closed is not None:
                raise never_sent(self._closed)
            self.begin()
            task = self._task
            assert task is not None
            await asyncio.wait({task}, timeout=self._left(until))
            if not task.done():
                raise _too_late(method)
            if task.cancelled():
                raise never_sent(self._closed or ConnectionInvalidError())
            try:
                task.result()
            except TransportError as fault:
                raise never_sent(fault) from None

    async def _prepare(self, mark: object, before: int) -> None:
        _preparing.set(mark)
        if self.greeting is not None and not self.greeting.known:
            assert self.attempt is not None
            try:
                await self.greeting.say(self.attempt)
            except (DeadlineExceededError, ConnectionInterruptedError):
                if self.interruptions != before or self._closed is not None:
                    raise  # somebody went away
                # It keeps or drops what it does not know, and lives on.
                self.greeting.stay_silent()
        if self._owes_hook:
            assert self._hook is not None
            self._owes_hook = False
            try:
                await self._hook()
            except BaseException:
                self._owes_hook = True
                raise
        if self.interruptions == before:  # else there is another process to speak to
            self.ready = True
            self.plain = self.greeting is None or self.greeting.fits
            self._delay_s = FIRST_DELAY_S

    def _prepared(self, task: asyncio.Task[None]) -> None:
        self._task = self._mark = None
        if task.cancelled():
            return
        error = task.exception()  # told to every call that waited
        if error is not None and self._wanted() and not isinstance(error, ConnectionInvalidError):
            _log.warning("the service cannot be listened to now: %s", error)
            self.begin_soon()

    # -- waiting for the next process --------------------------------------------------

    async def replacement(self, method: Method[Any, Any], until: float) -> None:
        """Wait until the service, which is ending, has gone; the next send finds another.

        Raises:
            DeadlineExceededError: it did not go in time.
            ConnectionInvalidError: the client was closed meanwhile.
        """
        if self._replaced is None or self._replaced.done():
            self._replaced = self._loop.create_future()
        await asyncio.wait({self._replaced}, timeout=self._left(until))
        if self._closed is not None:
            raise never_sent(self._closed)
        if not self._replaced.done():
            raise _too_late(method)

    def _left(self, until: float) -> float | None:
        return None if until is math.inf else max(until - self._loop.time(), 0.0)

    def close(self, fault: TransportError, *, final: bool) -> None:
        """The connection is at its end: wait for nothing more; `reopened` unless it is final."""
        self._closed = fault
        self.ready = self.plain = False
        if final:
            self.attempt = self._hook = None
            self._wanted = lambda: False
        if self._task is not None:
            self._task.cancel()
        if self._again is not None:
            self._again.cancel()
        if self._replaced is not None and not self._replaced.done():
            self._replaced.set_result(None)


def _too_late(method: Method[Any, Any]) -> DeadlineExceededError:
    late = DeadlineExceededError(method.name, 0.0)  # whoever made the call knows its seconds
    late.may_have_run = False
    return late


def never_sent(fault: TransportError) -> TransportError:
    """The same fault for one waiting call, whose request was not sent."""
    each = type(fault)(*fault.args)
    each.may_have_run = False
    return each
