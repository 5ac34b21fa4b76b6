"""Ways to spoil one place of a value so that one rule is broken, and no other.

What is put there is made from what was there: it stays as near to right as it can.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Any, Final
from uuid import UUID

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..codec.converter import to_value
from ..codec.reading import single_precision
from ..codec.shape import Kind, Shape, struct_of
from ..constraints import ByteLength, Constraint, Each, Items, Length, Pattern, Range
from ..errors import shorten
from ..kinds import FdMode, IntKind
from ..values import INT64_MAX, INT64_MIN, UINT64_MAX, Date, UInt64, Value
from .rules import of_items
from .strategies import _Maker, descriptor
from .texts import different_texts

MAX_SPOILED: Final = 1 << 21
"""Longest text, data or list that is made to break an upper limit, in its own units."""


@frozen
class Place:
    """A value inside the whole, and what is asked of it there."""

    shape: Shape
    value: Value
    path: str
    steps: tuple[str | int, ...]
    """Keys and indices from the whole to it."""
    rules: tuple[Constraint, ...] = ()
    nullable: bool = False
    present: bool = True


@frozen
class Miss:
    """One way to spoil a place."""

    path: str
    rule: str
    steps: tuple[str | int, ...]
    value: SearchStrategy[Any] | None
    """What to put there; None takes the entry away."""


def as_dict(value: Value) -> dict[str, Any]:
    """A value that is known to be a dictionary."""
    assert isinstance(value, dict)
    return value


# -- ways to spoil one ------------------------------------------------------------

_SAMPLES: Final[dict[str, Value]] = {
    "bool": True,
    "int": 7,
    "uint": UInt64(7),
    "float": 1.5,
    "text": "text",
    "data": b"data",
    "uuid": UUID(int=7),
    "date": Date(7),
    "array": [],
    "dictionary": {},
    "null": None,
}
"""A value of each XPC type that travels in a frame."""

_ACCEPTED: Final[dict[Kind, tuple[str, ...]]] = {
    Kind.ANY: tuple(_SAMPLES),
    Kind.BOOL: ("bool",),
    Kind.INT: ("int", "uint"),
    Kind.INT_ENUM: ("int", "uint"),
    Kind.DURATION: ("int", "uint"),
    Kind.FLOAT: ("float", "int", "uint"),
    Kind.TEXT: ("text",),
    Kind.TEXT_ENUM: ("text",),
    Kind.DATA: ("data",),
    Kind.UUID: ("uuid",),
    Kind.DATE: ("date",),
    Kind.LIST: ("array",),
    Kind.MAP: ("dictionary",),
    Kind.STRUCT: ("dictionary",),
    Kind.UNION: ("dictionary",),
}
"""The samples that a kind takes; a kind that is missing takes none."""


def misses(place: Place, maker: _Maker) -> Iterator[Miss]:
    """Every way to spoil a place; `maker` makes items where a list needs more."""
    accepted = _ACCEPTED.get(place.shape.kind, ())
    wrong = [
        sample
        for name, sample in _SAMPLES.items()
        if name not in accepted and not (name == "null" and place.nullable)
    ]
    if wrong:
        kind = f"type {place.shape.kind.name.lower()}"
        yield Miss(place.path, kind, place.steps, st.sampled_from(wrong))
    if not place.present:
        return
    match place.shape.kind:
        case Kind.INT | Kind.DURATION | Kind.INT_ENUM:
            yield from _beyond(place)
        case Kind.FLOAT if place.shape.floats is not None and place.shape.floats.bits == 32:
            yield _one_of(place, "f32", [1e300, -1e300])
        case Kind.FD if place.shape.mode is not None:
            spoiler = _OTHER_MODE[place.shape.mode]
            yield Miss(
                place.path, f"fd {place.shape.mode.value}", place.steps,
                st.builds(lambda: descriptor(spoiler)),
            )  # fmt: skip
        case Kind.UNION:
            yield from _cases(place)
        case Kind.STRUCT:
            yield from _fields(place)
    if place.shape.kind in (Kind.TEXT_ENUM, Kind.INT_ENUM) and not place.shape.open:
        yield from _no_case(place)
    for rule in place.rules:
        yield from _breaking(place, rule, maker)


_OTHER_MODE: Final[dict[FdMode, FdMode | None]] = {
    FdMode.READ: FdMode.WRITE,
    FdMode.WRITE: FdMode.READ,
    FdMode.READWRITE: FdMode.READ,
    FdMode.SOCKET: None,
}
"""A descriptor that is not good for a mode."""


def _one_of(place: Place, rule: str, values: list[Any]) -> Miss:
    # By its number: Hypothesis writes out what it samples from, and that may be very long.
    chosen = st.integers(0, len(values) - 1).map(lambda number: values[number])
    return Miss(place.path, rule, place.steps, chosen)


def _integer(number: int) -> Value:
    """A number as XPC carries it."""
    return number if number <= INT64_MAX else UInt64(number)


def _beyond(place: Place) -> Iterator[Miss]:
    ints = place.shape.ints or IntKind(64, True)
    numbers = [
        number
        for number in (ints.minimum - 1, ints.maximum + 1, INT64_MIN, UINT64_MAX)
        if INT64_MIN <= number <= UINT64_MAX and not ints.minimum <= number <= ints.maximum
    ]
    if numbers:
        yield _one_of(place, ints.name, [_integer(number) for number in numbers])


def _no_case(place: Place) -> Iterator[Miss]:
    known = {case.value for case in place.shape.cls}
    if place.shape.kind is Kind.TEXT_ENUM:
        texts = ["", "no case", *(f"{text}?" for text in known), *(text[:-1] for text in known)]
        yield _one_of(place, "closed", [text for text in texts if text not in known])
        return
    ints = place.shape.ints or IntKind(64, True)
    near = {number + step for number in known for step in (-1, 1)} - known
    numbers = [n for n in sorted(near) if ints.minimum <= n <= ints.maximum]
    if numbers:
        yield _one_of(place, "closed", [_integer(number) for number in numbers])


def _cases(place: Place) -> Iterator[Miss]:
    present = as_dict(place.value)
    yield _one_of(place, "one case", [{}, {**present, "another case": {}}])
    if not place.shape.open:
        known = {case.CASE for case in place.shape.cases}  # type: ignore[attr-defined]
        labels = [label for label in ("", "no case", *(f"{one}?" for one in known))
                  if label not in known]  # fmt: skip
        yield _one_of(place, "closed", [{label: {}} for label in labels])


def _fields(place: Place) -> Iterator[Miss]:
    facts = struct_of(place.shape.cls)
    value = as_dict(place.value)
    for part in facts.fields:
        if part.required and part.wire in value:
            path = f"{place.path}.{part.name}"
            yield Miss(path, "required", (*place.steps, part.wire), None)
    if facts.unknown == "reject":
        known = {part.wire for part in facts.fields}
        for name in ("", "no field", *(f"{wire}_" for wire in known)):
            if name not in known:
                path = f"{place.path}[{shorten(name)}]"
                steps = (*place.steps, name)
                yield Miss(path, "unknown reject", steps, st.sampled_from(list(_SAMPLES.values())))


# -- limits -----------------------------------------------------------------------


def _breaking(place: Place, rule: Constraint, maker: _Maker) -> Iterator[Miss]:
    """Ways to break one rule and no other that holds at the place."""
    if isinstance(rule, Items):
        yield from _items(place, rule, maker)
        return
    for name, candidates in _candidates(place, rule):
        fitting = [
            candidate
            for candidate in candidates
            if _readable(place.shape, candidate) and _broken(place, candidate) == [rule]
        ]
        if fitting:
            yield _one_of(place, name, fitting)


def _broken(place: Place, value: Any) -> list[Constraint]:
    others = (rule for rule in place.rules if not isinstance(rule, Each | Items))
    return [rule for rule in others if rule.problem(value) is not None]


def _readable(shape: Shape, value: Any) -> bool:
    """Whether a number fits its type, so that only the rule is broken."""
    if shape.kind is Kind.INT:
        ints = shape.ints or IntKind(64, True)
        return bool(ints.minimum <= value <= ints.maximum)
    if shape.kind is Kind.FLOAT and shape.floats is not None and shape.floats.bits == 32:
        try:
            return math.isnan(value) or bool(single_precision(value) == value)
        except OverflowError:
            return False
    return True


def _candidates(place: Place, rule: Constraint) -> Iterator[tuple[str, list[Any]]]:
    """Values of the right type that may break a rule, by what they break of it."""
    match rule:
        case Range(low, high):
            whole = place.shape.kind is Kind.INT
            for name, limit, sign in (("min", low, -1), ("max", high, 1)):
                if limit is None:
                    continue
                numbers: list[Any] = (
                    [_integer(n) for n in _outside(int(limit), sign)]
                    if whole
                    else [math.nextafter(limit, sign * math.inf), limit + sign,
                          limit + sign * (1 + abs(limit)), float(sign) * math.inf, math.nan]
                )  # fmt: skip
                yield f"{name} {limit}", numbers
        case Length(low, high):
            value: Any = place.value
            if low:
                yield f"min_len {low}", [value[: low - 1], value[:0], value[len(value) - low + 1 :]]
            if high is not None and high < MAX_SPOILED:
                yield f"max_len {high}", list(_padded(value, high + 1))
        case ByteLength(most) if most < MAX_SPOILED:
            text = str(place.value)
            yield (
                f"max_bytes {most}",
                [
                    candidate
                    for fill in ("𐍈", "é", "x")
                    for candidate in (fill * (most // len(fill.encode()) + 1), text + fill * most)
                ],
            )
        case Pattern(regex):
            text = str(place.value)
            yield f"pattern {regex}", [
                text + "!", "!" + text, text[:-1], text[1:], text.swapcase(), "", "!",
                "!" * len(text), text[:-1] + "!", text + "\n", text[:-1] + "\n",
                *_following([other for other in place.rules if other != rule]),
            ]  # fmt: skip


def _following(rules: list[Constraint]) -> Iterator[str]:
    """Some text that follows the other rules, whatever it is to this one."""
    try:
        yield from islice(different_texts(rules, Random(0)), 20)  # noqa: S311 - no secret
    except ValueError:
        return


def _outside(limit: int, sign: int) -> Iterator[int]:
    for distance in (1, 2, 1000):
        number = limit + sign * distance
        if INT64_MIN <= number <= UINT64_MAX:
            yield number


def _padded(value: Any, length: int) -> Iterator[Any]:
    """Text or data of a length, made of what is there already."""
    fills: list[Any] = [b"\0", b"x"] if isinstance(value, bytes) else ["x", "é", "0"]
    for fill in (value[-1:], value[:1], value, *fills):
        if len(fill) and len(value) < length:
            more = (fill * ((length - len(value)) // len(fill) + 1))[: length - len(value)]
            yield value + more
            yield more + value
    for fill in fills:
        yield fill * length


def _items(place: Place, rule: Items, maker: _Maker) -> Iterator[Miss]:
    """Too few, too many, or one twice."""
    value: Any = place.value
    if rule.min:
        fewer = dict(list(value.items())[: rule.min - 1]) if isinstance(value, dict) else (
            value[: rule.min - 1])  # fmt: skip
        if _count_problems(place, len(fewer)) == 1:
            yield _one_of(place, f"min_items {rule.min}", [fewer])
    item = place.shape.item
    assert item is not None
    each = of_items(place.rules)
    drawn = maker.of(item, each, 1).map(lambda obj: to_value(obj, item.hint))
    most = rule.max
    if most is not None and most < MAX_SPOILED and _count_problems(place, most + 1) == 1:
        if isinstance(value, dict):
            more = drawn.map(lambda one: {**{f"k{at}": one for at in range(most + 1)}})
            yield Miss(place.path, f"max_items {most}", place.steps, more)
        elif not _is_unique(place):
            repeated = drawn.map(lambda one: [*value, *[one] * (most + 1 - len(value))])
            yield Miss(place.path, f"max_items {most}", place.steps, repeated)
        elif (counted := _counted(item, most + 1)) is not None and not each:
            yield _one_of(place, f"max_items {most}", [counted])
    # NaN is no duplicate of itself, and a part of an item may be one.
    if rule.unique and isinstance(value, list) and value and _is_plain(item):
        twice = [*value, value[0]] if rule.max is None or len(value) < rule.max else (
            [*value[:-1], value[0]] if len(value) > 1 else None)  # fmt: skip
        if twice is not None:
            yield _one_of(place, "unique", [twice])


def _count_problems(place: Place, count: int) -> int:
    limits = (rule for rule in place.rules if isinstance(rule, Items))
    return sum(
        (rule.min is not None and count < rule.min) + (rule.max is not None and count > rule.max)
        for rule in limits
    )


def _is_unique(place: Place) -> bool:
    return any(isinstance(rule, Items) and rule.unique for rule in place.rules)


def _is_plain(shape: Shape) -> bool:
    return shape.kind in (Kind.BOOL, Kind.INT, Kind.TEXT, Kind.DATA, Kind.UUID, Kind.DATE,
                          Kind.DURATION, Kind.TEXT_ENUM, Kind.INT_ENUM)  # fmt: skip


def _counted(shape: Shape, count: int) -> list[Value] | None:
    """So many different items, for kinds that can be counted through."""
    if shape.rules:
        return None
    if shape.kind is Kind.TEXT:
        return [f"item {at}" for at in range(count)]
    if shape.kind is Kind.DATA:
        return [at.to_bytes(4, "big") for at in range(count)]
    if shape.kind is Kind.UUID:
        return [UUID(int=at) for at in range(count)]
    if shape.kind is Kind.INT and count <= (shape.ints or IntKind(64, True)).maximum:
        return [_integer(at) for at in range(count)]
    return None
