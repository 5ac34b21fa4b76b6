"""The calls of one client connection: replies, deadlines, ends."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Any, Final

from ..contract import Method
from ..errors import (
    ConnectionInvalidError,
    DeadlineExceededError,
    MisuseError,
    TransportError,
)
from ..transport.base import Connection, ReceivedFrame
from .messages import decode_reply, encode_request, route_of
from .waiter import Waiter

_log: Final = logging.getLogger("xpcrpc.client")


class _Call(Waiter["ReceivedFrame | TransportError | None"]):
    """One call under way: its reply, why there is none, or None when its time is over."""

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


class Calls:
    """Sends requests on one connection and gives each an end."""

    def __init__(self, connection: Connection, package: str) -> None:
        self._connection = connection
        self._package = package
        self._loop = asyncio.get_running_loop()
        self._pending: set[_Call] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = math.inf
        self._closed = False
        connection.set_event_handler(self._event)

    async def call(self, method: Method[Any, Any], request: Any, timeout_s: float | None) -> Any:
        """One call, from the typed request to the typed result.

        Raises:
            EncodeError: the request does not fit; nothing was sent.
            CallError: the service answered with a failure.
            DecodeError: the answer is not what the contract says.
            DeadlineExceededError: no answer within ``timeout_s``.
            TransportError: the connection ended first.
        """
        route = route_of(method, self._package)
        if timeout_s is None:
            timeout_s = method.timeout_s
        elif not timeout_s > 0:
            raise MisuseError(f"timeout_s must be above 0, not {timeout_s}")
        frame, handles = encode_request(route, request)
        if self._closed:
            raise ConnectionInvalidError(self._connection.name, "the client was closed")
        call = _Call(self._loop, self._loop.time() + timeout_s)
        self._connection.request(frame, handles, call.arrived)
        self._pending.add(call)
        if call.deadline < self._alarm_at:
            self._set_alarm(call.deadline)
        try:
            reply = await call
        finally:
            self._pending.discard(call)
        if reply is None:
            raise DeadlineExceededError(method.name, timeout_s)
        if isinstance(reply, TransportError):
            # Each waiting call raises an exception of its own, with its own traceback.
            raise type(reply)(*reply.args)
        return decode_reply(route, reply)

    def send(self, method: Method[Any, None], request: Any) -> None:
        """Send a one-way request; no answer will come, not even a failure."""
        frame, handles = encode_request(route_of(method, self._package), request)
        if self._closed:
            raise ConnectionInvalidError(self._connection.name, "the client was closed")
        self._connection.send(frame, handles)

    def close(self) -> None:
        """Cancel the connection and end every call."""
        if self._closed:
            return
        self._closed = True
        self._connection.cancel()
        if self._alarm is not None:
            self._alarm.cancel()
        for call in list(self._pending):
            call.wake_soon(ConnectionInvalidError(self._connection.name, "the client was closed"))

    def _event(self, event: ReceivedFrame | TransportError) -> None:
        if isinstance(event, TransportError):
            # Calls under way hear of it through their own reply handlers.
            _log.debug("%s: %s", self._connection.name, event)
            return
        _log.warning("%s sent a message that nobody asked for; dropped", self._connection.name)
        close_handles(event)

    def _set_alarm(self, deadline: float) -> None:
        """Be woken at ``deadline``. One timer serves all calls: it is moved forward
        when an earlier deadline comes, and looks for the next one when it rings."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = deadline
        self._alarm = self._loop.call_at(deadline, self._ring)

    def _ring(self) -> None:
        now = self._loop.time()
        self._alarm, self._alarm_at = None, math.inf
        for call in list(self._pending):
            if call.deadline <= now:
                call.wake_soon(None)
        waiting = [call.deadline for call in self._pending if not call.done()]
        if waiting:
            self._set_alarm(min(waiting))


def close_handles(received: ReceivedFrame) -> None:
    """Close what came with a message that nobody will read."""
    for handle in received.handles:
        close = getattr(handle, "close", None)
        if close is not None:
            close()
