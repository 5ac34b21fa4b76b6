"""Which of many deadlines comes next.

The clock is the caller's: times are numbers that grow, such as the event loop's
seconds, and come in as arguments.
"""

from __future__ import annotations

import math
from typing import Protocol


class Timed(Protocol):
    """Something with a deadline."""

    deadline: float
    """When it must be over; infinite for never."""


class Timetable:
    """Members with a deadline, until it has come or they are discarded.

    The earliest deadline is looked for when it is asked for, and not kept: a call that
    ends in time costs no more than entering and leaving a set.
    """

    __slots__ = ("members",)

    def __init__(self) -> None:
        self.members: set[Timed] = set()

    def take_due(self, now: float) -> list[Timed]:
        """Those whose deadline is not after ``now``, earliest first; they are members no more."""
        due = sorted(
            (member for member in self.members if member.deadline <= now),
            key=lambda member: member.deadline,
        )
        self.members.difference_update(due)
        return due

    def earliest(self) -> float:
        """The next deadline; infinite if there is none."""
        return min((member.deadline for member in self.members), default=math.inf)
