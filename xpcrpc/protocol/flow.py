"""One direction of a stream: how many items may travel, and whose fault it is if more do.

The receiver grants *credit*, counted in items; the sender spends it. A receiver
that reads slowly grants slowly, so neither side's memory grows. The end is told
as a number of items, not as a message behind them: the reply that ends a call
may overtake the items (libxpc promises no order between the two, C-79).

Both peers run these two classes; there is no I/O and no clock.
"""

from __future__ import annotations

from typing import Final

from ..errors import LocalProtocolError, RemoteProtocolError

MAX_CREDIT: Final = 1 << 31
"""Most items that may be granted and unsent at once; a peer that grants more is at fault."""


class Outflow:
    """The sending end of one direction."""

    __slots__ = ("credit", "sent")

    def __init__(self, credit: int = 0) -> None:
        self.credit = credit
        """Items that may be sent now."""
        self.sent = 0
        """Items sent so far; what the end is told as."""

    def send(self, count: int) -> None:
        """Record that this side sends items.

        Raises:
            LocalProtocolError: there is no credit for so many.
        """
        if count > self.credit:
            raise LocalProtocolError(f"{count} items to send, but credit for {self.credit}")
        self.credit -= count
        self.sent += count

    def grant(self, count: int) -> None:
        """Record credit that came from the peer.

        Raises:
            RemoteProtocolError: it is not positive, or adds up to more than `MAX_CREDIT`.
        """
        if count <= 0 or self.credit + count > MAX_CREDIT:
            raise RemoteProtocolError(f"credit for {count} items on top of {self.credit}")
        self.credit += count


class Inflow:
    """The receiving end of one direction."""

    __slots__ = ("_consumed", "granted", "received", "total", "window")

    def __init__(self, window: int) -> None:
        if not 0 < window <= MAX_CREDIT:
            raise LocalProtocolError(f"a window of {window} items; 1 to {MAX_CREDIT} are possible")
        self.window = window
        """Items that may be on their way or unread."""
        self.granted = window
        """Items that the peer may still send."""
        self.received = 0
        self.total: int | None = None
        """How many items there are in all, once that is known."""
        self._consumed = 0

    @property
    def finished(self) -> bool:
        """Whether every item has arrived and no further one will."""
        return self.received == self.total

    def receive(self, count: int) -> None:
        """Record items that arrived.

        Raises:
            RemoteProtocolError: more than the credit, or more than the total, allow.
        """
        if count > self.granted:
            raise RemoteProtocolError(f"{count} items, but credit for {self.granted}")
        if self.total is not None and self.received + count > self.total:
            raise RemoteProtocolError(f"more items than the {self.total} that were announced")
        self.granted -= count
        self.received += count

    def consume(self, count: int) -> int:
        """Record items that were read here; returns the credit to grant now.

        Credit goes back half a window at a time: one message for many items, and
        never so late that a fast sender must stop.
        """
        self._consumed += count
        if self.total is not None or self._consumed * 2 < self.window:
            return 0
        credit, self._consumed = self._consumed, 0
        self.granted += credit
        return credit

    def end(self, total: int) -> None:
        """Record how many items there are in all.

        Raises:
            RemoteProtocolError: fewer than have arrived, more than the credit
                allows, or told twice.
        """
        if self.total is not None or not self.received <= total <= self.received + self.granted:
            raise RemoteProtocolError(
                f"an end after {total} items, with {self.received} arrived "
                f"and credit for {self.granted}"
            )
        self.total = total
