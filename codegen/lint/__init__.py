"""Lint: contracts that compile, but that somebody will regret.

A rule is a record and a pure function over the model (`rule`); rules of a kind
share a module. Rule ids are part of contracts (``[lint] ignore``), so an id is
never reused and never removed.
"""

from .ignores import Ignore, ignore_complaints, read_ignores
from .rule import Finding, Rule
from .rules import RULES
from .run import lint

__all__ = ["RULES", "Finding", "Ignore", "Rule", "ignore_complaints", "lint", "read_ignores"]
