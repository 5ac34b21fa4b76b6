"""A message that arrived in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import MisuseError
from ..values import Handle
from .base import Frame, PeerIdentity
from .memory_wire import Kind, Parcel, Pending

if TYPE_CHECKING:
    from .memory_connection import MemoryConnection
    from .memory_link import Link


class MemoryReceived:
    """One received message; see `xpcrpc.transport.base.ReceivedFrame`.

    It keeps its connection alive (C-142). Dropping the last reference to an
    unanswered request is `drop`.
    """

    __slots__ = (
        "__weakref__",
        "_answered",
        "_connection",
        "_link",
        "_pending",
        "_spare",
        "expects_reply",
        "frame",
        "handles",
        "sender",
    )

    def __init__(
        self,
        parcel: Parcel,
        connection: MemoryConnection,
        link: Link,
        pending: Pending | None,
        *,
        spare: bool = False,
    ) -> None:
        """``spare``: a further copy of a request, whose end is not the request's."""
        self.frame: Frame = parcel.frame
        self.handles: Sequence[Handle] = parcel.handles
        self.sender: PeerIdentity = parcel.sender.identity
        self.expects_reply = pending is not None
        self._answered = False
        self._pending = pending
        self._connection = connection
        self._link = link
        self._spare = spare

    def reply(self, frame: Frame, handles: Sequence[Handle] = ()) -> None:
        """Answer, once. Silently lost if the peer is gone (C-142).

        Raises:
            MisuseError: nobody waits for a reply, or it was given already (C-131, C-133).
            EncodeError: the reply cannot be sent; another may be given.
        """
        if self._pending is None:
            raise MisuseError("this message expects no reply; look at expects_reply first")
        if self._answered:
            raise MisuseError("the reply was given or dropped already; answer a request once")
        party = self._connection.process.party
        parcel = Parcel.packed(Kind.REPLY, frame, handles, party, self._pending)
        self._answered = True
        self._connection.send_reply(self._link, parcel)

    def drop(self) -> None:
        """Say that no reply will come; nothing if none is awaited, or it was given."""
        if self._pending is not None and not self._answered:
            self._answered = True
            if not self._spare:
                self._connection.abandon(self._link, self._pending)

    def __del__(self) -> None:
        try:
            self.drop()
        except (AttributeError, RuntimeError):
            pass  # the constructor failed, or the loop is closed: nobody waits
