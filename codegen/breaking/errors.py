"""Rules about errors; clients know them by their codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..model import ErrorType
from .changes import Changes, match
from .rule import Breaks, Change, Rule


def _split(changes: Changes) -> tuple[list[ErrorType], list[ErrorType]]:
    old, new = changes.old.errors.values(), changes.new.errors.values()
    _, gone, added = match([*old], [*new], "code")
    return gone, added


def _removed(changes: Changes) -> Iterator[Change]:
    for error in _split(changes)[0]:
        yield Change(
            ("error", error.name),
            f"the error {error.name} ({error.code}) is gone; sent by an old server it is a "
            "general failure to new clients",
            Breaks.WRITERS,
            error.path,
        )


def _code_changed(changes: Changes) -> Iterator[Change]:
    for old, new in changes.errors:
        if old.code != new.code:
            yield Change(
                (*new.path, "code"),
                f"the code of {new.name} is {new.code}, and was {old.code}",
                Breaks.BOTH,
                (*old.path, "code"),
            )


def _code_reused(changes: Changes) -> Iterator[Change]:
    owners = {error.code: error for error in changes.old.errors.values()}
    kept = {new.name: old.name for old, new in changes.errors}
    for error in changes.new.errors.values():
        owner = owners.get(error.code)
        if owner is not None and kept.get(error.name) != owner.name:
            yield Change(
                (*error.path, "code"),
                f"{error.code} was the code of {owner.name}, which is what old programs take "
                f"{error.name} for",
                Breaks.BOTH,
                (*owner.path, "code"),
            )


def _added(changes: Changes) -> Iterator[Change]:
    for error in _split(changes)[1]:
        yield Change(error.path, f"the error {error.name} is new", Breaks.NOBODY)


RULES: Final = (
    Rule(
        "ERROR_REMOVED",
        "An error was removed",
        "Old servers still answer with it, and new clients cannot tell it from any failure.",
        _removed,
    ),
    Rule(
        "ERROR_CODE_CHANGED",
        "An error has another code",
        "To the other side it is an unknown failure.",
        _code_changed,
    ),
    Rule(
        "ERROR_CODE_REUSED",
        "A code means another error than before",
        "Old clients handle the wrong error, with the wrong fields.",
        _code_reused,
    ),
)

ADDITIONS: Final = (
    Rule(
        "ERROR_ADDED",
        "An error was added",
        "Old clients see a general error with its code.",
        _added,
    ),
)
