"""How deep a type has to be at least: what a recursive one is ended with."""

from __future__ import annotations

import math

from ..codec.shape import Kind, Shape, struct_of
from ..constraints import Constraint, Items, rules_of
from .rules import of_items, tightest


def flattest(cases: tuple[type, ...]) -> tuple[type, ...]:
    """The cases of a union that need no more levels below them than any other does."""
    heights = {case: _of_class(case, frozenset()) for case in cases}
    return tuple(case for case in cases if heights[case] == min(heights.values()))


def _of_class(cls: type, above: frozenset[type]) -> float:
    """The levels that an object of a class has at least; infinite if it needs one of itself."""
    if cls in above:
        return math.inf
    heights = (
        _of(part.shape, rules_of(part.attribute.validator), above | {cls})
        for part in struct_of(cls).fields
    )
    return 1 + max(heights, default=0)


def _of(shape: Shape, rules: list[Constraint], above: frozenset[type]) -> float:
    match shape.kind:
        case Kind.STRUCT:
            return _of_class(shape.cls, above)
        case Kind.UNION:
            # An open one has cases that nobody knows, of no depth at all.
            return 0 if shape.open else min(_of_class(case, above) for case in shape.cases)
        case Kind.LIST | Kind.MAP if shape.item is not None:
            least, _ = tightest(rules, Items, 0, None)
            return _of(shape.item, of_items(rules), above) if least else 0
    return 0
