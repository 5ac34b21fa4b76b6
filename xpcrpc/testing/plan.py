"""Faults on purpose: a table of which message meets which fault.

::

    plan = FaultPlan({
        reply(1): Cut(),                            # interrupted before the reply
        request(2): Cut(after=True),                # … after the request was delivered
        reply(2): Cut(after=True),                  # … after the reply
        request(selector="store"): Drop(),          # lost: a deadline's test
        reply(3): Late(after=2),                    # overtaken by two messages (C-79)
        message(10, TO_CLIENT): Cut(after=True),    # a stream that ends in the middle
        request(5): Kill(),                         # the server's process crashes
        message(direction=TO_SERVER): (Delay(turns=3), Duplicate()),
    })
    async with connected_pair(ClockImpl, faults=plan) as client:
        ...
    assert plan.unused == []

A plan is deterministic: it counts messages, uses no clock but `FaultPlan.clock`,
and `random_plan` draws from its seed alone. It serves one network of
`xpcrpc.transport.memory`; libxpc cannot be made to fail so.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import define, evolve, field, frozen

from ..transport.memory import PASS, Direction, Passage, Verdict
from .faults import LATE_TURNS, Fault
from .gates import Clock, Latch, after_turns
from .matches import Match

Faults: TypeAlias = "Fault | tuple[Fault, ...]"


@frozen
class Fired:
    """One fault that happened."""

    match: Match
    faults: tuple[Fault, ...]
    passage: Passage = field(repr=False)


@define(eq=False)
class FaultPlan:
    """Which message meets which fault; see the module's own words.

    It is an interceptor: ``MemoryNetwork(interceptor=plan)``. It counts, so it
    serves one network; make a new one for each test.
    """

    table: Mapping[Match, Faults] = field(factory=dict)
    clock: Clock = field(factory=Clock)
    """What `Delay` and `Slow` measure seconds by."""
    fired: list[Fired] = field(factory=list, init=False)
    """What happened, in order."""
    _seen: Counter[Match] = field(factory=Counter, init=False)
    _overtaking: list[tuple[Direction, list[int], Latch]] = field(factory=list, init=False)

    def __call__(self, passage: Passage) -> Verdict:
        """What becomes of a message; every row that matches adds its faults."""
        self._count_overtaking(passage)
        verdict = PASS
        for match, planned in self.table.items():
            if not match.selects(passage):
                continue
            self._seen[match] += 1
            if match.nth is not None and match.nth != self._seen[match]:
                continue
            faults = planned if isinstance(planned, tuple) else (planned,)
            self.fired.append(Fired(match, faults, passage))
            for fault in faults:
                verdict = fault.apply(verdict, passage, self)
        return verdict

    def __or__(self, other: FaultPlan) -> FaultPlan:
        """A new plan with the rows of both, and this one's clock."""
        return FaultPlan({**self.table, **other.table}, self.clock)

    @property
    def unused(self) -> list[Match]:
        """The rows that nothing has matched (so far)."""
        used = {id(each.match) for each in self.fired}
        return [match for match in self.table if id(match) not in used]

    def after(self, turns: int, seconds: float) -> Latch:
        """A latch that opens after turns of the loop, or seconds of the plan's clock."""
        return self.clock.after(seconds) if seconds else after_turns(turns)

    def overtaken(self, direction: Direction, count: int) -> Latch:
        """A latch that opens after ``count`` further messages in a direction."""
        latch = after_turns(LATE_TURNS)
        self._overtaking.append((direction, [count], latch))
        return latch

    def _count_overtaking(self, passage: Passage) -> None:
        waiting = []
        for direction, left, latch in self._overtaking:
            left[0] -= direction is passage.direction
            if left[0] > 0:
                waiting.append((direction, left, latch))
            else:
                # The message that is sent now goes first: it is not in its lane yet.
                after_turns(2, latch)
        self._overtaking = waiting

    def __str__(self) -> str:
        lines = ["planned:"]
        lines += [f"  {match}: {faults}" for match, faults in self.table.items()]
        lines += ["happened:"]
        lines += [f"  {each.match}: {each.faults}" for each in self.fired]
        return "\n".join(lines)


@frozen(eq=False)
class _Chance:
    """A predicate that holds with a probability, drawn from a seed."""

    seed: str
    probability: float
    _random: random.Random = field(init=False, repr=False)

    @_random.default
    def _seeded(self) -> random.Random:
        return random.Random(self.seed)  # noqa: S311  repeatable on purpose

    def __call__(self, passage: Passage) -> bool:
        return self._random.random() < self.probability


def random_plan(seed: int, chances: Mapping[Fault, float], *, of: Match | None = None) -> FaultPlan:
    """A plan that hits messages at random, the same ones for the same seed and traffic.

    Args:
        seed: say it in the test's failure, to see the same again.
        chances: each fault's probability, 0 to 1, for each message.
        of: only these messages; unless given all of them, the runtime's own calls too.
    """
    base = of or Match(own_calls=True)
    rows = {
        evolve(base, when=_both(base.when, _Chance(f"{seed}/{number}", probability))): fault
        for number, (fault, probability) in enumerate(chances.items())
    }
    return FaultPlan(rows)


def _both(
    first: Callable[[Passage], bool] | None, second: Callable[[Passage], bool]
) -> Callable[[Passage], bool]:
    if first is None:
        return second
    return lambda passage: first(passage) and second(passage)
