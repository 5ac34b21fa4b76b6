"""Stubs of the protocol FlowTap of org.example.tproxy 1.1."""

# Written by `xpcrpc gen` from tproxy.toml; change that, not this.

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import ClassVar, Final

from xpcrpc import U32, CallContext, Client, Empty, Method, Protocol, Server, Stream

from .types import FlowEvent, ReadRequest

SUMMARY: Final[Method[Empty, FlowEvent]] = Method(
    name="summary",
    selector="summary:withReply:",
    reply=FlowEvent,
    timeout_s=30.0,
)

READ: Final[Method[ReadRequest, bytes]] = Method(
    name="read",
    selector="read:withReply:",
    request=ReadRequest,
    reply=bytes,
    timeout_s=60.0,
)

BYTES: Final[Method[Empty, None]] = Method(
    name="bytes_",
    selector="bytes:withReply:",
    items_out=bytes,
    window=16,
)

CLOSE: Final[Method[Empty, None]] = Method(
    name="close_",
    selector="close:withReply:",
    oneway=True,
)

FLOW_TAP: Final = Protocol(
    name="org.example.tproxy.FlowTap",
    package=__name__.rpartition(".")[0],
    version="1.1",
    methods=(SUMMARY, READ, BYTES, CLOSE),
    fingerprint="75f3cf3c7a5afbf1f6e19d48600f1ed2",
)


class FlowTapClient(Client):
    """One flow, for whoever holds the end."""

    protocol: ClassVar[Protocol] = FLOW_TAP

    async def summary(self, *, timeout_s: float | None = None) -> FlowEvent:
        """What is known about the flow so far."""
        return await self._call(SUMMARY, Empty(), timeout_s)

    async def read(self, *, at_most: U32 = 65536, timeout_s: float | None = None) -> bytes:
        """The next bytes of the flow; none at its end.

        Args:
            at_most: Bytes. At least 1.
        """
        return await self._call(READ, ReadRequest(at_most=at_most), timeout_s)

    def bytes_(self, *, timeout_s: float | None = None) -> Stream[bytes]:
        """Everything from here to the end of the flow, as it comes."""
        return self._stream(BYTES, Empty(), timeout_s)

    async def close_(self) -> None:
        """Nothing more will be read."""
        await self._send(CLOSE, Empty())


class FlowTapServer(Server[FlowTapClient]):
    """One flow, for whoever holds the end."""

    protocol: ClassVar[Protocol] = FLOW_TAP

    @abstractmethod
    async def summary(self, context: CallContext) -> FlowEvent:
        """What is known about the flow so far."""

    @abstractmethod
    async def read(self, request: ReadRequest, context: CallContext) -> bytes:
        """The next bytes of the flow; none at its end."""

    @abstractmethod
    def bytes_(self, context: CallContext) -> AsyncIterator[bytes]:
        """Everything from here to the end of the flow, as it comes."""

    @abstractmethod
    async def close_(self, context: CallContext) -> None:
        """Nothing more will be read."""
