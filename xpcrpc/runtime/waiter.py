"""A future that goes on at once.

``asyncio.Future`` wakes its task in the next turn of the event loop; for a reply
that the loop has just read, that turn is pure delay (3 µs of a 35 µs round
trip). A `Waiter` set with `wake` runs the waiting task's next step right there.
That is legal only where no task is running, such as in a reader callback;
elsewhere `wake_soon` takes the ordinary way.

It is a future in asyncio's own sense (``asyncio.isfuture``): a task may await
it, and cancelling that task cancels it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context, copy_context
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

PENDING: Final[Any] = object()
"""Stands for a value that is not there yet."""

_FAILED: Final[Any] = object()
"""Stands for a value that there will not be: there is an exception instead."""


class Waiter(Generic[T]):
    """One value, or one exception, for one task."""

    # Defaults in the class: one is made for every call, and most of this is never set.
    _asyncio_future_blocking = False
    _callback: Callable[[Any], object] | None = None
    _context: Context
    _value: T = PENDING
    _error: BaseException | None = None
    _cancelled = False

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def wake(self, value: T) -> bool:
        """Give the value; the waiting task goes on inside this call. False: it was done already."""
        if self._value is not PENDING:
            return False
        self._value = value
        callback = self._callback
        if callback is not None:
            self._callback = None
            self._context.run(callback, self)
        return True

    def wake_soon(self, value: T) -> None:
        """Give the value; the waiting task goes on in the loop's next turn."""
        if self._value is PENDING:
            self._value = value
            self._schedule()

    def fail_soon(self, error: BaseException) -> None:
        """Give an exception; the waiting task goes on in the loop's next turn."""
        if self._value is PENDING:
            self._value = _FAILED
            self._error = error
            self._schedule()

    def _schedule(self) -> None:
        if self._callback is not None:
            self._loop.call_soon(self._callback, self, context=self._context)
            self._callback = None

    # -- what asyncio asks of a future ------------------------------------------

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The loop that it belongs to."""
        return self._loop

    def done(self) -> bool:
        """Whether it has a value, an exception, or was cancelled."""
        return self._value is not PENDING

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._cancelled

    def result(self) -> T:
        """The value.

        Raises:
            BaseException: the exception that was given instead.
            asyncio.InvalidStateError: there is neither yet.
        """
        value = self._value
        if value is not PENDING and value is not _FAILED:
            return value
        if value is PENDING:
            raise asyncio.InvalidStateError("the waiter has no value yet")
        assert self._error is not None
        error, self._error = self._error, asyncio.InvalidStateError("already raised")
        try:
            raise error
        finally:
            del error  # no cycle between the exception and this frame

    def cancel(self, msg: Any = None) -> bool:
        """Wake the task with ``CancelledError``; False if it was done already."""
        if self.done():
            return False
        self._cancelled = True
        self.fail_soon(asyncio.CancelledError() if msg is None else asyncio.CancelledError(msg))
        return True

    def add_done_callback(
        self, callback: Callable[[Any], object], *, context: Context | None = None
    ) -> None:
        """Used by the awaiting task, once."""
        self._context = copy_context() if context is None else context
        self._callback = callback
        if self._value is not PENDING:
            self._schedule()

    def remove_done_callback(self, callback: Callable[[Any], object]) -> int:
        """Forget the callback; how many there were."""
        if self._callback is None or self._callback != callback:
            return 0
        self._callback = None
        return 1

    def __await__(self) -> Generator[Any, None, T]:
        if self._value is PENDING:
            self._asyncio_future_blocking = True
            yield self
        value = self._value
        return self.result() if value is _FAILED else value
