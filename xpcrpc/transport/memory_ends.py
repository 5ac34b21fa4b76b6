"""The two kinds of connections in memory: clients and server peers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from ..errors import ConnectionInterruptedError
from ..rules import PeerRule
from .memory_connection import MemoryConnection
from .memory_link import Link
from .memory_wire import Direction

if TYPE_CHECKING:
    from .memory import MemoryTransport
    from .memory_listener import MemoryListener


class MemoryClient(MemoryConnection):
    """A client, of a name or of an endpoint."""

    sends: ClassVar[Direction] = Direction.TO_SERVER

    def __init__(
        self,
        process: MemoryTransport,
        name: str,
        rule: PeerRule | None,
        find: Callable[[], MemoryListener | None],
        *,
        named: bool,
    ) -> None:
        """``find`` looks the listener up; a client of a name does so again after a loss."""
        super().__init__(process, name, rule)
        self._find = find
        self._named = named
        self._looked_up = False

    @property
    def named(self) -> bool:
        """Whether it is a client of a name."""
        return self._named

    def _wake(self) -> None:
        if self.ready and not self._looked_up:
            # That nobody is there shows without a message, but later (C-51, E1).
            # Nobody is told of us before the first message (C-63).
            self._looked_up = True
            self._loop.call_soon(self.look_up)
        super()._wake()

    def look_up(self) -> None:
        """End it if nobody is there."""
        if self._link is None and not self._cancelled and self._find() is None:
            self._lose_for_good()

    def _connect(self) -> Link | None:
        listener = self._find()
        if listener is None:
            self._shut_down()
            self._soon(self._say_invalid, self._nobody)
            return None
        self._link = Link(self._name, self, listener.process, self._loop)
        listener.arrive(self._link)
        return self._link

    @property
    def _nobody(self) -> str:
        return "nobody serves the name" if self._named else "the endpoint's listener is gone"

    def _lose_for_good(self) -> None:
        super()._lose(self._nobody)

    def _lose(self, reason: str) -> None:
        if not self._named:
            super()._lose(reason)
            return
        # E2, E3: usable again. What is queued is dropped, not sent again (C-119),
        # and the replies' handlers are told first (OQ-23). Whatever they send
        # belongs to the next link already.
        self._unlink()
        self._drop_unsent()
        self._fail_pending(lambda: ConnectionInterruptedError(self._name))
        if self._handler is not None and not self._cancelled:
            self._guard(self._handler, ConnectionInterruptedError(self._name))


class MemoryPeer(MemoryConnection):
    """What a listener hands out: one client's other end."""

    sends: ClassVar[Direction] = Direction.TO_CLIENT

    def __init__(self, process: MemoryTransport, link: Link) -> None:
        identity = link.client_process.party.identity
        super().__init__(process, f"a client of {link.service} (pid {identity.pid})", None)
        self._peer = identity  # right before any message (C-99)
        self._link = link
        link.show(self)
