"""Our own calls on a link: unary ones, one-way ones, and streams."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterable
from functools import partial
from typing import Any, Generic, Self, TypeVar

from ..contract import DEFAULT_TIMEOUT_S, Overflow
from ..errors import (
    CallCancelledError,
    CallError,
    ConnectionInterruptedError,
    ConnectionInvalidError,
    DeadlineExceededError,
    DecodeError,
    MisuseError,
    RemoteProtocolError,
    TransportError,
    UnavailableError,
)
from ..protocol import signals
from ..protocol.call import Word
from ..protocol.session import CallState
from ..transport.base import ReceivedFrame
from ..values import Value
from .deadlines import remaining
from .inbox import Inbox
from .link import Link
from .messages import (
    Encoded,
    Reply,
    Route,
    close_handles,
    decode_items,
    encode_item,
    encode_items,
    encode_request,
    read_reply,
    read_result,
)
from .outbox import Outbox
from .waiter import Waiter

T = TypeVar("T")


class UnaryCall(Waiter["ReceivedFrame | TransportError | None"]):
    """A request under way: its reply, why there is none, or None when its time is over."""

    __slots__ = ("deadline",)

    def __init__(self, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        super().__init__(loop)
        self.deadline = deadline

    def arrived(self, reply: ReceivedFrame | TransportError) -> None:
        """The transport's reply handler. A late reply is dropped, with what it holds."""
        if not self.done():
            self.wake(reply)
        elif not isinstance(reply, TransportError):
            close_handles(reply)

    def expire(self) -> None:
        """The deadline has come."""
        self.wake_soon(None)

    def lost(self) -> None:
        """The connection ended; libxpc tells each request of it, through `arrived`."""


class Caller:
    """Makes calls on a link."""

    def __init__(self, link: Link) -> None:
        self.link = link

    async def call(self, route: Route, request: Any, timeout_s: float | None) -> Any:
        """One unary call, from the typed request to the typed result."""
        link = self.link
        limit = self._limit(route, timeout_s)
        try:
            return await self._attempt(route, request, limit)
        except ConnectionInterruptedError:
            if not route.method.idempotent or link.closed:
                raise
        # Once: a service that dies on this very request must not be fed it for ever.
        return await self._attempt(route, request, limit)

    async def _attempt(self, route: Route, request: Any, limit: float) -> Any:
        link = self.link
        self.check_open()
        state = link.session.open(route.shape, window=1)
        try:
            frame, handles = encode_request(route, request, call=state.id, timeout_s=limit)
            call = UnaryCall(link.loop, link.loop.time() + limit)
            state.owner = call
            link.connection.request(frame, handles, call.arrived)
            link.deadlines.add(call)
            try:
                reply = await call
            except asyncio.CancelledError:
                link.say(signals.Cancel(state.id))
                raise
            finally:
                link.deadlines.discard(call)
            if reply is None:
                link.say(signals.Cancel(state.id))
                raise DeadlineExceededError(route.method.name, limit)
            if isinstance(reply, TransportError):
                raise again(reply)
            try:
                return read_result(route, reply)
            except CallCancelledError as error:
                # We cancelled nothing: the service's clock rang just before ours.
                raise DeadlineExceededError(route.method.name, limit) from error
        finally:
            link.session.close(state)

    def send(self, route: Route, request: Any) -> None:
        """Send a one-way request; no answer will come, not even a failure."""
        self.check_open()
        self.link.connection.send(*encode_request(route, request))

    def stream(
        self, route: Route, request: Any, items: AsyncIterable[Any] | None, timeout_s: float | None
    ) -> Stream[Any]:
        """A call whose result is items; nothing is sent before the first is asked for."""
        return Stream(self, route, request, items, timeout_s)

    async def collect(
        self, route: Route, request: Any, items: AsyncIterable[Any], timeout_s: float | None
    ) -> Any:
        """A call that sends items and has one result."""
        stream: Stream[Any]
        async with Stream(self, route, request, items, timeout_s) as stream:
            return await stream.result()

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
            raise ConnectionInvalidError(self.link.connection.name, "the client was closed")
        if self.link.peer_draining:
            raise UnavailableError("the service is ending and takes no new calls")


def again(fault: TransportError) -> TransportError:
    """The same fault as a new exception: each waiting call has a traceback of its own."""
    return type(fault)(*fault.args)


class StreamCall:
    """A call with streams, under way: what arrives for it, and what it sends."""

    def __init__(self, caller: Caller, route: Route, timeout_s: float | None) -> None:
        self._link = caller.link
        self._caller = caller
        self._route = route
        self._timeout_s = timeout_s
        self._state: CallState | None = None
        self._outbox: Outbox | None = None
        self._feeder: asyncio.Task[None] | None = None
        self._reply: Reply | None = None
        self._result: asyncio.Future[Any] = self._link.loop.create_future()
        self.inbox: Inbox[Any] | None = None
        self.deadline = math.inf
        self.over = False

    def open(self, request: Any, items: AsyncIterable[Any] | None) -> None:
        """Send the request."""
        link, route, method = self._link, self._route, self._route.method
        self._caller.check_open()
        limit = self._caller.stream_limit(route, self._timeout_s)
        state = link.session.open(route.shape, window=method.window)
        try:
            frame, handles = encode_request(
                route, request, call=state.id, timeout_s=limit, window=method.window
            )
        except BaseException:
            link.session.close(state)
            raise
        state.owner = self
        self._state = state
        if state.inflow is not None:
            self.inbox = Inbox(link.loop, state.inflow, grant=self._grant)
        if limit is not None:
            self.deadline = link.loop.time() + limit
            link.deadlines.add(self)
        link.connection.request(frame, handles, self._replied)
        if state.outflow is not None:
            assert items is not None
            self._outbox = Outbox(
                link.loop,
                state.outflow,
                window=method.window,
                overflow=Overflow.BLOCK,
                encode=partial(encode_item, route.encode_item_in),
                send=self._send_items,
            )
            self._feeder = link.loop.create_task(self._feed(items), name=f"{method.name} items")

    async def result(self) -> Any:
        """The reply's value, once every item has arrived."""
        return await self._result

    # -- what the link tells ------------------------------------------------------

    def items(self, values: list[Value]) -> None:
        """Items have arrived."""
        assert self.inbox is not None and self._state is not None
        try:
            items = decode_items(self._route.item_out, values)
        except DecodeError as error:
            self.cancel(error)
            return
        self.inbox.put(items)
        if self._state.finished:
            self._complete()

    def credited(self) -> None:
        """Further items may be sent."""
        if self._outbox is not None:
            self._outbox.credited()

    def ended(self) -> None:
        """Only a requester's items are ended so."""

    def cancelled(self) -> None:
        """Only a requester cancels."""

    def lost(self) -> None:
        """The connection ended; libxpc tells each request of it, through `_replied`."""

    def expire(self) -> None:
        """The deadline has come."""
        self.cancel(DeadlineExceededError(self._route.method.name, self._timeout_s or 0.0))

    def _replied(self, reply: ReceivedFrame | TransportError) -> None:
        if isinstance(reply, TransportError):
            self._finish(again(reply))
            return
        if self.over or self._state is None:
            close_handles(reply)
            return
        try:
            self._reply = read_reply(self._route, reply)
            self._link.session.hear_reply(self._state, self._reply.total)
        except DecodeError as error:
            self._finish(error)
        except RemoteProtocolError as error:
            self._link.violated(error)
            self._finish(DecodeError.at(self._route.method.name, str(error)))
        else:
            if self._state.finished:
                self._complete()

    # -- ends ---------------------------------------------------------------------

    def cancel(self, why: BaseException | None = None) -> None:
        """Tell the other side to stop, and end with ``why``."""
        if self.over:
            return
        state = self._state
        if state is not None and self._reply is None and not self._link.closed:
            state.call.say(Word.CANCEL)
            self._link.say(signals.Cancel(state.id))
        self._finish(why or asyncio.CancelledError())

    def _complete(self) -> None:
        assert self._reply is not None
        try:
            value = self._reply.value()
        except CallCancelledError:
            # We cancelled nothing: the service's clock rang just before ours.
            self._finish(DeadlineExceededError(self._route.method.name, self._timeout_s or 0.0))
        except (CallError, DecodeError) as error:
            self._finish(error)
        else:
            self._finish(None, value)

    def _finish(self, error: BaseException | None, value: Any = None) -> None:
        if self.over:
            return
        self.over = True
        self._link.deadlines.discard(self)
        if self._state is not None:
            self._link.session.close(self._state)
        if self._outbox is not None:
            self._outbox.close()
        if self._feeder is not None and self._feeder is not asyncio.current_task():
            self._feeder.cancel()
        if self.inbox is not None:
            self.inbox.end(error)
        if self._result.done():
            return
        if error is None:
            self._result.set_result(value)
        else:
            self._result.set_exception(error)
            self._result.exception()  # an iterating reader gets it from the inbox

    # -- our items ----------------------------------------------------------------

    async def _feed(self, items: AsyncIterable[Any]) -> None:
        assert self._outbox is not None and self._state is not None
        try:
            async for item in items:
                await self._outbox.put(item)
            await self._outbox.drain()
            if not self.over:
                assert self._state.outflow is not None
                self._state.call.say(Word.END)
                self._link.say(signals.End(self._state.id, self._state.outflow.sent))
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            # The maker of the items failed, or one does not fit: that is the call's end.
            self.cancel(error)
            if not isinstance(error, Exception):
                raise

    def _send_items(self, batch: list[Encoded]) -> None:
        assert self._state is not None
        if not self.over:
            self._link.connection.send(*encode_items(self._state.id, batch))

    def _grant(self, credit: int) -> None:
        assert self._state is not None
        if not self.over:
            self._link.say(signals.Credit(self._state.id, credit))


class Stream(Generic[T]):
    """The items of a call, as an async iterator.

    The call is made when the first item is asked for. It ends when the items
    do, when the loop over them is left (the other side is told to stop), or with
    an exception: the method's errors, a deadline, the connection's end. Items that
    arrived before an error are delivered before it.
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
        self._opened = False
        self._loop = caller.link.loop

    def _open(self) -> None:
        self._opened = True
        self._call.open(self._request, self._items)
        self._request = self._items = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        if not self._opened:
            self._open()
        inbox = self._call.inbox
        if inbox is None:
            raise StopAsyncIteration
        try:
            item: T = await inbox.get()
        except asyncio.CancelledError:
            self._call.cancel()
            raise
        return item

    async def result(self) -> Any:
        """What the method returns beside its items."""
        if not self._opened:
            self._open()
        try:
            return await self._call.result()
        except asyncio.CancelledError:
            self._call.cancel()
            raise

    async def aclose(self) -> None:
        """Stop: the other side is told at once. Doing so again changes nothing."""
        self._call.cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        # The loop over the items was left. The collector may run in any thread.
        if getattr(self, "_opened", False) and not self._call.over:
            with contextlib.suppress(RuntimeError):  # the event loop is closed: all is over
                self._loop.call_soon_threadsafe(self._call.cancel)
