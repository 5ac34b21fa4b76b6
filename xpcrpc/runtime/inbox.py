"""The reading end of a stream: an async iterator with a window."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from copy import copy
from typing import Generic, Self, TypeVar

from ..errors import MisuseError
from ..protocol.flow import Inflow
from .waiter import Waiter

T = TypeVar("T")


class Inbox(Generic[T]):
    """Items that have arrived, in order, then the end or an error.

    The peer may send so many items as the window allows; reading them gives it
    leave to send more. One task reads.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        flow: Inflow,
        *,
        grant: Callable[[int], None],
    ) -> None:
        self._loop = loop
        self._flow = flow
        self._grant = grant
        self.unread: deque[T] = deque()
        """What has arrived. Whoever takes an item from it tells `read_one`."""
        self._read = 0
        self._step = (flow.window + 1) // 2
        self._waiter: Waiter[None] | None = None
        self._discards = False
        self._over = False
        self._error: BaseException | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will arrive; what has arrived may still be unread."""
        return self._over

    @property
    def has_reader(self) -> bool:
        """Whether a task waits for an item."""
        return self._waiter is not None

    def discard(self) -> None:
        """Nobody will read: drop what is here, and what comes."""
        self._discards = True
        self._drop()

    def _drop(self) -> None:
        while self.unread:
            self.unread.popleft()
            self.read_one()

    def put(self, items: Sequence[T]) -> None:
        """Items have arrived. Called by the loop, with no task running."""
        self.unread.extend(items)
        if self._discards:
            self._drop()
        if self._waiter is not None:
            self._waiter.wake(None)

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more will arrive; ``error`` is raised behind the last item."""
        if self._over:
            return
        self._over = True
        self._error = error
        if self._waiter is not None:
            self._waiter.wake_soon(None)

    async def get(self) -> T:
        """The next item.

        Raises:
            StopAsyncIteration: there is none; it was the regular end.
            BaseException: what the stream was ended with; again each time it is asked.
            MisuseError: another task waits for it already.
        """
        while not self.unread:
            if self._over:
                error = self._error
                if error is None:
                    raise StopAsyncIteration
                self._error = copy(error)  # no cycle between this and the frames it passes
                try:
                    raise error
                finally:
                    del error
            if self._waiter is not None:
                raise MisuseError("another task reads this stream; one task may read it at a time")
            self._waiter = Waiter(self._loop)
            try:
                await self._waiter
            finally:
                self._waiter = None
        item = self.unread.popleft()
        self.read_one()
        return item

    def read_one(self) -> None:
        """One item was taken; lets the peer send more, half a window at a time."""
        self._read += 1
        if self._read >= self._step:
            count, self._read = self._read, 0
            if credit := self._flow.consume(count):
                self._grant(credit)


class Incoming(Generic[T]):
    """What a handler iterates over: the items that the caller sends."""

    def __init__(self, inbox: Inbox[T]) -> None:
        self._inbox = inbox

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        inbox = self._inbox
        if inbox.unread:
            item = inbox.unread.popleft()
            inbox.read_one()
            return item
        return await inbox.get()
