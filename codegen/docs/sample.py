"""A message of a type, as it would look on the wire.

Values come from the contract where it gives an ``example`` or a ``default``;
the rest are the simplest that keep to the constraints. Only a pattern is not
solved: its text is shown as ``…``. A message stays short enough to be read:
what lies deep inside is named, with a link to where it is shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias, TypeVar

from attrs import define, evolve, frozen

from ..check.constraints import int_range
from ..model import (
    MISSING,
    NO_CONSTRAINTS,
    Constraints,
    Contract,
    EnumType,
    Field,
    FlagsType,
    StructType,
    UnionType,
    aliases,
    resolve,
)
from ..typeexpr import (
    ClientEnd,
    Fd,
    ListOf,
    MapOf,
    Named,
    Scalar,
    ServerEnd,
    Shmem,
    TypeExpr,
)
from ..values import bytes_of, date_ns, duration_ns
from .prose import Piece, Prose, plain, type_piece

_LONGEST: Final = 48
"""Characters of text, or bytes of data, that are shown."""

_MOST_VALUES: Final = 60
"""Values of one message; a message of more has fewer of its inner structs written out."""

_DEEPEST: Final = 3
"""Structs and unions inside each other that are written out in a message."""

_DEEPEST_OF_TYPES: Final = 2
"""The same in the example of a type: a thousand types that hold each other have a page, too."""

_DATE_NS: Final = 1_704_164_645_000_000_000
_UUID: Final = "6f1c2a4e-0b7d-4c55-9d3e-5a8f10c2b7e4"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class Leaf:
    """A value that holds no others: how it is written, and its XPC type."""

    text: str
    kind: str
    about: Piece | None = None
    """What leads to the place where it is shown, if that is elsewhere."""

    @property
    def remark(self) -> Prose:
        """What is said beside it."""
        return Prose((*plain(self.kind).pieces, *([self.about] if self.about else [])))


@frozen
class Dictionary:
    """An XPC dictionary."""

    entries: tuple[Entry, ...] = ()


@frozen
class Array:
    """An XPC array."""

    items: tuple[Node, ...] = ()


@frozen
class Entry:
    """A key of a dictionary, its value, and what is to say about it."""

    key: str
    value: Node
    note: str = ""


Node: TypeAlias = Leaf | Dictionary | Array

NULL: Final = Leaf("null", "null")
_MORE: Final = Leaf("…", "and so on")


def sample_fields(contract: Contract, fields: tuple[Field, ...]) -> Dictionary:
    """The dictionary that a message carries for a method's or an error's table."""
    return _as_deep_as_fits(contract, _DEEPEST - 1, [], lambda sampler: sampler.fields(fields))


def sample_value(contract: Contract, expression: TypeExpr) -> Node:
    """The value that a message carries."""
    return _as_deep_as_fits(contract, _DEEPEST, [], lambda sampler: sampler.value(expression))


def sample_type(contract: Contract, name: str, fields: tuple[Field, ...]) -> Dictionary:
    """The dictionary of a struct, or of a union's case, where the type is described."""
    return _as_deep_as_fits(
        contract, _DEEPEST_OF_TYPES, [name], lambda sampler: sampler.fields(fields)
    )


NodeT = TypeVar("NodeT", bound=Node)


def _as_deep_as_fits(
    contract: Contract, deepest: int, around: list[str], make: Callable[[_Sampler], NodeT]
) -> NodeT:
    """What ``make`` makes, with fewer levels below it as long as it is too much."""
    while True:
        sampler = _Sampler(contract, deepest, list(around))
        node = make(sampler)
        deepest -= 1
        if not sampler.is_full or deepest < len(around):
            return node


@define
class _Sampler:
    """Makes one message of a contract's types."""

    contract: Contract
    _deepest: int
    _open: list[str]
    """Structs and unions around the value at hand; none is put into itself."""
    _left: int = _MOST_VALUES

    @property
    def is_full(self) -> bool:
        """Whether there were more values than a message shows."""
        return self._left < 0

    def fields(self, fields: tuple[Field, ...]) -> Dictionary:
        """A struct's dictionary, or that of a method's table."""
        entries = []
        for index, one in enumerate(fields):
            if self._left <= 0:
                self._left = -1
                entries.append(Entry("…", Leaf("…", f"and {len(fields) - index} more")))
                break
            entries.append(Entry(one.wire, self._field(one), _note(one)))
        return Dictionary(tuple(entries))

    def value(self, expression: TypeExpr, constraints: Constraints = NO_CONSTRAINTS) -> Node:
        """A value of the type, as simple as it may be."""
        if self._ends():
            return _MORE
        rules = [constraints, *(alias.constraints for alias in aliases(self.contract, expression))]
        match resolve(self.contract, expression):
            case Scalar(name):
                return _scalar(name, rules)
            case ListOf(item):
                return Array(self._several(item, rules))
            case MapOf(item):
                several = self._several(item, rules)
                return Dictionary(
                    tuple(Entry(f"key{index or ''}", one) for index, one in enumerate(several))
                )
            case Named(name):
                return self._named(name)
            case Fd(mode):
                return Leaf("fd", f"fd, good for {mode}" if mode else "fd")
            case Shmem():
                return Leaf("shmem", "shmem")
            case ClientEnd(protocol):
                return Leaf("endpoint", f"endpoint of {protocol}")
            case ServerEnd(protocol):
                return Leaf("endpoint", f"endpoint to serve {protocol} at")
        return Leaf("…", "")

    def _ends(self) -> bool:
        self._left -= 1
        return self.is_full

    def _several(self, item: TypeExpr, rules: list[Constraints]) -> tuple[Node, ...]:
        least = max((rule.min_items or 0 for rule in rules), default=0)
        most = min((rule.max_items for rule in rules if rule.max_items is not None), default=1)
        if not least and not most:
            return ()
        # What has to hold several is shown with two at most; the note says how many.
        return tuple(self.value(item) for _ in range(min(max(least, 1), 2)))

    def _field(self, one: Field) -> Node:
        for given in (one.example, one.default):
            if given is not MISSING:
                return self.given(one.type, given)
        return self.value(one.type, one.constraints)

    def _named(self, name: str) -> Node:
        declared = self.contract.find(name)
        deep = isinstance(declared, StructType | UnionType) and len(self._open) >= self._deepest
        if deep or name in self._open:
            return Leaf("{…}", "dictionary: ", evolve(type_piece(self.contract, name), kind="text"))
        self._open.append(name)
        try:
            match declared:
                case EnumType(cases=cases, type=None):
                    return Leaf(_quoted(cases[0].wire), "string")
                case EnumType(cases=cases, type=str(number)):
                    return Leaf(str(cases[0].value), _integer_kind(number))
                case FlagsType(cases=cases):
                    return Leaf(str(cases[0].value), "uint64")
                case StructType(fields=fields):
                    return self.fields(fields)
                case UnionType(cases=union_cases):
                    case = union_cases[0]
                    return Dictionary((Entry(case.name, self.fields(case.fields)),))
        finally:
            self._open.pop()
        return Leaf("…", name)

    def given(self, expression: TypeExpr, value: Any) -> Node:
        """A value that the contract states in TOML, which was checked to fit."""
        if self._ends():
            return _MORE
        resolved = resolve(self.contract, expression)
        match resolved:
            case ListOf(item) if isinstance(value, list):
                return Array(tuple(self.given(item, one) for one in value))
            case MapOf(item) if isinstance(value, dict):
                return Dictionary(
                    tuple(Entry(key, self.given(item, one)) for key, one in value.items())
                )
            case Named(name):
                return self._given_named(name, value)
            case Scalar(name):
                return _given_scalar(name, value)
        return self.value(expression)

    def _given_named(self, name: str, value: Any) -> Node:
        match self.contract.find(name):
            case EnumType(cases=cases, type=number):
                for case in cases:
                    if case.name == value:
                        return (
                            Leaf(_quoted(case.wire), "string")
                            if number is None
                            else Leaf(str(case.value), _integer_kind(number))
                        )
            case FlagsType(cases=cases) if isinstance(value, list):
                bits = sum(case.value or 0 for case in cases if case.name in value)
                return Leaf(str(bits), "uint64")
            case StructType(fields=fields) if isinstance(value, dict):
                entries = []
                for one in fields:
                    if one.name in value:
                        entries.append(Entry(one.wire, self.given(one.type, value[one.name])))
                    elif one.default is not MISSING:
                        entries.append(Entry(one.wire, self.given(one.type, one.default)))
                return Dictionary(tuple(entries))
            case UnionType(cases=union_cases) if isinstance(value, dict):
                for union_case in union_cases:
                    if union_case.name in value:
                        inner = StructType(
                            name=name, path=union_case.path, fields=union_case.fields
                        )
                        return Dictionary(
                            (Entry(union_case.name, self._given(inner, value[union_case.name])),)
                        )
        return self._named(name)

    def _given(self, struct: StructType, value: Any) -> Node:
        entries = [
            Entry(one.wire, self.given(one.type, value[one.name]))
            for one in struct.fields
            if isinstance(value, dict) and one.name in value
        ]
        return Dictionary(tuple(entries))


def _note(one: Field) -> str:
    """Whether the key may be missing."""
    return "" if one.required else "may be left out"


def _scalar(name: str, rules: list[Constraints]) -> Leaf:
    if name == "bool":
        return Leaf("true", "bool")
    if span := int_range(name):
        least = max([span[0], *(int(rule.min) for rule in rules if rule.min is not None)])
        most = min([span[1], *(int(rule.max) for rule in rules if rule.max is not None)])
        return Leaf(str(min(max(1, least), most)), _integer_kind(name))
    if name in ("f32", "f64"):
        low = max([float(rule.min) for rule in rules if rule.min is not None], default=0.5)
        high = min([float(rule.max) for rule in rules if rule.max is not None], default=0.5)
        return Leaf(str(max(low, min(high, 0.5))), "double")
    if name == "string":
        return _text(rules)
    if name == "bytes":
        return _data(bytes(range(min(_length(rules, 4), _LONGEST))))
    simple = {
        "uuid": Leaf(f"uuid({_UUID})", "uuid"),
        "date": _date(_DATE_NS),
        "duration": Leaf("5000000000", "int64, nanoseconds"),
        "any": Leaf('"anything"', "any XPC value"),
    }
    return simple.get(name, Leaf("…", name))


def _length(rules: list[Constraints], usual: int) -> int:
    least = max((rule.min_len or 0 for rule in rules), default=0)
    most = min(
        (limit for rule in rules for limit in (rule.max_len, rule.max_bytes) if limit is not None),
        default=usual,
    )
    return max(least, min(usual, most))


def _text(rules: list[Constraints]) -> Leaf:
    pattern = next((rule.pattern for rule in rules if rule.pattern is not None), None)
    if pattern is not None:
        return Leaf('"…"', f"string that matches {_cut(pattern)}")
    length = _length(rules, 4)
    return Leaf(_quoted(_cut(("text" * (length // 4 + 1))[:length])), "string")


def _given_scalar(name: str, value: Any) -> Leaf:
    if name == "string":
        return Leaf(_quoted(_cut(value)), "string")
    if name == "bytes":
        return _data(bytes_of(value) or b"")
    if name == "uuid":
        return Leaf(f"uuid({value})", "uuid")
    if name == "date":
        return _date(date_ns(value) or 0)
    if name == "duration":
        return Leaf(str(duration_ns(value)), "int64, nanoseconds")
    if name in ("f32", "f64"):
        return Leaf(str(float(value)), "double")
    if int_range(name):
        return Leaf(str(value), _integer_kind(name))
    if name == "bool":
        return Leaf("true" if value else "false", "bool")
    return Leaf(_cut(json.dumps(value, ensure_ascii=False, default=str)), "any XPC value")


def _integer_kind(name: str) -> str:
    return "int64" if name.startswith("i") else "uint64"


def _date(span_ns: int) -> Leaf:
    try:
        moment = _EPOCH + timedelta(microseconds=span_ns // 1000)
        return Leaf(f"date({moment:%Y-%m-%dT%H:%M:%SZ})", "date")
    except OverflowError:
        return Leaf(f"date({span_ns} ns)", "date")


def _data(value: bytes) -> Leaf:
    shown = value[:_LONGEST].hex(" ")
    return Leaf(f"data({shown}{' …' if len(value) > _LONGEST else ''})", "data")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
