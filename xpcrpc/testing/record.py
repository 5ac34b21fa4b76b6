"""A test's traffic, for people: who said what to whom, in the order of time.

::

    with record() as transcript:
        async with connected_pair(ClockImpl, transcript=transcript) as client:
            ...
    print(transcript)

      1  listening on org.example.pair
      2  client 1 → org.example.pair  #1 setAlarm({'at': Date(ns=0)})
      3  server 1 → client 1          #1 refused, code 100: … {'reason': 'in the past'}
      4  client 1 → org.example.pair  #2 tick()   (never arrived)
      5  client 1   interrupted       #2

What the runtime says by itself, such as its hello, is left out. An exception
that leaves the block carries the transcript as a note. `Transcript.over` records
whatever uses another transport.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from attrs import define

from ..codec import frame as frames
from ..errors import FrameError, TransportError
from ..transport.base import Frame, Transport
from ..values import Handle, Value
from . import wording
from .matches import OWN_PREFIX
from .recording import RecordedTransport

__all__ = ["Line", "Transcript", "record"]

MAX_LINES: Final = 5_000
"""Lines that are kept; later ones are only counted. No person reads so many."""


@define(eq=False)
class Line:
    """One thing that happened."""

    who: str
    """Such as ``client 1`` or ``server 1``."""
    what: str
    to: str | None = None
    """Who it was said to; None for what is not said to anybody."""
    number: int | None = None
    """The request that it is about."""
    key: bytes | None = None
    """What was said, to know it again when it arrives; None for what does not travel."""
    hidden: bool = False
    """Whether it belongs to a call that the runtime makes by itself."""
    watched: bool = False
    """Whether its arrival would be seen."""
    arrivals: int = 0

    def text(self, width: int) -> str:
        """The line, with the first column padded to a width."""
        number = f"#{self.number} " if self.number is not None else ""
        return f"{self.head.ljust(width)}  {number}{self.what}{self._fate}".rstrip()

    def may_reach(self, who: str) -> bool:
        """Whether it may have been meant for this participant."""
        return self.to == who or self.to is None or not self.to.startswith("client ")

    @property
    def head(self) -> str:
        """Who, and to whom."""
        return self.who if self.to is None else f"{self.who} → {self.to}"

    @property
    def _fate(self) -> str:
        if self.watched and not self.arrivals:
            return "   (never arrived)"
        return f"   (arrived {self.arrivals} times)" if self.arrivals > 1 else ""


class Transcript:
    """What was said on recorded transports."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        """In the order of time; at most `MAX_LINES`."""
        self.served: set[str] = set()
        """The names that are served on a recorded transport."""
        self._left_out = 0
        self._counts: dict[str, int] = {}
        self._under_way: dict[bytes, list[Line]] = {}

    def over(self, transport: Transport) -> Transport:
        """The same transport, recorded."""
        return RecordedTransport(transport, self)

    def __str__(self) -> str:
        width = max((len(line.head) for line in self.lines if line.to or line.number), default=0)
        digits = len(str(len(self.lines)))
        shown = [
            f"{place:>{digits}}  {line.text(width)}" for place, line in enumerate(self.lines, 1)
        ]
        if self._left_out:
            shown.append(f"… and {self._left_out} more")
        return "\n".join(shown)

    # -- for recorded transports -------------------------------------------------

    def next_of(self, kind: str) -> str:
        """A new participant's name: ``client 1``, ``client 2``, …"""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{kind} {self._counts[kind]}"

    def number_of(self, frame: Frame, handles: tuple[Handle, ...]) -> int | None:
        """A new request's number; None for a call that the runtime makes by itself."""
        own = _read(frame, handles)[1].startswith(OWN_PREFIX)
        return None if own else self.next_request()

    def next_request(self) -> int:
        """A new request's number."""
        self._counts["#"] = self._counts.get("#", 0) + 1
        return self._counts["#"]

    def note(self, who: str, what: str, number: int | None = None) -> None:
        """Something happened that nobody said."""
        self._add(Line(who, what, None, number))

    def fault(self, who: str, error: TransportError, number: int | None = None) -> None:
        """A connection or a request met its end."""
        self.note(who, wording.of_fault(error), number)

    def said(
        self,
        who: str,
        to: str,
        frame: Frame,
        handles: tuple[Handle, ...],
        number: int | None = None,
        *,
        watched: bool,
        hidden: bool = False,
    ) -> Line:
        """Somebody sends a message."""
        key, what = _read(frame, handles)
        hidden = hidden or what.startswith(OWN_PREFIX)
        line = Line(who, what, to, number, key, hidden, watched)
        if self._add(line):
            self._under_way.setdefault(key, []).append(line)
        return line

    def heard(
        self,
        who: str,
        sender: str,
        frame: Frame,
        handles: tuple[Handle, ...],
        number: int | None = None,
        *,
        hidden: bool = False,
    ) -> Line:
        """A message arrives: the line that sent it, or a new one if nobody recorded that."""
        key, what = _read(frame, handles)
        candidates = self._under_way.get(key, [])
        # Whoever sent it is somebody else, and meant nobody else; the oldest that
        # has not arrived, else the newest, which arrives again.
        others = [line for line in candidates if line.who != who and line.may_reach(who)]
        line = next((each for each in others if not each.arrivals), others[-1] if others else None)
        if line is None:
            line = Line(sender, what, who, number, key, hidden or what.startswith(OWN_PREFIX))
            self._add(line)
        line.arrivals += 1
        return line

    def _add(self, line: Line) -> bool:
        """Keep a line, if there is room; whether its arrival is to be noticed."""
        if line.hidden:
            return True
        kept = len(self.lines) < MAX_LINES
        if kept:
            self.lines.append(line)
        else:
            self._left_out += 1
        return kept


def _read(frame: Frame, handles: tuple[Handle, ...]) -> tuple[bytes, str]:
    """A key by which the same message is known again, and words for it."""
    try:
        value = frames.decode(frame, handles)
    except FrameError as error:
        return bytes(frame), f"unreadable: {error}"
    return frames.encode(_in_order(value), handles=[]), wording.of_message(value)


def _in_order(value: Value) -> Value:
    """The same value with sorted entries, as libxpc may write them in any order."""
    if isinstance(value, dict):
        return {key: _in_order(each) for key, each in sorted(value.items())}
    if isinstance(value, list):
        return [_in_order(each) for each in value]
    return value


@contextmanager
def record() -> Iterator[Transcript]:
    """A transcript that an exception out of the block takes along as a note."""
    transcript = Transcript()
    try:
        yield transcript
    except BaseException as error:
        if transcript.lines:
            error.add_note(f"what was said:\n{transcript}")
        raise
