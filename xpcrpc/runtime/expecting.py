"""Waiting to be served: the other half of a `ServerEnd`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from ..contract import ServerEnd
from ..errors import DeadlineExceededError, TransportError
from ..transport.base import Connection, Transport
from .link import Link

if TYPE_CHECKING:
    from .client import Client

AnyClient = TypeVar("AnyClient", bound="Client")


class Expected(Generic[AnyClient]):
    """A client to be: send `end` to whoever shall serve, then await `client`.

    The first that serves is taken; the end is of no use to anybody after that.
    """

    def __init__(self, kind: type[AnyClient], transport: Transport) -> None:
        self._kind = kind
        self._listener = transport.listen_anonymously()
        self._client: asyncio.Future[AnyClient] = asyncio.get_running_loop().create_future()
        self.end: ServerEnd[Any] = ServerEnd(self._listener.endpoint())
        """What the other side needs; put it into a message."""
        self._listener.activate(self._accept, self._failed)

    def _accept(self, peer: Connection) -> None:
        if self._client.done():
            return  # not kept, so it is turned away
        link = Link(peer, initiator=False)
        self._client.set_result(self._kind.over(link))
        link.activate()
        self._listener.cancel()

    def _failed(self, error: TransportError) -> None:
        if not self._client.done():
            self._client.set_exception(error)
            self._client.exception()  # told to whoever awaits `client`

    async def client(self, timeout_s: float = 30.0) -> AnyClient:
        """The client, once the other side serves.

        Raises:
            DeadlineExceededError: nobody did within ``timeout_s``.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(self._client)
        except TimeoutError:
            raise DeadlineExceededError(f"a server for {self._kind.__name__}", timeout_s) from None

    async def close(self) -> None:
        """Wait no longer, or end the connection."""
        self._listener.cancel()
        if self._client.done() and self._client.exception() is None:
            await self._client.result().close()
        self._client.cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
