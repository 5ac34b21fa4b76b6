"""Our own calls with streams, as they are under way."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterable, Callable
from functools import partial
from typing import Any

from ..contract import Overflow
from ..errors import (
    CallCancelledError,
    CallError,
    DeadlineExceededError,
    DecodeError,
    MisuseError,
    RemoteProtocolError,
    TransportError,
    UnknownSelectorError,
)
from ..protocol import signals
from ..protocol.call import Phase, Word
from ..protocol.session import CallState
from ..transport.base import ReceivedFrame
from ..values import Value
from .caller import Caller, Plan
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


class StreamCall:
    """A call with streams, under way: what arrives for it, and what it sends.

    It ends twice: towards the other side (`_finish`), and, once the interceptors
    around it have ended too, towards its reader (`_tell`).
    """

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
        self._outcome: asyncio.Future[Any] | None = None
        """What the interceptors are told of; None without any."""
        self.inbox: Inbox[Any] | None = None
        self.deadline = math.inf
        self.over = False
        """Whether the other side has nothing more to do with it."""

    async def open(self, request: Any, items: AsyncIterable[Any] | None) -> None:
        """Send the request, through the interceptors.

        Raises:
            CallCancelledError: it was closed before, or meanwhile.
        """
        caller, loop = self._caller, self._link.loop
        self._check_not_closed()
        limit = self._limit = caller.stream_limit(self._route, self._timeout_s)
        if limit is not None:
            self.deadline = loop.time() + limit
        await caller.prepare(self._route, Plan(limit or 0.0, self.deadline))
        self._check_not_closed()
        if limit is not None:
            limit = self.deadline - loop.time()  # what the greeting has left of it
            if not limit > 0:
                raise self._too_late()
            self._link.deadlines.add(self)
        self._info = info = caller.info(self._route, limit)
        if not caller.interceptors:
            self._send(request, items, limit)
            return
        self._outcome = loop.create_future()
        sent: asyncio.Future[None] = loop.create_future()

        async def proceed() -> Any:
            if sent.done():
                raise MisuseError("an interceptor goes on with a call once")
            self._check_not_closed()
            self._send(request, items, limit)
            sent.set_result(None)
            assert self._outcome is not None
            return await asyncio.shield(self._outcome)

        self._around = loop.create_task(
            self._intercepted(wrapped(caller.interceptors, info, proceed)),
            name="xpcrpc interceptors",
        )
        await asyncio.wait({sent, self._result}, return_when=asyncio.FIRST_COMPLETED)
        if not sent.done():
            sent.cancel()

    async def _intercepted(self, call: Callable[[], Any]) -> None:
        """Run the interceptors; what they end with is the call's end."""
        try:
            value = await call()
        except asyncio.CancelledError:
            self._tell(self._closed())
        except Exception as error:
            self._tell(error)
        else:
            self._tell(None, value)
        self.cancel()  # if they did not go on, or did not wait for the end

    def _send(self, request: Any, items: AsyncIterable[Any] | None, limit: float | None) -> None:
        link, route, method = self._link, self._route, self._route.method
        self._caller.check_open()
        state = link.session.open(route.shape, window=method.window)
        state.owner = self
        try:
            frame, handles = encode_request(
                route,
                request,
                state.id,
                limit,
                window=method.window,
                metadata=None if self._info is None else self._info.metadata,
            )
            link.connection.request(frame, handles, self._replied)
        except BaseException:
            link.session.close(state)
            raise
        self._state = state
        if state.inflow is not None:
            self.inbox = Inbox(link.loop, state.inflow, grant=self._grant)
        if state.outflow is not None:
            assert items is not None
            self._outbox = Outbox(
                link.loop,
                state.outflow,
                link.backlog,
                window=method.window,
                overflow=Overflow.BLOCK,
                seal=route.seal_item_in,
                encode=partial(encode_item, route.encode_item_in),
                send=self._send_items,
                failed=self.cancel,
            )
            self._feeder = link.loop.create_task(self._feed(items), name=f"{method.name} items")

    async def result(self) -> Any:
        """The reply's value, once every item has arrived; items that nobody reads are dropped."""
        inbox = self.inbox
        if inbox is not None and not inbox.has_reader:
            inbox.discard()
        return await asyncio.shield(self._result)

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
            self._finish(self._caller.fault(fault))

    def expire(self) -> None:
        """The deadline has come, whatever the interceptors are about."""
        error = self._too_late()
        self.cancel(error)
        self._tell(error)
        if self._around is not None:
            self._around.cancel()

    def _replied(self, reply: ReceivedFrame | TransportError) -> None:
        if isinstance(reply, TransportError):
            self._finish(self._caller.fault(reply))
            return
        if self.over or self._state is None:
            self._link.session.late += 1
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

    def close(self) -> None:
        """The reader wants no more: the other side is told, and a loop over the items ends."""
        self.cancel()
        self._tell(self._closed())
        if self._around is not None and self._around is not asyncio.current_task():
            self._around.cancel()

    def cancel(self, why: Exception | None = None) -> None:
        """Tell the other side to stop, and end with ``why``."""
        if self.over:
            return
        state = self._state
        if state is not None and self._reply is None and not self._link.closed:
            state.call.say(Word.CANCEL)
            self._link.say(signals.Cancel(state.id))
        self._finish(why or self._closed())

    def _complete(self) -> None:
        assert self._reply is not None
        try:
            value = self._reply.value()
        except CallCancelledError:
            # We cancelled nothing: the service's clock rang just before ours.
            self._finish(self._too_late())
        except UnknownSelectorError as error:
            self._finish(self._caller.unknown(self._route, error))
        except (CallError, DecodeError) as error:
            self._finish(error)
        else:
            self._finish(None, value)

    def _finish(self, error: Exception | None, value: Any = None) -> None:
        """Nothing more is to come from the other side, or to go there."""
        if self.over:
            return
        self.over = True
        if self._state is not None:
            self._link.session.close(self._state)
        if self._outbox is not None:
            self._outbox.close()
        if self._feeder is not None and self._feeder is not asyncio.current_task():
            self._feeder.cancel()
        outcome = self._outcome
        if outcome is None:
            self._tell(error, value)
        elif error is None:
            outcome.set_result(value)
        else:
            outcome.set_exception(error)
            outcome.exception()  # an interceptor may have stopped waiting for it

    def _tell(self, error: Exception | None, value: Any = None) -> None:
        """Let the reader know how it ended."""
        if self._result.done():
            return
        self._link.deadlines.discard(self)
        if error is None:
            self._result.set_result(value)
        else:
            self._result.set_exception(error)
            self._result.exception()  # an iterating reader gets it from the inbox
        if self.inbox is not None:
            # Whoever closed it knows: a loop that another task runs just ends.
            self.inbox.end(None if isinstance(error, ClosedHereError) else error)

    def _closed(self) -> ClosedHereError:
        return ClosedHereError(f"{self._route.method.name} was closed here before it ended")

    def _check_not_closed(self) -> None:
        if self.over:
            raise self._closed()

    def _too_late(self) -> DeadlineExceededError:
        return DeadlineExceededError(self._route.method.name, self._limit or 0.0)

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
        except Exception as error:
            # The maker of the items failed, or one does not fit: that is the call's end.
            self.cancel(error)
        finally:
            # A generator that was stopped half-way cleans up now, not when it is collected.
            close = getattr(items, "aclose", None)
            if close is not None:
                await close()

    def _send_items(self, batch: list[Encoded]) -> int:
        assert self._state is not None
        if self.over or self._reply is not None:
            return 0
        frame, handles = encode_items(self._state.id, batch)
        self._link.connection.send(frame, handles)
        return len(frame)

    def _grant(self, credit: int) -> None:
        assert self._state is not None
        if not self.over:
            self._link.say(signals.Credit(self._state.id, credit))


class ClosedHereError(CallCancelledError):
    """The reader itself closed the stream."""
