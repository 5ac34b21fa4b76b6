"""Listeners in memory."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ..errors import ConnectionInvalidError, MisuseError, TransportError
from ..rules import PeerRule
from ..values import Endpoint
from .base import Connection
from .memory_ends import MemoryPeer
from .memory_handles import Door
from .memory_link import Link
from .memory_rules import meets
from .memory_wire import Direction

if TYPE_CHECKING:
    from .memory import MemoryTransport

_log: Final = logging.getLogger("xpcrpc.memory")


class MemoryListener:
    """Takes connections; see `xpcrpc.transport.base.Listener`."""

    def __init__(
        self,
        process: MemoryTransport,
        name: str | None,
        rule: PeerRule | None,
        *,
        privileged: bool = False,
    ) -> None:
        self.process = process
        self._named = name is not None
        self._name = name or "an anonymous listener"
        self._privileged = privileged
        self._rule = rule
        self._loop = asyncio.get_running_loop()
        self._door = Door(self)
        self._waiting: deque[Link] = deque()
        self._on_peer: Callable[[Connection], None] | None = None
        self._on_end: Callable[[TransportError], None] | None = None
        self.over = False
        """Whether it was cancelled, killed, or never got its name."""

    @property
    def name(self) -> str:
        """The service's name, or words for an anonymous one."""
        return self._name

    def activate(
        self, on_peer: Callable[[Connection], None], on_end: Callable[[TransportError], None]
    ) -> None:
        """Begin to accept.

        Raises:
            MisuseError: it was activated or cancelled already.
        """
        if self._on_peer is not None or self.over:
            raise MisuseError("the listener was activated or cancelled already; make a new one")
        self._on_peer, self._on_end = on_peer, on_end
        network = self.process.network
        if self._named and not network.register(self._name, self, privileged=self._privileged):
            self._end("somebody serves the name already")  # C-111
            return
        self.process.listeners.add(self)
        for _ in self._waiting:
            self._loop.call_soon(self._accept)

    def endpoint(self) -> Endpoint:
        """The right to connect; as often as wanted, active or not (C-151)."""
        return Endpoint(self._door)

    def cancel(self) -> None:
        """Accept nobody further; accepted peers live on (OQ-32). Its name is free at once."""
        if not self.over:
            self._end("it was cancelled by this process")

    def arrive(self, link: Link) -> None:
        """A client has sent its first message."""
        self._waiting.append(link)
        if self._on_peer is not None:
            self._loop.call_soon(self._accept)

    def die(self) -> None:
        """Its process was killed: it ends, and nobody is told here."""
        self.over = True
        self._on_end = None
        self._leave()

    def _accept(self) -> None:
        if not self._waiting or self._on_peer is None:
            return
        link = self._waiting.popleft()
        client = link.client_process.party
        if self._rule is not None and not meets(client, self._rule):
            # Not shown, and closed (OQ-18).
            _log.warning("%s: %s does not meet %s", self._name, client.identity, self._rule)
            link.close(Direction.TO_CLIENT)
            return
        # Activated, it is kept by its process, else by the program alone: a peer
        # that nobody keeps ends with this function (C-105).
        try:
            self._on_peer(MemoryPeer(self.process, link))
        except Exception as error:
            self._loop.call_exception_handler(
                {"message": f"accepting a peer of {self._name} failed", "exception": error}
            )

    def _end(self, reason: str) -> None:
        self.over = True
        self._leave()
        if self._on_end is not None and not self._loop.is_closed():
            self._loop.call_soon(self._on_end, ConnectionInvalidError(self._name, reason))

    def _leave(self) -> None:
        self.process.listeners.discard(self)
        self.process.network.unregister(self)
        while self._waiting:
            self._waiting.popleft().close(Direction.TO_CLIENT)

    def __del__(self) -> None:
        # Endpoints do not keep it (C-155): whoever waits for it waits no more.
        try:
            while self._waiting and not self._loop.is_closed():
                self._waiting.popleft().close(Direction.TO_CLIENT)
        except (AttributeError, RuntimeError):
            pass
