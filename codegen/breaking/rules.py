"""Every breaking rule there is, and those about the version, which look at the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..complaint import show
from . import cases, errors, fields, limits, methods, services, whole
from .changes import Changes
from .rule import Breaks, Change, Rule

ADDITIONS: Final[tuple[Rule, ...]] = (
    *fields.ADDITIONS,
    *limits.ADDITIONS,
    *cases.ADDITIONS,
    *methods.ADDITIONS,
    *errors.ADDITIONS,
    *services.ADDITIONS,
)
"""What a new minor version may do; reported only on request, and by `VERSION_NOT_RAISED`."""

_NAMED: Final = 3
"""Additions that are named when the version was not raised; the rest is counted."""


def version(text: str) -> tuple[int, int]:
    """``"1.10"`` as numbers that compare."""
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def _lowered(changes: Changes) -> Iterator[Change]:
    old, new = changes.old.version, changes.new.version
    if version(new) < version(old):
        yield Change(
            ("version",),
            f"the version is {new}, and was {old}; a version only rises",
            Breaks.BOTH,
            ("version",),
            at_value=True,
        )


def _not_raised(changes: Changes) -> Iterator[Change]:
    old = version(changes.old.version)
    if version(changes.new.version) != old:
        return
    added = [change for rule in ADDITIONS for change in rule.find(changes)]
    if added:
        paths = list(dict.fromkeys(show(change.path) for change in added))
        more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
        yield Change(
            ("version",),
            f"the version is still {changes.new.version}, but there is something new: "
            f"{', '.join(paths[:_NAMED])}{more}; raise it to {old[0]}.{old[1] + 1}",
            Breaks.BOTH,
            ("version",),
            at_value=True,
        )


def _nothing(_: Changes) -> Iterator[Change]:
    """Two contracts are compared; only `removed_contract` knows of one without the other."""
    return iter(())


CONTRACT_REMOVED: Final = Rule(
    "CONTRACT_REMOVED",
    "A contract is no longer in the folder",
    "Its services and types are gone for those who rely on them.",
    _nothing,
)

RULES: Final[tuple[Rule, ...]] = (
    *fields.RULES,
    *limits.RULES,
    *cases.RULES,
    *methods.RULES,
    *errors.RULES,
    *services.RULES,
    *whole.RULES,
    CONTRACT_REMOVED,
    Rule(
        "VERSION_LOWERED",
        "The version went down",
        "A peer takes a lower version for an older contract, and leaves out what it has.",
        _lowered,
    ),
    Rule(
        "VERSION_NOT_RAISED",
        "Something is new, but the version is the same",
        "Peers tell by the version what the other side can do; two contracts of one version "
        "must be one contract.",
        _not_raised,
    ),
)
