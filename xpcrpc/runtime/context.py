"""What a handler is told about the call that it serves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar

from ..contract import ClientEnd, Method, ServerEnd
from ..transport.base import PeerIdentity
from .deadlines import until_of_served
from .interceptors import Metadata
from .messages import metadata_of

if TYPE_CHECKING:
    from .client import Client
    from .link import Link
    from .served_call import ServedCall
    from .server import Server

ClientT = TypeVar("ClientT")
ServerT = TypeVar("ServerT", bound="Server[Any]")
AnyClient = TypeVar("AnyClient", bound="Client")


class CallContext:
    """One call, as its handler sees it."""

    __slots__ = ("_call",)

    def __init__(self, call: ServedCall) -> None:
        self._call = call

    @property
    def method(self) -> Method[Any, Any]:
        """The method that was called."""
        return self._call.route.method

    @property
    def peer(self) -> PeerIdentity:
        """Who sent this very message, by the kernel's word."""
        return self._call.received.sender

    @property
    def metadata(self) -> Metadata:
        """What the caller sent beside the request."""
        return metadata_of(self._call.message)

    @property
    def reply_metadata(self) -> Metadata:
        """What will be sent beside the reply; may be changed until the handler returns."""
        return self._call.reply_metadata

    @property
    def dropped_items(self) -> int:
        """How many of this stream's items were not sent, as the contract's ``overflow`` says for
        a reader that falls behind."""
        outbox = self._call.outbox
        return 0 if outbox is None else outbox.dropped

    @property
    def links(self) -> tuple[Link]:
        """The caller's connection; for event senders."""
        return (self._call.link,)

    def client(self, kind: type[AnyClient]) -> AnyClient:
        """A client of what the caller serves on this same connection, if the contract says so."""
        return kind.over(self._call.link)

    @property
    def remaining_s(self) -> float:
        """Seconds until the caller gives up; infinite if it told none.

        Calls made while this one is served get no more time than that by themselves.
        """
        until = until_of_served()
        return math.inf if until is math.inf else max(0.0, until - self._call.link.loop.time())

    def offer(self, server: Server[ClientT], *, clients: int | None = None) -> ClientEnd[ClientT]:
        """Serve another protocol, to whoever gets the returned end.

        It has no name and no peer rule: the end itself is the permission. It holds two
        descriptors until so many ``clients`` have come, it is withdrawn, or the host that
        runs this handler stops. So give the number, if the end is for one client.

        Raises:
            OSError: out of descriptors.
        """
        end: ClientEnd[ClientT] = self._call.serving.scope.offer(server, clients=clients)
        return end

    def withdraw(self, end: ClientEnd[Any]) -> None:
        """Let nobody else in by an end that `offer` gave; who came in is served on."""
        self._call.serving.scope.withdraw(end)

    def serve(self, end: ServerEnd[ServerT], server: ServerT) -> None:
        """Serve whoever made ``end``, until either side's connection ends or the host stops."""
        self._call.serving.scope.serve_end(end, server)
