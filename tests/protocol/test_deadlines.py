"""The timetable: whose time has come, and when the next one's will."""

from __future__ import annotations

import math

from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from xpcrpc.protocol.deadlines import Timetable

TIMES = st.one_of(st.floats(0, 100), st.just(math.inf))


@define(eq=False)
class Member:
    """Something that must be over by then."""

    deadline: float


@given(deadlines=st.lists(TIMES, max_size=20), clock=st.lists(st.floats(0, 120), max_size=10))
def test_each_member_is_taken_once_at_the_first_look_after_its_time(
    deadlines: list[float], clock: list[float]
) -> None:
    table = Timetable()
    members = [Member(deadline) for deadline in deadlines]
    table.members.update(members)
    taken: list[Member] = []
    for now in sorted(clock):
        assert table.earliest() == min(
            (member.deadline for member in members if member not in taken), default=math.inf
        )
        due = table.take_due(now)
        assert [member.deadline for member in due] == sorted(
            member.deadline for member in members if member.deadline <= now and member not in taken
        )
        taken += [member for member in members if member in due]
    assert table.members == {member for member in members if member not in taken}
    assert len(taken) == len(set(map(id, taken)))
