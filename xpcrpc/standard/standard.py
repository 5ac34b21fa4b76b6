"""Stubs of the protocol Standard of org.xpcrpc.standard 1.0."""

# Written by `xpcrpc gen` from standard.toml; change that, not this.

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Final

from xpcrpc import CallContext, Client, Empty, Method, Protocol, Server

from .types import Description, Health, HelloReply, HelloRequest, Identity

HELLO: Final[Method[HelloRequest, HelloReply]] = Method(
    name="hello",
    selector="xpcrpc.hello",
    request=HelloRequest,
    reply=HelloReply,
    timeout_s=10.0,
    idempotent=True,
)

HEALTH: Final[Method[Empty, Health]] = Method(
    name="health",
    selector="xpcrpc.health",
    reply=Health,
    timeout_s=5.0,
    idempotent=True,
)

DESCRIBE: Final[Method[Empty, Description]] = Method(
    name="describe",
    selector="xpcrpc.describe",
    reply=Description,
    timeout_s=10.0,
    idempotent=True,
)

STANDARD: Final = Protocol(
    name="org.xpcrpc.standard.Standard",
    package=__name__.rpartition(".")[0],
    version="1.0",
    methods=(HELLO, HEALTH, DESCRIBE),
    fingerprint="bcb0797c6757a1ee32988e962c5e8679",
)


class StandardClient(Client):
    """Served on every connection, beside the protocol that the connection is for."""

    protocol: ClassVar[Protocol] = STANDARD

    async def hello(self, *, client: Identity, timeout_s: float | None = None) -> HelloReply:
        """Exchange versions; a client says hello before its first call."""
        return await self._call(HELLO, HelloRequest(client=client), timeout_s)

    async def health(self, *, timeout_s: float | None = None) -> Health:
        """How the service is; for monitors."""
        return await self._call(HEALTH, Empty(), timeout_s)

    async def describe(self, *, timeout_s: float | None = None) -> Description:
        """What the service can do; for people and tools."""
        return await self._call(DESCRIBE, Empty(), timeout_s)


class StandardServer(Server[StandardClient]):
    """Served on every connection, beside the protocol that the connection is for."""

    protocol: ClassVar[Protocol] = STANDARD

    @abstractmethod
    async def hello(self, request: HelloRequest, context: CallContext) -> HelloReply:
        """Exchange versions; a client says hello before its first call."""

    @abstractmethod
    async def health(self, context: CallContext) -> Health:
        """How the service is; for monitors."""

    @abstractmethod
    async def describe(self, context: CallContext) -> Description:
        """What the service can do; for people and tools."""
