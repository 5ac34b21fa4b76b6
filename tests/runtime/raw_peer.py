"""A client without a contract: it sends the dictionaries that a stub never would."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Self

from xpcrpc import TransportError
from xpcrpc.codec import frame as frames
from xpcrpc.runtime.messages import close_handles
from xpcrpc.transport.base import Connection, ReceivedFrame, Transport
from xpcrpc.transport.xpc import XpcTransport
from xpcrpc.values import Handle

PATIENCE_S = 60.0


class RawPeer:
    """Dictionaries out, dictionaries in; events are kept in `events`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.events: asyncio.Queue[dict[str, Any] | TransportError] = asyncio.Queue()
        connection.set_event_handler(self._event)
        connection.activate()

    @classmethod
    def of_service(cls, name: str) -> Self:
        """A client of a named service."""
        transport: Transport = XpcTransport.of_running_loop()
        return cls(transport.connect(name))

    def _event(self, event: ReceivedFrame | TransportError) -> None:
        self.events.put_nowait(_opened(event))

    def send(self, message: dict[str, Any]) -> None:
        """Send without asking for a reply."""
        handles: list[Handle] = []
        self.connection.send(frames.encode(message, handles=handles), handles)

    async def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send and wait for the reply.

        Raises:
            TransportError: none will come.
        """
        handles: list[Handle] = []
        return await self.ask_frame(frames.encode(message, handles=handles), handles)

    async def ask_frame(self, frame: bytes, handles: Sequence[Handle] = ()) -> dict[str, Any]:
        """`ask`, with a frame that somebody else made."""
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

        def arrived(reply: ReceivedFrame | TransportError) -> None:
            if answer.done():
                return
            opened = _opened(reply)
            if isinstance(opened, TransportError):
                answer.set_exception(opened)
            else:
                answer.set_result(opened)

        self.connection.request(frame, handles, arrived)
        async with asyncio.timeout(PATIENCE_S):
            return await answer

    async def code_of(self, message: dict[str, Any]) -> int:
        """The failure code that a request gets."""
        reply = await self.ask(message)
        assert "$error" in reply, reply
        assert "$result" not in reply, reply
        code = reply["$error"]["code"]
        assert type(code) is int
        assert type(reply["$error"]["message"]) is str
        return code

    def close(self) -> None:
        """End the connection."""
        self.connection.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _opened(event: ReceivedFrame | TransportError) -> dict[str, Any] | TransportError:
    if isinstance(event, TransportError):
        return event
    message = frames.decode(event.frame, event.handles)
    assert isinstance(message, dict)
    close_handles(event)
    return message
