"""Many different values of one type, for lists whose items must differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import count
from random import Random
from typing import Any, Final
from uuid import UUID

from attrs import evolve

from ..codec.reading import single_precision
from ..codec.shape import Kind, Shape, struct_of
from ..constraints import Constraint, Length, Range, rules_of
from ..kinds import IntKind
from ..values import INT64_MAX, INT64_MIN, Date, Duration
from .rules import tightest
from .texts import different_texts

_SMALL: Final = 1000
"""Values of a type of which all are listed."""


def domain(shape: Shape, rules: list[Constraint]) -> list[Any] | None:
    """All the values that follow the rules, if they are few."""
    values: list[Any]
    if shape.kind is Kind.BOOL:
        values = [False, True]
    elif shape.kind in (Kind.TEXT_ENUM, Kind.INT_ENUM) and not shape.open:
        values = list(shape.cls)
    elif shape.kind is Kind.INT:
        low, high = _limits(shape, rules)
        if high - low >= _SMALL:
            return None
        values = list(range(low, high + 1))
    else:
        return None
    single = [rule for rule in rules if isinstance(rule, Range | Length)]
    return [value for value in values if all(rule.problem(value) is None for rule in single)]


def different(shape: Shape, rules: list[Constraint], like: Any, seed: int) -> Iterator[Any] | None:
    """Different values, ``like`` one that was drawn; None if nothing is known about the type.

    They follow the rules as ``like`` does. There may be no end to them.
    """
    return _stream(shape, rules, like, Random(seed))  # noqa: S311 - examples, no secrets


def _limits(shape: Shape, rules: list[Constraint]) -> tuple[int, int]:
    ints = shape.ints or IntKind(64, True)
    low, high = tightest(rules, Range, ints.minimum, ints.maximum)
    return math.ceil(low), math.floor(high)


def _stream(
    shape: Shape, rules: list[Constraint], like: Any, random: Random
) -> Iterator[Any] | None:
    wide: dict[Kind, Callable[[int], Any]] = {
        Kind.DATE: Date,
        Kind.DURATION: Duration,
        Kind.UUID: lambda number: UUID(int=number - INT64_MIN),
    }
    match shape.kind:
        case Kind.INT:
            return _around(int(like), *_limits(shape, rules))
        case Kind.INT_ENUM if shape.open:
            ints = shape.ints or IntKind(64, True)
            return map(shape.cls, _around(int(like), ints.minimum, ints.maximum))
        case Kind.DATE | Kind.DURATION | Kind.UUID:
            return map(wide[shape.kind], _around(random.getrandbits(62), INT64_MIN, INT64_MAX))
        case Kind.FLOAT:
            return _floats(shape, rules, like)
        case Kind.TEXT:
            return different_texts(rules, random)
        case Kind.TEXT_ENUM if shape.open:
            return map(shape.cls, different_texts(rules, random))
        case Kind.DATA:
            low, high = tightest(rules, Length, 0, None)
            size = max(low, 8) if high is None else max(low, min(8, high))
            return (number.to_bytes(size, "big") for number in range(1 << (8 * min(size, 7))))
        case Kind.STRUCT:
            return _structs(shape, like, random)
    return None


def _around(start: int, low: int, high: int) -> Iterator[int]:
    yield from range(start, high + 1)
    yield from range(start - 1, low - 1, -1)


_FAR: Final = 1e30
"""Where numbers still have neighbours of 32 bits on both sides."""


def _floats(shape: Shape, rules: list[Constraint], like: float) -> Iterator[float]:
    low, high = tightest(rules, Range, -_FAR, _FAR)
    single = shape.floats is not None and shape.floats.bits == 32
    step = 2.0**-20 if single else 2.0**-50
    number = like if low <= like <= high else float(max(low, min(high, 0)))
    for direction in (1, -1):
        for at in count(0 if direction == 1 else 1):
            near = number + direction * at * max(abs(number), 2.0**-20) * step
            near = single_precision(near) if single else near
            if not low <= near <= high:
                break
            yield near


def _structs(shape: Shape, like: Any, random: Random) -> Iterator[Any] | None:
    """Copies that differ in one field, the first that can differ without end."""
    for part in struct_of(shape.cls).fields:
        value = getattr(like, part.name)
        rules = [*rules_of(part.attribute.validator), *part.shape.rules]
        if value is None or domain(part.shape, rules) is not None:
            continue
        values = _stream(part.shape, rules, value, random)
        if values is not None:
            return (evolve(like, **{part.alias: one}) for one in values)
    return None
