"""Which messages a fault is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import frozen

from ..codec import frame as frames
from ..protocol import keys
from ..transport.memory import Direction, Kind, Passage

OWN_PREFIX: Final = "xpcrpc."
"""What the selectors of the runtime's own calls begin with."""

TO_SERVER: Final = Direction.TO_SERVER
TO_CLIENT: Final = Direction.TO_CLIENT


@frozen
class Match:
    """Which messages a row of the plan is about; what is None says nothing."""

    direction: Direction | None = None
    kind: Kind | None = None
    nth: int | None = None
    """Only the nth of those that the rest of this match selects, from 1."""
    selector: str | None = None
    """The method's name on the wire, of a request or of the request that a reply answers."""
    when: Callable[[Passage], bool] | None = None
    own_calls: bool = False
    """Whether the runtime's own calls count, such as the hello of a new connection."""

    def selects(self, passage: Passage) -> bool:
        """Whether the message is one of them, ``nth`` aside."""
        return (
            (self.own_calls or self.selector is not None or not is_own_call(passage))
            and (self.direction is None or self.direction is passage.direction)
            and (self.kind is None or self.kind is passage.kind)
            and (self.selector is None or self.selector == selector_of(passage))
            and (self.when is None or self.when(passage))
        )

    def __str__(self) -> str:
        words = [self.kind.value if self.kind else "anything"]
        if self.nth is not None:
            words.append(str(self.nth))
        if self.selector is not None:
            words.append(f"of {self.selector}")
        if self.direction is not None:
            words.append(self.direction.value)
        if self.when is not None:
            words.append(f"when {self.when!r}")
        return " ".join(words)


def request(nth: int | None = None, *, selector: str | None = None) -> Match:
    """A client's requests: all, the nth, those of one method."""
    return Match(TO_SERVER, Kind.REQUEST, nth, selector)


def reply(nth: int | None = None, *, selector: str | None = None) -> Match:
    """A server's replies: all, the nth, those of one method."""
    return Match(TO_CLIENT, Kind.REPLY, nth, selector)


def message(nth: int | None = None, direction: Direction | None = None) -> Match:
    """Messages outside requests and replies, such as a stream's: all, or the nth."""
    return Match(direction, Kind.MESSAGE, nth)


def is_own_call(passage: Passage) -> bool:
    """Whether a message belongs to a call that the runtime makes by itself."""
    return (selector_of(passage) or "").startswith(OWN_PREFIX)


def selector_of(passage: Passage) -> str | None:
    """The method that a message belongs to, by its name on the wire."""
    asked = passage.answers or passage
    decoded = frames.decode(asked.frame, asked.handles)
    selector = decoded.get(keys.SELECTOR) if isinstance(decoded, dict) else None
    return selector if isinstance(selector, str) else None
