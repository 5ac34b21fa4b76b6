"""Exceptions that a contract states, each with its reason.

::

    [lint]
    ignore = { "single-precision" = "samples of a sound card" }

    [lint.ignore]
    "closed-enum:enum.Side" = "a coin has no third side"

The first holds for the whole file, the second for one path and all below it.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from ..complaint import Complaint, Complaints, nearest, show
from ..mistakes.shape import UNKNOWN_LINT_RULE
from ..read.table import Table
from ..scanner import Path
from ..source import Source
from .rules import KNOWN


@frozen
class Ignore:
    """One exception."""

    rule: str
    place: str
    """The path it holds for, as it is shown; empty for the whole file."""
    reason: str
    path: Path
    """Where the exception itself stands."""

    def covers(self, rule: str, path: Path) -> bool:
        """Whether it is about this finding."""
        if rule != self.rule:
            return False
        shown = show(path)
        inside = (f"{self.place}.", f"{self.place}[")
        return not self.place or shown == self.place or shown.startswith(inside)


def read_ignores(complaints: Complaints) -> tuple[Ignore, ...]:
    """What ``[lint]`` says; complaints about whatever else stands there."""
    table = Table(complaints.source.values, (), complaints).table("lint")
    if table is None:
        return ()
    inner = table.table("ignore")
    found = [] if inner is None else [_read(inner, key) for key in inner.values]
    table.finish()
    return tuple(ignore for ignore in found if ignore is not None)


def ignore_complaints(sources: Iterable[Source | Complaint]) -> list[Complaint]:
    """What is wrong with ``[lint]`` in files that could be read."""
    found: list[Complaint] = []
    for source in sources:
        if isinstance(source, Source):
            complaints = Complaints(source)
            read_ignores(complaints)
            found.extend(sorted(complaints.found))
    return found


def _read(table: Table, key: str) -> Ignore | None:
    rule, _, place = key.partition(":")
    reason = table.text(key)
    if rule not in KNOWN:
        hint = nearest(rule, KNOWN) or "; see: xpcrpc lint --list"
        table.complaints.at_key(
            UNKNOWN_LINT_RULE, table.at(key), f"there is no lint rule {rule!r}{hint}"
        )
        return None
    return None if reason is None else Ignore(rule, place.strip(), reason, table.at(key))
