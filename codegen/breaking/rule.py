"""What a breaking rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import frozen

from ..scanner import Path

if TYPE_CHECKING:
    from .changes import Changes


class Breaks(StrEnum):
    """Whom a change breaks: a program in the field that was built from the old contract."""

    READERS = "old readers"
    """They refuse, or misread, what is written by the new contract."""
    WRITERS = "old writers"
    """What they write is refused, lost or misread by the new contract."""
    BOTH = "old readers and writers"
    CLIENTS = "old clients"
    """Their calls fail, whatever they write."""
    NOBODY = "nobody"
    """An addition: it needs a new minor version, no more."""


@frozen
class Change:
    """One change that a rule names."""

    path: Path
    """Where it shows in the new contract; for what is gone, where it would stand."""
    message: str
    breaks: Breaks
    old_path: Path | None = None
    """Where it stood in the old contract, if that is worth a look."""
    at_value: bool = False
    """Whether the value at `path` is meant, not its key."""


@frozen
class Rule:
    """One kind of change, with its reason."""

    id: str
    """Words in capitals; scripts name it, so it is never reused and never removed."""
    title: str
    """What happened, as one sentence without a full stop."""
    why: str
    """What becomes of programs in the field."""
    find: Callable[[Changes], Iterator[Change]]
