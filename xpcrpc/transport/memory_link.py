"""The way between one client and its one server peer (C-64): two lanes.

A lane keeps messages in order (C-75); replies may pass it (C-79). What its
receiver cannot take now (not accepted yet, suspended) stays in it. Everything
is delivered from a callback of the loop, where no task is running.

A side that ends says so behind what it has sent, so that its last messages
arrive before the error (C-129), and takes nothing more itself.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections import deque
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import define, evolve

from .memory_handles import duplicates
from .memory_wire import Direction, Ending, Kind, Parcel, Passage, Pending

if TYPE_CHECKING:
    from .memory import MemoryTransport
    from .memory_connection import MemoryConnection

_log: Final = logging.getLogger("xpcrpc.memory")


@define(eq=False)
class _Abandoned:
    """A request that its receiver dropped unanswered (C-139)."""

    pending: Pending


class _Gone:
    """The other side has ended; the last thing in a lane."""


_Entry: TypeAlias = Parcel | _Abandoned | _Gone


class Lane:
    """Messages one way."""

    def __init__(self, link: Link, direction: Direction) -> None:
        self._link = link
        self._direction = direction
        self._entries: deque[_Entry] = deque()
        self._scheduled = False
        self._shut = False
        self._gone = False

    def __len__(self) -> int:
        return len(self._entries)

    def push(self, entry: Parcel | _Abandoned) -> None:
        """Send, or drop if the lane is shut."""
        if self._shut:
            if isinstance(entry, Parcel):
                entry.close()
            return
        self._entries.append(entry)
        self.wake()
        gate = entry.verdict.gate if isinstance(entry, Parcel) else None
        if gate is not None and not gate.is_open:
            gate.when_open(self.wake)

    def shut(self) -> None:
        """Take nothing more; what is in it still arrives."""
        self._shut = True

    def clear(self) -> None:
        """Lose what is in it."""
        entries, self._entries = self._entries, deque()
        for entry in entries:
            if isinstance(entry, Parcel):
                entry.close()

    def say_gone(self) -> None:
        """Shut it, with the news that the sender has ended; said once."""
        self._shut = True
        if not self._gone:
            self._gone = True
            self._entries.append(_Gone())
            self.wake()

    def wake(self) -> None:
        """Deliver what can be delivered, in the loop's next turn."""
        if not self._scheduled and self._entries and not self._link.loop.is_closed():
            self._scheduled = True
            self._link.loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._scheduled = False
        while True:
            receiver = self._link.receiver(self._direction)
            if receiver is None or not receiver.ready:
                return
            entry = self._next()
            if entry is None:
                return
            self._deliver(entry, receiver)

    def _next(self) -> _Entry | None:
        """The first entry that may go: a reply past messages, a message past replies."""
        stream_waits = False
        for place, entry in enumerate(self._entries):
            if isinstance(entry, _Gone):
                if place:
                    return None
            elif isinstance(entry, Parcel):
                is_reply = entry.kind is Kind.REPLY
                gate = entry.verdict.gate
                if gate is not None and not gate.is_open:
                    stream_waits = stream_waits or not is_reply
                    continue
                if stream_waits and not is_reply:
                    continue
            del self._entries[place]
            return entry
        return None

    def _deliver(self, entry: _Entry, receiver: MemoryConnection) -> None:
        if isinstance(entry, _Gone):
            receiver.take_gone(self._link)
        elif isinstance(entry, _Abandoned):
            receiver.take_abandoned(entry.pending)
        else:
            self._deliver_parcel(entry, receiver)

    def _deliver_parcel(self, parcel: Parcel, receiver: MemoryConnection) -> None:
        verdict = parcel.verdict
        if verdict.before is not None:
            parcel.close()
            self._link.fail(verdict.before)
            return
        if verdict.copies < 1:
            parcel.close()
        else:
            more = [duplicates(parcel.handles) for _ in range(verdict.copies - 1)]
            receiver.take(self._link, parcel, first=True)
            for handles in more:
                receiver.take(self._link, evolve(parcel, handles=handles), first=False)
        if verdict.then is not None:
            verdict.then(receiver)
        if verdict.after is not None:
            self._link.fail(verdict.after)


class Link:
    """One client's way to one server peer, until either has gone."""

    def __init__(
        self,
        service: str,
        client: MemoryConnection,
        server_process: MemoryTransport,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.service = service
        self.loop = loop
        self.client_process = client.process
        self.server_process = server_process
        # Weak: what is active is kept by its process (C-107), what is not is the program's.
        self._client = weakref.ref(client)
        self._peer: weakref.ref[MemoryConnection] | None = None
        self._lanes = {direction: Lane(self, direction) for direction in Direction}
        self.client_process.links.add(self)
        self.server_process.links.add(self)

    def receiver(self, direction: Direction) -> MemoryConnection | None:
        """Who takes what goes this way, if it is there (yet, or still)."""
        if direction is Direction.TO_CLIENT:
            return self._client()
        return self._peer() if self._peer is not None else None

    def lane(self, direction: Direction) -> Lane:
        """The lane of one direction."""
        return self._lanes[direction]

    def show(self, peer: MemoryConnection) -> None:
        """The listener has made the server's end."""
        self._peer = weakref.ref(peer)

    def push(self, direction: Direction, parcel: Parcel) -> None:
        """Send one message, after the interceptor has seen it."""
        network = self.client_process.network
        if network.interceptor is not None:
            parcel.verdict = network.interceptor(self._passage(direction, parcel))
        lane = self._lanes[direction]
        lane.push(parcel)
        if len(lane) > network.max_waiting:
            _log.warning("%s: %d messages wait, nobody reads them", self.service, len(lane))
            self.fail(Ending.CUT)

    def _passage(self, direction: Direction, parcel: Parcel) -> Passage:
        pending = parcel.pending
        is_reply = parcel.kind is Kind.REPLY
        answers = pending.passage if is_reply and pending is not None else None
        passage = Passage(
            self.service, direction, parcel.kind, parcel.frame, tuple(parcel.handles), answers
        )
        if pending is not None and not is_reply:
            pending.passage = passage
        return passage

    def abandon(self, direction: Direction, pending: Pending) -> None:
        """Tell a requester that no reply will come."""
        self._lanes[direction].push(_Abandoned(pending))

    def close(self, sends: Direction) -> None:
        """The side that sends this way has ended."""
        self._lanes[sends.back].shut()
        self._lanes[sends.back].clear()
        self._lanes[sends].say_gone()
        self.forget(sends)

    def forget(self, sends: Direction) -> None:
        """The side that sends this way needs the link no more."""
        process = self.client_process if sends is Direction.TO_SERVER else self.server_process
        process.links.discard(self)

    def fail(self, ending: Ending) -> None:
        """Make it end: what is on its way is lost."""
        for lane in self._lanes.values():
            lane.clear()
        if ending is Ending.KILL:
            self.server_process.kill()
        else:
            for lane in self._lanes.values():
                lane.say_gone()
