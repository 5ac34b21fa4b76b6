"""Stubs of the protocol Listener of org.example.gallery 1.2."""

# Written by `xpcrpc gen` from gallery.toml; change that, not this.

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Final

from xpcrpc import CallContext, Client, Method, Protocol, Server

from .types import ConfirmRequest, ToldRequest

TOLD: Final[Method[ToldRequest, None]] = Method(
    name="told",
    selector="Listener.told",
    request=ToldRequest,
    oneway=True,
)

CONFIRM: Final[Method[ConfirmRequest, bool]] = Method(
    name="confirm",
    selector="Listener.confirm",
    request=ConfirmRequest,
    reply=bool,
    timeout_s=30.0,
)

LISTENER: Final = Protocol(
    name="org.example.gallery.Listener",
    package=__name__.rpartition(".")[0],
    version="1.2",
    methods=(TOLD, CONFIRM),
    fingerprint="76cc2cb4781227a23768bc7215892eba",
)


class ListenerClient(Client):
    """What a client serves, to be called back."""

    protocol: ClassVar[Protocol] = LISTENER

    async def told(self, *, text: str) -> None:
        """Something was said."""
        await self._send(TOLD, ToldRequest(text=text))

    async def confirm(self, *, text: str, timeout_s: float | None = None) -> bool:
        """Something was said; did it arrive?"""
        return await self._call(CONFIRM, ConfirmRequest(text=text), timeout_s)


class ListenerServer(Server[ListenerClient]):
    """What a client serves, to be called back."""

    protocol: ClassVar[Protocol] = LISTENER

    @abstractmethod
    async def told(self, request: ToldRequest, context: CallContext) -> None:
        """Something was said."""

    @abstractmethod
    async def confirm(self, request: ConfirmRequest, context: CallContext) -> bool:
        """Something was said; did it arrive?"""
