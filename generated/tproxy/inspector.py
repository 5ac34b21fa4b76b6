"""Stubs of the protocol Inspector of org.example.tproxy 1.1."""

# Written by `xpcrpc gen` from tproxy.toml; change that, not this.

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final

from xpcrpc import CallContext, Client, ClientEnd, Method, Protocol, Server

from .types import AttachReply, AttachRequest

if TYPE_CHECKING:
    from .flow_tap import FlowTapClient

ATTACH: Final[Method[AttachRequest, AttachReply]] = Method(
    name="attach",
    selector="attach:withReply:",
    request=AttachRequest,
    reply=AttachReply,
    timeout_s=60.0,
)

INSPECTOR: Final = Protocol(
    name="org.example.tproxy.Inspector",
    package=__name__.rpartition(".")[0],
    version="1.1",
    methods=(ATTACH,),
    fingerprint="75f3cf3c7a5afbf1f6e19d48600f1ed2",
)


class InspectorClient(Client):
    """Served by a program that watches flows without knowing the extension."""

    protocol: ClassVar[Protocol] = INSPECTOR

    async def attach(
        self,
        *,
        tap: ClientEnd[FlowTapClient],
        timeout_s: float | None = None,
    ) -> AttachReply:
        """Read one flow to its end, through an end that somebody hands over."""
        return await self._call(ATTACH, AttachRequest(tap=tap), timeout_s)


class InspectorServer(Server[InspectorClient]):
    """Served by a program that watches flows without knowing the extension."""

    protocol: ClassVar[Protocol] = INSPECTOR

    @abstractmethod
    async def attach(self, request: AttachRequest, context: CallContext) -> AttachReply:
        """Read one flow to its end, through an end that somebody hands over."""
