"""Hypothesis strategies for contract types, made from the types themselves.

`strategies` reads the same annotations and constraints as the codec does, and
leans towards edges: NaN, both zeros, extreme integers, empty and long texts,
characters beyond 16 bits, unknown cases.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable
from typing import Any, Final, TypeVar, overload
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..codec.reading import single_precision
from ..codec.shape import UNKNOWN_FIELDS, Field, Kind, Shape, Struct, shape_of, struct_of
from ..constraints import Constraint, Each, Items, Length, Range, rules_of
from ..contract import UnknownCase
from ..kinds import FdMode, IntKind
from ..values import (
    INT64_MAX,
    INT64_MIN,
    UINT64_MAX,
    Date,
    Duration,
    Endpoint,
    FileDescriptor,
    SharedMemory,
    UInt64,
    Value,
)
from . import containers
from .height import flattest
from .rules import of_items, tightest
from .texts import data, text, text_within

T = TypeVar("T")

MakeEndpoint = Callable[[], Endpoint]

_MAX_ITEMS: Final = 5
"""Items in a list or map that states no smaller bound; keeps examples readable."""

_DEEP: Final = 3
"""Nested structs of one class; below that only what must be there is made."""

_WIDE: Final = 24
"""Fields of a struct that count as one more level around what it holds."""


@overload
def strategies(hint: type[T], *, endpoint: MakeEndpoint | None = None) -> SearchStrategy[T]: ...
@overload
def strategies(hint: Any, *, endpoint: MakeEndpoint | None = None) -> SearchStrategy[Any]: ...
def strategies(hint: Any, *, endpoint: MakeEndpoint | None = None) -> SearchStrategy[Any]:
    """Objects of a contract type that its rules allow.

    Descriptors are real: pipes, socket pairs and files in memory, of the mode
    that the type asks for. ``endpoint`` makes the endpoints for types that hold
    a `ClientEnd`; without it such a type is refused.

    Raises:
        ValueError: the type holds an endpoint and no way to make one was given.
        TypeError: it holds a type that has no XPC form.
    """
    return _Maker(endpoint).of(shape_of(hint))


# -- any XPC value ----------------------------------------------------------------


def _keys() -> SearchStrategy[str]:
    return st.sampled_from(["a", "key", "$selector", "", "ключ"]) | text(max_size=8)


def scalars() -> SearchStrategy[Value]:
    """Any XPC value that is neither a container nor travels beside the frame."""
    return st.one_of(
        st.none(),
        st.booleans(),
        _ints(INT64_MIN, INT64_MAX),
        _ints(0, UINT64_MAX).map(UInt64),
        _floats(),
        _ints(INT64_MIN, INT64_MAX).map(Date),
        st.binary(max_size=40),
        text(max_size=40),
        st.uuids(),
    )


def values() -> SearchStrategy[Value]:
    """Any XPC value without handles."""
    return st.recursive(
        scalars(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys(), inner, max_size=4),
        max_leaves=12,
    )


def messages() -> SearchStrategy[dict[str, Value]]:
    """Any XPC dictionary without handles."""
    return st.dictionaries(_keys(), values(), max_size=5)


def _ints(low: int, high: int) -> SearchStrategy[int]:
    edges = {low, high, 0, 1, -1, low + 1, high - 1}
    return st.sampled_from(sorted(e for e in edges if low <= e <= high)) | st.integers(low, high)


def _floats() -> SearchStrategy[float]:
    edges = [0.0, -0.0, float("nan"), float("inf"), float("-inf"), 5e-324, 1.7976931348623157e308]
    return st.sampled_from(edges) | st.floats()


# -- handles ----------------------------------------------------------------------


def descriptor(mode: FdMode | None = None) -> FileDescriptor:
    """A fresh descriptor of a mode, its own to close."""
    if mode is FdMode.SOCKET:
        mine, other = socket.socketpair()
        other.close()
        return FileDescriptor(mine.detach())
    if mode in (FdMode.READ, FdMode.WRITE):
        reading, writing = os.pipe()
        keep, drop = (reading, writing) if mode is FdMode.READ else (writing, reading)
        os.close(drop)
        return FileDescriptor(keep)
    with tempfile.TemporaryFile() as file:
        return FileDescriptor.duplicate(file.fileno())


def shared_memory(content: bytes) -> SharedMemory:
    """Shared memory that begins with ``content``."""
    memory = SharedMemory.create(max(1, len(content)))
    memory.buffer[: len(content)] = content
    return memory


# -- contract types ---------------------------------------------------------------


class _Maker:
    """Strategies of one request; remembers classes, so that they may be recursive."""

    def __init__(self, endpoint: MakeEndpoint | None) -> None:
        self._endpoint = endpoint

    def of(
        self, shape: Shape, rules: list[Constraint] | None = None, depth: int = 0
    ) -> SearchStrategy[Any]:
        """Objects of ``shape`` that every rule allows."""
        rules = [*(rules or []), *(part for rule in shape.rules for part in rules_of(rule))]
        made = self._unchecked(shape, rules, depth)
        single = [rule for rule in rules if not isinstance(rule, Items | Each)]
        if single:
            made = made.filter(
                lambda value: value is None or all(rule.problem(value) is None for rule in single)
            )
        return made

    def _unchecked(self, shape: Shape, rules: list[Constraint], depth: int) -> SearchStrategy[Any]:
        match shape.kind:
            case Kind.ANY:
                return values()
            case Kind.BOOL:
                return st.booleans()
            case Kind.INT:
                assert shape.ints is not None
                low, high = tightest(rules, Range, shape.ints.minimum, shape.ints.maximum)
                return _ints(-int(-low // 1), int(high // 1))
            case Kind.FLOAT:
                return self._float(shape, rules)
            case Kind.TEXT:
                return text_within(rules)
            case Kind.DATA:
                low, high = tightest(rules, Length, 0, None)
                return data(low, high)
            case Kind.UUID:
                return st.just(UUID(int=0)) | st.uuids()
            case Kind.DATE:
                return _ints(INT64_MIN, INT64_MAX).map(Date)
            case Kind.DURATION:
                return _ints(INT64_MIN, INT64_MAX).map(Duration)
            case Kind.FD:
                return st.builds(lambda: descriptor(shape.mode))
            case Kind.SHMEM:
                return st.binary(min_size=1, max_size=64).map(shared_memory)
            case Kind.ENDPOINT:
                return self._end(shape)
            case Kind.TEXT_ENUM | Kind.INT_ENUM:
                return _enum(shape)
            case Kind.OPTIONAL:
                assert shape.item is not None
                if depth > _DEEP:
                    return st.none()
                return st.none() | self.of(shape.item, rules, depth)
            case Kind.LIST | Kind.MAP:
                return self._container(shape, rules, depth)
            case Kind.UNION:
                return self._union(shape, depth)
            case Kind.STRUCT:
                return self._struct(struct_of(shape.cls), depth)
        raise TypeError(f"{shape.hint} has no XPC form, so no strategy")

    def _float(self, shape: Shape, rules: list[Constraint]) -> SearchStrategy[float]:
        low, high = tightest(rules, Range, None, None)
        single = shape.floats is not None and shape.floats.bits == 32
        if low is not None or high is not None:
            # A range excludes NaN: it compares as neither above nor below.
            within = st.floats(low, high, allow_nan=False)
            return within.filter(_fits_single).map(single_precision) if single else within
        drawn = st.floats(width=32) if single else _floats()
        return st.sampled_from([0.0, -0.0, float("nan")]) | drawn

    def _end(self, shape: Shape) -> SearchStrategy[Any]:
        make = self._endpoint
        if make is None:
            raise ValueError("the type holds an endpoint; give strategies(…, endpoint=…)")
        if shape.cls is not None:
            return st.builds(lambda: shape.cls(make()))
        return st.builds(lambda: make())

    def _container(self, shape: Shape, rules: list[Constraint], depth: int) -> SearchStrategy[Any]:
        assert shape.item is not None
        low, high = tightest(rules, Items, 0, None)
        # Fewer below, or a struct that holds lists of itself would grow without end.
        most = max(_MAX_ITEMS >> max(depth - 1, 0), 1) if depth <= _DEEP else 0
        high = low + most if high is None else min(high, low + most)
        if high == 0:
            return st.builds(dict if shape.kind is Kind.MAP else list)
        inner = of_items(rules)
        item = self.of(shape.item, inner, depth)
        if shape.kind is Kind.MAP:
            return containers.maps(_keys(), item, low, high)
        if any(isinstance(rule, Items) and rule.unique for rule in rules):
            followed = [*inner, *(part for rule in shape.item.rules for part in rules_of(rule))]
            return containers.unique_lists(shape.item, followed, item, low, high)
        return containers.lists(shape.item, item, low, high)

    def _union(self, shape: Shape, depth: int) -> SearchStrategy[Any]:
        cases = shape.cases if depth <= _DEEP else flattest(shape.cases)
        made = [self._struct(struct_of(case), depth + 1) for case in cases]
        if shape.open:
            known = {case.CASE for case in shape.cases}  # type: ignore[attr-defined]
            labels = _keys().filter(lambda label: label not in known)
            made.append(st.builds(UnknownCase, case=labels, fields=values()))
        return st.one_of(made)

    def _struct(self, facts: Struct, depth: int) -> SearchStrategy[Any]:
        # Deferred: a class may hold itself.
        return st.deferred(lambda: self._fields(facts, depth))

    def _fields(self, facts: Struct, depth: int) -> SearchStrategy[Any]:
        # A wide struct has enough in it without deep ones at every place.
        below = depth + 1 + min(len(facts.fields) // _WIDE, _DEEP - 1)
        arguments = {
            part.alias: self.of(part.shape, rules_of(part.attribute.validator), below)
            for part in facts.fields
        }
        if facts.unknown == "keep":
            arguments[UNKNOWN_FIELDS] = _unknown_fields(facts.fields)
        return st.builds(facts.cls, **arguments)


def _enum(shape: Shape) -> SearchStrategy[Any]:
    known = st.sampled_from(list(shape.cls)) if len(shape.cls) else st.nothing()
    if not shape.open:
        return known
    if shape.kind is Kind.TEXT_ENUM:
        return known | text(max_size=12).map(shape.cls)
    ints = shape.ints or IntKind(64, True)
    return known | _ints(ints.minimum, ints.maximum).map(shape.cls)


def _unknown_fields(known: tuple[Field, ...]) -> SearchStrategy[dict[str, Value]]:
    names = {part.wire for part in known}
    return st.dictionaries(_keys().filter(lambda key: key not in names), values(), max_size=2)


def _fits_single(value: float) -> bool:
    try:
        single_precision(value)
    except OverflowError:
        return False
    return True
