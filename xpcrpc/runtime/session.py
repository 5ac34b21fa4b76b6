"""One peer of a server: its calls, from frame to frame."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from ..contract import ContractError
from ..errors import (
    CallError,
    HandlerFailedError,
    InvalidMessageError,
    TerminationImminentError,
    TransportError,
)
from ..protocol import envelope
from ..transport.base import Connection, ReceivedFrame
from .calls import close_handles
from .context import CallContext
from .messages import (
    Encoded,
    decode_argument,
    decode_message,
    encode_failure,
    encode_result,
)
from .server import Router, Target

if TYPE_CHECKING:
    from .host import Host

_log: Final = logging.getLogger("xpcrpc.server")


class Session:
    """Serves one connection until its peer leaves or the host ends."""

    def __init__(self, host: Host, connection: Connection, router: Router) -> None:
        self._host = host
        self._connection = connection
        self._router = router
        self._waiting: set[asyncio.Task[Any]] = set()
        self._serial: dict[str, asyncio.Lock] = {}
        connection.set_event_handler(self._event)
        connection.activate()

    def close(self) -> None:
        """End the connection; handlers of calls under way are cancelled."""
        self._connection.cancel()

    def _event(self, event: ReceivedFrame | TransportError) -> None:
        if isinstance(event, TransportError):
            if not isinstance(event, TerminationImminentError):
                self._ended(event)
            return
        try:
            message = decode_message(event)
            target = self._router.find(envelope.selector_of(message))
            request = decode_argument(target.route, message)
        except CallError as error:
            self._refuse(event, error)
            return
        self._host.workers.run(self._serve(event, target, request))

    def _refuse(self, received: ReceivedFrame, error: CallError) -> None:
        _log.warning("refused a message of pid %d: %s", received.sender.pid, error)
        close_handles(received)
        if received.expects_reply:
            received.reply(*encode_failure(error))

    async def _serve(self, received: ReceivedFrame, target: Target, request: Any) -> None:
        """Run the handler and answer. Never raises but for cancellation."""
        method = target.route.method
        lock = self._serial.setdefault(method.name, asyncio.Lock()) if method.serial else None
        task = asyncio.current_task()
        assert task is not None
        if received.expects_reply:
            # Nobody waits for a one-way message: its sender may leave, it is done all the same.
            self._waiting.add(task)
        try:
            if lock is not None:
                async with lock:
                    reply = await self._run(received, target, request)
            else:
                reply = await self._run(received, target, request)
            if received.expects_reply:
                received.reply(*reply)
        except asyncio.CancelledError:
            if received.expects_reply:
                received.drop()
            raise
        except Exception:
            _log.exception("%s: the reply could not be sent", method.name)
        finally:
            self._waiting.discard(task)

    async def _run(self, received: ReceivedFrame, target: Target, request: Any) -> Encoded:
        route = target.route
        context = CallContext(self._host, route.method, received.sender)
        try:
            if target.takes_request:
                result = await target.handler(request, context)
            else:
                result = await target.handler(context)
            return encode_result(route, result)
        except ContractError as error:
            if type(error).code in route.errors:
                return encode_failure(error)
            _log.exception("%s raised an error that its contract does not list", route.method.name)
        except Exception:
            _log.exception("%s failed", route.method.name)
        return encode_failure(HandlerFailedError(f"{route.method.name} failed"))

    def _ended(self, why: TransportError) -> None:
        _log.debug("a peer left: %s", why)
        for task in list(self._waiting):
            task.cancel()
        self._host.forget(self)
