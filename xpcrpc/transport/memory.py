"""XPC in one process and one event loop: for tests, and the reference for the real transport.

It keeps the rules of libxpc's behaviour that a program can see, and lets a test
interfere with every message (`MemoryNetwork.interceptor`).

A `MemoryTransport` is one process, a `MemoryNetwork` the machine on which
processes find each other::

    network = MemoryNetwork()
    service, application = MemoryTransport(network), MemoryTransport(network)

Frames are copied, descriptors duplicated for each delivery, names are the
network's own. Nothing blocks, and no thread or socket is used.
"""

from __future__ import annotations

from typing import Final

from ..errors import ServiceConfigurationError
from ..rules import PeerRule
from ..values import Endpoint
from .base import PeerIdentity
from .memory_connection import MemoryConnection
from .memory_ends import MemoryClient
from .memory_handles import door_of
from .memory_link import Link
from .memory_listener import MemoryListener
from .memory_rules import Party, check_rule, own_identity
from .memory_wire import PASS, Direction, Ending, Gate, Interceptor, Kind, Passage, Verdict

__all__ = [
    "MAX_WAITING",
    "PASS",
    "Direction",
    "Ending",
    "Gate",
    "Interceptor",
    "Kind",
    "MemoryNetwork",
    "MemoryTransport",
    "Passage",
    "Verdict",
]

MAX_WAITING: Final = 65_536
"""Messages that may wait in one direction of a connection. A receiver that lets
more pile up is taken for dead: the connection ends as if either side had gone,
with one line in the log. It bounds a runaway sender in a test; libxpc itself
promises no bound (OQ-30), and ours on Linux has 1,048,576."""


MAX_NAME_BYTES: Final = 127
"""Longest name of a service, UTF-8: launchd's limit."""


class MemoryNetwork:
    """Where transports in memory find each other: names, and the interceptor."""

    def __init__(
        self, *, interceptor: Interceptor | None = None, max_waiting: int = MAX_WAITING
    ) -> None:
        self.interceptor = interceptor
        """Asked about every message; see `xpcrpc.testing.FaultPlan`."""
        self.max_waiting = max_waiting
        """See `MAX_WAITING`."""
        self._names: dict[tuple[bool, str], MemoryListener] = {}

    def register(self, name: str, listener: MemoryListener, *, privileged: bool) -> bool:
        """Give a name to a listener; False if it is taken."""
        return self._names.setdefault((privileged, name), listener) is listener

    def unregister(self, listener: MemoryListener) -> None:
        """Free the listener's name."""
        for key in [key for key, holder in self._names.items() if holder is listener]:
            del self._names[key]

    def find(self, name: str, *, privileged: bool) -> MemoryListener | None:
        """The listener of a name: the user's, else the system's; the latter alone if
        ``privileged`` (C-49)."""
        if not privileged and (False, name) in self._names:
            return self._names[False, name]
        return self._names.get((True, name))


class MemoryTransport:
    """One process in memory; see `xpcrpc.transport.base.Transport`."""

    def __init__(
        self,
        network: MemoryNetwork | None = None,
        *,
        identity: PeerIdentity | None = None,
        meets: tuple[PeerRule, ...] = (),
    ) -> None:
        """A process on ``network``, or on one of its own.

        Args:
            network: where it finds others.
            identity: who its peers see; this process unless given.
            meets: rules that it is taken to meet although ``identity`` cannot
                show it, such as ``(rules.Team("self"),)``.
        """
        self.network = network or MemoryNetwork()
        self.party = Party(identity or own_identity(), meets)
        self.connections: set[MemoryConnection] = set()
        self.listeners: set[MemoryListener] = set()
        self.links: set[Link] = set()
        self.transactions = 0
        """Transactions that have begun and not ended."""

    def connect(
        self, name: str, *, privileged: bool = False, rule: PeerRule | None = None
    ) -> MemoryClient:
        """A client of a named service; that the name is unknown shows later (C-51)."""
        _check_name(name)
        check_rule(rule)
        network = self.network
        return MemoryClient(
            self, name, rule, lambda: network.find(name, privileged=privileged), named=True
        )

    def connect_endpoint(self, endpoint: Endpoint, *, rule: PeerRule | None = None) -> MemoryClient:
        """A client of whoever made the endpoint.

        Raises:
            MisuseError: the endpoint belongs to another kind of transport.
        """
        check_rule(rule)
        find = door_of(endpoint).find
        return MemoryClient(self, "an endpoint", rule, find, named=False)

    def listen(
        self, name: str, *, privileged: bool = False, rule: PeerRule | None = None
    ) -> MemoryListener:
        """Serve a name; that it is taken shows later, through ``on_end`` (C-110)."""
        _check_name(name)
        check_rule(rule)
        return MemoryListener(self, name, rule, privileged=privileged)

    def listen_anonymously(self, *, rule: PeerRule | None = None) -> MemoryListener:
        """Serve whoever gets the endpoint (C-113)."""
        check_rule(rule)
        return MemoryListener(self, None, rule)

    def begin_transaction(self) -> None:
        """Nobody ends this process for being idle."""
        self.transactions += 1

    def end_transaction(self) -> None:
        """See `begin_transaction`."""
        self.transactions -= 1

    def kill(self) -> None:
        """End as a process that crashes (E2, E5, E7).

        Its peers see it go, after what it had sent; its own handlers are never
        called again, its names are free. The transport may be used anew, as the
        process that is started next.
        """
        for listener in list(self.listeners):
            listener.die()
        for link in list(self.links):
            if link.client_process is self:
                link.close(Direction.TO_SERVER)
            if link.server_process is self:
                link.close(Direction.TO_CLIENT)
        connections, self.connections = self.connections, set()
        for connection in connections:
            connection.die()


def _check_name(name: str) -> None:
    """Refuse what no system can look up, as the real transport does."""
    if not name or "\0" in name or len(name.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
        raise ServiceConfigurationError(
            f"{name!r} is no name of a service: 1 to {MAX_NAME_BYTES} bytes without NUL"
        )
