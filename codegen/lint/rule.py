"""What a rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import frozen

from ..model import Contract
from ..scanner import Path


@frozen
class Finding:
    """One place that a rule does not like, and what to write instead."""

    path: Path
    message: str
    at_value: bool = False
    """Whether the value is meant, not its key."""


@frozen
class Rule:
    """One opinion, with its reason."""

    id: str
    """Short words with hyphens; contracts name it, so it never changes."""
    title: str
    """What it asks for, as one sentence without a full stop."""
    why: str
    """What happens to those who do not care."""
    bad: str
    """A line or two of a contract that it complains about."""
    good: str
    """The same as it likes them."""
    find: Callable[[Contract], Iterator[Finding]]
