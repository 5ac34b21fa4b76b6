"""What the runtime asks of a transport: connections that carry flat frames.

A *frame* is one message in Apple's serialisation (`xpcrpc.codec.frame`); its
handles (descriptors, shared memory, endpoints) travel beside it in the frame's
order. `xpcrpc.transport.xpc` carries frames over libxpc.

Everything here belongs to one event loop's thread. Handlers are plain callables,
run in the loop's thread and never inside a call that the program made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from ..errors import TransportError
from ..facts import frozen
from ..rules import PeerRule
from ..values import Endpoint, Handle

Frame: TypeAlias = bytes | bytearray | memoryview


@frozen
class PeerIdentity:
    """Who sent a message, by the kernel's word, not the peer's."""

    pid: int
    """Process id; 0 before anything was exchanged (C-98).

    Numbers are used again for other processes, so they are no basis for trust."""
    euid: int
    """Effective user id; 2**32-1 before anything was exchanged."""
    egid: int
    """Effective group id; 2**32-1 before anything was exchanged."""
    asid: int
    """Audit session id; 2**32-1 if there is none."""


class ReceivedFrame(Protocol):
    """A message that arrived, with its handles, not yet decoded."""

    frame: Frame
    handles: Sequence[Handle]
    """Owned by the message until decoded; `close_handles` drops what nobody took."""
    sender: PeerIdentity
    expects_reply: bool

    def reply(self, frame: Frame, handles: Sequence[Handle] = ()) -> None:
        """Answer, once. Silently lost if the peer is gone (C-142).

        Raises:
            MisuseError: nobody waits for a reply, or it was given already (C-131, C-133).
        """

    def drop(self) -> None:
        """Say that no reply will come: the requester hears of it at once (C-139)."""


EventHandler: TypeAlias = Callable[[ReceivedFrame | TransportError], None]
ReplyHandler: TypeAlias = Callable[[ReceivedFrame | TransportError], None]


class Connection(Protocol):
    """One connection, client or server peer; inactive until `activate` (C-53)."""

    @property
    def name(self) -> str:
        """The service's name, or words that describe the peer; for people."""

    @property
    def named(self) -> bool:
        """Whether it is a client of a name: one that is interrupted can be used again (C-118)."""

    @property
    def peer(self) -> PeerIdentity:
        """Whoever sent the most recent message."""

    def set_event_handler(self, handler: EventHandler) -> None:
        """Hand over what arrives outside replies, until `ConnectionInvalidError`."""

    def activate(self) -> None:
        """Begin; doing so again changes nothing (C-57).

        The other side hears of it with the first message (C-63).
        """

    def suspend(self) -> None:
        """Stop events and sends until `resume`; nests (C-59)."""

    def resume(self) -> None:
        """Undo one `suspend`.

        Raises:
            MisuseError: it is not suspended (C-58).
        """

    def cancel(self) -> None:
        """End it; one final `ConnectionInvalidError` follows.

        Doing so again changes nothing (C-89).
        """

    def send(self, frame: Frame, handles: Sequence[Handle] = ()) -> None:
        """Send without waiting; order is kept (C-75). Silently dropped once cancelled (C-78).

        Raises:
            EncodeError: the message is too large or too deep, or has too many handles.
            MisuseError: the connection was never activated in this process (fork).
        """

    def request(self, frame: Frame, handles: Sequence[Handle], on_reply: ReplyHandler) -> None:
        """Send; ``on_reply`` is called exactly once, with the reply or why none came (C-136)."""

    def barrier(self, on_run: Callable[[], None]) -> None:
        """Call ``on_run``, later, once everything sent before was handed over and its memory
        freed (C-82), or never will be as the connection ended (C-86)."""


class Listener(Protocol):
    """Takes connections; inactive until `activate`."""

    def activate(
        self, on_peer: Callable[[Connection], None], on_end: Callable[[TransportError], None]
    ) -> None:
        """Begin to accept. ``on_peer`` gets each new peer, still inactive; one that it
        neither activates nor keeps is cancelled (C-105)."""

    def endpoint(self) -> Endpoint:
        """The right to connect; as often as wanted, active or not (C-151)."""

    def cancel(self) -> None:
        """Accept nobody further; accepted peers live on (OQ-32)."""


class Transport(Protocol):
    """Makes connections and listeners that belong to the running event loop."""

    def connect(
        self, name: str, *, privileged: bool = False, rule: PeerRule | None = None
    ) -> Connection:
        """A client of a named service; that the name is unknown shows later (C-51)."""

    def connect_endpoint(self, endpoint: Endpoint, *, rule: PeerRule | None = None) -> Connection:
        """A client of whoever made the endpoint."""

    def listen(
        self, name: str, *, privileged: bool = False, rule: PeerRule | None = None
    ) -> Listener:
        """Serve a name; that it is taken shows later, through ``on_end`` (C-110)."""

    def listen_anonymously(self, *, rule: PeerRule | None = None) -> Listener:
        """Serve whoever gets the endpoint (C-113)."""

    def begin_transaction(self) -> None:
        """Work goes on that no request stands for: the system shall not end us (C-186)."""

    def end_transaction(self) -> None:
        """That work has ended; balances one `begin_transaction`."""
