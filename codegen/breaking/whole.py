"""Rules about the contract as a whole: its name, its settings, what it remembers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..model import Contract, EnumType, FlagsType, UnionType
from ..scanner import Path
from ..signature import value_text
from .changes import Changes
from .effective import canonical
from .rule import Breaks, Change, Rule


def _package_changed(changes: Changes) -> Iterator[Change]:
    old, new = changes.old.package, changes.new.package
    if old != new:
        yield Change(
            ("package",), f"the contract is {new}, and was {old}", Breaks.BOTH, ("package",),
            at_value=True,
        )  # fmt: skip


def _none_changed(changes: Changes) -> Iterator[Change]:
    old, new = changes.old.wire.none, changes.new.wire.none
    if old != new:
        what = {"omit": "left out", "null": "written as null"}
        yield Change(
            ("wire", "none"),
            f"an absent value is {what[new]}, and was {what[old]}; peers that are not generated "
            "from this contract may read only that",
            Breaks.READERS,
            ("wire", "none"),
        )


def _naming_changed(changes: Changes) -> Iterator[Change]:
    for key in ("fields", "selector"):
        old, new = getattr(changes.old.wire, key), getattr(changes.new.wire, key)
        if old != new:
            what = "a field" if key == "fields" else "a method or an event"
            yield Change(
                ("wire", key),
                f"{what} is called {new!r} on the wire where it says nothing else, and was {old!r}",
                Breaks.BOTH,
                ("wire", key),
            )


def _const_changed(changes: Changes) -> Iterator[Change]:
    now = {const.name: const for const in changes.new.consts}
    for const in changes.old.consts:
        new = now.get(const.name)
        if new is not None and canonical(new.value) != canonical(const.value):
            yield Change(
                (*new.path, "value"),
                f"{const.name} is {value_text(new.value)}, and was {value_text(const.value)} "
                "to old programs",
                Breaks.BOTH,
                (*const.path, "value"),
            )


def _reserved_dropped(changes: Changes) -> Iterator[Change]:
    now = set(_reserved(changes.new))
    for path, owner, what in _reserved(changes.old):
        if (path, owner, what) not in now:
            shown = f"{owner}.{what}" if owner else what
            yield Change(
                path,
                f"{shown} is no longer reserved; without that it can come back and be taken "
                "for what it was",
                Breaks.WRITERS,
                path,
            )


def _reserved_reused(changes: Changes) -> Iterator[Change]:
    taken = _taken(changes.new)
    for path, owner, what in _reserved(changes.old):
        used = taken.get((path[1], owner, what))
        if used is not None:
            shown = f"{owner}.{what}" if owner else what
            yield Change(
                used,
                f"{shown} was reserved: programs in the field know it as something else",
                Breaks.BOTH,
                path,
            )


def _reserved(contract: Contract) -> Iterator[tuple[Path, str, str]]:
    """Each reserved thing: where, whose, and its name or code."""
    for key in ("fields", "cases", "methods"):
        for owner, names in getattr(contract.reserved, key).items():
            for name in names:
                yield ("reserved", key, owner), owner, name
    for code in contract.reserved.codes:
        yield ("reserved", "codes"), "", str(code)


def _taken(contract: Contract) -> dict[tuple[str | int, str, str], Path]:
    """Everything that a reservation may be about."""
    taken: dict[tuple[str | int, str, str], Path] = {}
    for owner, fields in contract.field_owners():
        if owner.path[:1] != ("union",):
            taken |= {("fields", owner.name, one.name): one.path for one in fields}
    for declared in contract.types.values():
        if isinstance(declared, (EnumType, FlagsType, UnionType)):
            taken |= {("cases", declared.name, one.name): one.path for one in declared.cases}
    for protocol in contract.protocols.values():
        taken |= {("methods", protocol.name, one.name): one.path for one in protocol.methods}
    for error in contract.errors.values():
        taken["codes", "", str(error.code)] = (*error.path, "code")
    return taken


RULES: Final = (
    Rule(
        "PACKAGE_CHANGED",
        "The contract has another name",
        "Names of protocols begin with it, and generated packages are called after it.",
        _package_changed,
    ),
    Rule(
        "WIRE_NONE_CHANGED",
        "Absent values look otherwise on the wire",
        "Generated code reads both forms; peers in other languages may not.",
        _none_changed,
    ),
    Rule(
        "WIRE_NAMING_CHANGED",
        "Names are spelled otherwise on the wire",
        "Every name that the contract does not spell out is unknown to the other side.",
        _naming_changed,
    ),
    Rule(
        "CONST_CHANGED",
        "A constant has another value",
        "It is built into old programs, so the two sides disagree.",
        _const_changed,
    ),
    Rule(
        "RESERVED_DROPPED",
        "A reservation was dropped",
        "Nothing stops the name or code from coming back with another meaning.",
        _reserved_dropped,
    ),
    Rule(
        "RESERVED_REUSED",
        "A reserved name or code is in use again",
        "Old programs take it for what it was before it was removed.",
        _reserved_reused,
    ),
)
