"""All calls of one connection, in both directions.

Either side may open calls. The side that made the connection numbers its own
1, 3, 5 …, the side that accepted it 2, 4, 6 …; numbers only rise. What arrives
for a call that has ended here is late, not wrong, and is counted; what arrives
for a number never opened is the peer's fault.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import define, field

from ..errors import RemoteProtocolError, TooManyCallsError, TransportError
from .call import Call, Phase, Role, Shape, Word
from .flow import Inflow, Outflow
from .signals import Cancel, Credit, End, Items

MAX_CALLS: Final = 1024
"""Calls that a peer may have under way on one connection; further ones are refused."""


class CallState(Call):
    """One call: its phase, and the flow of items in each direction that it has."""

    __slots__ = ("id", "inflow", "outflow", "owner")

    def __init__(
        self,
        number: int,
        role: Role,
        shape: Shape,
        inflow: Inflow | None = None,
        outflow: Outflow | None = None,
    ) -> None:
        # As `Call` does it; one is made for every call, and a call of `super` costs as much.
        self.role = role
        self.shape = shape
        self.phase = Phase.OPEN if shape.requester_streams else Phase.ENDED
        self.id = number
        self.inflow = inflow
        self.outflow = outflow
        self.owner: Any = None
        """Whoever runs the call; the machine does not look at it."""

    @property
    def call(self) -> Call:
        """Its words and their order."""
        return self

    @property
    def finished(self) -> bool:
        """Whether the reply is there and every announced item, too."""
        return self.phase is Phase.DONE and (self.inflow is None or self.inflow.finished)


class _NoOwner:
    """Of unary calls of our own: libxpc itself tells each of its end."""

    def lost(self, fault: TransportError) -> None:
        """Nothing to do."""


_UNARY: Final = CallState(0, Role.REQUESTER, Shape.UNARY)
"""Stands for every unary call of our own: no word changes one, until its reply."""
_UNARY.owner = _NoOwner()


@define(eq=False)
class Session:
    """The calls of one connection, as one of its two sides keeps them."""

    initiator: bool
    """Whether this side made the connection."""
    max_calls: int = MAX_CALLS
    late: int = 0
    """Messages that came for calls already over."""
    draining: bool = False
    """Whether new calls of the peer are refused."""
    _own: dict[int, CallState] = field(factory=dict)
    _theirs: dict[int, CallState] = field(factory=dict)
    _last_own: int = 0
    _last_theirs: int = 0

    def open(self, shape: Shape, *, window: int) -> CallState:
        """Begin a call of our own. ``window`` is for the items that come back."""
        number = self._last_own + 2 if self._last_own else (1 if self.initiator else 2)
        self._last_own = number
        state = CallState(
            number,
            Role.REQUESTER,
            shape,
            Inflow(window) if shape.responder_streams else None,
            Outflow() if shape.requester_streams else None,
        )
        self._own[number] = state
        return state

    def open_unary(self) -> int:
        """Begin a unary call of our own; its number, for `close_unary`."""
        number = self._last_own + 2 if self._last_own else (1 if self.initiator else 2)
        self._last_own = number
        self._own[number] = _UNARY
        return number

    def close_unary(self, number: int) -> None:
        """Forget a unary call of our own; what still comes for it is late."""
        self._own.pop(number, None)

    def accept(self, number: int, shape: Shape, *, window: int, credit: int) -> CallState:
        """Begin a call of the peer's. ``window`` is for its items, ``credit`` for ours.

        Raises:
            RemoteProtocolError: the number is not one that the peer may use now.
            TooManyCallsError: it has too many calls under way, or we are draining.
        """
        if number % 2 == self.initiator or number <= self._last_theirs:
            raise RemoteProtocolError(f"call {number} after call {self._last_theirs}")
        self._last_theirs = number
        if len(self._theirs) >= self.max_calls:
            raise TooManyCallsError(f"{self.max_calls} calls are under way already")
        state = CallState(
            number,
            Role.RESPONDER,
            shape,
            Inflow(window) if shape.requester_streams else None,
            Outflow(credit) if shape.responder_streams else None,
        )
        self._theirs[number] = state
        return state

    def refuse(self, number: int) -> None:
        """Note a call of the peer's that is not begun: what it says of it is late, not wrong.

        Raises:
            RemoteProtocolError: the number is not one that the peer may use now.
        """
        if number % 2 == self.initiator or number <= self._last_theirs:
            raise RemoteProtocolError(f"call {number} after call {self._last_theirs}")
        self._last_theirs = number

    def close(self, state: CallState) -> None:
        """Forget a call that is over here; what still comes for it is late."""
        table = self._own if state.role is Role.REQUESTER else self._theirs
        table.pop(state.id, None)
        state.owner = None  # no cycle that only the collector could free

    def renew(self) -> list[CallState]:
        """The peer was replaced by another: forget its calls and ours; what they were.

        Our own numbers go on: a call may be made before we hear of the change.
        """
        # A call of ours without its reply hears of the change by that (C-119), or
        # was made after it: replies' handlers are told first (OQ-23).
        answered = [state for state in self._own.values() if state.call.phase is Phase.DONE]
        lost = [*answered, *self._theirs.values()]
        for state in answered:
            del self._own[state.id]
        self._theirs.clear()
        self._last_theirs = 0
        return lost

    @property
    def own(self) -> int:
        """How many calls of ours are under way."""
        return len(self._own)

    @property
    def theirs(self) -> int:
        """How many calls of the peer's are under way."""
        return len(self._theirs)

    def hear(self, signal: Items | Credit | End | Cancel) -> CallState | None:
        """Record a signal; the call that it is about, or None if it came too late.

        Raises:
            RemoteProtocolError: the peer may never say so here.
        """
        state = self._find(signal.call)
        if state is None or not state.hear(_WORDS[type(signal)]):
            self.late += 1
            return None
        match signal:
            case Items(items=items):
                assert state.inflow is not None  # the shape streams, or `hear` had refused
                state.inflow.receive(len(items))
            case Credit(count=count):
                assert state.outflow is not None
                state.outflow.grant(count)
            case End(total=total):
                assert state.inflow is not None
                state.inflow.end(total)
        return state

    def hear_items(self, number: int, count: int) -> CallState | None:
        """As `hear`, for so many items that were not looked at yet."""
        state = self._find(number)
        if state is None or not state.hear(Word.ITEMS):
            self.late += 1
            return None
        assert state.inflow is not None
        state.inflow.receive(count)
        return state

    def hear_reply(self, state: CallState, total: int) -> None:
        """Record the reply to a call of ours, with the number of items sent before it.

        Raises:
            RemoteProtocolError: the number cannot be right.
        """
        state.hear(Word.REPLY)
        if state.inflow is not None:
            state.inflow.end(total)
        elif total:
            raise RemoteProtocolError(f"{total} items announced for a call that has none")

    def _find(self, number: int) -> CallState | None:
        ours = number % 2 == (1 if self.initiator else 0)
        if not 0 < number <= (self._last_own if ours else self._last_theirs):
            raise RemoteProtocolError(f"a message about call {number}, which was never made")
        return (self._own if ours else self._theirs).get(number)


_WORDS: Final = {
    Items: Word.ITEMS,
    Credit: Word.CREDIT,
    End: Word.END,
    Cancel: Word.CANCEL,
}
