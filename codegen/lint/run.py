"""Running rules over one contract."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..complaint import Complaint, Complaints, show
from ..model import Contract
from .ignores import Ignore
from .rule import Finding, Rule
from .rules import RULES, UNUSED_IGNORE


def lint(
    contract: Contract,
    complaints: Complaints,
    ignores: Sequence[Ignore] = (),
    rules: Collection[Rule] = RULES,
) -> list[Complaint]:
    """What the rules find and no exception covers, in the file's order.

    ``complaints`` only lends its knowledge of places; nothing is added to it.
    """
    notes: set[Complaint] = set()
    needed: set[Ignore] = set()
    for rule in rules:
        for finding in rule.find(contract):
            covering = [one for one in ignores if one.covers(rule.id, finding.path)]
            needed.update(covering)
            if not covering:
                notes.add(_note(complaints, rule, finding))
    if UNUSED_IGNORE in rules:
        ran = {rule.id for rule in rules}
        for ignore in ignores:
            if ignore.rule in ran and ignore not in needed:
                message = f"nothing here breaks {ignore.rule}; drop the exception"
                notes.add(_note(complaints, UNUSED_IGNORE, Finding(ignore.path, message)))
    return sorted(notes)


def _note(complaints: Complaints, rule: Rule, finding: Finding) -> Complaint:
    source = complaints.source
    place = source.value(finding.path) if finding.at_value else source.key(finding.path)
    return Complaint(
        source.file, place.line, place.column, show(finding.path), finding.message, rule.id
    )
