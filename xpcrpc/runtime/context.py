"""What a handler is told about the call that it serves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar

from ..contract import ClientEnd, Method
from ..transport.base import PeerIdentity
from .deadlines import serving_until

if TYPE_CHECKING:
    from .host import Host
    from .link import Link
    from .server import Server

ClientT = TypeVar("ClientT")


class CallContext:
    """One call, as its handler sees it."""

    __slots__ = ("_host", "_link", "method", "peer")

    def __init__(
        self, host: Host, link: Link, method: Method[Any, Any], peer: PeerIdentity
    ) -> None:
        self._host = host
        self._link = link
        self.method = method
        """The method that was called."""
        self.peer = peer
        """Who sent this very message, by the kernel's word."""

    @property
    def remaining_s(self) -> float:
        """Seconds until the caller gives up; infinite if it told none.

        Calls made while this one is served get no more time than that by themselves.
        """
        until = serving_until.get()
        return math.inf if until is math.inf else max(0.0, until - self._link.loop.time())

    def offer(self, server: Server[ClientT]) -> ClientEnd[ClientT]:
        """Serve another protocol, to whoever gets the returned end.

        It has no name and no peer rule: the end itself is the permission. It is
        served until the host that runs this handler stops.
        """
        return self._host.offer(server)
