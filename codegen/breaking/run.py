"""Running the rules over two contracts, or over two folders of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final, Literal, TypeAlias

from attrs import frozen

from ..complaint import Complaint, Complaints, show
from ..model import Contract
from ..source import Source
from .changes import Changes, changes
from .rule import Breaks, Change, Rule
from .rules import ADDITIONS, CONTRACT_REMOVED, RULES, version

Level: TypeAlias = Literal["break", "note"]
VERSION_RULES: Final = frozenset({"VERSION_LOWERED", "VERSION_NOT_RAISED"})


@frozen(order=True)
class Finding:
    """One change, as it is reported."""

    complaint: Complaint
    level: Level
    """A note is allowed: an addition, or anything under a new major version."""
    breaks: str

    @property
    def rule(self) -> str:
        """The rule that names it."""
        return self.complaint.rule


@frozen
class Side:
    """A contract with its text, of which the places are."""

    contract: Contract
    source: Source


def breaking(
    old: Side, new: Side, *, rules: Collection[Rule] = RULES, additions: bool = False
) -> list[Finding]:
    """What the rules find between two contracts, in the new file's order."""
    between = changes(old.contract, new.contract)
    allowed = version(new.contract.version)[0] > version(old.contract.version)[0]
    found = {
        _finding(old, new, rule, change, allowed=allowed)
        for rule, change in _run(between, [*rules, *(ADDITIONS if additions else ())])
    }
    return sorted(found)


def removed_contract(old: Side) -> Finding:
    """What is said of a contract that the new folder does not have."""
    place = old.source.value(("package",))
    message = (
        f"the contract {old.contract.package} is gone; breaks {Breaks.CLIENTS}. "
        "Keep it, and deprecate what it declares"
    )
    complaint = Complaint(
        old.source.file, place.line, place.column, "package", message, CONTRACT_REMOVED.id
    )
    return Finding(complaint, "break", str(Breaks.CLIENTS))


def _run(between: Changes, rules: Sequence[Rule]) -> Iterator[tuple[Rule, Change]]:
    for rule in rules:
        for change in rule.find(between):
            yield rule, change


def _finding(old: Side, new: Side, rule: Rule, change: Change, *, allowed: bool) -> Finding:
    message = change.message
    if change.breaks is not Breaks.NOBODY:
        message += f"; breaks {change.breaks}" if rule.id not in VERSION_RULES else ""
    if change.old_path is not None:
        message += f" (was at {Complaints(old.source).place(change.old_path)})"
    source = new.source
    place = source.value(change.path) if change.at_value else source.key(change.path)
    complaint = Complaint(
        source.file, place.line, place.column, show(change.path), message, rule.id
    )
    level: Level = "note" if change.breaks is Breaks.NOBODY or allowed else "break"
    return Finding(complaint, level, str(change.breaks))
