"""The peer's calls on a link: from frame to handler to frame."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Coroutine
from contextvars import Token
from functools import partial
from typing import Any, Final

from ..contract import ContractError
from ..errors import (
    CallCancelledError,
    CallError,
    DecodeError,
    EncodeError,
    HandlerFailedError,
    InvalidMessageError,
    NotPermittedError,
    RemoteProtocolError,
    StreamOverflowError,
    TooManyCallsError,
    TransportError,
    UnavailableError,
)
from ..protocol import keys, signals
from ..protocol.call import Role, Shape
from ..protocol.session import CallState
from ..transport.base import ReceivedFrame
from ..values import Value
from .context import CallContext
from .deadlines import serving_until
from .inbox import Inbox, Incoming
from .interceptors import Metadata, Proceed, ServedInfo, wrapped
from .link import Link
from .messages import (
    Asked,
    Encoded,
    PlainItems,
    decode_argument,
    decode_items,
    encode_failure,
    encode_item,
    encode_items,
    encode_result,
    metadata_of,
)
from .outbox import Outbox
from .permissions import permits
from .scope import Scope
from .server import Router, Target

_log: Final = logging.getLogger("xpcrpc.server")

_ANSWERS: Final = (
    HandlerFailedError,
    NotPermittedError,
    StreamOverflowError,
    TooManyCallsError,
    UnavailableError,
)
"""What a handler or an interceptor may raise to answer with, beside the contract's errors."""


class ServedCall:
    """One call of the peer's: how it may be stopped, and by what."""

    # Defaults in the class: one is made for every call, and most of this is never set.
    state: CallState | None = None
    deadline = math.inf
    inbox: Inbox[Any] | None = None
    outbox: Outbox | None = None
    task: asyncio.Task[Any] | None = None
    stopped = False
    why: CallError | None = None
    """Why it was stopped, for the answer; None if nobody waits for one."""
    sent_metadata: Metadata | None = None

    def __init__(
        self, serving: Serving, target: Target, received: ReceivedFrame, asked: Asked
    ) -> None:
        self.serving = serving
        self.link = serving.link
        self.target = target
        self.route = target.route
        self.received = received
        self.asked = asked
        self.request: Any = None

    @property
    def reply_metadata(self) -> Metadata:
        """What goes beside the reply."""
        if self.sent_metadata is None:
            self.sent_metadata = {}
        return self.sent_metadata

    def stop(self, why: CallError | None) -> None:
        """Cancel the handler."""
        self.stopped = True
        self.why = self.why or why
        if self.task is not None:
            self.task.cancel()

    # -- what the link and the clock tell -------------------------------------------

    def expire(self) -> None:
        """Its deadline has come."""
        self.stop(CallCancelledError(f"{self.route.method.name} did not end within its deadline"))

    def cancelled(self) -> None:
        """The requester wants no answer any more."""
        self.stop(CallCancelledError(f"{self.route.method.name} was cancelled by its caller"))

    def lost(self, fault: TransportError) -> None:
        """The requester is gone."""
        if self.received.expects_reply:
            self.stop(None)

    def items(self, values: list[Value]) -> None:
        """Items of the requester have arrived."""
        self._take(partial(decode_items, self.route.item_in, values))

    def plain_items(self, plain: PlainItems) -> None:
        """Items of the requester have arrived, as bytes."""
        self._take(partial(plain.decode, self.route.decode_items_in))

    def _take(self, decode: Callable[[], list[Any]]) -> None:
        assert self.inbox is not None and self.state is not None
        try:
            items = decode()
        except DecodeError as error:
            self.inbox.end(HandlerFailedError(f"an item does not decode: {error}"))
            return
        self.inbox.put(items)
        self._check_end()

    def ended(self) -> None:
        """The requester's items are over."""
        self._check_end()

    def _check_end(self) -> None:
        assert self.inbox is not None
        assert self.state is not None and self.state.inflow is not None
        if self.state.inflow.finished:
            self.inbox.end()

    def credited(self) -> None:
        """Further items may be sent."""
        if self.outbox is not None:
            self.outbox.credited()

    # -- our items ------------------------------------------------------------------

    def send_items(self, batch: list[Encoded]) -> None:
        """Send a batch."""
        assert self.state is not None
        if not self.link.closed:
            self.link.connection.send(*encode_items(self.state.id, batch))

    def grant(self, credit: int) -> None:
        """Let the requester send more."""
        assert self.state is not None
        self.link.say(signals.Credit(self.state.id, credit))


class Serving:
    """Answers what a peer asks for."""

    def __init__(self, scope: Scope, link: Link, router: Router) -> None:
        self.scope = scope
        self.link = link
        self._router = router
        self._serial: dict[str, asyncio.Lock] = {}
        link.session.max_calls = scope.max_calls
        link.on_request = self.request

    def request(self, received: ReceivedFrame, asked: Asked) -> None:
        """Begin a call, or refuse it."""
        admitted = False
        try:
            target = self._router.find(asked.selector)
            route = target.route
            if self.scope.draining and received.expects_reply and target.own:
                raise UnavailableError("the service is ending and takes no new calls")
            requires = route.method.requires
            if requires is not None and not permits(requires, received.sender):
                raise NotPermittedError(f"{route.method.name} is not for this peer")
            call = ServedCall(self, target, received, asked)
            admitted = True  # or refused by the table, which notes its number, too
            self._admit(call, asked)
            try:
                call.request = decode_argument(route, asked, received)
            except CallError:
                self._close(call)
                raise
        except CallError as error:
            self.link.refuse(received, error, None if admitted else asked.call)
        except RemoteProtocolError as error:
            self.link.violated(error)
        else:
            self.scope.workers.run(self._serve(call))

    def _admit(self, call: ServedCall, asked: Asked) -> None:
        """Enter the call into the table, if the peer speaks of it by number."""
        route, link = call.route, self.link
        if asked.call is not None:
            state = call.state = link.session.accept(
                asked.call, route.shape, window=route.method.window, credit=asked.window
            )
            state.owner = call
            if state.inflow is not None:
                # Before the handler begins: the end of no items may come earlier yet.
                call.inbox = Inbox(link.loop, state.inflow, grant=call.grant)
        elif route.shape is not Shape.UNARY:
            raise InvalidMessageError(f"a stream needs {keys.CALL}")
        if asked.timeout_ns is not None:
            call.deadline = link.loop.time() + asked.timeout_ns / 1e9
            link.deadlines.add(call)

    def _close(self, call: ServedCall) -> None:
        if call.deadline is not math.inf:
            self.link.deadlines.discard(call)
        if call.state is not None:
            self.link.session.close(call.state)

    async def _serve(self, call: ServedCall) -> None:
        """Run a call to its answer. Never raises but for cancellation."""
        received = call.received
        call.task = asyncio.current_task()
        until = None if call.deadline is math.inf else serving_until.set(call.deadline)
        if not received.expects_reply:
            self.scope.begin_transaction()  # a request holds one of its own (C-149)
        try:
            if call.stopped:
                raise asyncio.CancelledError
            if call.route.method.serial:
                async with self._serial.setdefault(call.route.method.name, asyncio.Lock()):
                    reply = await self._answer(call)
            elif call.route.shape is Shape.UNARY:
                reply = await self._unary(call)
            else:
                reply = await self._streams(call)
            if received.expects_reply:
                self._reply(call, reply)
        except asyncio.CancelledError:
            if received.expects_reply:
                if call.why is None:
                    received.drop()
                else:
                    received.reply(*encode_failure(call.why, self._sent(call)))
            raise
        except Exception:
            _log.exception("%s: the reply could not be sent", call.route.method.name)
        finally:
            if until is not None:
                _leave(until)
            if not received.expects_reply:
                self.scope.end_transaction()
            call.task = None
            self._close(call)

    def _answer(self, call: ServedCall) -> Coroutine[Any, Any, Encoded]:
        return self._unary(call) if call.route.shape is Shape.UNARY else self._streams(call)

    def _reply(self, call: ServedCall, reply: Encoded) -> None:
        try:
            call.received.reply(*reply)
        except EncodeError as error:
            # Too large, or a descriptor that was closed: the caller shall hear of it at once.
            name = call.route.method.name
            _log.error("%s: the reply cannot be sent: %s", name, error)
            failure = HandlerFailedError(f"the reply of {name} cannot be sent")
            call.received.reply(*encode_failure(failure, self._sent(call)))

    async def _unary(self, call: ServedCall) -> Encoded:
        target = call.target
        try:
            context = CallContext(call)
            if self.scope.interceptors and target.own:
                arguments = (call.request, context) if target.takes_request else (context,)
                result = await self._intercepted(call, partial(target.handler, *arguments))
            elif target.takes_request:
                result = await target.handler(call.request, context)
            else:
                result = await target.handler(context)
            return encode_result(call.route, result, 0, call.sent_metadata)
        except Exception as error:
            return self._failure(call, error)

    async def _streams(self, call: ServedCall) -> Encoded:
        route, state, target = call.route, call.state, call.target
        assert state is not None
        arguments: list[Any] = [call.request] if target.takes_request else []
        if call.inbox is not None:
            arguments.append(Incoming(call.inbox))
            call.grant(route.method.window)
        handler = partial(target.handler, *arguments, CallContext(call))
        if route.shape.streams(Role.RESPONDER):
            handler = partial(self._send_items, call, handler)
        try:
            if not self.scope.interceptors:
                result = await handler()
            else:
                result = await self._intercepted(call, handler)
            return encode_result(route, result, self._sent(call), call.sent_metadata)
        except Exception as error:
            if call.outbox is not None and not isinstance(error, StreamOverflowError):
                await call.outbox.drain()  # what was made before the failure goes before it
            return self._failure(call, error)
        finally:
            if call.outbox is not None:
                call.outbox.close()

    async def _send_items(
        self, call: ServedCall, handler: Callable[[], AsyncIterator[Any]]
    ) -> None:
        """Run a handler that makes items, and send them all."""
        route, state = call.route, call.state
        assert state is not None
        assert state.outflow is not None
        outbox = call.outbox = Outbox(
            self.link.loop,
            state.outflow,
            window=route.method.window,
            overflow=route.method.overflow,
            encode=partial(encode_item, route.encode_item_out),
            send=call.send_items,
        )
        offer = outbox.offer
        made = handler()
        try:
            async for item in made:
                if not offer(item):
                    await outbox.put(item)
        finally:
            # A generator that was stopped half-way cleans up now, not when it is collected.
            close = getattr(made, "aclose", None)
            if close is not None:
                await close()
        await outbox.drain()

    async def _intercepted(self, call: ServedCall, proceed: Proceed) -> Any:
        until = call.deadline
        info = ServedInfo(
            method=call.route.method,
            peer=call.received.sender,
            metadata=metadata_of(call.asked.message),
            reply_metadata=call.reply_metadata,
            remaining_s=until if until is math.inf else until - self.link.loop.time(),
        )
        return await wrapped(self.scope.interceptors, info, proceed)()

    def _failure(self, call: ServedCall, error: Exception) -> Encoded:
        name, sent = call.route.method.name, self._sent(call)
        if isinstance(error, ContractError):
            if type(error).code in call.route.errors:
                return encode_failure(error, sent, call.sent_metadata)
            _log.error("%s raised an error that its contract does not list", name, exc_info=error)
        elif isinstance(error, _ANSWERS):
            return encode_failure(error, sent, call.sent_metadata)
        else:
            _log.error("%s failed", name, exc_info=error)
        return encode_failure(HandlerFailedError(f"{name} failed"), sent)

    @staticmethod
    def _sent(call: ServedCall) -> int:
        state = call.state
        return state.outflow.sent if state is not None and state.outflow is not None else 0


def _leave(until: Token[float]) -> None:
    """The call is over: what its task does next has no deadline of this one."""
    try:
        serving_until.reset(until)
    except ValueError:
        pass  # closed from outside its task (`Workers.close`), whose context goes with it
