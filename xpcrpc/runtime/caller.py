"""Our own calls on a link: unary ones, one-way ones, and what streams share with them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from ..errors import (
    CallCancelledError,
    CallError,
    ConnectionInterruptedError,
    ConnectionInvalidError,
    DeadlineExceededError,
    MisuseError,
    TransportError,
    UnavailableError,
    UnknownSelectorError,
)
from ..protocol import signals
from ..transport.base import ReceivedFrame
from ..values import Handle
from .deadlines import remaining, serving, until_of_served
from .interceptors import CallInfo, ClientInterceptor, Metadata, wrapped
from .layouts import BEGIN
from .link import Link
from .messages import Route, encode_request, read_result
from .readiness import Readiness, never_sent
from .waiter import Waiter

LONGEST_S: Final = 10 * 365 * 86400.0
"""What a timeout beyond it, such as infinity, is taken for: ten years, in seconds."""


class Plan:
    """How long a call may take in all, and what was tried in that time."""

    __slots__ = ("info", "limit", "repeated", "sent", "until", "waited")

    def __init__(self, limit: float, until: float, info: CallInfo | None = None) -> None:
        self.limit = limit
        """Seconds."""
        self.until = until
        """In the loop's time, seconds."""
        self.info = info
        """What interceptors see of it."""
        self.sent = False
        """Whether it was sent at all."""
        self.repeated = False
        """Whether it was sent again after an interruption: once, or a service that dies on
        this very request would be fed it for ever."""
        self.waited = False
        """Whether it has waited for the next process, where one was ending: once, too."""

    def too_late(self, route: Route) -> DeadlineExceededError:
        """The error for a call that had its time."""
        error = DeadlineExceededError(route.method.name, self.limit)
        error.may_have_run = self.sent
        return error


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
        self.readiness.attempt = self._greet
        self.sent_one_way = False
        """Whether anything was sent whose arrival no reply has shown."""

    # -- unary ------------------------------------------------------------------------

    def call(self, route: Route, request: Any, timeout_s: float | None) -> Awaitable[Any]:
        """One unary call, from the typed request to the typed result; to be awaited at once."""
        if timeout_s is None and serving.get() is None:
            limit = route.timeout_s
        else:
            limit = self._limit(route, timeout_s)
        link = self.link
        until = link.deadlines.now() + limit
        if self.interceptors or self.metadata:
            return self._intercepted(route, request, Plan(limit, until, self.info(route, limit)))
        if self.readiness.plain and not link.session.peer_draining:
            # Nearly every call.
            return self._attempt(route, request, limit, until)
        return self.when_ready(route, request, Plan(limit, until))

    def info(self, route: Route, limit: float | None) -> CallInfo:
        """What interceptors see of a call."""
        name = self.link.connection.name
        return CallInfo(route.method, name, limit, dict(self.metadata))

    async def _intercepted(self, route: Route, request: Any, plan: Plan) -> Any:
        assert plan.info is not None
        proceed = partial(self.when_ready, route, request, plan)
        async with _until(plan, route):
            return await wrapped(self.interceptors, plan.info, proceed)()

    async def when_ready(self, route: Route, request: Any, plan: Plan) -> Any:
        """Make the call as soon as one may be made."""
        await self.prepare(route, plan)
        left = plan.until - self.link.loop.time()  # all attempts share the call's one deadline
        if not left > 0:
            raise plan.too_late(route)
        plan.sent = True
        return await self._attempt(route, request, left, plan.until, plan)

    @property
    def is_ending(self) -> bool:
        """Whether the service takes no new calls, and another process may, once it has gone.

        It does not go as long as streams of ours are under way, and whoever reads those
        may be the one that makes the call: such a call cannot wait.
        """
        session = self.link.session
        return session.peer_draining and self.link.connection.named and not session.own_streams

    async def prepare(self, route: Route, plan: Plan) -> None:
        """Wait until calls may go out, and refuse one that the service cannot serve.

        Raises:
            DeadlineExceededError: it took too long; nothing was sent.
            VersionMismatchError: the service lacks the method.
            TransportError: the connection is at its end; nothing was sent.
            UnavailableError: the service is ending, and no other can be found.
        """
        readiness, link, method = self.readiness, self.link, route.method
        self.check_open()
        try:
            if link.session.peer_draining:
                if not self.is_ending:
                    raise UnavailableError("the service is ending and takes no new calls")
                await readiness.replacement(method, plan.until)
            if not readiness.ready:
                await readiness.wait(method, plan.until)
        except DeadlineExceededError as error:
            if error.method == method.name:
                error.timeout_s = plan.limit  # what the call had in all
            raise
        if readiness.greeting is not None:
            readiness.greeting.check(method.selector, method.name)

    def _greet(self, route: Route, request: Any, limit: float) -> Awaitable[Any]:
        """The greeting's own call."""
        until = self.link.loop.time() + limit
        return self._attempt(route, request, limit, until)

    async def _attempt(
        self, route: Route, request: Any, left: float, until: float, plan: Plan | None = None
    ) -> Any:
        """Send the request, once, and wait; the service is told that there are ``left`` seconds."""
        link = self.link
        if link.closed:
            self.check_open()
        number = link.session.open_unary()
        frame: bytes | None
        handles: Sequence[Handle]
        taken: list[Handle]
        try:
            if plan is None:
                handles = taken = []
                frame = route.seal_request(request, number, int(left * 1e9))
                if frame is None:
                    frame = route.frame_request(request, taken, number, int(left * 1e9))
            else:
                metadata = None if plan.info is None else plan.info.metadata
                frame, handles = encode_request(route, request, number, left, metadata=metadata)
            # An interruption does not wake at once: the link must hear of it before the next
            # call is made (OQ-23).
            waiter: Waiter[ReceivedFrame | TransportError | None]
            waiter = Waiter(link.loop, until, link.drop_late)
            link.connection.request(frame, handles, waiter.arrived)
            if until < link.deadlines.at:
                link.deadlines.add(waiter)
            else:
                link.deadlines.enter(waiter)
            try:
                reply = await waiter
            except asyncio.CancelledError:
                link.say(signals.Cancel(number))
                raise
            finally:
                link.deadlines.discard(waiter)
        finally:
            link.session.forget_unary(number, None)
        if reply is None:
            link.say(signals.Cancel(number))
            raise DeadlineExceededError(route.method.name, left if plan is None else plan.limit)
        try:
            if isinstance(reply, TransportError):
                raise self.fault(reply)
            if plan is None and not reply.handles:
                plain = route.open_result(reply.frame, BEGIN)
                if plain is not None:
                    return plain[0]
            return read_result(route, reply, None if plan is None else plan.info)
        except (CallError, TransportError) as error:
            rest = self._failed(error, route, request, plan or Plan(left, until))
        return await rest

    async def _failed(
        self, error: CallError | TransportError, route: Route, request: Any, plan: Plan
    ) -> Any:
        """What to make of a failure: another attempt, or another error."""
        plan.sent = True
        match error:
            case CallCancelledError():
                # We cancelled nothing: the service's clock rang just before ours.
                raise plan.too_late(route) from error
            case UnknownSelectorError():
                raise self.unknown(route, error)
            case ConnectionInterruptedError() if route.method.idempotent and not plan.repeated:
                plan.repeated = True
                return await self.when_ready(route, request, plan)
            case UnavailableError() if self.is_ending and not plan.waited:
                # It was not begun, and the service that will not begin it is on its way out.
                plan.waited = True
                return await self.when_ready(route, request, plan)
        try:
            raise error
        finally:
            del error  # no cycle between the exception and this frame

    # -- one-way ----------------------------------------------------------------------

    async def send(self, route: Route, request: Any) -> None:
        """Send a one-way request; no answer will come, not even a failure."""
        limit = self._limit(route, None)
        plan = Plan(limit, self.link.loop.time() + limit)
        if not self.interceptors:
            await self._send(route, request, plan, self.metadata)
            return
        info = self.info(route, None)
        proceed = partial(self._send, route, request, plan, info.metadata)
        async with _until(plan, route):
            await wrapped(self.interceptors, info, proceed)()

    async def _send(self, route: Route, request: Any, plan: Plan, metadata: Metadata) -> None:
        link = self.link
        if not self.readiness.plain or link.session.peer_draining:
            await self.prepare(route, plan)
        if link.backlog.clogged:
            await self._room(plan, route)
        frame, handles = encode_request(route, request, metadata=metadata)
        link.connection.send(frame, handles)
        link.backlog.sent(len(frame))
        self.sent_one_way = True

    async def _room(self, plan: Plan, route: Route) -> None:
        """Wait until the connection has handed over what it holds: a service that does not
        read, or is slower than we are, makes us wait instead of filling our memory."""
        link = self.link
        while link.backlog.clogged and not link.closed:
            clear: asyncio.Future[None] = link.loop.create_future()
            link.backlog.when_clear(partial(_set, clear))
            left = plan.until - link.loop.time()
            await asyncio.wait({clear}, timeout=max(left, 0.0))
            if not clear.done():
                raise plan.too_late(route)
        self.check_open()

    # -- what all have in common ------------------------------------------------------------

    def _limit(self, route: Route, timeout_s: float | None) -> float:
        if timeout_s is None:
            timeout_s = route.timeout_s
        elif not timeout_s > 0:
            raise MisuseError(f"timeout_s must be above 0, not {timeout_s}")
        elif timeout_s > LONGEST_S:
            timeout_s = LONGEST_S
        limit = remaining(self.link.loop, timeout_s)
        if not limit > 0:
            raise Plan(limit, 0.0).too_late(route)
        return limit

    def stream_limit(self, route: Route, timeout_s: float | None) -> float | None:
        """The seconds that a stream may take in all; None for no bound.

        A stream has one only if its contract or the caller says so, or if it is
        part of a call that has.
        """
        if timeout_s is None and route.method.timeout_s is None:
            if until_of_served() is math.inf:
                return None
            timeout_s = LONGEST_S
        return self._limit(route, timeout_s)

    def check_open(self) -> None:
        """Raise if the connection is at its end, and cannot be made anew."""
        link = self.link
        if link.closed and not link.revive():
            assert link.fault is not None
            raise never_sent(link.fault)

    def fault(self, fault: TransportError) -> TransportError:
        """The same fault as a new exception: each waiting call has a traceback of its own."""
        link = self.link
        if (
            isinstance(fault, ConnectionInvalidError)
            and link.connection.named
            and not link.closed_here
        ):
            return never_sent(fault)  # had it been sent, it would be an interruption (C-148)
        each = type(fault)(*fault.args)
        each.may_have_run = fault.may_have_run
        return each

    def unknown(self, route: Route, error: UnknownSelectorError) -> Exception:
        """What it means that the service does not know the method."""
        greeting = self.readiness.greeting
        mismatch = None if greeting is None else greeting.unknown(route.method.name)
        return mismatch or error


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


@asynccontextmanager
async def _until(plan: Plan, route: Route) -> AsyncIterator[None]:
    """`asyncio.timeout_at` that raises the call's own error."""
    try:
        async with asyncio.timeout_at(plan.until) as timeout:
            yield
    except TimeoutError:
        if timeout.expired():
            raise plan.too_late(route) from None
        raise
