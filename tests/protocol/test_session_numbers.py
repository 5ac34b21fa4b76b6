"""Which numbers, words and totals a session accepts, in both roles, one by one."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from xpcrpc.errors import RemoteProtocolError, TooManyCallsError, UnavailableError
from xpcrpc.protocol.call import Shape
from xpcrpc.protocol.session import CallState, Session
from xpcrpc.protocol.signals import Cancel, Credit, End, Items

ROLES = pytest.mark.parametrize("initiator", [True, False])


def session(*, initiator: bool, max_calls: int = 10) -> tuple[Session, int, int]:
    """A session, the first number of its own and the first of its peer's."""
    made = Session(initiator=initiator, max_calls=max_calls)
    return made, 1 if initiator else 2, 2 if initiator else 1


def accept(made: Session, number: int, shape: Shape = Shape.BOTH) -> CallState:
    return made.accept(number, shape, window=3, credit=3)


@ROLES
def test_own_numbers_have_one_parity_and_rise(initiator: bool) -> None:
    made, own, _ = session(initiator=initiator)
    numbers = [made.open(Shape.UNARY, window=1).id for _ in range(3)]
    assert [*numbers, made.open_unary()] == [own, own + 2, own + 4, own + 6]
    made.renew()
    assert made.open_unary() == own + 8


@ROLES
@pytest.mark.parametrize("first", range(-3, 9))
@pytest.mark.parametrize("second", range(-3, 9))
def test_a_call_of_the_peers_has_its_parity_and_a_higher_number(
    initiator: bool, first: int, second: int
) -> None:
    made, _, theirs = session(initiator=initiator)

    def allowed(number: int, last: int) -> bool:
        return number > last and number % 2 == theirs % 2

    last = 0
    for number in (first, second):
        if allowed(number, last):
            accept(made, number)
            last = number
        else:
            with pytest.raises(RemoteProtocolError):
                accept(made, number)
    assert made.theirs == (2 if last == second != first and allowed(first, 0) else bool(last))


@ROLES
@pytest.mark.parametrize("draining", [False, True])
@pytest.mark.parametrize("first", range(-1, 5))
@pytest.mark.parametrize("second", range(-1, 5))
def test_a_plain_call_is_accepted_as_any_other(
    initiator: bool, draining: bool, first: int, second: int
) -> None:
    def outcomes(*, plain: bool) -> list[object]:
        made, _, _ = session(initiator=initiator, max_calls=1)
        made.draining = draining
        found: list[object] = []
        for number in (first, second, second + 2):
            if plain and made.accept_plain(number, found):
                found.append((number, made.theirs))
                continue
            try:
                state = made.accept(number, Shape.UNARY, window=3, credit=3)
                state.owner = found
            except (RemoteProtocolError, TooManyCallsError, UnavailableError) as error:
                found.append(repr(error))
            else:
                assert not plain
                found.append((number, made.theirs))
        assert all(owner is found for owner in made.owners())
        heard = made.hear(Cancel(made._last_theirs)) if made.theirs else None
        if heard is not None:
            assert heard.owner is found
            facts = (heard.id, heard.role, heard.shape, heard.phase, heard.inflow, heard.outflow)
            found += [*facts, heard.finished, made.theirs]
            if plain:
                made.forget_plain(heard.id, None)
            else:
                made.close(heard)
        return [*found, made.theirs, made.late]

    assert outcomes(plain=True) == outcomes(plain=False)


@ROLES
def test_a_lost_peers_plain_calls_are_told_to_their_owners(initiator: bool) -> None:
    made, _, theirs = session(initiator=initiator)
    assert made.accept_plain(theirs, "one")
    accept(made, theirs + 2).owner = "two"
    assert [state.owner for state in made.renew()] == ["one", "two"]
    assert made.theirs == 0


@ROLES
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_calls_over_the_limit_are_refused_until_one_ends(initiator: bool, limit: int) -> None:
    made, _, theirs = session(initiator=initiator, max_calls=limit)
    states = [accept(made, theirs + 2 * index) for index in range(limit)]
    number = theirs + 2 * limit
    with pytest.raises(TooManyCallsError):
        accept(made, number)
    with pytest.raises(RemoteProtocolError):
        accept(made, number)  # a number is used once, refused or not
    made.close(states[0])
    accept(made, number + 2)
    assert made.theirs == limit
    assert made.open(Shape.UNARY, window=1)  # the limit is the peer's alone


SIGNALS = (
    lambda number: Items(number, [1]),
    lambda number: Credit(number, 1),
    lambda number: End(number, 0),
    lambda number: Cancel(number),
)


@ROLES
@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("number", range(-2, 14))
def test_a_word_is_heard_late_or_refused_by_its_number(
    initiator: bool, signal: Any, number: int
) -> None:
    """Own calls: the first is closed, two are open. Theirs: open, closed, refused, skipped."""
    made, own, theirs = session(initiator=initiator, max_calls=1)
    closed = made.open(Shape.BOTH, window=3)
    made.open(Shape.BOTH, window=3)
    made.close(closed)
    over = accept(made, theirs)
    made.close(over)
    accept(made, theirs + 2)
    with pytest.raises(TooManyCallsError):
        accept(made, theirs + 4)
    made.refuse(theirs + 8)  # and theirs + 6 was never used
    late = {own, theirs, theirs + 4, theirs + 6, theirs + 8}
    open_here = {own + 2, theirs + 2}
    said = signal(number)
    by_requester = isinstance(said, End | Cancel)
    if number in late:
        assert made.hear(said) is None
        assert made.late == 1
    elif number not in open_here or (by_requester and number == own + 2):
        with pytest.raises(RemoteProtocolError):
            made.hear(said)
    else:
        state = made.hear(said)
        assert state is not None and state.id == number


@ROLES
@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize(("early", "late"), [*itertools.product(range(4), range(4))])
def test_a_reply_may_pass_its_items_and_counts_them(
    initiator: bool, shape: Shape, early: int, late: int
) -> None:
    made, _, _ = session(initiator=initiator)
    state = made.open(shape, window=3)
    total = early + late
    if not shape.responder_streams:
        if total:
            with pytest.raises(RemoteProtocolError):
                made.hear_reply(state, total)
        else:
            made.hear_reply(state, 0)
            assert state.finished
        return
    for _ in range(early):
        made.hear(Items(state.id, [1]))
    if total > 3:
        with pytest.raises(RemoteProtocolError):
            made.hear_reply(state, total)
        return
    made.hear_reply(state, total)
    for left in range(late, 0, -1):
        assert not state.finished
        assert made.hear(Items(state.id, [left])) is state
    assert state.finished
    assert made.hear(Credit(state.id, 1)) is None if shape.requester_streams else True
    with pytest.raises(RemoteProtocolError):
        made.hear(Items(state.id, [1]))


@ROLES
def test_a_new_peer_starts_afresh_and_what_was_answered_in_part_is_lost(initiator: bool) -> None:
    made, own, theirs = session(initiator=initiator)
    answered, waiting = made.open(Shape.OUT, window=3), made.open(Shape.OUT, window=3)
    unary = made.open_unary()
    served = accept(made, theirs + 10)
    made.hear_reply(answered, 2)
    assert made.renew() == [answered, served]
    assert (made.own, made.theirs) == (2, 0)
    assert accept(made, theirs).id == theirs
    made.close(waiting)
    made.forget_unary(unary, None)
    assert made.own == 0
    assert made.open_unary() == own + 6


# -- limits, and the end of either side ------------------------------------------------


def test_while_draining_nothing_new_is_accepted_but_questions_about_the_service() -> None:
    made = Session(initiator=False)
    before = accept(made, 1, Shape.UNARY)
    made.drain()
    with pytest.raises(UnavailableError):
        accept(made, 3, Shape.UNARY)
    with pytest.raises(UnavailableError):
        made.accept_nameless()
    assert made.accept(5, Shape.UNARY, window=1, credit=0, always=True).id == 5
    assert made.hear(Cancel(before.id)) is before  # what is under way goes on
    assert made.hear(Cancel(3)) is None  # refused, so late, and not wrong


def test_a_peer_that_drains_does_so_until_another_takes_its_place() -> None:
    made = Session(initiator=True)
    assert not made.peer_draining
    made.hear_drain()
    made.hear_drain()
    assert made.peer_draining
    made.renew()
    assert not made.peer_draining


def test_calls_without_a_number_count_like_others_and_are_lost_like_them() -> None:
    made = Session(initiator=False, max_calls=3)
    named = accept(made, 1, Shape.UNARY)
    nameless = [made.accept_nameless() for _ in range(2)]
    assert made.theirs == 3
    with pytest.raises(TooManyCallsError):
        made.accept_nameless()
    with pytest.raises(TooManyCallsError):
        accept(made, 3, Shape.UNARY)
    made.close(nameless[0])
    assert made.theirs == 2
    assert set(made.renew()) == {named, nameless[1]}
    assert made.theirs == 0


def test_streams_have_a_limit_of_their_own() -> None:
    made = Session(initiator=False, max_streams=1)
    stream = accept(made, 1, Shape.OUT)
    with pytest.raises(TooManyCallsError):
        accept(made, 3, Shape.IN)
    accept(made, 5, Shape.UNARY)
    made.close(stream)
    made.close(stream)  # once is enough
    accept(made, 7, Shape.IN)
    with pytest.raises(TooManyCallsError):
        accept(made, 9, Shape.BOTH)
    made.renew()
    accept(made, 1, Shape.BOTH)


def test_one_way_calls_have_a_limit_and_outlive_their_peer() -> None:
    made = Session(initiator=False, max_one_way=2)
    made.begin_one_way()
    made.begin_one_way()
    with pytest.raises(TooManyCallsError):
        made.begin_one_way()
    made.renew()
    assert made.one_way == 2
    made.end_one_way()
    made.begin_one_way()
