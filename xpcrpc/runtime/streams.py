"""Our own calls with streams."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import AsyncIterable, Callable
from functools import partial
from typing import Any, Generic, Self, TypeVar

from ..contract import Overflow
from ..errors import (
    CallCancelledError,
    CallError,
    DeadlineExceededError,
    DecodeError,
    RemoteProtocolError,
    TransportError,
)
from ..protocol import signals
from ..protocol.call import Phase, Word
from ..protocol.session import CallState
from ..transport.base import ReceivedFrame
from ..values import Value
from .caller import Caller, again
from .inbox import Inbox
from .interceptors import CallInfo, wrapped
from .messages import (
    Encoded,
    PlainItems,
    Reply,
    Route,
    close_handles,
    decode_items,
    encode_item,
    encode_items,
    encode_request,
    read_reply,
)
from .outbox import Outbox

T = TypeVar("T")


class StreamCall:
    """A call with streams, under way: what arrives for it, and what it sends."""

    def __init__(self, caller: Caller, route: Route, timeout_s: float | None) -> None:
        self._link = caller.link
        self._caller = caller
        self._route = route
        self._timeout_s = timeout_s
        self._limit: float | None = None
        self._state: CallState | None = None
        self._outbox: Outbox | None = None
        self._feeder: asyncio.Task[None] | None = None
        self._reply: Reply | None = None
        self._result: asyncio.Future[Any] = self._link.loop.create_future()
        self._info: CallInfo | None = None
        self._around: asyncio.Task[None] | None = None
        self.inbox: Inbox[Any] | None = None
        self.deadline = math.inf
        self.over = False

    async def open(self, request: Any, items: AsyncIterable[Any] | None) -> None:
        """Send the request, through the interceptors."""
        caller = self._caller
        limit = self._limit = caller.stream_limit(self._route, self._timeout_s)
        await caller.prepare(self._route, limit)
        if not caller.interceptors:
            self._info = caller.info(self._route, limit)
            self._send(request, items, limit)
            return
        self._info = info = caller.info(self._route, limit)
        sent: asyncio.Future[None] = self._link.loop.create_future()

        async def proceed() -> Any:
            self._send(request, items, limit)
            if not sent.done():
                sent.set_result(None)
            return await asyncio.shield(self._result)

        async def around() -> None:
            try:
                await wrapped(caller.interceptors, info, proceed)()
            except asyncio.CancelledError:
                self.cancel()
                raise
            except Exception as error:
                self.cancel(error)
            finally:
                if not sent.done():
                    sent.set_result(None)
                self.cancel()  # an interceptor that did not go on

        self._around = self._link.loop.create_task(around(), name="xpcrpc interceptors")
        await sent

    def _send(self, request: Any, items: AsyncIterable[Any] | None, limit: float | None) -> None:
        link, route, method = self._link, self._route, self._route.method
        self._caller.check_open()
        state = link.session.open(route.shape, window=method.window)
        try:
            frame, handles = encode_request(
                route,
                request,
                call=state.id,
                timeout_s=limit,
                window=method.window,
                metadata=None if self._info is None else self._info.metadata,
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
        self._take(partial(decode_items, self._route.item_out, values))

    def plain_items(self, plain: PlainItems) -> None:
        """Items have arrived, as bytes."""
        self._take(partial(plain.decode, self._route.decode_items_out))

    def _take(self, decode: Callable[[], list[Any]]) -> None:
        assert self.inbox is not None and self._state is not None
        try:
            items = decode()
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

    def lost(self, fault: TransportError) -> None:
        """The connection ended. Without a reply, libxpc tells the request (`_replied`);
        with one, items that it announced will not come any more."""
        if self._state is not None and self._state.call.phase is Phase.DONE and not self.over:
            self._finish(again(fault))

    def expire(self) -> None:
        """The deadline has come."""
        self.cancel(DeadlineExceededError(self._route.method.name, self._limit or 0.0))

    def _replied(self, reply: ReceivedFrame | TransportError) -> None:
        if isinstance(reply, TransportError):
            self._finish(again(reply))
            return
        if self.over or self._state is None:
            close_handles(reply)
            return
        try:
            self._reply = read_reply(self._route, reply, self._info)
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
            self._finish(DeadlineExceededError(self._route.method.name, self._limit or 0.0))
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
        offer = self._outbox.offer
        try:
            async for item in items:
                if not offer(item):
                    await self._outbox.put(item)
            await self._outbox.drain()
            if not self.over and self._reply is None:
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
        if not self.over and self._reply is None:
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
        self._ready: deque[T] = deque()
        self._loop = caller.link.loop

    async def _open(self) -> None:
        self._opened = True
        request, self._request = self._request, None
        items, self._items = self._items, None
        try:
            await self._call.open(request, items)
        except BaseException as error:
            self._call.cancel(error)
            raise

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        ready = self._ready
        if ready:
            next_item: T = ready.popleft()
            self._call.inbox.read_one()  # type: ignore[union-attr]  # `ready` is its own
            return next_item
        if not self._opened:
            await self._open()
        inbox = self._call.inbox
        if inbox is None:
            await self._call.result()  # it never began: raises why
            raise StopAsyncIteration
        self._ready = inbox.unread
        try:
            item: T = await inbox.get()
        except asyncio.CancelledError:
            self._call.cancel()
            raise
        return item

    async def result(self) -> Any:
        """What the method returns beside its items."""
        if not self._opened:
            await self._open()
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
