"""Credit: never negative, never too late, and its misuse has an owner."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpcrpc.errors import LocalProtocolError, RemoteProtocolError
from xpcrpc.protocol.flow import MAX_CREDIT, Inflow, Outflow


@given(
    window=st.integers(1, 50), steps=st.lists(st.tuples(st.sampled_from("srg"), st.integers(1, 20)))
)
def test_items_on_their_way_or_unread_never_exceed_the_window(
    window: int, steps: list[tuple[str, int]]
) -> None:
    sender, receiver = Outflow(window), Inflow(window)
    travelling, unread, grants = 0, 0, 0
    for step, count in steps:
        if step == "s":
            count = min(count, sender.credit)
            sender.send(count)
            travelling += count
        elif step == "r":
            count = min(count, travelling)
            receiver.receive(count)
            travelling -= count
            unread += count
        else:
            count = min(count, unread)
            grants += receiver.consume(count)
            unread -= count
            if grants:
                sender.grant(grants)
                grants = 0
        assert sender.credit >= 0
        assert travelling + unread <= window
        # A stuck stream would be one where all is read and nothing may be sent.
        assert travelling or unread or sender.credit


def test_sending_without_credit_is_our_own_fault() -> None:
    with pytest.raises(LocalProtocolError):
        Outflow(2).send(3)


def test_items_without_credit_are_the_peers_fault() -> None:
    with pytest.raises(RemoteProtocolError):
        Inflow(2).receive(3)


@pytest.mark.parametrize("count", [0, -1, MAX_CREDIT + 1])
def test_senseless_credit_is_the_peers_fault(count: int) -> None:
    with pytest.raises(RemoteProtocolError):
        Outflow().grant(count)


@given(st.integers(1, 20), st.data())
def test_the_end_holds_whether_it_comes_before_or_after_the_items(
    window: int, data: st.DataObject
) -> None:
    total = data.draw(st.integers(0, window))
    early = data.draw(st.integers(0, total))
    flow = Inflow(window)
    flow.receive(early)
    flow.end(total)
    assert flow.finished == (early == total)
    flow.receive(total - early)
    assert flow.finished
    with pytest.raises(RemoteProtocolError):
        flow.receive(1)


@pytest.mark.parametrize("total", [1, 6])
def test_an_impossible_end_is_the_peers_fault(total: int) -> None:
    flow = Inflow(5)
    flow.receive(2)
    with pytest.raises(RemoteProtocolError):
        flow.end(total)
