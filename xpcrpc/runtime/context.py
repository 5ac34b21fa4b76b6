"""What a handler is told about the call that it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ..contract import ClientEnd, Method
from ..transport.base import PeerIdentity

if TYPE_CHECKING:
    from .host import Host
    from .server import Server

ClientT = TypeVar("ClientT")


class CallContext:
    """One call, as its handler sees it."""

    __slots__ = ("_host", "method", "peer")

    def __init__(self, host: Host, method: Method[Any, Any], peer: PeerIdentity) -> None:
        self._host = host
        self.method = method
        """The method that was called."""
        self.peer = peer
        """Who sent this very message, by the kernel's word."""

    def offer(self, server: Server[ClientT]) -> ClientEnd[ClientT]:
        """Serve another protocol, to whoever gets the returned end.

        It has no name and no peer rule: the end itself is the permission. It is
        served until the host that runs this handler stops.
        """
        return self._host.offer(server)
