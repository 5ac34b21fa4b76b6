"""What must happen on a connection before calls: a greeting, and the program's own words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ..contract import Method
from ..errors import ConnectionInvalidError, DeadlineExceededError, TransportError
from .greeting import Greeting
from .messages import Route


class Readiness:
    """Done once for each process that serves the connection, however many calls wait for it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        greeting: Greeting | None = None,
        hook: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.greeting = greeting
        self._loop = loop
        self._hook = hook
        self._owes_hook = False
        self._interruptions = 0
        self._closed = False
        self._task: asyncio.Task[None] | None = None
        self.ready = greeting is None
        """Whether calls may go out at once."""
        self.plain = self.ready
        """Whether they may, and none needs a look at what the service has."""

    def interrupted(self) -> None:
        """The service was replaced by a new process, which knows nothing of us."""
        self._owes_hook = self._hook is not None
        self._interruptions += 1
        self.ready = self.plain = self.greeting is None and not self._owes_hook

    async def wait(
        self,
        attempt: Callable[[Route, Any, float], Awaitable[Any]],
        method: Method[Any, Any],
        limit: float | None,
    ) -> None:
        """Wait until calls may go out; ``attempt`` makes the greeting's own call.

        Raises:
            DeadlineExceededError: not within ``limit`` seconds.
            ConnectionInvalidError: the client was closed meanwhile.
            Exception: what the greeting or the program's hook failed with.
        """
        if self._task is not None and asyncio.current_task() is self._task:
            return  # the hook's own calls
        until = None if limit is None else self._loop.time() + limit
        while not self.ready:
            if self._closed:
                raise _closed()
            if self._task is None:
                self._task = self._loop.create_task(self._prepare(attempt), name="xpcrpc greeting")
                self._task.add_done_callback(self._prepared)
            task = self._task
            left = None if until is None else until - self._loop.time()
            await asyncio.wait({task}, timeout=left)
            if not task.done():
                raise DeadlineExceededError(method.name, limit or 0.0)
            if task.cancelled():
                raise _closed()
            try:
                task.result()
            except TransportError as fault:
                raise type(fault)(*fault.args) from None  # one exception for each waiting call

    async def _prepare(self, attempt: Callable[[Route, Any, float], Awaitable[Any]]) -> None:
        before = self._interruptions
        if self.greeting is not None:
            await self.greeting.say(attempt)
        if self._owes_hook:
            assert self._hook is not None
            self._owes_hook = False
            try:
                await self._hook()
            except BaseException:
                self._owes_hook = True
                raise
        if self._interruptions == before:  # else there is another process to speak to
            self.ready = True
            self.plain = self.greeting is None or self.greeting.complete

    def _prepared(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            task.exception()  # told to every call that waited

    def close(self) -> None:
        """Wait for nothing more."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()


def _closed() -> ConnectionInvalidError:
    fault = ConnectionInvalidError("the service", "the client was closed")
    fault.may_have_run = False
    return fault
