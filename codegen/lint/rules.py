"""Every rule there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..model import Contract
from . import calls, documentation, limits, peers, types
from .rule import Finding, Rule


def _nothing(_: Contract) -> Iterator[Finding]:
    """Only `run` knows which exceptions were needed."""
    return iter(())


UNUSED_IGNORE: Final = Rule(
    id="unused-ignore",
    title="Every exception in [lint] ignore is still needed",
    why="An exception that covers nothing today hides tomorrow's finding.",
    bad='[lint]\nignore = { "single-precision" = "a GPU buffer" }  # and there is no f32',
    good="[lint]\nignore = {}",
    find=_nothing,
)

RULES: Final[tuple[Rule, ...]] = (
    *documentation.RULES,
    *limits.RULES,
    *calls.RULES,
    *types.RULES,
    *peers.RULES,
    UNUSED_IGNORE,
)

KNOWN: Final[dict[str, Rule]] = {rule.id: rule for rule in RULES}
