"""What travels in memory, and the seam where a test may interfere.

Every message, request and reply that a connection sends is shown to the
network's `Interceptor` as a `Passage`, before it goes on its way. The
`Verdict` says what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final, Protocol, TypeAlias

from attrs import define, field, frozen

from ..codec import frame as frames
from ..errors import EncodeError, FrameError, MisuseError
from ..values import DEFAULT_MAX_MESSAGE_BYTES, Handle
from .base import Connection, Frame, ReplyHandler
from .memory_handles import close_all, duplicates
from .memory_rules import Party


class Direction(Enum):
    """Which way a message goes."""

    TO_SERVER = "to the server"
    TO_CLIENT = "to the client"

    @property
    def back(self) -> Direction:
        """The other way."""
        return Direction.TO_CLIENT if self is Direction.TO_SERVER else Direction.TO_SERVER


class Kind(Enum):
    """What a message is, to XPC."""

    MESSAGE = "message"
    REQUEST = "request"
    REPLY = "reply"


@frozen(eq=False)
class Passage:
    """One message that is about to travel."""

    service: str
    """The service's name, or words for an anonymous one."""
    direction: Direction
    kind: Kind
    frame: bytes
    handles: tuple[Handle, ...] = ()
    """Borrowed: look, do not close or keep."""
    answers: Passage | None = None
    """For a reply: the request."""


class Ending(Enum):
    """How a connection can be made to fail."""

    CUT = "the connection is cut"
    """Each side sees the other one go (E3 or E6, and E7)."""
    KILL = "the server's process is killed"
    """All that its transport serves and holds ends at once (E2, E5)."""


class Gate(Protocol):
    """Something that a message waits for."""

    @property
    def is_open(self) -> bool:
        """Whether the message may pass; once true, always true."""

    def when_open(self, call: Callable[[], None]) -> None:
        """Have ``call`` called, in a callback of the loop or from a test, when it opens."""


@frozen
class Verdict:
    """What becomes of one message. As it stands, it is delivered once."""

    copies: int = 1
    """How often it is delivered; 0 loses it."""
    gate: Gate | None = None
    """What it waits for. Messages behind it wait too (C-75), replies do not (C-79)."""
    before: Ending | None = None
    """What happens instead of its delivery."""
    after: Ending | None = None
    """What happens right after it; nothing that its receiver sends back gets through."""
    then: Callable[[Connection], None] | None = None
    """Called with the receiving connection after the delivery."""


PASS: Final = Verdict()

Interceptor: TypeAlias = Callable[[Passage], Verdict]


class Pending:
    """One request that waits for its reply."""

    __slots__ = ("on_reply", "passage")

    def __init__(self, on_reply: ReplyHandler) -> None:
        self.on_reply = on_reply
        self.passage: Passage | None = None


@define(eq=False)
class Parcel:
    """One message on its way, with handles of its own."""

    kind: Kind
    frame: bytes
    handles: list[Handle]
    sender: Party
    pending: Pending | None = None
    """Of a request: who waits. Of a reply: whom it answers."""
    verdict: Verdict = field(default=PASS)

    @classmethod
    def packed(
        cls,
        kind: Kind,
        frame: Frame,
        handles: Sequence[Handle],
        sender: Party,
        pending: Pending | None = None,
    ) -> Parcel:
        """A copy of a message: what the sender changes afterwards is not seen (C-74).

        Raises:
            EncodeError: it is too large, or has too many handles or a closed one.
            MisuseError: it is no dictionary in Apple's serialisation (C-73).
        """
        copy = bytes(frame)
        _check(copy, handles)
        return cls(kind, copy, duplicates(handles), sender, pending)

    def close(self) -> None:
        """Drop it, with what it holds."""
        close_all(self.handles)
        self.handles = []


def _check(frame: bytes, handles: Sequence[Handle]) -> None:
    """Refuse what libxpc would refuse, or abort on (X8)."""
    if len(frame) > DEFAULT_MAX_MESSAGE_BYTES:
        raise EncodeError.at(
            "",
            f"the message has {len(frame)} bytes; {DEFAULT_MAX_MESSAGE_BYTES} are the limit. "
            "Send it in parts, as a descriptor or as shared memory",
        )
    try:
        value = frames.decode(frame, handles)
    except FrameError as error:
        raise MisuseError(
            f"the frame is not in Apple's serialisation: {error}; write it with codec.frame"
        ) from error
    if not isinstance(value, dict):
        raise MisuseError("the root of a message must be a dictionary (C-73)")
