"""Running rules over one contract."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..complaint import Complaints
from ..model import Contract
from ..report import Note
from .ignores import Ignore
from .rule import Finding, Rule
from .rules import RULES, UNUSED_IGNORE


def lint(
    contract: Contract,
    complaints: Complaints,
    ignores: Sequence[Ignore] = (),
    rules: Collection[Rule] = RULES,
) -> list[Note]:
    """What the rules find and no exception covers, in the file's order.

    ``complaints`` only lends its knowledge of places; nothing is added to it.
    """
    notes: set[Note] = set()
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


def _note(complaints: Complaints, rule: Rule, finding: Finding) -> Note:
    place = Complaints(complaints.source)
    if finding.at_value:
        place.at_value(finding.path, finding.message)
    else:
        place.at_key(finding.path, finding.message)
    (complaint,) = place.found
    return Note(complaint, rule.id)
