"""The items of a call, as an async iterator: what generated clients return."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterable
from typing import Any, Generic, Self, TypeVar

from .caller import Caller
from .messages import Route
from .stream_call import ClosedHereError, StreamCall

T = TypeVar("T")


class Stream(Generic[T]):
    """The items of a call, as an async iterator; one task reads it at a time.

    The call is made when the first item is asked for. It ends when the items
    do, when the loop over them is left (the other side is told to stop), or with
    an exception: the method's errors, a deadline, the connection's end. Items that
    arrived before an error are delivered before it.

    A loop that is left lets go of the stream only if nothing else holds it: one that
    is kept in a variable is closed with `aclose`, or by ``async with``.
    """

    def __init__(
        self,
        caller: Caller,
        route: Route,
        request: Any,
        items: AsyncIterable[Any] | None,
        timeout_s: float | None,
    ) -> None:
        self._call = StreamCall(caller, route, timeout_s)
        self._request = request
        self._items = items
        self._opening: asyncio.Future[None] | None = None
        self._ready: deque[T] = deque()
        self._loop = caller.link.loop

    async def _open(self) -> None:
        """Make the call, once, whoever asks first."""
        if self._opening is not None:
            await asyncio.shield(self._opening)
            return
        self._opening = self._loop.create_future()
        request, self._request = self._request, None
        items, self._items = self._items, None
        try:
            await self._call.open(request, items)
        except Exception as error:
            self._call.cancel(error)
            raise
        except BaseException:
            self._call.close()
            raise
        finally:
            self._opening.set_result(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        ready = self._ready
        if ready:
            next_item: T = ready.popleft()
            self._call.inbox.read_one()  # type: ignore[union-attr]  # `ready` is its own
            return next_item
        try:
            if self._call.inbox is None:
                await self._open()
            inbox = self._call.inbox
            if inbox is None:
                await self._call.result()  # it never began: raises why
                raise StopAsyncIteration
        except ClosedHereError:
            raise StopAsyncIteration from None  # whoever closed it knows
        self._ready = inbox.unread
        try:
            item: T = await inbox.get()
        except asyncio.CancelledError:
            self._call.close()
            raise
        return item

    async def result(self) -> Any:
        """What the method returns beside its items; those that nobody reads are dropped."""
        await self._open()
        try:
            return await self._call.result()
        except asyncio.CancelledError:
            self._call.close()
            raise

    async def aclose(self) -> None:
        """Stop: the other side is told at once, and a loop over the items ends.

        Doing so again, or when it has ended, changes nothing.
        """
        self._call.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        # The loop over the items was left. The collector may run in any thread.
        if getattr(self, "_opening", None) is not None and not self._call.over:
            with contextlib.suppress(RuntimeError):  # the event loop is closed: all is over
                self._loop.call_soon_threadsafe(self._call.close)
