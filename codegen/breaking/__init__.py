"""Breaking changes: what of a new contract would break a peer that has the old one.

A rule is a record and a pure function over two contracts side by side
(`changes`); rules of a kind share a module. Scripts name rules by their ids, so
an id is never reused and never removed.
"""

from .changes import Changes, changes
from .rule import Breaks, Change, Rule
from .rules import ADDITIONS, RULES
from .run import Finding, Side, breaking

__all__ = [
    "ADDITIONS",
    "RULES",
    "Breaks",
    "Change",
    "Changes",
    "Finding",
    "Rule",
    "Side",
    "breaking",
    "changes",
]
