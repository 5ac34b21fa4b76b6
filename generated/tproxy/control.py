"""Stubs of the protocol Control of org.example.tproxy 1.1."""

# Written by `xpcrpc gen` from tproxy.toml; change that, not this.

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID

from xpcrpc import (
    U64,
    CallContext,
    Client,
    ClientEnd,
    Empty,
    Method,
    Overflow,
    Protocol,
    Server,
    Stream,
    WriteFd,
)

from .types import (
    Config,
    FlowEvent,
    NoSuchFlow,
    StartRefused,
    StartRequest,
    Status,
    TapRequest,
    TelemetryRequest,
)

if TYPE_CHECKING:
    from .flow_tap import FlowTapClient

APPLY: Final[Method[Config, Status]] = Method(
    name="apply",
    selector="updateSettings:withReply:",
    request=Config,
    reply=Status,
    timeout_s=5.0,
    idempotent=True,
)

START: Final[Method[StartRequest, Status]] = Method(
    name="start",
    selector="start:withReply:",
    request=StartRequest,
    reply=Status,
    errors=(StartRefused,),
    timeout_s=30.0,
)

STOP: Final[Method[Empty, None]] = Method(
    name="stop",
    selector="stop:withReply:",
    oneway=True,
)

TELEMETRY: Final[Method[TelemetryRequest, None]] = Method(
    name="telemetry",
    selector="telemetry:withReply:",
    request=TelemetryRequest,
    items_out=FlowEvent,
    window=256,
    overflow=Overflow.DROP_OLDEST,
)

TAP: Final[Method[TapRequest, ClientEnd[FlowTapClient]]] = Method(
    name="tap",
    selector="tap:withReply:",
    request=TapRequest,
    reply="ClientEnd[FlowTapClient]",
    errors=(NoSuchFlow,),
    timeout_s=30.0,
)

CONTROL: Final = Protocol(
    name="org.example.tproxy.Control",
    package=__name__.rpartition(".")[0],
    version="1.1",
    methods=(APPLY, START, STOP, TELEMETRY, TAP),
    fingerprint="75f3cf3c7a5afbf1f6e19d48600f1ed2",
)


class ControlClient(Client):
    """Served by the extension; the host app is the client."""

    protocol: ClassVar[Protocol] = CONTROL

    async def apply(self, request: Config, *, timeout_s: float | None = None) -> Status:
        """Replace the settings; they take effect on new flows."""
        return await self._call(APPLY, request, timeout_s)

    async def start(
        self,
        *,
        config: Config,
        log: WriteFd,
        timeout_s: float | None = None,
    ) -> Status:
        """Start to take flows; TLS secrets go to `log`, if the settings say so.

        Raises:
            StartRefused: The provider cannot start now.
        """
        return await self._call(START, StartRequest(config=config, log=log), timeout_s)

    async def stop(self) -> None:
        """Let go of every flow; the system takes over."""
        await self._send(STOP, Empty())

    def telemetry(self, *, min_bytes: U64 = 0, timeout_s: float | None = None) -> Stream[FlowEvent]:
        """Flows as they are taken, from now on; a slow reader misses the oldest.

        Args:
            min_bytes: Bytes; smaller flows are left out.
        """
        return self._stream(TELEMETRY, TelemetryRequest(min_bytes=min_bytes), timeout_s)

    async def tap(self, *, flow: UUID, timeout_s: float | None = None) -> ClientEnd[FlowTapClient]:
        """A private channel to one flow; works without a service name.

        Raises:
            NoSuchFlow: The flow has ended, or never was.
        """
        return await self._call(TAP, TapRequest(flow=flow), timeout_s)


class ControlServer(Server[ControlClient]):
    """Served by the extension; the host app is the client."""

    protocol: ClassVar[Protocol] = CONTROL

    @abstractmethod
    async def apply(self, request: Config, context: CallContext) -> Status:
        """Replace the settings; they take effect on new flows."""

    @abstractmethod
    async def start(self, request: StartRequest, context: CallContext) -> Status:
        """Start to take flows; TLS secrets go to `log`, if the settings say so.

        Raises:
            StartRefused: The provider cannot start now.
        """

    @abstractmethod
    async def stop(self, context: CallContext) -> None:
        """Let go of every flow; the system takes over."""

    @abstractmethod
    def telemetry(
        self,
        request: TelemetryRequest,
        context: CallContext,
    ) -> AsyncIterator[FlowEvent]:
        """Flows as they are taken, from now on; a slow reader misses the oldest."""

    @abstractmethod
    async def tap(self, request: TapRequest, context: CallContext) -> ClientEnd[FlowTapClient]:
        """A private channel to one flow; works without a service name.

        Raises:
            NoSuchFlow: The flow has ended, or never was.
        """
