"""Rules about enums, flags and unions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..model import Case, EnumType, FlagsType
from .changes import Cases, Changes, Way
from .rule import Breaks, Change, Rule


def _noun(cases: Cases) -> str:
    return "bit" if isinstance(cases.new, FlagsType) else "case"


def _key(cases: Cases) -> str:
    return "bits" if isinstance(cases.new, FlagsType) else "cases"


def _removed(changes: Changes) -> Iterator[Change]:
    for cases in changes.cases:
        for one in cases.removed:
            what = "is kept, but means nothing to" if cases.open else "is refused by"
            yield Change(
                (*cases.new.path, _key(cases), one.name),
                f"{cases.old.name} lost its {_noun(cases)} {one.name}; what old writers send of it "
                f"{what} new readers",
                Breaks.WRITERS,
                one.path,
            )


def _added_to_closed(changes: Changes) -> Iterator[Change]:
    for cases in changes.cases:
        if not cases.old_open:
            for one in cases.added:
                yield Change(
                    one.path,
                    f"{cases.new.name} has a new case, {one.name}, but was closed: "
                    "old readers refuse it",
                    Breaks.READERS,
                    cases.old.path,
                )


def _added(changes: Changes) -> Iterator[Change]:
    for cases in changes.cases:
        if cases.old_open:
            for one in cases.added:
                yield Change(
                    one.path, f"{cases.new.name} has a new {_noun(cases)}, {one.name}",
                    Breaks.NOBODY,
                )  # fmt: skip


def _closed(changes: Changes) -> Iterator[Change]:
    for cases in changes.cases:
        if cases.old_open and not cases.open:
            yield Change(
                (*cases.new.path, "open"),
                f"{cases.new.name} was open; it refuses cases that it does not know now",
                Breaks.WRITERS,
                cases.old.path,
            )


def _opened(changes: Changes) -> Iterator[Change]:
    for cases in changes.cases:
        if cases.open and not cases.old_open and Way.REPLY in cases.ways:
            yield Change(
                (*cases.new.path, "open"),
                f"{cases.new.name} was closed; old readers refuse the cases that servers may "
                "pass on now",
                Breaks.READERS,
                cases.old.path,
            )


def _opened_on_input(changes: Changes) -> Iterator[Change]:
    for cases in changes.cases:
        if cases.open and not cases.old_open and Way.REPLY not in cases.ways:
            yield Change(
                (*cases.new.path, "open"),
                f"{cases.new.name} takes cases that it does not know",
                Breaks.NOBODY,
            )


def _value_changed(changes: Changes) -> Iterator[Change]:
    for cases in changes.cases:
        if _is_text(cases.old) or _is_text(cases.new):
            continue
        for one, other in cases.kept:
            if not isinstance(one, Case) or not isinstance(other, Case):
                continue
            if one.value != other.value:
                noun = "the value" if isinstance(cases.new, EnumType) else "the bit"
                yield Change(
                    other.path,
                    f"{noun} of {cases.new.name}.{other.name} is {other.value}, "
                    f"and was {one.value}",
                    Breaks.BOTH,
                    one.path,
                )


def _wire_changed(changes: Changes) -> Iterator[Change]:
    for cases in changes.cases:
        if not (_is_text(cases.old) and _is_text(cases.new)):
            continue
        for one, other in cases.kept:
            assert isinstance(one, Case) and isinstance(other, Case)
            if one.wire != other.wire:
                yield Change(
                    other.path,
                    f"the case {other.name} of {cases.new.name} is {other.wire!r} on the wire, "
                    f"and was {one.wire!r}",
                    Breaks.BOTH,
                    one.path,
                )


def _representation(changes: Changes) -> Iterator[Change]:
    for cases in changes.cases:
        old, new = cases.old, cases.new
        if isinstance(old, EnumType) and isinstance(new, EnumType) and old.type != new.type:
            yield Change(
                (*new.path, "type"),
                f"{new.name} is {_spelled(new)} on the wire, and was {_spelled(old)}",
                Breaks.BOTH,
                (*old.path, "type"),
            )


def _spelled(enum: EnumType) -> str:
    return "text" if enum.type is None else enum.type


def _is_text(declared: object) -> bool:
    return isinstance(declared, EnumType) and declared.type is None


RULES: Final = (
    Rule(
        "CASE_REMOVED",
        "A case or a bit was removed",
        "Old writers still send it: a closed type refuses it, an open one no longer knows it.",
        _removed,
    ),
    Rule(
        "CASE_ADDED_TO_CLOSED",
        "A closed enum or union has a new case",
        "Old readers refuse a message that holds it; that is what closed means.",
        _added_to_closed,
    ),
    Rule(
        "CASES_CLOSED",
        "An open enum or union was closed",
        "Cases that others know and this contract does not were passed on; they are refused now.",
        _closed,
    ),
    Rule(
        "CASES_OPENED",
        "A closed enum or union was opened",
        "Old clients refuse the unknown cases that a server may pass on now.",
        _opened,
    ),
    Rule(
        "CASE_VALUE_CHANGED",
        "A case has another number, or a bit another place",
        "The same number means one thing to old programs and another to new ones.",
        _value_changed,
    ),
    Rule(
        "CASE_WIRE_CHANGED",
        "A case has another name on the wire",
        "To the other side it is an unknown case.",
        _wire_changed,
    ),
    Rule(
        "ENUM_TYPE_CHANGED",
        "An enum has another form on the wire",
        "Text is no number, and a number may be too large for the other side.",
        _representation,
    ),
)

ADDITIONS: Final = (
    Rule(
        "CASE_ADDED",
        "A case or a bit was added",
        "Readers of an open type keep what they do not know.",
        _added,
    ),
    Rule(
        "CASES_OPENED_ON_INPUT",
        "A closed enum or union of requests was opened",
        "Old clients send known cases only; only an old server would refuse others.",
        _opened_on_input,
    ),
)
