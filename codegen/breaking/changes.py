"""Two contracts side by side: what of the new one answers to what of the old.

Types are matched by where they travel, not by name: a struct that was renamed
carries the same messages. So the walk starts at methods and errors and follows
both contracts at once; each pair it meets is kept with the ways it travels.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Flag, auto
from typing import Any, TypeVar

from attrs import define, evolve, field, frozen

from ..check.references import expressions
from ..model import (
    AliasType,
    Contract,
    EnumType,
    ErrorType,
    Event,
    Field,
    FlagsType,
    Item,
    Method,
    Protocol,
    Service,
    StructType,
    UnionCase,
    UnionType,
    Unknown,
)
from ..scanner import Path
from ..typeexpr import ListOf, MapOf, Named, TypeExpr, parts
from .effective import Use, use_of
from .imported import with_places

ItemT = TypeVar("ItemT", bound=Item)


class Way(Flag):
    """How a type travels."""

    REQUEST = auto()
    """Clients write it, the server reads it."""
    REPLY = auto()
    """The server writes it, clients read it."""


ANY_WAY = Way.REQUEST | Way.REPLY


@frozen(kw_only=True)
class Place:
    """One place that a type stands at, in both contracts."""

    old: Use
    new: Use
    old_path: Path
    path: Path
    ways: Way
    bare: bool = False
    """Whether it is no field: an item of a list or map, or a whole reply."""


@frozen(kw_only=True)
class FieldPair:
    """A field in both contracts."""

    old: Field
    new: Field
    old_use: Use
    new_use: Use
    ways: Way


@frozen(kw_only=True)
class Record:
    """A set of fields in both contracts: a struct, a union's case, an error, a table."""

    old_name: str
    name: str
    old_path: Path
    path: Path
    fields_path: Path
    """Where a field would be declared."""
    kept: tuple[FieldPair, ...]
    removed: tuple[Field, ...]
    added: tuple[Field, ...]
    old_unknown: Unknown = "ignore"
    unknown: Unknown = "ignore"
    old_resource: bool = False
    resource: bool = False
    ways: Way


@frozen(kw_only=True)
class Cases:
    """An enum, flags or a union in both contracts."""

    old: EnumType | FlagsType | UnionType
    new: EnumType | FlagsType | UnionType
    kept: tuple[tuple[Item, Item], ...]
    removed: tuple[Item, ...]
    added: tuple[Item, ...]
    ways: Way

    @property
    def old_open(self) -> bool:
        """Whether readers of the old contract take cases that they do not know."""
        return isinstance(self.old, FlagsType) or self.old.open

    @property
    def open(self) -> bool:
        """The same for the new one."""
        return isinstance(self.new, FlagsType) or self.new.open


@define
class Changes:
    """Everything that the rules look at."""

    old: Contract
    new: Contract
    places: list[Place] = field(factory=list)
    records: list[Record] = field(factory=list)
    cases: list[Cases] = field(factory=list)
    protocols: list[tuple[Protocol, Protocol]] = field(factory=list)
    methods: list[tuple[Method, Method]] = field(factory=list)
    events: list[tuple[Event, Event]] = field(factory=list)
    errors: list[tuple[ErrorType, ErrorType]] = field(factory=list)
    services: list[tuple[Service, Service]] = field(factory=list)


def match(
    old: Sequence[ItemT], new: Sequence[ItemT], key: str
) -> tuple[list[tuple[ItemT, ItemT]], list[ItemT], list[ItemT]]:
    """Pairs by name, then by the attribute ``key``; then what is gone, and what is new.

    By name first: of two items that swapped their wire names, each is another.
    """
    by_name = {item.name: item for item in new}
    pairs = [(item, by_name.pop(item.name)) for item in old if item.name in by_name]
    matched = {item.name for item, _ in pairs}
    rest = [item for item in old if item.name not in matched]
    by_key = {getattr(item, key): item for item in by_name.values()}
    gone = []
    for item in rest:
        found = by_key.pop(getattr(item, key), None)
        if found is None:
            gone.append(item)
        else:
            pairs.append((item, found))
    taken = {id(item) for _, item in pairs}
    return pairs, gone, [item for item in new if id(item) not in taken]


def changes(old: Contract, new: Contract) -> Changes:
    """Walk both contracts."""
    walk = _Walk(Changes(with_places(old), with_places(new)))
    walk.services()
    walk.protocols()
    walk.errors()
    walk.unreached()
    return walk.finish()


@define
class _Walk:
    found: Changes
    _seen: dict[tuple[Any, ...], Any] = field(factory=dict)
    """What was met, by kind and both paths, with the ways so far."""
    _old_types: set[Path] = field(factory=set)

    def finish(self) -> Changes:
        for pair in self._seen.values():
            match pair:
                case Place():
                    self.found.places.append(pair)
                case Record():
                    self.found.records.append(pair)
                case Cases():
                    self.found.cases.append(pair)
        return self.found

    def _is_new(self, key: tuple[Any, ...], pair: Any) -> bool:
        """Keep a pair; whether it goes a way that it was not seen going."""
        earlier = self._seen.get(key)
        if earlier is None:
            self._seen[key] = pair
            return True
        self._seen[key] = evolve(earlier, ways=earlier.ways | pair.ways)
        return bool(pair.ways & ~earlier.ways)

    # -- where it starts -----------------------------------------------------------

    def services(self) -> None:
        old, new = self.found.old, self.found.new
        self.found.services, _, _ = match(old.services, new.services, "address")

    def protocols(self) -> None:
        old, new = self.found.old.protocols, self.found.new.protocols
        names = [(name, name) for name in old if name in new]
        for before, after in self.found.services:
            one, other = before.protocol, after.protocol
            # Renamed, if the service that it lives in says so and its old name is gone.
            if one in old and other in new and one not in new and other not in old:
                names.append((one, other))
        for one, other in dict.fromkeys(names):
            self.found.protocols.append((old[one], new[other]))
            self._protocol(old[one], new[other])

    def _protocol(self, old: Protocol, new: Protocol) -> None:
        pairs, _, _ = match(old.methods, new.methods, "selector")
        for before, after in pairs:
            self.found.methods.append((before, after))
            self._request(before, after)
            if before.reply is not None and after.reply is not None:
                out = (*before.path, "out"), (*after.path, "out")
                self._root(before.reply, after.reply, *out, Way.REPLY)
            self._streams(before, after)
        events, _, _ = match(old.events, new.events, "selector")
        for one, other in events:
            self.found.events.append((one, other))
            payloads = [
                _struct_of(contract, event.payload, event)
                for contract, event in ((self.found.old, one), (self.found.new, other))
            ]
            if payloads[0] is not None and payloads[1] is not None:
                self._struct(payloads[0], payloads[1], Way.REPLY)

    def _streams(self, before: Method, after: Method) -> None:
        old, new = before.stream, after.stream
        if old is None or new is None:
            return
        if old.items_in is not None and new.items_in is not None:
            inward = (*old.path, "in"), (*new.path, "in")
            self._root(old.items_in, new.items_in, *inward, Way.REQUEST)
        if old.items_out is not None and new.items_out is not None:
            outward = (*old.path, "out"), (*new.path, "out")
            self._root(old.items_out, new.items_out, *outward, Way.REPLY)

    def _root(
        self,
        old: StructType | TypeExpr,
        new: StructType | TypeExpr,
        old_path: Path,
        path: Path,
        way: Way,
    ) -> None:
        place = Place(
            old=use_of(self.found.old, old),
            new=use_of(self.found.new, new),
            old_path=old_path,
            path=path,
            ways=way,
            bare=True,
        )
        self._place(place, 0)

    def _request(self, before: Method, after: Method) -> None:
        old = _struct_of(self.found.old, before.request, before)
        new = _struct_of(self.found.new, after.request, after)
        if old is not None and new is not None:
            self._struct(old, new, Way.REQUEST)

    def errors(self) -> None:
        old, new = self.found.old.errors, self.found.new.errors
        self.found.errors, _, _ = match([*old.values()], [*new.values()], "code")
        for before, after in self.found.errors:
            self._record(
                before, after, before.fields, after.fields, Way.REPLY,
                fields_path=(*after.path, "fields"),
                old_resource=before.resource, resource=after.resource,
            )  # fmt: skip

    def unreached(self) -> None:
        """Types that no message of the old contract holds: another contract's may."""
        named = {
            part.name
            for expression, _ in expressions(self.found.old)
            for part in parts(expression)
            if isinstance(part, Named)
        }
        for name, before in self.found.old.types.items():
            after = self.found.new.types.get(name)
            if after is None or before.path in self._old_types:
                continue
            if isinstance(before, AliasType) != isinstance(after, AliasType):
                continue
            if isinstance(before, AliasType) and name in named:
                continue  # compared at each place that names it
            own = [
                one.constraints if isinstance(one, AliasType) else None for one in (before, after)
            ]
            place = Place(
                old=use_of(self.found.old, Named(name), own[0]),
                new=use_of(self.found.new, Named(name), own[1]),
                old_path=before.path,
                path=after.path,
                ways=ANY_WAY,
                bare=True,
            )
            self._place(place, 0)

    # -- what it follows -----------------------------------------------------------

    def _place(self, place: Place, depth: int) -> None:
        key = ("place", place.old_path, place.path, depth)
        if not self._is_new(key, place):
            return
        old, new = place.old.core, place.new.core
        if isinstance(old, (StructType, EnumType, FlagsType, UnionType)):
            self._old_types.add(old.path)
        match old, new:
            case (ListOf(one), ListOf(other)) | (MapOf(one), MapOf(other)):
                inside = evolve(
                    place,
                    old=use_of(self.found.old, one),
                    new=use_of(self.found.new, other),
                    bare=True,
                )
                self._place(inside, depth + 1)
            case StructType(), StructType():
                self._struct(old, new, place.ways)
            case UnionType(), UnionType():
                self._union(old, new, place.ways)
            case (EnumType(), EnumType()) | (FlagsType(), FlagsType()):
                assert isinstance(old, (EnumType, FlagsType))
                assert isinstance(new, (EnumType, FlagsType))
                self._cases(old, new, old.cases, new.cases, _case_key(old, new), place.ways)

    def _cases(
        self,
        old: EnumType | FlagsType | UnionType,
        new: EnumType | FlagsType | UnionType,
        old_cases: Sequence[ItemT],
        new_cases: Sequence[ItemT],
        key: str,
        ways: Way,
    ) -> list[tuple[ItemT, ItemT]]:
        pairs, gone, added = match(old_cases, new_cases, key)
        cases = Cases(
            old=old, new=new, kept=tuple(pairs), removed=tuple(gone), added=tuple(added), ways=ways
        )
        return pairs if self._is_new(("cases", old.path, new.path), cases) else []

    def _union(self, old: UnionType, new: UnionType, ways: Way) -> None:
        for before, after in self._cases(old, new, old.cases, new.cases, "name", ways):
            self._record(before, after, before.fields, after.fields, ways, fields_path=after.path)

    def _struct(self, old: StructType, new: StructType, ways: Way) -> None:
        self._old_types.add(old.path)
        # A method's table of fields is its own place for them.
        declared = new.path[:1] == ("struct",) and new.path[-1:] != ("in",)
        self._record(
            old, new, old.fields, new.fields, ways,
            fields_path=(*new.path, "fields") if declared else new.path,
            old_unknown=old.unknown, unknown=new.unknown,
            old_resource=bool(old.resource), resource=bool(new.resource),
        )  # fmt: skip

    def _record(
        self,
        old: Item,
        new: Item,
        old_fields: Sequence[Field],
        new_fields: Sequence[Field],
        ways: Way,
        **facts: Any,
    ) -> None:
        pairs, gone, added = match(old_fields, new_fields, "wire")
        kept = tuple(
            FieldPair(
                old=one,
                new=other,
                old_use=use_of(self.found.old, one.type, one.constraints),
                new_use=use_of(self.found.new, other.type, other.constraints),
                ways=ways,
            )
            for one, other in pairs
        )
        record = Record(
            old_name=_full_name(old), name=_full_name(new), old_path=old.path, path=new.path,
            kept=kept, removed=tuple(gone), added=tuple(added), ways=ways, **facts,
        )  # fmt: skip
        if not self._is_new(("record", old.path, new.path), record):
            return
        for pair in kept:
            place = Place(
                old=pair.old_use, new=pair.new_use,
                old_path=pair.old.path, path=pair.new.path, ways=ways,
            )  # fmt: skip
            self._place(place, 0)


def _full_name(item: Item) -> str:
    if isinstance(item, UnionCase):
        return f"{item.path[1]}.{item.name}"
    return item.name


def _case_key(old: EnumType | FlagsType, new: EnumType | FlagsType) -> str:
    """What is on the wire for a case."""
    is_text = isinstance(old, EnumType) and old.type is None
    return "wire" if is_text and isinstance(new, EnumType) and new.type is None else "value"


def _struct_of(contract: Contract, said: StructType | str | None, owner: Item) -> StructType | None:
    """The struct of a request or an event; nothing to take is a struct without fields."""
    if isinstance(said, StructType):
        return said
    if said is None:
        return StructType(name="nothing", path=(*owner.path, "in"), fields=())
    found = contract.find(said)
    return found if isinstance(found, StructType) else None
