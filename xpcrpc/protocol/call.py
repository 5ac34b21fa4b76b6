"""One call: who may say what, and when.

A call is opened by a request and ended by its reply; between them either side
may send items, if the method streams that way, and credit. The requester may
say that its items are over (END), or that it no longer wants the answer
(CANCEL). One table serves both roles, so neither side can be laxer about itself
than about its peer.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from ..errors import LocalProtocolError, RemoteProtocolError


class Role(Enum):
    """Which side of a call somebody is on."""

    REQUESTER = "requester"
    RESPONDER = "responder"

    @property
    def other(self) -> Role:
        """The role at the other end."""
        return Role.RESPONDER if self is Role.REQUESTER else Role.REQUESTER


class Word(Enum):
    """What may be said in a call after the request."""

    ITEMS = "items"
    CREDIT = "credit"
    END = "end"
    CANCEL = "cancel"
    REPLY = "reply"


class Phase(Enum):
    """How far a call is."""

    OPEN = auto()
    """The requester may still send items."""
    ENDED = auto()
    """The requester's items are over; the reply is awaited."""
    CANCELLED = auto()
    """The requester wants no answer any more."""
    DONE = auto()
    """The reply was sent."""


class Shape(Enum):
    """Which sides of a method stream items: (requester does, responder does)."""

    UNARY = (False, False)
    IN = (True, False)
    OUT = (False, True)
    BOTH = (True, True)

    def __init__(self, requester: bool, responder: bool) -> None:
        self.requester_streams = requester
        self.responder_streams = responder

    @classmethod
    def of(cls, *, requester: bool, responder: bool) -> Shape:
        """The shape of a method whose sides stream, or do not."""
        return _SHAPES[requester, responder]

    def streams(self, role: Role) -> bool:
        """Whether this side sends items."""
        return self.requester_streams if role is Role.REQUESTER else self.responder_streams


_SHAPES: Final = {(shape.requester_streams, shape.responder_streams): shape for shape in Shape}

_Q, _P = Role.REQUESTER, Role.RESPONDER

_NEXT: Final = {
    (_Q, Phase.OPEN, Word.ITEMS): Phase.OPEN,
    (_Q, Phase.OPEN, Word.END): Phase.ENDED,
    (_Q, Phase.OPEN, Word.CREDIT): Phase.OPEN,
    (_Q, Phase.ENDED, Word.CREDIT): Phase.ENDED,
    (_Q, Phase.OPEN, Word.CANCEL): Phase.CANCELLED,
    (_Q, Phase.ENDED, Word.CANCEL): Phase.CANCELLED,
    (_P, Phase.OPEN, Word.ITEMS): Phase.OPEN,
    (_P, Phase.ENDED, Word.ITEMS): Phase.ENDED,
    (_P, Phase.OPEN, Word.CREDIT): Phase.OPEN,
    (_P, Phase.OPEN, Word.REPLY): Phase.DONE,
    (_P, Phase.ENDED, Word.REPLY): Phase.DONE,
    (_P, Phase.CANCELLED, Word.REPLY): Phase.DONE,
}

_LATE: Final = frozenset(
    {
        # Said before the other side's word arrived: neither side's fault, and of no effect.
        (_P, Phase.CANCELLED, Word.ITEMS),
        (_P, Phase.CANCELLED, Word.CREDIT),
        (_P, Phase.ENDED, Word.CREDIT),
        (_P, Phase.DONE, Word.CREDIT),
        (_Q, Phase.DONE, Word.ITEMS),
        (_Q, Phase.DONE, Word.CREDIT),
        (_Q, Phase.DONE, Word.END),
        (_Q, Phase.DONE, Word.CANCEL),
    }
)

_OVERTAKEN: Final = (_P, Phase.DONE, Word.ITEMS)
"""Items that their reply has passed on the way (C-79); the reply says how many come."""

_ONLY_IN_STREAMS: Final = {
    # word: whether the speaker, or the other side, must be one that streams
    Word.ITEMS: lambda role: role,
    Word.END: lambda role: role,
    Word.CREDIT: lambda role: role.other,
}


class Call:
    """The phase of one call, as one of its sides sees it."""

    __slots__ = ("phase", "role", "shape")

    def __init__(self, role: Role, shape: Shape) -> None:
        self.role = role
        self.shape = shape
        self.phase = Phase.OPEN if shape.requester_streams else Phase.ENDED

    def say(self, word: Word) -> None:
        """Record what this side is about to say.

        Raises:
            LocalProtocolError: it may not say so now.
        """
        following = self._following(self.role, word)
        if following is None:
            raise LocalProtocolError(self._complaint(self.role, word))
        self.phase = following

    def hear(self, word: Word) -> bool:
        """Record what the peer said; False if it came too late to matter.

        Raises:
            RemoteProtocolError: the peer may never say so here.
        """
        speaker = self.role.other
        following = self._following(speaker, word)
        if following is not None:
            self.phase = following
            return True
        if (speaker, self.phase, word) == _OVERTAKEN and self._fits(speaker, word):
            return True
        if (speaker, self.phase, word) in _LATE and self._fits(speaker, word):
            return False
        raise RemoteProtocolError(self._complaint(speaker, word))

    def _following(self, speaker: Role, word: Word) -> Phase | None:
        return _NEXT.get((speaker, self.phase, word)) if self._fits(speaker, word) else None

    def _fits(self, speaker: Role, word: Word) -> bool:
        streaming_side = _ONLY_IN_STREAMS.get(word)
        return streaming_side is None or self.shape.streams(streaming_side(speaker))

    def _complaint(self, speaker: Role, word: Word) -> str:
        return (
            f"{word.value} from the {speaker.value} of a {self.shape.name.lower()} call "
            f"that is {self.phase.name.lower()}"
        )
