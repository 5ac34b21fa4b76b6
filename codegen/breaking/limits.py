"""Rules about types and the limits on their values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..typeexpr import Broken
from .changes import Changes, Place, Way
from .effective import loosened, tightened
from .rule import Breaks, Change, Rule


def _comparable(changes: Changes) -> Iterator[Place]:
    for place in changes.places:
        if place.old.kind == place.new.kind:
            yield place


def _type_changed(changes: Changes) -> Iterator[Change]:
    for place in changes.places:
        if isinstance(place.old.core, Broken) or isinstance(place.new.core, Broken):
            continue
        if place.old.kind != place.new.kind:
            yield Change(
                place.path,
                f"the type {place.old.spelled} became {place.new.spelled}",
                Breaks.BOTH,
                place.old_path,
                at_value=True,
            )


def _tightened(changes: Changes) -> Iterator[Change]:
    for place in _comparable(changes):
        if words := tightened(place.old, place.new):
            yield Change(
                place.path,
                f"fewer values are allowed ({', '.join(words)}); old writers may send the others",
                Breaks.WRITERS,
                place.old_path,
            )


def _loosened(changes: Changes) -> Iterator[Change]:
    for place in _comparable(changes):
        words = loosened(place.old, place.new)
        if words and Way.REPLY in place.ways:
            yield Change(
                place.path,
                f"more values are allowed ({', '.join(words)}) in what servers send; "
                "old readers refuse the new ones",
                Breaks.READERS,
                place.old_path,
            )


def _loosened_on_input(changes: Changes) -> Iterator[Change]:
    for place in _comparable(changes):
        words = loosened(place.old, place.new)
        if words and Way.REPLY not in place.ways:
            yield Change(place.path, f"more values are allowed ({', '.join(words)})", Breaks.NOBODY)


RULES: Final = (
    Rule(
        "TYPE_CHANGED",
        "A type became another",
        "Neither side reads what the other writes. Add a field, and deprecate this one.",
        _type_changed,
    ),
    Rule(
        "LIMIT_TIGHTENED",
        "Fewer values are allowed",
        "Values that old programs rightly send are refused.",
        _tightened,
    ),
    Rule(
        "LIMIT_LOOSENED",
        "More values are allowed in what servers send",
        "Old clients check by the old limit and refuse the whole reply.",
        _loosened,
    ),
)

ADDITIONS: Final = (
    Rule(
        "LIMIT_LOOSENED_ON_INPUT",
        "More values are allowed in what clients send",
        "Old clients keep to the old limit; only an old server would refuse the new values.",
        _loosened_on_input,
    ),
)
