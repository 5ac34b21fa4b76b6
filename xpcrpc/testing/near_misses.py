"""Values that a contract type refuses, each for exactly one reason.

`near_misses` takes a valid object, writes it, and spoils one place of it: a
number one too large, a field left out, a case that does not exist. What a peer
might send, that is, and what a reader must refuse by naming that very place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from attrs import evolve, frozen
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..codec.converter import to_value
from ..codec.shape import Field, Kind, Shape, shape_of, struct_of
from ..constraints import Constraint, Each, rules_of
from ..errors import shorten
from ..values import Value
from .spoil import Miss, Place, as_dict, misses
from .strategies import MakeEndpoint, _Maker, strategies


@frozen
class NearMiss:
    """One value that must be refused."""

    value: Value
    """In XPC form, as a peer would send it."""
    path: str
    """The place that is wrong, as `DecodeError` names it."""
    rule: str
    """What is broken there, such as ``max_len 64``, ``u16`` or ``required``."""


def near_misses(hint: Any, *, endpoint: MakeEndpoint | None = None) -> SearchStrategy[NearMiss]:
    """Values in XPC form, each of which breaks one rule of a contract type at one place.

    Reading one raises `DecodeError` with a single problem, at `NearMiss.path`.
    Descriptors in them are real, as those of `strategies`, and so is ``endpoint``.

    Raises:
        ValueError: any value fits the type; or it holds an endpoint and no way
            to make one was given.
        TypeError: it holds a type that has no XPC form.
    """
    shape = shape_of(hint)
    if shape.kind is Kind.ANY:
        raise ValueError(f"every value is a {hint}; there is nothing to miss")
    return _spoiled(strategies(hint, endpoint=endpoint), hint, shape, _Maker(endpoint))


@st.composite
def _spoiled(
    draw: st.DrawFn, objects: SearchStrategy[Any], hint: Any, shape: Shape, maker: _Maker
) -> NearMiss:
    whole = to_value(draw(objects), hint)
    start = Place(shape, whole, shape.name, (), tuple(_single(list(shape.rules))))
    places = _unlike(_places(start))
    first = draw(st.integers(0, len(places) - 1))
    found: list[Miss] = []
    for number, place in enumerate([*places[first:], *places[:first]]):
        if number >= _MOST_PLACES and found:
            break
        found.extend(misses(place, maker))
    # By rule first: a long list of one rule's places must not crowd out the others.
    rule = draw(st.sampled_from(list(dict.fromkeys(miss.rule for miss in found))))
    of_rule = [miss for miss in found if miss.rule == rule]
    miss = of_rule[draw(st.integers(0, len(of_rule) - 1))]
    if miss.value is None:
        return NearMiss(_without(whole, miss.steps), miss.path, miss.rule)
    return NearMiss(_with(whole, miss.steps, draw(miss.value)), miss.path, miss.rule)


_MOST_PLACES: Final = 40
"""Places of one object that are looked at; a wide one has thousands."""

_INDEX: Final = re.compile(r"\[[^\]]*\]")


def _unlike(places: Iterator[Place]) -> list[Place]:
    """Of alike items of a list the first two, and everything else."""
    alike: dict[str, list[Place]] = {}
    for place in places:
        same = alike.setdefault(_INDEX.sub("[]", place.path), [])
        if len(same) < 2:
            same.append(place)
    return [place for same in alike.values() for place in same]


def _with(whole: Any, steps: tuple[str | int, ...], new: Any) -> Any:
    if not steps:
        return new
    copy: Any = list(whole) if isinstance(whole, list) else dict(whole)
    inner = copy.get(steps[0]) if isinstance(copy, dict) else copy[steps[0]]
    copy[steps[0]] = _with(inner, steps[1:], new)
    return copy


def _without(whole: Any, steps: tuple[str | int, ...]) -> Any:
    if len(steps) > 1:
        rest = _without(whole[steps[0]], steps[1:])
        return _with(whole, steps[:1], rest)
    return {key: value for key, value in whole.items() if key != steps[0]}


# -- places -----------------------------------------------------------------------


def _single(rules: list[Constraint]) -> Iterator[Constraint]:
    for rule in rules:
        yield from rules_of(rule)


def _places(place: Place) -> Iterator[Place]:
    """The place and everything inside it."""
    shape, value = place.shape, place.value
    if shape.kind is Kind.OPTIONAL:
        assert shape.item is not None
        inner = evolve(place, shape=shape.item, nullable=True, rules=_all_rules(place, shape.item))
        yield from _places(inner) if value is not None else (evolve(inner, present=False),)
        return
    yield place
    match shape.kind:
        case Kind.LIST | Kind.MAP:
            assert shape.item is not None
            each = [rule.rule for rule in place.rules if isinstance(rule, Each)]
            rules = (*_single(each), *_single(list(shape.item.rules)))
            pairs = value.items() if isinstance(value, dict) else enumerate(_list(value))
            for key, item in pairs:
                if isinstance(key, str) and shorten(key) != repr(key):
                    continue  # rules and types spell so long a key in two ways
                path = f"{place.path}[{key!r}]"
                yield from _places(Place(shape.item, item, path, (*place.steps, key), rules))
        case Kind.UNION:
            ((label, content),) = as_dict(value).items()
            for case in shape.cases:
                if label == case.CASE:  # type: ignore[attr-defined]
                    inside = Place(
                        Shape(Kind.STRUCT, case, cls=case), content,
                        f"{place.path}.{label}", (*place.steps, label),
                    )  # fmt: skip
                    yield from _places(inside)
        case Kind.STRUCT:
            for part in struct_of(shape.cls).fields:
                yield from _field(place, part)


def _field(place: Place, part: Field) -> Iterator[Place]:
    value = as_dict(place.value)
    rules = (*rules_of(part.attribute.validator), *_single(list(part.shape.rules)))
    inside = Place(
        part.shape, value.get(part.wire), f"{place.path}.{part.name}",
        (*place.steps, part.wire), rules,
    )  # fmt: skip
    if part.wire in value:
        yield from _places(inside)
        return
    nullable = part.shape.kind is Kind.OPTIONAL
    item = part.shape.item if nullable else part.shape
    assert item is not None
    yield evolve(inside, shape=item, nullable=nullable, present=False)


def _all_rules(place: Place, shape: Shape) -> tuple[Constraint, ...]:
    return (*place.rules, *_single(list(shape.rules)))


def _list(value: Value) -> list[Any]:
    assert isinstance(value, list)
    return value
