"""The typed face of the extension; see `waiter` for what a waiter is."""

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context
from types import GenericAlias
from typing import Any, Generic, Self, TypeVar

_T = TypeVar("_T")

class Waiter(Generic[_T]):
    """One value, or one exception, for one task."""

    _asyncio_future_blocking: bool

    def __new__(
        cls,
        loop: asyncio.AbstractEventLoop,
        deadline: float = ...,
        late: Callable[[Any], object] = ...,
        /,
    ) -> Self: ...
    deadline: float
    """When `expire` is to be called, in the loop's time, seconds; infinite for never."""

    def wake(self, value: _T, /) -> bool:
        """Give the value; the waiting task goes on inside this call. False: it was done already."""

    def wake_soon(self, value: _T, /) -> None:
        """Give the value; the waiting task goes on in the loop's next turn."""

    def fail_soon(self, error: BaseException, /) -> None:
        """Give an exception; the waiting task goes on in the loop's next turn."""

    def arrived(self, value: _T, /) -> None:
        """`wake`, or `wake_soon` for an exception, which is a value here; what comes after the
        end goes to ``late``, but exceptions do not."""

    def expire(self) -> None:
        """``wake_soon(None)``: the deadline has come."""

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The loop that it belongs to."""

    def done(self) -> bool:
        """Whether it has a value, an exception, or was cancelled."""

    def cancelled(self) -> bool:
        """Whether it was cancelled."""

    def result(self) -> _T:
        """The value.

        Raises:
            BaseException: the exception that was given instead, once.
            asyncio.InvalidStateError: there is neither yet, or it was raised before.
        """

    def cancel(self, msg: Any = None) -> bool:
        """Wake the task with ``CancelledError``; False if it was done already."""

    def add_done_callback(
        self, callback: Callable[[Any], object], *, context: Context | None = None
    ) -> None:
        """Used by the awaiting task, once."""

    def remove_done_callback(self, callback: Callable[[Any], object], /) -> int:
        """Forget the callback; how many there were."""

    def __await__(self) -> Generator[Any, None, _T]: ...
    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...
