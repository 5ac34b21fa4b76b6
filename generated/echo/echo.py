"""Stubs of the protocol Echo of org.example.echo 1.0."""

# Written by `xpcrpc gen` from echo.toml; change that, not this.

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Final

from xpcrpc import CallContext, Client, Empty, Method, Protocol, Server

from .types import EchoReply, EchoRequest, NoteRequest

NOTE: Final[Method[NoteRequest, None]] = Method(
    name="note",
    selector="note",
    request=NoteRequest,
    oneway=True,
)

ECHO_: Final[Method[EchoRequest, EchoReply]] = Method(
    name="echo",
    selector="echo",
    request=EchoRequest,
    reply=EchoReply,
    timeout_s=5.0,
    idempotent=True,
)

SHUTDOWN: Final[Method[Empty, None]] = Method(
    name="shutdown",
    selector="shutdown",
    oneway=True,
)

ECHO: Final = Protocol(
    name="org.example.echo.Echo",
    package=__name__.rpartition(".")[0],
    version="1.0",
    methods=(NOTE, ECHO_, SHUTDOWN),
    fingerprint="28f26afb4094c9affb82d06dc1678f87",
)


class EchoClient(Client):
    """Hears notes, repeats words, and ends when it is told to."""

    protocol: ClassVar[Protocol] = ECHO

    async def note(self, *, text: str) -> None:
        """Tell the service something; nothing comes back.

        Args:
            text: At most 4096 characters.
        """
        await self._send(NOTE, NoteRequest(text=text))

    async def echo(self, *, text: str, timeout_s: float | None = None) -> EchoReply:
        """Hear the same text again, and how many notes came before.

        Args:
            text: At most 1000000 characters.
        """
        return await self._call(ECHO_, EchoRequest(text=text), timeout_s)

    async def shutdown(self) -> None:
        """End the service once its calls under way are answered."""
        await self._send(SHUTDOWN, Empty())


class EchoServer(Server[EchoClient]):
    """Hears notes, repeats words, and ends when it is told to."""

    protocol: ClassVar[Protocol] = ECHO

    @abstractmethod
    async def note(self, request: NoteRequest, context: CallContext) -> None:
        """Tell the service something; nothing comes back."""

    @abstractmethod
    async def echo(self, request: EchoRequest, context: CallContext) -> EchoReply:
        """Hear the same text again, and how many notes came before."""

    @abstractmethod
    async def shutdown(self, context: CallContext) -> None:
        """End the service once its calls under way are answered."""
