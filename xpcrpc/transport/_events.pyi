"""The typed face of the extension: messages that arrived, and how they are handed over."""

from collections.abc import Callable, Sequence
from typing import Any, Self

from ..values import Handle
from .base import Frame, PeerIdentity
from .xpc_message import Process

class XpcReceived:
    """A message to which nobody awaits a reply; see `base.ReceivedFrame`."""

    frame: Frame
    handles: Sequence[Handle]
    sender: PeerIdentity
    expects_reply: bool
    """The same for all messages of a class."""

    def __new__(cls, frame: Frame, handles: Sequence[Handle], sender: PeerIdentity, /) -> Self: ...
    def reply(self, frame: Frame, handles: Sequence[Handle] = (), /) -> None:
        """Answer, once; see `base.ReceivedFrame.reply`."""

    def drop(self) -> None:
        """Say that no reply will come; doing so again changes nothing."""

    def discard(self) -> None:
        """Drop it, and close its handles."""

class XpcRequest(XpcReceived):
    """A message whose sender awaits a reply."""

    def __new__(
        cls,
        frame: Frame,
        handles: Sequence[Handle],
        sender: PeerIdentity,
        reply: int,
        process: Process,
        /,
    ) -> Self:
        """``reply`` is the bridge's pointer for the answer, owned from here on."""

    @property
    def pending(self) -> int:
        """The bridge's pointer for the answer; 0 once it was given or dropped."""

    @property
    def process(self) -> Process: ...
    def answered(self) -> None:
        """The pointer was used up."""

class Events:
    """One mailbox's events, handed to whoever waits for them.

    Messages and replies without handles go straight to their handlers, out of ``calls``
    (number to handler and connection) and ``kept`` (token to connection); ``general`` does
    whatever else is at an offset of the buffer, and gives the next one's. An exception of
    a handler goes to ``failed``, but for what ends the loop.
    """

    def __new__(
        cls,
        box: int,
        buffer: bytearray,
        calls: dict[int, Any],
        kept: dict[int, Any],
        connection_type: type,
        process: Process,
        general: Callable[[int], int],
        failed: Callable[[Exception], None],
        rest: Callable[[int], None],
        /,
    ) -> Self: ...
    @property
    def needed(self) -> int:
        """Bytes of the message that did not fit into the buffer in the last drain; 0 for none."""

    def drain(self) -> int:
        """Handle one buffer of events; what more there is (bits of `xpc_records.MORE_EVENTS`
        and the like)."""

    def on_readable(self) -> None:
        """`drain`, unless the process is over; what more there is goes to ``rest``."""

    def close(self) -> None:
        """The mailbox is no more."""

def bind(
    reply: int,
    release: int,
    drain: int,
    reply_slowly: Callable[[XpcReceived, Frame, Sequence[Handle]], None],
    close_all: Callable[[Sequence[Handle]], None],
    /,
) -> None:
    """Give it the bridge's functions, by their addresses, and those for what is rare."""
