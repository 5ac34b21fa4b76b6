"""The peer's calls on a link: from frame to handler to frame."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any, Final

from ..contract import ContractError
from ..errors import (
    CallCancelledError,
    CallError,
    EncodeError,
    HandlerFailedError,
    InvalidMessageError,
    NotPermittedError,
    RemoteProtocolError,
    StreamOverflowError,
    TooManyCallsError,
)
from ..protocol import keys
from ..protocol.call import Role, Shape
from ..transport.base import ReceivedFrame
from .context import CallContext
from .deadlines import serving
from .inbox import Inbox, Incoming
from .interceptors import Proceed, ServedInfo, wrapped
from .layouts import Request
from .link import Link
from .messages import (
    Asked,
    Encoded,
    asked_plainly,
    close_handles,
    decode_argument,
    encode_failure,
    encode_item,
    encode_result,
    metadata_of,
)
from .outbox import Outbox
from .permissions import permits
from .scope import Scope
from .served_call import ServedCall
from .server import Router

_log: Final = logging.getLogger("xpcrpc.server")
_new: Final = object.__new__


class Serving:
    """Answers what a peer asks for."""

    def __init__(self, scope: Scope, link: Link, router: Router) -> None:
        self.scope = scope
        self.link = link
        self._router = router
        self._plain = router.plain
        self._serial: dict[str, asyncio.Lock] = {}
        self._lost = 0
        link.session.max_calls = scope.max_calls
        link.session.max_streams = scope.max_streams
        link.on_request = self.request
        link.on_plain_request = self.plain_request

    def plain_request(self, received: ReceivedFrame, plain: Request) -> None:
        """As `request`, in one go, for what nearly every message is: a request in the usual
        form for a method without streams. Whatever is unusual goes the general way."""
        number, selector, timeout_ns, argument_at = plain
        target = self._plain.get(selector)
        if target is None or received.handles or not received.expects_reply:
            self.link.requested(received, asked_plainly(plain))
            return
        link = self.link
        call = ServedCall(self, target, received, number)
        if not link.session.accept_plain(number, call):
            self.link.requested(received, asked_plainly(plain))
            return
        argument = target.route.open_argument(received.frame, argument_at)
        if argument is not None:
            call.request = argument[0]
        else:
            try:
                call.request = decode_argument(target.route, asked_plainly(plain), received)
            except CallError as error:
                link.session.forget_plain(number, None)
                link.refuse(received, error)
                return
        deadlines = link.deadlines
        until = call.deadline = deadlines.now() + timeout_ns / 1e9
        if until < deadlines.at:
            deadlines.add(call)
        else:
            deadlines.enter(call)
        self.scope.workers.run(self._serve(call))

    def request(self, received: ReceivedFrame, asked: Asked) -> None:
        """Begin a call, or refuse it."""
        admitted = False
        try:
            target = self._router.find(asked.selector)
            route = target.route
            requires = route.method.requires
            if requires is not None and not permits(requires, received.sender):
                raise NotPermittedError(f"{route.method.name} is not for this peer")
            call = ServedCall(self, target, received, asked.call)
            call.message = asked.message
            admitted = True  # or refused by the table, which notes its number, too
            self._admit(call, asked)
            try:
                call.request = decode_argument(route, asked, received)
            except CallError:
                self._close(call)
                raise
        except CallError as error:
            if received.expects_reply or not isinstance(error, TooManyCallsError):
                self.link.refuse(received, error, None if admitted else asked.call)
            else:
                self._lose(received, error)
        except RemoteProtocolError as error:
            self.link.violated(error)
        else:
            self.scope.workers.run(self._serve(call))

    def _lose(self, received: ReceivedFrame, error: CallError) -> None:
        """Drop a one-way call for which there is no room; nobody waits to be told."""
        self._lost += 1
        if self._lost.bit_count() == 1:  # now and then, as there may be many
            _log.warning("%d one-way calls lost: %s", self._lost, error)
        close_handles(received)

    def _admit(self, call: ServedCall, asked: Asked) -> None:
        """Enter the call into the table.

        Raises:
            UnavailableError, TooManyCallsError: it cannot be begun now.
            InvalidMessageError: it streams, and has no number.
            RemoteProtocolError: its number cannot be.
        """
        route, link = call.route, self.link
        always = not call.target.own
        number = asked.call
        if number is not None:
            state = call.state = link.session.accept(
                number,
                route.shape,
                window=route.method.window,
                credit=asked.window,
                always=always,
            )
            state.owner = call
            if state.inflow is not None:
                # Before the handler begins: the end of no items may come earlier yet.
                call.inbox = Inbox(link.loop, state.inflow, grant=call.grant)
        elif route.shape is not Shape.UNARY:
            raise InvalidMessageError(f"a stream needs {keys.CALL}")
        elif call.received.expects_reply:
            call.state = link.session.accept_nameless(always=always)
            call.state.owner = call
        else:
            link.session.begin_one_way()
        if asked.timeout_ns is not None:
            call.deadline = link.loop.time() + asked.timeout_ns / 1e9
            link.deadlines.add(call)

    def _close(self, call: ServedCall) -> None:
        call.over = True
        if call.deadline is not math.inf:
            self.link.deadlines.discard(call)
        if call.state is not None:
            self.link.session.close(call.state)
        else:
            self.link.session.end_one_way()

    def deafen(self) -> None:
        """The system asks this process to end: nothing more will be heard of the peer."""
        for owner in self.link.session.owners():
            owner.deafen()

    async def _serve(self, call: ServedCall) -> None:
        """Run a call to its answer. Never raises but for cancellation, and to end the loop."""
        received = call.received
        task = call.task = self.scope.workers.starting
        target, route = call.target, call.route
        served = serving.set(call)
        if not received.expects_reply:
            self.scope.begin_transaction()  # a request holds one of its own (C-149)
        reply: Encoded | None = None
        try:
            if call.stopped:
                raise asyncio.CancelledError
            if target.plain and not self.scope.interceptors:
                # Nearly every call, so here and not in `_unary`: a coroutine fewer.
                context: CallContext = _new(CallContext)
                context._call = call  # a call of `__init__` costs as much as all of this line
                result = await target.handler(call.request, context)
                frame = None if call.sent_metadata else route.seal_result(result)
                if frame is not None:
                    reply = frame, []
                else:
                    reply = encode_result(route, result, 0, call.sent_metadata)
            elif route.method.serial:
                async with self._serial.setdefault(route.method.name, asyncio.Lock()):
                    reply = await self._answer(call)
            else:
                reply = await self._answer(call)
        except (Exception, BaseExceptionGroup) as error:
            reply = self._failure(call, error)
        except asyncio.CancelledError as error:
            if call.stopped or (task is not None and task.cancelling()):
                if call.why is not None:
                    reply = encode_failure(call.why, self._sent(call))
                raise
            # Of something that the handler waited for: its failure, not our stop.
            reply = self._failure(call, error)
        except BaseException as error:  # what ends the loop, or this coroutine: not unanswered
            reply = self._failure(call, error)
            raise
        finally:
            if received.expects_reply:
                if reply is None:
                    received.drop()
                else:
                    try:
                        received.reply(*reply)
                    except Exception as error:
                        self._reply_instead(call, error)
            else:
                self.scope.end_transaction()
            try:
                serving.reset(served)  # what its task does next is no part of it
            except ValueError:
                pass  # closed from outside its task (`Workers.close`), whose context goes with it
            call.task = None
            if call.state is None and call.number is not None:
                # As `_close`, for nearly every call.
                call.over = True
                self.link.deadlines.discard(call)
                self.link.session.forget_plain(call.number, None)
            else:
                self._close(call)

    def _answer(self, call: ServedCall) -> Coroutine[Any, Any, Encoded]:
        return self._unary(call) if call.route.shape is Shape.UNARY else self._streams(call)

    def _reply_instead(self, call: ServedCall, error: Exception) -> None:
        """Send what can be sent where the answer could not. Never raises."""
        name = call.route.method.name
        try:
            if isinstance(error, EncodeError):
                # Too large, or too many descriptors: the caller shall hear of it at once.
                _log.error("%s: the reply cannot be sent: %s", name, error, extra=call.facts)
                failure = HandlerFailedError(f"the reply of {name} cannot be sent")
                call.received.reply(*encode_failure(failure, self._sent(call)))
                return
            raise error
        except Exception:
            _log.exception("%s: the reply could not be sent", name, extra=call.facts)
            call.received.drop()

    async def _unary(self, call: ServedCall) -> Encoded:
        target, context = call.target, CallContext(call)
        arguments = (call.request, context) if target.takes_request else (context,)
        if self.scope.interceptors and target.own:
            result = await self._intercepted(call, partial(target.handler, *arguments))
        else:
            result = await target.handler(*arguments)
        return encode_result(call.route, result, 0, call.sent_metadata)

    async def _streams(self, call: ServedCall) -> Encoded:
        route, target = call.route, call.target
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
        except (Exception, BaseExceptionGroup) as error:
            if call.outbox is not None and not isinstance(error, StreamOverflowError):
                try:
                    await call.outbox.drain()  # what was made before the failure goes before it
                except EncodeError:
                    pass  # one of them cannot be sent, which may be the failure itself
            return self._failure(call, error)
        finally:
            if call.outbox is not None:
                call.outbox.close()
                if call.outbox.dropped:
                    words = "%s dropped %d items for which there was no room"
                    _log.info(words, route.method.name, call.outbox.dropped, extra=call.facts)

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
            self.link.backlog,
            window=route.method.window,
            overflow=route.method.overflow,
            seal=route.seal_item_out,
            encode=partial(encode_item, route.encode_item_out),
            send=call.send_items,
            failed=call.unsendable,
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
            metadata=metadata_of(call.message),
            reply_metadata=call.reply_metadata,
            remaining_s=until if until is math.inf else until - self.link.loop.time(),
        )
        return await wrapped(self.scope.interceptors, info, proceed)()

    def _failure(self, call: ServedCall, error: BaseException) -> Encoded:
        """The answer for what the handler, or something around it, has raised. Never raises."""
        name, sent, metadata = call.route.method.name, self._sent(call), call.sent_metadata
        if isinstance(error, CallError) and self._answers(call, error):
            try:
                return encode_failure(error, sent, metadata)
            except ValueError as problem:
                _log.error("%s: its error cannot be sent: %s", name, problem, extra=call.facts)
                failure = HandlerFailedError(f"{name} failed, and its error cannot be sent")
                return encode_failure(failure, sent)
        said = "%s failed"
        if isinstance(error, ContractError):
            said = "%s raised an error that its contract does not list"
        _log.error(said, name, exc_info=error, extra=call.facts)
        return encode_failure(HandlerFailedError(f"{name} failed"), sent)

    @staticmethod
    def _answers(call: ServedCall, error: CallError) -> bool:
        """Whether an error is meant for the caller: one of the method's own, or a number that
        this process has chosen. What another service answered is none of our caller's affair."""
        if isinstance(error, ContractError):
            return type(error).code in call.route.errors
        return not error.received and not isinstance(error, CallCancelledError)

    @staticmethod
    def _sent(call: ServedCall) -> int:
        state = call.state
        return state.outflow.sent if state is not None and state.outflow is not None else 0
