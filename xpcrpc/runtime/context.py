"""What a handler is told about the call that it serves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar

from ..contract import ClientEnd, Method, ServerEnd
from ..transport.base import PeerIdentity
from .deadlines import serving_until
from .interceptors import Metadata
from .messages import metadata_of

if TYPE_CHECKING:
    from .client import Client
    from .link import Link
    from .scope import Scope
    from .server import Server
    from .serving import ServedCall

ClientT = TypeVar("ClientT")
ServerT = TypeVar("ServerT", bound="Server[Any]")
AnyClient = TypeVar("AnyClient", bound="Client")


class CallContext:
    """One call, as its handler sees it."""

    __slots__ = ("_call", "_link", "_scope", "method", "peer")

    def __init__(self, scope: Scope, link: Link, call: ServedCall) -> None:
        self._scope = scope
        self._link = link
        self._call = call
        self.method: Method[Any, Any] = call.route.method
        """The method that was called."""
        self.peer: PeerIdentity = call.received.sender
        """Who sent this very message, by the kernel's word."""

    @property
    def metadata(self) -> Metadata:
        """What the caller sent beside the request."""
        return metadata_of(self._call.asked.message)

    @property
    def reply_metadata(self) -> Metadata:
        """What will be sent beside the reply; may be changed until the handler returns."""
        return self._call.reply_metadata

    @property
    def links(self) -> tuple[Link]:
        """The caller's connection; for event senders."""
        return (self._link,)

    def client(self, kind: type[AnyClient]) -> AnyClient:
        """A client of what the caller serves on this same connection, if the contract says so."""
        return kind.over(self._link)

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
        end: ClientEnd[ClientT] = self._scope.offer(server)
        return end

    def serve(self, end: ServerEnd[ServerT], server: ServerT) -> None:
        """Serve whoever made ``end``, until either side's connection ends or the host stops."""
        self._scope.serve_end(end, server)
