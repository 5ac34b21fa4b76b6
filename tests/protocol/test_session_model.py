"""Two sessions talk at random, as libxpc would carry it: nothing breaks, every call ends once.

Messages keep their order in each direction; replies travel beside them and may
pass them or be passed (C-79). The server side may be replaced by a new process.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Any, TypeAlias, TypeVar

import pytest
from attrs import define, field
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from xpcrpc.errors import LocalProtocolError, TooManyCallsError
from xpcrpc.protocol.call import Phase, Role, Shape, Word
from xpcrpc.protocol.session import CallState, Session
from xpcrpc.protocol.signals import Cancel, Credit, End, Items
from xpcrpc.values import Value

CLIENT, SERVER = "client", "server"
OTHER = {CLIENT: SERVER, SERVER: CLIENT}
MOST_CALLS = 4

SIDES = st.sampled_from([CLIENT, SERVER])
PICKS = st.integers(0, 10**6)

T = TypeVar("T")
Key: TypeAlias = "tuple[str, int, int]"
"""A call: who made it, its number, and which server process there was."""


@define(eq=False)
class Talk:
    """One side of one call, as a program would keep it."""

    key: Key
    state: CallState
    sent: int = 0
    received: list[Value] = field(factory=list)
    read: int = 0
    credited: int = 0
    """Items that this side let the other send beyond the first window."""


@define
class Request:
    """What asks for a call."""

    number: int
    shape: Shape
    window: int
    key: Key


@define
class Reply:
    """What answers it; ``total`` items came before."""

    number: int
    key: Key
    total: int
    refused: bool = False


class TwoSessions(RuleBasedStateMachine):
    """The machine; see the module."""

    def __init__(self) -> None:
        super().__init__()
        self.generation = 0
        self.sessions = {
            CLIENT: Session(initiator=True, max_calls=MOST_CALLS),
            SERVER: Session(initiator=False, max_calls=MOST_CALLS),
        }
        self.own: dict[str, dict[int, Talk]] = {CLIENT: {}, SERVER: {}}
        self.served: dict[str, dict[int, Talk]] = {CLIENT: {}, SERVER: {}}
        self.messages: dict[str, deque[Any]] = {CLIENT: deque(), SERVER: deque()}
        """By the side that will hear them."""
        self.replies: dict[str, list[Reply]] = {CLIENT: [], SERVER: []}
        self.begun: set[Key] = set()
        self.ends: Counter[Key] = Counter()
        self.answered: dict[Key, int] = {}

    # -- what each side does ------------------------------------------------------

    @initialize(shapes=st.lists(st.tuples(SIDES, st.sampled_from(Shape)), max_size=4))
    def begin(self, shapes: list[tuple[str, Shape]]) -> None:
        for side, shape in shapes:
            self.open(side, shape, 3)
        for side in (CLIENT, SERVER):
            self.hear_messages(side, 4)

    @rule(side=SIDES, shape=st.sampled_from(Shape), window=st.integers(1, 5))
    def open(self, side: str, shape: Shape, window: int) -> None:
        state = self.sessions[side].open(shape, window=window)
        key = (side, state.id, self.generation)
        self.begun.add(key)
        self.own[side][state.id] = Talk(key, state)
        self.messages[OTHER[side]].append(Request(state.id, shape, window, key))

    @precondition(lambda self: self.senders())
    @rule(pick=PICKS, count=st.integers(1, 4))
    def send_items(self, pick: int, count: int) -> None:
        side, talk = choice(self.senders(), pick)
        flow = talk.state.outflow
        assert flow is not None
        if count > flow.credit:
            with pytest.raises(LocalProtocolError):
                flow.send(count)
            return
        talk.state.call.say(Word.ITEMS)
        flow.send(count)
        items: list[Value] = list(range(talk.sent, talk.sent + count))
        talk.sent += count
        self.messages[OTHER[side]].append(Items(talk.state.id, items))

    def senders(self) -> list[tuple[str, Talk]]:
        """Whoever may send items now."""
        requesters = [
            (side, talk)
            for side in (CLIENT, SERVER)
            for talk in self.own[side].values()
            if talk.state.call.phase is Phase.OPEN
        ]
        responders = [
            (side, talk)
            for side in (CLIENT, SERVER)
            for talk in self.served[side].values()
            if talk.state.outflow and talk.state.call.phase in (Phase.OPEN, Phase.ENDED)
        ]
        return requesters + responders

    def readers(self) -> list[tuple[str, Talk]]:
        """Whoever has items to read."""
        return [
            (side, talk)
            for side in (CLIENT, SERVER)
            for table in (self.own, self.served)
            for talk in table[side].values()
            if len(talk.received) > talk.read
        ]

    @precondition(lambda self: self.readers())
    @rule(pick=PICKS, count=st.integers(1, 4))
    def read_items(self, pick: int, count: int) -> None:
        side, talk = choice(self.readers(), pick)
        self.read(side, talk, count)

    def read(self, side: str, talk: Talk, count: int) -> None:
        assert talk.state.inflow is not None
        count = min(count, len(talk.received) - talk.read)
        talk.read += count
        credit = talk.state.inflow.consume(count)
        talk.credited += credit
        if credit and talk.state.call.phase not in (Phase.DONE, Phase.CANCELLED):
            talk.state.call.say(Word.CREDIT)
            self.messages[OTHER[side]].append(Credit(talk.state.id, credit))

    @precondition(lambda self: self.talks(self.own))
    @rule(pick=PICKS)
    def end_items(self, pick: int) -> None:
        side, talk = choice(self.talks(self.own), pick)
        if talk.state.call.phase is Phase.OPEN:
            talk.state.call.say(Word.END)
            self.messages[OTHER[side]].append(End(talk.state.id, talk.sent))

    @precondition(lambda self: self.talks(self.own))
    @rule(pick=PICKS)
    def cancel(self, pick: int) -> None:
        side, talk = choice(self.talks(self.own), pick)
        if talk.state.call.phase is not Phase.DONE:
            talk.state.call.say(Word.CANCEL)
            self.messages[OTHER[side]].append(Cancel(talk.state.id))
        self.end(side, talk)

    @precondition(lambda self: self.talks(self.served))
    @rule(pick=PICKS)
    def reply(self, pick: int) -> None:
        self.answer(*choice(self.talks(self.served), pick))

    def answer(self, side: str, talk: Talk) -> None:
        talk.state.call.say(Word.REPLY)
        self.sessions[side].close(talk.state)
        del self.served[side][talk.state.id]
        self.answered[talk.key] = talk.sent
        self.replies[OTHER[side]].append(Reply(talk.state.id, talk.key, talk.sent))

    # -- what travels ---------------------------------------------------------------

    @precondition(lambda self: any(self.messages.values()))
    @rule(side=SIDES, count=st.integers(1, 4))
    def hear_messages(self, side: str, count: int) -> None:
        for _ in range(min(count, len(self.messages[side]))):
            self.hear_message(side)

    def hear_message(self, side: str) -> None:
        said = self.messages[side].popleft()
        session = self.sessions[side]
        if isinstance(said, Request):
            self.take_request(side, said)
            return
        state = session.hear(said)
        if state is None:
            return
        talk = self.talk_of(side, state)
        if isinstance(said, Items):
            talk.received += said.items
            assert talk.received == list(range(len(talk.received))), "order"
        if talk.state.call.role is Role.REQUESTER and talk.state.finished:
            self.finish(side, talk)

    def take_request(self, side: str, asked: Request) -> None:
        session = self.sessions[side]
        full = session.theirs >= MOST_CALLS
        try:
            state = session.accept(asked.number, asked.shape, window=3, credit=asked.window)
        except TooManyCallsError:
            assert full
            self.replies[OTHER[side]].append(Reply(asked.number, asked.key, 0, refused=True))
            return
        assert not full
        self.served[side][asked.number] = Talk(asked.key, state)
        if state.inflow is not None:
            state.call.say(Word.CREDIT)
            self.messages[OTHER[side]].append(Credit(asked.number, 3))

    @precondition(lambda self: any(self.replies.values()))
    @rule(side=SIDES, pick=PICKS)
    def hear_a_reply(self, side: str, pick: int) -> None:
        if self.replies[side]:
            self.hear_reply(side, pick)

    def hear_reply(self, side: str, pick: int) -> None:
        reply = self.replies[side].pop(pick % len(self.replies[side]))
        talk = self.own[side].get(reply.number)
        if talk is None:
            assert self.ends[reply.key] == 1, "an answer nobody waits for: it was cancelled"
            return
        self.sessions[side].hear_reply(talk.state, reply.total)
        if talk.state.finished:
            self.finish(side, talk)

    def finish(self, side: str, talk: Talk) -> None:
        if talk.state.inflow is not None:
            assert len(talk.received) == self.answered.get(talk.key, 0), "every item is there"
        self.end(side, talk)

    def end(self, side: str, talk: Talk) -> None:
        self.ends[talk.key] += 1
        self.sessions[side].close(talk.state)
        del self.own[side][talk.state.id]

    # -- the server is replaced -------------------------------------------------------

    @precondition(lambda self: self.generation < 3)
    @rule(at_once=st.booleans(), shape=st.sampled_from(Shape))
    def replace_the_server(self, at_once: bool, shape: Shape) -> None:
        """Requests fail first, then the connection hears of it (OQ-23)."""
        for messages in self.messages.values():
            messages.clear()
        for replies in self.replies.values():
            replies.clear()
        self.generation += 1
        for talk in list(self.own[SERVER].values()):
            self.ends[talk.key] += 1  # its process ended
        self.own[SERVER].clear()
        self.served[SERVER].clear()
        self.sessions[SERVER] = Session(initiator=False, max_calls=MOST_CALLS)
        for talk in list(self.own[CLIENT].values()):
            if talk.state.call.phase is not Phase.DONE:
                self.end(CLIENT, talk)
        if at_once:
            self.open(CLIENT, shape, 2)
        for state in self.sessions[CLIENT].renew():
            if state.call.role is Role.RESPONDER:
                del self.served[CLIENT][state.id]
            else:
                self.end(CLIENT, self.own[CLIENT][state.id])

    # -- what holds always, and in the end ----------------------------------------------

    def talks(self, table: dict[str, dict[int, Talk]]) -> list[tuple[str, Talk]]:
        """Every call in a table, with its side."""
        return [(side, talk) for side in (CLIENT, SERVER) for talk in table[side].values()]

    def talk_of(self, side: str, state: CallState) -> Talk:
        table = self.own if state.call.role is Role.REQUESTER else self.served
        return table[side][state.id]

    @invariant()
    def the_window_holds_and_credit_is_never_negative(self) -> None:
        for side in (CLIENT, SERVER):
            for talk in [*self.own[side].values(), *self.served[side].values()]:
                if talk.state.outflow is not None:
                    assert talk.state.outflow.credit >= 0
                if talk.state.inflow is not None:
                    flow, arrived = talk.state.inflow, len(talk.received)
                    assert 0 <= flow.granted == flow.window + talk.credited - arrived
                    assert arrived - talk.read <= flow.window

    @invariant()
    def the_tables_hold_what_is_under_way(self) -> None:
        for side, session in self.sessions.items():
            assert session.own == len(self.own[side])
            assert session.theirs == len(self.served[side]) <= MOST_CALLS

    @invariant()
    def no_call_has_ended_twice(self) -> None:
        assert all(count == 1 for count in self.ends.values())

    def teardown(self) -> None:
        """Let all arrive, answer all: then every call has ended, and nothing is left."""
        for _ in range(10_000):
            for side in (CLIENT, SERVER):
                while self.replies[side]:  # first: they pass what was said before them
                    self.hear_reply(side, 0)
                while self.messages[side]:
                    self.hear_message(side)
                for talk in list(self.served[side].values()):
                    if talk.state.call.phase is not Phase.OPEN or not talk.state.inflow:
                        self.answer(side, talk)
                for talk in list(self.own[side].values()):
                    if talk.state.call.phase is Phase.OPEN:
                        talk.state.call.say(Word.END)
                        self.messages[OTHER[side]].append(End(talk.state.id, talk.sent))
            if not any([*self.messages.values(), *self.replies.values(), *self.served.values()]):
                break
        assert set(self.ends) == self.begun
        assert all(count == 1 for count in self.ends.values())
        for session in self.sessions.values():
            assert (session.own, session.theirs) == (0, 0)


def choice(options: list[T], pick: int) -> T:
    """One of them."""
    return options[pick % len(options)]


TestTwoSessions = TwoSessions.TestCase
TestTwoSessions.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
