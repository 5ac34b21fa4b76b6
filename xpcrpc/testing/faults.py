"""What can happen to a message on purpose; `xpcrpc.testing.FaultPlan` says to which.

`Drop` and `Duplicate` are no faults of XPC: it neither loses nor repeats a
message. They stand for a peer that forgets, or that asks again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from attrs import evolve, field, frozen

from ..errors import MisuseError
from ..transport.base import Connection
from ..transport.memory import Ending, Kind, Passage, Verdict
from .gates import Latch

if TYPE_CHECKING:
    from .plan import FaultPlan

LATE_TURNS: Final = 64
"""Turns of the loop after which a `Late` reply is sent although nothing overtook it."""


class Fault(ABC):
    """What happens to a message."""

    @abstractmethod
    def apply(self, verdict: Verdict, passage: Passage, plan: FaultPlan) -> Verdict:
        """The verdict, with this fault added."""


@frozen
class Drop(Fault):
    """It is lost; nobody is told."""

    def apply(self, verdict: Verdict, passage: Passage, plan: FaultPlan) -> Verdict:
        """See `Fault.apply`."""
        return evolve(verdict, copies=0)


@frozen
class Duplicate(Fault):
    """It arrives several times; of several replies the first one counts."""

    times: int = 2

    def apply(self, verdict: Verdict, passage: Passage, plan: FaultPlan) -> Verdict:
        """See `Fault.apply`."""
        return evolve(verdict, copies=self.times)


@frozen
class Delay(Fault):
    """It waits: for turns of the loop, or for seconds of the plan's clock.

    What is behind it in the stream waits too (C-75); replies pass (C-79).
    """

    turns: int = 0
    seconds: float = 0.0

    def apply(self, verdict: Verdict, passage: Passage, plan: FaultPlan) -> Verdict:
        """See `Fault.apply`."""
        return evolve(verdict, gate=plan.after(self.turns, self.seconds))


@frozen(eq=False)
class Hold(Fault):
    """It waits until the test opens the latch."""

    latch: Latch = field(factory=Latch)

    def apply(self, verdict: Verdict, passage: Passage, plan: FaultPlan) -> Verdict:
        """See `Fault.apply`."""
        return evolve(verdict, gate=self.latch)


@frozen
class Late(Fault):
    """A reply that is overtaken: it waits until so many further messages were sent its way,
    or for `LATE_TURNS` if they do not come. For replies alone, as a stream keeps its order."""

    after: int = 1

    def apply(self, verdict: Verdict, passage: Passage, plan: FaultPlan) -> Verdict:
        """See `Fault.apply`.

        Raises:
            MisuseError: the message is no reply.
        """
        if passage.kind is not Kind.REPLY:
            raise MisuseError(
                f"Late is for replies, as XPC keeps the order of every {passage.kind.value}"
            )
        return evolve(verdict, gate=plan.overtaken(passage.direction, self.after))


@frozen
class Cut(Fault):
    """The connection is cut: instead of the delivery, or right after it.

    The client is interrupted (by a name) or at its end (by an endpoint), the
    server's peer is at its end; what is on its way is lost. After a delivery,
    what the receiver says in return is lost too.
    """

    after: bool = False

    def apply(self, verdict: Verdict, passage: Passage, plan: FaultPlan) -> Verdict:
        """See `Fault.apply`."""
        return _end(verdict, Ending.CUT, after=self.after)


@frozen
class Kill(Fault):
    """The server's process is killed: instead of the delivery, or right after it.

    All that its transport serves is gone. The client's next message reaches
    whoever serves the name then, as if launchd had started it again (C-118).
    """

    after: bool = False

    def apply(self, verdict: Verdict, passage: Passage, plan: FaultPlan) -> Verdict:
        """See `Fault.apply`."""
        return _end(verdict, Ending.KILL, after=self.after)


@frozen
class Slow(Fault):
    """A slow reader: once it has this message it is suspended, for turns or seconds."""

    turns: int = 0
    seconds: float = 0.0

    def apply(self, verdict: Verdict, passage: Passage, plan: FaultPlan) -> Verdict:
        """See `Fault.apply`."""

        def suspend(connection: Connection) -> None:
            def resume() -> None:
                try:
                    connection.resume()
                except MisuseError:
                    pass  # it was cancelled meanwhile, and so is suspended no more

            connection.suspend()
            plan.after(self.turns, self.seconds).when_open(resume)

        return evolve(verdict, then=suspend)


def _end(verdict: Verdict, ending: Ending, *, after: bool) -> Verdict:
    return evolve(verdict, after=ending) if after else evolve(verdict, before=ending)
