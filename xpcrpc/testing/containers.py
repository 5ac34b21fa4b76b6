"""Strategies for lists and maps, of as many entries as a contract asks for."""

from __future__ import annotations

from copy import deepcopy
from itertools import islice
from typing import Any, Final

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..codec.shape import Kind, Shape, struct_of
from ..constraints import Constraint
from .distinct import different, domain

_DRAWN: Final = 8
"""Items that are drawn one by one; the rest of a longer list is like them."""

_HANDLES: Final = (Kind.FD, Kind.SHMEM, Kind.ENDPOINT)
"""What has one owner, so that every item must be one of its own."""


def lists(shape: Shape, item: SearchStrategy[Any], low: int, high: int) -> SearchStrategy[Any]:
    """Lists of ``low`` to ``high`` items of a shape."""
    if low <= _DRAWN or _holds_handles(shape):
        return st.lists(item, min_size=low, max_size=high)
    return _repeated(item, low, high)


@st.composite
def _repeated(draw: st.DrawFn, item: SearchStrategy[Any], low: int, high: int) -> list[Any]:
    few = draw(st.lists(item, min_size=1, max_size=_DRAWN))
    size = draw(st.integers(low, high))
    return [*few, *(deepcopy(few[at % len(few)]) for at in range(len(few), size))]


def maps(
    keys: SearchStrategy[str], item: SearchStrategy[Any], low: int, high: int
) -> SearchStrategy[Any]:
    """Maps of ``low`` to ``high`` entries."""
    if low <= _DRAWN:
        return st.dictionaries(keys, item, min_size=low, max_size=high)
    return _many_entries(keys, item, low, high)


@st.composite
def _many_entries(
    draw: st.DrawFn, keys: SearchStrategy[str], item: SearchStrategy[Any], low: int, high: int
) -> dict[str, Any]:
    entries = draw(st.dictionaries(keys, item, min_size=1, max_size=_DRAWN))
    values = list(entries.values())
    size = draw(st.integers(low, high))
    for at in range(size):
        entries.setdefault(f"entry {at}", deepcopy(values[at % len(values)]))
    return dict(list(entries.items())[:size])


def unique_lists(
    shape: Shape, rules: list[Constraint], item: SearchStrategy[Any], low: int, high: int
) -> SearchStrategy[Any]:
    """Lists of which no two items are equal, as the rule sees it.

    Raises:
        ValueError: there are not so many values.
    """
    few = domain(shape, rules)
    if few is not None:
        if len(few) < low:
            raise ValueError(f"{low} different values are asked for, but there are {len(few)}")
        most = min(high, len(few))
        return st.lists(st.sampled_from(few), min_size=low, max_size=most, unique=True)
    drawn = (
        st.lists(item, min_size=low, max_size=high)
        .map(_distinct)
        .filter(lambda items: len(items) >= low)
    )
    return drawn if low <= 1 else _different(shape, rules, item, low, high)


@st.composite
def _different(
    draw: st.DrawFn,
    shape: Shape,
    rules: list[Constraint],
    item: SearchStrategy[Any],
    low: int,
    high: int,
) -> list[Any]:
    """A few that were drawn, and as many like them as are missing."""
    items = _distinct(draw(st.lists(item, min_size=1, max_size=min(high, _DRAWN))))
    more = different(shape, rules, items[0], draw(st.integers(0, 2**32 - 1)))
    if more is not None:
        items = _distinct([*items, *islice(more, low)])[: max(low, len(items))]
        if len(items) < low:
            raise ValueError(f"{low} different values are asked for, and {len(items)} were found")
        return items
    # Nothing is known about the type, so it has to be drawn until there are enough.
    for _ in range(2 * low):
        if len(items) >= low:
            return items
        items = _distinct([*items, draw(item)])
    return reject()


def _distinct(items: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return kept


def _holds_handles(shape: Shape) -> bool:
    seen: set[type] = set()

    def visit(shape: Shape) -> bool:
        if shape.kind in _HANDLES:
            return True
        if shape.item is not None and visit(shape.item):
            return True
        classes = shape.cases if shape.kind is Kind.UNION else ()
        if shape.kind is Kind.STRUCT:
            classes = (shape.cls,)
        for cls in classes:
            if cls not in seen:
                seen.add(cls)
                if any(visit(part.shape) for part in struct_of(cls).fields):
                    return True
        return False

    return visit(shape)
