"""All calls of one connection, in both directions, and whether new ones may begin.

Either side may open calls. The side that made the connection numbers its own
1, 3, 5 …, the side that accepted it 2, 4, 6 …; numbers only rise. What arrives
for a call that has ended here is late, not wrong, and is counted; what arrives
for a number never opened is the peer's fault. Peers that know only rama's four keys
do not number their calls; those are counted all the same.

A side that is about to end *drains*: what is under way goes on, new calls are refused.
It says so, and the peer then does not even ask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..errors import (
    RemoteProtocolError,
    TooManyCallsError,
    TransportError,
    UnavailableError,
)
from .call import Call, Phase, Role, Shape, Word
from .flow import Inflow, Outflow
from .signals import Cancel, Credit, End, Items

MAX_CALLS: Final = 1024
"""Calls that a peer may have under way on one connection; further ones are refused."""

MAX_STREAMS: Final = 256
"""Those of them that may have streams, which hold memory for their windows."""

MAX_ONE_WAY: Final = 10_000
"""One-way calls of a peer that may be under way; as nobody waits for an answer, further ones
are lost, with a line in the log. rama's servers keep as many."""


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


class Session:
    """The calls of one connection, as one of its two sides keeps them."""

    __slots__ = (
        "_last_own", "_last_theirs", "_nameless", "_own", "_streams", "_theirs", "draining",
        "forget_plain", "forget_unary", "initiator", "late", "max_calls", "max_one_way",
        "max_streams", "one_way", "peer_draining",
    )  # fmt: skip

    def __init__(
        self,
        initiator: bool,
        max_calls: int = MAX_CALLS,
        max_streams: int = MAX_STREAMS,
        max_one_way: int = MAX_ONE_WAY,
    ) -> None:
        """``initiator``: whether this side made the connection."""
        self.initiator = initiator
        self.max_calls = max_calls
        self.max_streams = max_streams
        self.max_one_way = max_one_way
        self.late = 0
        """Messages and replies that came for calls already over, and were dropped."""
        self.draining = False
        """Whether new calls of the peer are refused, since this side will end."""
        self.peer_draining = False
        """Whether the peer refuses new calls of ours, since it will end."""
        self.one_way = 0
        """One-way calls of the peer's under way."""
        self._streams = 0
        self._nameless: set[CallState] = set()
        self._own: dict[int, CallState] = {}
        self._theirs: dict[int, CallState | Any] = {}
        """A call without streams has no state before something is said about it: its owner is
        there instead."""
        self._last_own = -1 if initiator else 0  # the first is two more
        self._last_theirs = 0
        self.forget_unary: Callable[[int, None], object] = self._own.pop
        """``forget_unary(number, None)`` ends a call that `open_unary` began; what still comes
        for it is late."""
        self.forget_plain: Callable[[int, None], object] = self._theirs.pop
        """The same for one that `accept_plain` began."""

    # -- the end is near -----------------------------------------------------------

    def drain(self) -> None:
        """This side will end: new calls of the peer are refused from here on."""
        self.draining = True

    def hear_drain(self) -> None:
        """The peer will end: it takes no new calls. It may say so again."""
        self.peer_draining = True

    # -- calls of our own ----------------------------------------------------------

    def open(self, shape: Shape, *, window: int) -> CallState:
        """Begin a call of our own. ``window`` is for the items that come back."""
        number = self._last_own = self._last_own + 2
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
        """Begin a unary call of our own; its number, for `forget_unary`."""
        number = self._last_own = self._last_own + 2
        self._own[number] = _UNARY
        return number

    # -- calls of the peer's -------------------------------------------------------

    def accept(
        self, number: int, shape: Shape, *, window: int, credit: int, always: bool = False
    ) -> CallState:
        """Begin a call of the peer's. ``window`` is for its items, ``credit`` for ours.

        ``always``: even while draining, for questions about the service itself.

        Raises:
            RemoteProtocolError: the number is not one that the peer may use now.
            UnavailableError: we are draining.
            TooManyCallsError: it has too many calls, or too many streams, under way.
        """
        self._take_number(number)
        self._make_room(always=always)
        if shape is not Shape.UNARY:
            if self._streams >= self.max_streams:
                raise TooManyCallsError(
                    f"{self.max_streams} calls with streams are under way already"
                )
            self._streams += 1
        state = CallState(
            number,
            Role.RESPONDER,
            shape,
            Inflow(window) if shape.requester_streams else None,
            Outflow(credit) if shape.responder_streams else None,
        )
        self._theirs[number] = state
        return state

    def accept_plain(self, number: int, owner: Any) -> bool:
        """As `accept`, for a call without streams, which nearly every call is: its end is
        `forget_plain`. False, and nothing was done, where `accept` would raise."""
        if (
            number <= self._last_theirs
            or number % 2 == self.initiator
            or self.draining
            or len(self._theirs) + len(self._nameless) >= self.max_calls
        ):
            return False
        self._last_theirs = number
        self._theirs[number] = owner
        return True

    def accept_nameless(self, *, always: bool = False) -> CallState:
        """Begin a call of the peer's that has no number: nothing can be said about it.

        Raises:
            UnavailableError, TooManyCallsError: as `accept`.
        """
        self._make_room(always=always)
        state = CallState(0, Role.RESPONDER, Shape.UNARY)
        self._nameless.add(state)
        return state

    def begin_one_way(self) -> None:
        """Begin a call of the peer's that wants no answer; see `end_one_way`.

        Raises:
            TooManyCallsError: too many are under way.
        """
        if self.one_way >= self.max_one_way:
            raise TooManyCallsError(f"{self.max_one_way} one-way calls are under way already")
        self.one_way += 1

    def end_one_way(self) -> None:
        """One of them is over."""
        self.one_way -= 1

    def _make_room(self, *, always: bool) -> None:
        if self.draining and not always:
            raise UnavailableError("the service is ending and takes no new calls")
        if len(self._theirs) + len(self._nameless) >= self.max_calls:
            raise TooManyCallsError(f"{self.max_calls} calls are under way already")

    def refuse(self, number: int) -> None:
        """Note a call of the peer's that is not begun: what it says of it is late, not wrong.

        Raises:
            RemoteProtocolError: the number is not one that the peer may use now.
        """
        self._take_number(number)

    def _take_number(self, number: int) -> None:
        if number % 2 == self.initiator or number <= self._last_theirs:
            raise RemoteProtocolError(f"call {number} after call {self._last_theirs}")
        self._last_theirs = number

    def close(self, state: CallState) -> None:
        """Forget a call that is over here; what still comes for it is late."""
        if state.role is Role.REQUESTER:
            self._own.pop(state.id, None)
        elif state.id:
            if self._theirs.pop(state.id, None) is not None and state.shape is not Shape.UNARY:
                self._streams -= 1
        else:
            self._nameless.discard(state)
        state.owner = None  # no cycle that only the collector could free

    def renew(self) -> list[CallState]:
        """The peer was replaced by another: forget its calls and ours; what they were.

        Our own numbers go on: a call may be made before we hear of the change.
        """
        # A call of ours without its reply hears of the change by that (C-119), or
        # was made after it: replies' handlers are told first (OQ-23).
        answered = [state for state in self._own.values() if state.call.phase is Phase.DONE]
        theirs = (self._state_of(number) for number in list(self._theirs))
        lost = [*answered, *filter(None, theirs), *self._nameless]
        for state in answered:
            del self._own[state.id]
        self._theirs.clear()
        self._nameless.clear()
        self._streams = 0
        self._last_theirs = 0
        self.peer_draining = False
        return lost

    def owners(self) -> list[Any]:
        """Whoever runs the peer's calls, but for one-way ones."""
        return [
            state.owner if isinstance(state, CallState) else state
            for state in (*self._theirs.values(), *self._nameless)
        ]

    @property
    def own(self) -> int:
        """How many calls of ours are under way."""
        return len(self._own)

    @property
    def own_streams(self) -> bool:
        """Whether any of them has streams."""
        return any(state is not _UNARY for state in self._own.values())

    @property
    def theirs(self) -> int:
        """How many calls of the peer's are under way, but for one-way ones."""
        return len(self._theirs) + len(self._nameless)

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
        ours = number % 2 == self.initiator
        if not ours and number > 0 and not self._last_theirs:
            # Before a peer's first call here: of one that it made to the process before this.
            return None
        if not 0 < number <= (self._last_own if ours else self._last_theirs):
            raise RemoteProtocolError(f"a message about call {number}, which was never made")
        return self._own.get(number) if ours else self._state_of(number)

    def _state_of(self, number: int) -> CallState | None:
        """A call of the peer's; its state is made now if nothing needed one before."""
        found = self._theirs.get(number)
        if found is None or isinstance(found, CallState):
            return found
        state = self._theirs[number] = CallState(number, Role.RESPONDER, Shape.UNARY)
        state.owner = found
        return state


_WORDS: Final = {
    Items: Word.ITEMS,
    Credit: Word.CREDIT,
    End: Word.END,
    Cancel: Word.CANCEL,
}
