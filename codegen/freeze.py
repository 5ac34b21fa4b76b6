"""The lock of a contract: what its peers rely on, kept beside it in version control.

``echo.toml.lock`` holds the contract's fingerprint, one for each method, event,
error and type, and the contract itself without its words. So a stale lock shows
in a diff what changed, and `breaking` can compare without a history.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from attrs import evolve, frozen

from .complaint import Complaint
from .fingerprint import Fingerprints, fingerprint
from .fmt.order import ORDERS
from .fmt.spell import spell_key, spell_text
from .mistakes.files import NOT_A_LOCK
from .model import Contract
from .signature import value_text
from .source import Source

LOCK: Final = "lock"
"""The table of a lock that is no part of the contract."""

FORM: Final = 1
"""The version of that table."""

_WORDS: Final = frozenset({"doc", "example", "deprecated", "lint", "launchd", "systemd"})
"""Settings that are nobody's business but the author's."""

_SHORT: Final = 16
"""Digits of the fingerprints of parts, which only tell a reader of a diff what changed."""


@frozen
class Lock:
    """A lock that was read."""

    fingerprint: str
    source: Source
    """The frozen contract, as if it were a file of its own; places are the lock's."""


def lock_path(schema: Path) -> Path:
    """Where the lock of a contract is."""
    return schema.with_name(f"{schema.name}.lock")


def lock_text(contract: Contract, source: Source) -> str:
    """The text of the lock; the same for contracts that differ in words and order only."""
    prints = Fingerprints(contract)
    rest = _wordless(source.values)
    header = {key: value for key, value in rest.items() if not isinstance(value, dict)}
    lines = [
        f"# Written by `xpcrpc freeze` from {Path(source.file).name}: what its peers rely on.",
        "# Keep it in version control, and do not edit it.",
        *_pairs(header),
        "",
        f"[{LOCK}]",
        f"form = {FORM}",
        f"fingerprint = {spell_text(prints.whole())}",
    ]
    for title, parts in _parts(contract, prints):
        if parts:
            shown = {name: digits[:_SHORT] for name, digits in parts.items()}
            lines += ["", f"[{LOCK}.{title}]", *_pairs(shown)]
    for key in sorted(rest.keys() - header.keys()):
        lines += _tables((key,), rest[key], depth=1)
    return "\n".join(lines) + "\n"


def _parts(contract: Contract, prints: Fingerprints) -> Iterator[tuple[str, dict[str, str]]]:
    protocols = contract.protocols.values()
    yield (
        "methods",
        {
            f"{protocol.name}.{method.name}": prints.method(method)
            for protocol in protocols
            for method in protocol.methods
        },
    )
    yield (
        "events",
        {
            f"{protocol.name}.{event.name}": prints.event(event)
            for protocol in protocols
            for event in protocol.events
        },
    )
    yield (
        "errors",
        {error.name: prints.error(error) for error in contract.errors.values()},
    )
    yield "types", {name: prints.type(name) for name in contract.types}


def _wordless(table: dict[str, Any], path: tuple[str, ...] = ()) -> dict[str, Any]:
    """A table without the settings that are words; keys that are names all stay."""
    settings = settings_of(path)
    kept: dict[str, Any] = {}
    for key, value in table.items():
        if key in settings and key in _WORDS:
            continue
        inside = (*path, key)
        if isinstance(value, dict):
            kept[key] = _wordless(value, inside)
        else:
            # A case that is only its doc.
            is_doc = isinstance(value, str) and settings_of(inside)[:1] == ("value",)
            kept[key] = "" if is_doc else value
    return kept


def settings_of(path: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of a table that are settings, none if its keys are names."""
    for pattern, order in ORDERS.items():
        if len(pattern) == len(path) and all(
            part in ("*", key) for part, key in zip(pattern, path, strict=True)
        ):
            return order
    return ()


def _tables(path: tuple[str, ...], values: dict[str, Any], *, depth: int) -> list[str]:
    """A table's own lines, then the tables in it down to ``depth``; deeper ones stay inline."""
    tables = sorted(key for key, value in values.items() if isinstance(value, dict) and depth)
    own = {key: value for key, value in values.items() if key not in tables}
    lines = ["", f"[{spell_key(path)}]", *_pairs(own)] if own or not tables else []
    for key in tables:
        lines += _tables((*path, key), values[key], depth=depth - 1)
    return lines


def _pairs(values: dict[str, Any], prefix: tuple[str, ...] = ()) -> list[str]:
    """A line for each fact: a table of tables is taken apart once more."""
    lines = []
    for key in sorted(values):
        value = values[key]
        if not prefix and isinstance(value, dict) and value:
            lines += _pairs(value, (key,))
        else:
            lines.append(f"{spell_key((*prefix, key))} = {value_text(_ordered(value))}")
    return lines


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def read_lock(source: Source | Complaint, schema: Source) -> Lock | Complaint:
    """What a lock says; a `Complaint` if it is none.

    What the contract imports is looked up where ``schema`` is, as it is today:
    an imported contract has a lock of its own.
    """
    if isinstance(source, Complaint):
        return source
    facts = source.values.get(LOCK)
    stated = facts.get("fingerprint") if isinstance(facts, dict) else None
    if not isinstance(facts, dict) or facts.get("form") != FORM or not isinstance(stated, str):
        place = source.key((LOCK,))
        return Complaint(
            source.file, place.line, place.column, LOCK,
            "this is no lock that this compiler can read; write it again with: xpcrpc freeze",
            NOT_A_LOCK.id,
        )  # fmt: skip
    values = {key: value for key, value in source.values.items() if key != LOCK}
    return Lock(stated, evolve(source, values=values, path=schema.path))


def edited_lock(lock: Lock, frozen: Contract) -> Complaint | None:
    """The complaint that a lock's contract is not the one whose fingerprint it states.

    With imports nothing can be said: the lock is without them, and they may have changed.
    """
    if frozen.imports or fingerprint(frozen) == lock.fingerprint:
        return None
    place = lock.source.value((LOCK, "fingerprint"))
    return Complaint(
        lock.source.file,
        place.line,
        place.column,
        f"{LOCK}.fingerprint",
        "the lock was edited, or written by another compiler: this is not the fingerprint of what "
        "it says; write it again with: xpcrpc freeze --anyway",
        NOT_A_LOCK.id,
    )
