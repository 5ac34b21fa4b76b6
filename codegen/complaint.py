"""What is wrong with a contract, and where."""

from __future__ import annotations

import re
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .mistakes import Mistake
    from .scanner import Path
    from .source import Position, Source

MOST_NAMES: Final = 20
"""Names in one sentence; more, and nobody would find the right one."""

MOST_COMPARED: Final = 200
"""Names that one name is compared with, letter by letter."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+")


@frozen(order=True)
class Complaint:
    """One thing that is wrong: where, and what to write instead."""

    file: str
    line: int
    column: int
    path: str
    """The place inside the document, such as ``struct.Config.fields.mode``."""
    message: str
    rule: str
    """The id of a mistake, or of a lint or breaking rule; it never changes."""

    def __str__(self) -> str:
        path = f" {self.path}:" if self.path else ""
        return f"{self.file}:{self.line}:{self.column}:{path} {self.message} [{self.rule}]"


@define
class Complaints:
    """All complaints about one file."""

    source: Source
    found: set[Complaint] = field(factory=set)

    def at_key(self, mistake: Mistake, path: Path, message: str) -> None:
        """Complain about the key that ends ``path``."""
        self._add(mistake, self.source.key(path), path, message)

    def at_value(self, mistake: Mistake, path: Path, message: str, offset: int = 0) -> None:
        """Complain about the value at ``path``, or a place inside its text."""
        self._add(mistake, self.source.value(path, offset), path, message)

    def _add(self, mistake: Mistake, place: Position, path: Path, message: str) -> None:
        self.found.add(
            Complaint(self.source.file, place.line, place.column, show(path), message, mistake.id)
        )

    def place(self, path: Path) -> str:
        """``file:line:column`` of a key: the other place of a conflict."""
        place = self.source.key(path)
        return f"{self.source.file}:{place.line}:{place.column}"


def show(path: Path) -> str:
    """A path as people write it."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        plain = part if _PLAIN.fullmatch(part) else ascii(part)
        text += f".{plain}" if text else plain
    return text


def some(names: Collection[str]) -> str:
    """The names, or the first of many."""
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    return ", ".join([*islice(names, MOST_NAMES), f"… ({len(names)} in all)"])


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean X?`` for the known name most like ``name``, else nothing."""
    matches = get_close_matches(name, sorted(_alike(name, [*known])), n=1, cutoff=0.6)
    return f"; did you mean {matches[0]}?" if matches else ""


def _alike(name: str, known: list[str]) -> list[str]:
    """Those of many names that are worth a close look, which takes its time for each."""
    if len(known) <= MOST_COMPARED:
        return known
    close = [
        one
        for one in known
        if abs(len(one) - len(name)) <= 2 and (one[:3] == name[:3] or one[-3:] == name[-3:])
    ]
    return close[:MOST_COMPARED]
