"""Our own calls on a link: unary ones, one-way ones, and what streams share with them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Generator, Sequence
from functools import partial
from typing import Any

from ..contract import DEFAULT_TIMEOUT_S
from ..errors import (
    CallCancelledError,
    ConnectionInterruptedError,
    DeadlineExceededError,
    MisuseError,
    TransportError,
    UnavailableError,
)
from ..protocol import signals
from ..transport.base import ReceivedFrame
from .deadlines import remaining
from .interceptors import CallInfo, ClientInterceptor, Metadata, wrapped
from .link import Link
from .messages import Route, close_handles, encode_request, read_result
from .readiness import Readiness
from .waiter import PENDING, Waiter


class UnaryCall(Waiter["ReceivedFrame | TransportError | None"]):
    """A request under way: its reply, why there is none, or None when its time is over.

    Awaiting it gives the typed result. It was sent when it was made, so it is to be
    awaited at once, by the task that made it.
    """

    def __init__(
        self, link: Link, route: Route, number: int, limit: float, info: CallInfo | None
    ) -> None:
        self._loop = loop = link.loop
        self._link = link
        self._route = route
        self._number = number
        self._limit = limit
        self._info = info
        self.deadline = loop.time() + limit

    def arrived(self, reply: ReceivedFrame | TransportError) -> None:
        """The transport's reply handler. A late reply is dropped, with what it holds."""
        if isinstance(reply, TransportError):
            # Not at once: the link must hear of an interruption before the next call (OQ-23).
            self.wake_soon(reply)
        elif not self.wake(reply):
            close_handles(reply)

    def expire(self) -> None:
        """The deadline has come."""
        self.wake_soon(None)

    def __await__(self) -> Generator[Any, None, Any]:
        link = self._link
        try:
            if self._value is PENDING:
                self._asyncio_future_blocking = True
                yield self
        except asyncio.CancelledError:
            link.say(signals.Cancel(self._number))
            raise
        finally:
            link.deadlines.discard(self)
            link.session.close_unary(self._number)
        reply = self._value
        if reply is None:
            link.say(signals.Cancel(self._number))
            raise DeadlineExceededError(self._route.method.name, self._limit)
        if isinstance(reply, TransportError):
            raise again(reply)
        try:
            return read_result(self._route, reply, self._info)
        except CallCancelledError as error:
            # We cancelled nothing: the service's clock rang just before ours.
            raise DeadlineExceededError(self._route.method.name, self._limit) from error


class Caller:
    """Makes calls on a link."""

    def __init__(
        self,
        link: Link,
        *,
        interceptors: Sequence[ClientInterceptor] = (),
        metadata: Metadata | None = None,
        readiness: Readiness | None = None,
    ) -> None:
        self.link = link
        self.interceptors = interceptors
        self.metadata = metadata or {}
        self.readiness = readiness or Readiness(link.loop)

    def call(self, route: Route, request: Any, timeout_s: float | None) -> Awaitable[Any]:
        """One unary call, from the typed request to the typed result; to be awaited at once."""
        limit = self._limit(route, timeout_s)
        if not self.interceptors and not self.metadata:
            # Nearly every call: one coroutine less, and no table of what may go wrong.
            if self.readiness.plain and not route.method.idempotent:
                return self._attempt(route, request, limit, None)
            return self._try(route, request, limit, None)
        info = self.info(route, limit)
        return wrapped(self.interceptors, info, partial(self._try, route, request, limit, info))()

    def info(self, route: Route, limit: float | None) -> CallInfo:
        """What interceptors see of a call."""
        name = self.link.connection.name
        return CallInfo(route.method, name, limit, dict(self.metadata))

    async def _try(self, route: Route, request: Any, limit: float, info: CallInfo | None) -> Any:
        try:
            return await self._tries(route, request, limit, info)
        except DeadlineExceededError as error:
            if error.method == route.method.name:
                error.timeout_s = limit  # what the call had in all, not its last attempt
            raise

    async def _tries(self, route: Route, request: Any, limit: float, info: CallInfo | None) -> Any:
        readiness = self.readiness
        until = self.link.loop.time() + limit
        if not readiness.ready:
            await self.prepare(route, limit)
            limit = self._left(route, limit, until)
        elif readiness.greeting is not None:
            readiness.greeting.check(route.method)
        try:
            return await self._attempt(route, request, limit, info)
        except ConnectionInterruptedError:
            if not route.method.idempotent or self.link.closed:
                raise
        # Once: a service that dies on this very request must not be fed it for ever.
        limit = self._left(route, limit, until)
        await self.prepare(route, limit)
        return await self._attempt(route, request, self._left(route, limit, until), info)

    def _left(self, route: Route, limit: float, until: float) -> float:
        """The seconds that are left of ``limit``: all attempts share the call's one deadline."""
        left = until - self.link.loop.time()
        if not left > 0:
            raise DeadlineExceededError(route.method.name, limit)
        return left

    async def prepare(self, route: Route, limit: float | None) -> None:
        """Wait until calls may go out, and refuse one that the service cannot serve."""
        readiness = self.readiness
        if not readiness.ready:
            await readiness.wait(partial(self._attempt, info=None), route.method, limit)
        if readiness.greeting is not None:
            readiness.greeting.check(route.method)

    def _attempt(
        self, route: Route, request: Any, limit: float, info: CallInfo | None
    ) -> UnaryCall:
        """Send the request, once."""
        link = self.link
        if link.closed or link.peer_draining:
            self.check_open()
        number = link.session.open_unary()
        try:
            metadata = None if info is None else info.metadata
            frame, handles = encode_request(route, request, number, limit, metadata=metadata)
            call = UnaryCall(link, route, number, limit, info)
            link.connection.request(frame, handles, call.arrived)
        except BaseException:
            link.session.close_unary(number)
            raise
        link.deadlines.add(call)
        return call

    async def send(self, route: Route, request: Any) -> None:
        """Send a one-way request; no answer will come, not even a failure."""
        await self.prepare(route, route.method.timeout_s)
        self.check_open()
        self.link.connection.send(*encode_request(route, request, metadata=self.metadata))

    def _limit(self, route: Route, timeout_s: float | None) -> float:
        if timeout_s is None:
            timeout_s = route.method.timeout_s
        elif not timeout_s > 0:
            raise MisuseError(f"timeout_s must be above 0, not {timeout_s}")
        limit = remaining(self.link.loop, timeout_s)
        if not limit > 0:
            raise DeadlineExceededError(route.method.name, limit)
        return limit

    def stream_limit(self, route: Route, timeout_s: float | None) -> float | None:
        """The seconds that a stream may take in all; None for no bound.

        A stream has one only if its contract or the caller says so, or if it is
        part of a call that has.
        """
        if timeout_s is None and route.method.timeout_s == DEFAULT_TIMEOUT_S:
            left = remaining(self.link.loop, math.inf)
            return None if left is math.inf else left
        return self._limit(route, timeout_s)

    def check_open(self) -> None:
        """Raise if no call can be made now."""
        if self.link.closed:
            assert self.link.fault is not None
            fault = again(self.link.fault)
            fault.may_have_run = False
            raise fault
        if self.link.peer_draining:
            raise UnavailableError("the service is ending and takes no new calls")


def again(fault: TransportError) -> TransportError:
    """The same fault as a new exception: each waiting call has a traceback of its own."""
    return type(fault)(*fault.args)
