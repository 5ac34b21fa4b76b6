"""Two sessions talk at random, as libxpc would carry it: nothing breaks, every call ends once.

Messages keep their order in each direction; replies travel beside them and may
pass them or be passed (C-79). The server side may be replaced by a new process.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Any, TypeAlias

import pytest
from attrs import define, field
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

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

    @rule(side=SIDES, shape=st.sampled_from(Shape), window=st.integers(1, 5))
    def open(self, side: str, shape: Shape, window: int) -> None:
        state = self.sessions[side].open(shape, window=window)
        key = (side, state.id, self.generation)
        self.begun.add(key)
        self.own[side][state.id] = Talk(key, state)
        self.messages[OTHER[side]].append(Request(state.id, shape, window, key))

    @rule(side=SIDES, pick=PICKS, count=st.integers(1, 4), own=st.booleans())
    def send_items(self, side: str, pick: int, count: int, own: bool) -> None:
        talk = self.picked(self.own if own else self.served, side, pick)
        if talk is None or talk.state.outflow is None or talk.state.call.phase is Phase.DONE:
            return
        flow = talk.state.outflow
        if count > flow.credit:
            with pytest.raises(LocalProtocolError):
                flow.send(count)
            return
        try:
            talk.state.call.say(Word.ITEMS)
        except LocalProtocolError:
            assert own and talk.state.call.phase is not Phase.OPEN
            return
        flow.send(count)
        items: list[Value] = list(range(talk.sent, talk.sent + count))
        talk.sent += count
        self.messages[OTHER[side]].append(Items(talk.state.id, items))

    @rule(side=SIDES, pick=PICKS, count=st.integers(1, 4), own=st.booleans())
    def read_items(self, side: str, pick: int, count: int, own: bool) -> None:
        talk = self.picked(self.own if own else self.served, side, pick)
        if talk is not None and talk.state.inflow is not None:
            self.read(side, talk, count)

    def read(self, side: str, talk: Talk, count: int) -> None:
        assert talk.state.inflow is not None
        count = min(count, len(talk.received) - talk.read)
        talk.read += count
        credit = talk.state.inflow.consume(count)
        if credit and talk.state.call.phase is not Phase.DONE:
            talk.state.call.say(Word.CREDIT)
            self.messages[OTHER[side]].append(Credit(talk.state.id, credit))

    @rule(side=SIDES, pick=PICKS)
    def end_items(self, side: str, pick: int) -> None:
        talk = self.picked(self.own, side, pick)
        if talk is not None and talk.state.call.phase is Phase.OPEN:
            talk.state.call.say(Word.END)
            self.messages[OTHER[side]].append(End(talk.state.id, talk.sent))

    @rule(side=SIDES, pick=PICKS)
    def cancel(self, side: str, pick: int) -> None:
        talk = self.picked(self.own, side, pick)
        if talk is None:
            return
        if talk.state.call.phase is not Phase.DONE:
            talk.state.call.say(Word.CANCEL)
            self.messages[OTHER[side]].append(Cancel(talk.state.id))
        self.end(side, talk)

    @rule(side=SIDES, pick=PICKS)
    def reply(self, side: str, pick: int) -> None:
        talk = self.picked(self.served, side, pick)
        if talk is not None:
            self.answer(side, talk)

    def answer(self, side: str, talk: Talk) -> None:
        talk.state.call.say(Word.REPLY)
        self.sessions[side].close(talk.state)
        del self.served[side][talk.state.id]
        self.answered[talk.key] = talk.sent
        self.replies[OTHER[side]].append(Reply(talk.state.id, talk.key, talk.sent))

    # -- what travels ---------------------------------------------------------------

    @rule(side=SIDES)
    def hear_message(self, side: str) -> None:
        if not self.messages[side]:
            return
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

    @rule(side=SIDES, pick=PICKS)
    def hear_reply(self, side: str, pick: int) -> None:
        if not self.replies[side]:
            return
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

    def picked(self, table: dict[str, dict[int, Talk]], side: str, pick: int) -> Talk | None:
        talks = list(table[side].values())
        return talks[pick % len(talks)] if talks else None

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
                    unread = len(talk.received) - talk.read
                    assert talk.state.inflow.granted >= 0
                    assert unread <= talk.state.inflow.window

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
                while self.messages[side]:
                    self.hear_message(side)
                while self.replies[side]:
                    self.hear_reply(side, 0)
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


TestTwoSessions = TwoSessions.TestCase
TestTwoSessions.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
