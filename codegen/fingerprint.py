"""Short names for what a contract says on the wire.

Two contracts that say the same on the wire have one fingerprint: the names that
travel, types, limits, defaults, selectors, codes. What only people or one side
read (docs, the version, what methods call their types, services, deadlines) is
left out, and so is any order that messages do not have.

The fingerprint of a contract is one and the same in its lock, in what `breaking`
tells of two contracts, and in generated code, whose programs exchange it as they
meet. It is the first 128 bits of SHA-256 over a canonical description, as 32
hexadecimal digits. It tells contracts apart; it is no signature.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final, TypeAlias

from attrs import define, field

from .breaking.effective import canonical, limits_of, use_of
from .components import components
from .model import (
    MISSING,
    Constraints,
    Contract,
    EnumType,
    ErrorType,
    Event,
    Field,
    FlagsType,
    Item,
    Method,
    Protocol,
    StructType,
    UnionType,
)
from .typeexpr import ListOf, MapOf, Named, TypeExpr, text_of

DIGITS: Final = 32
"""Hexadecimal digits of a fingerprint."""

Declared: TypeAlias = StructType | UnionType | EnumType | FlagsType


def fingerprint(contract: Contract) -> str:
    """The fingerprint of all that a contract says on the wire."""
    return Fingerprints(contract).whole()


@define
class Fingerprints:
    """The fingerprints of one contract and of its parts; types are described once."""

    contract: Contract
    _types: dict[int, str] = field(init=False)
    """The digest of each declared type, by the identity of its declaration."""

    def __attrs_post_init__(self) -> None:
        self._types = _digests(self.contract)

    def whole(self) -> str:
        """Of the contract: protocols, errors, and types that others may import."""
        return _digest(
            {
                "protocols": {
                    name: self.protocol(one) for name, one in self.contract.protocols.items()
                },
                "errors": {
                    str(error.code): self.error(error) for error in self.contract.errors.values()
                },
                "none": self.contract.wire.none,
                "types": {name: self.type(name) for name in self.contract.types},
            }
        )

    def protocol(self, protocol: Protocol) -> str:
        """Of one protocol: its methods and events, and the errors that they name."""
        return _digest(
            {
                "methods": {one.selector: self.method(one) for one in protocol.methods},
                "events": {one.selector: self.event(one) for one in protocol.events},
                "callbacks": protocol.callbacks,
            }
        )

    def method(self, method: Method) -> str:
        """Of one method and of every type that it carries."""
        stream = method.stream
        return _digest(
            {
                "selector": method.selector,
                "none": self.contract.wire.none,
                "in": self._argument(method.request, method),
                "out": self._carried(method.reply),
                "items_in": self._carried(stream.items_in) if stream else None,
                "items_out": self._carried(stream.items_out) if stream else None,
                "overflow": stream.overflow if stream and stream.items_out else None,
                "oneway": method.oneway,
                "idempotent": method.idempotent,
                "serial": method.serial,
                "errors": sorted(
                    self.error(error)
                    for name in method.errors
                    if (error := self.contract.errors.get(name)) is not None
                ),
            }
        )

    def event(self, event: Event) -> str:
        """Of one event and of every type that it carries."""
        return _digest(
            {"selector": event.selector, "payload": self._argument(event.payload, event)}
        )

    def error(self, error: ErrorType) -> str:
        """Of one error: its code, its name and its fields, all of which travel."""
        local = _Local(self.contract)
        fields = local.fields(error.fields)
        return self._said({"code": error.code, "name": error.name, "fields": fields}, local)

    def type(self, name: str) -> str:
        """Of one declared type and of every type inside it."""
        return self._carried(Named(name))

    def _argument(self, said: StructType | str | None, owner: Item) -> str:
        if said is None:
            return self._carried(StructType(name="", path=owner.path, fields=()))
        return self._carried(Named(said) if isinstance(said, str) else said)

    def _carried(self, said: StructType | TypeExpr | None) -> str:
        if said is None:
            return ""
        local = _Local(self.contract)
        if isinstance(said, StructType):  # a table of fields, which nothing else names
            return self._said(local.declared(said), local)
        return self._said(local.use(said, None), local)

    def _said(self, description: Any, local: _Local) -> str:
        return _digest([description, [self._types[id(one)] for one in local.met]])


def _digest(description: Any) -> str:
    text = json.dumps(description, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:DIGITS]


def _digests(contract: Contract) -> dict[int, str]:
    """A digest for each declared type: equal if, and only if, they look alike on the wire.

    A type that holds others is described by their digests. Those that hold each
    other in a circle start alike and are told apart by what they hold, until a
    round tells no more of them apart; so neither names nor order matter.
    """
    locals_: dict[int, tuple[str, list[int]]] = {}
    for declared in (*contract.types.values(), *contract.imported.values()):
        if isinstance(declared, (StructType, UnionType, EnumType, FlagsType)):
            local = _Local(contract)
            text = _digest(local.declared(declared))
            locals_[id(declared)] = text, [id(one) for one in local.met]
    found: dict[int, str] = {}
    for group in components({one: met for one, (_, met) in locals_.items()}):
        labels = dict.fromkeys(group, "")
        kinds = 0
        while len({*labels.values()}) > kinds:
            kinds = len({*labels.values()})
            known = labels
            labels = {
                one: _digest([text, [known.get(it) or found.get(it, "") for it in met]])
                for one in group
                for text, met in (locals_[one],)
            }
        # With all labels of the circle: what told its types apart tells circles apart too.
        every = sorted({*labels.values()})
        found.update({one: _digest([label, every]) for one, label in labels.items()})
    return found


@define
class _Local:
    """Plain values that say how one type looks on the wire; those that it holds are numbers."""

    contract: Contract
    met: list[Declared] = field(factory=list)
    """The types it holds, by their number."""

    def use(self, said: TypeExpr, own: Constraints | None) -> Any:
        use = use_of(self.contract, said, own)
        limits = [
            [limit.key, str(limit.low), str(limit.high), sorted(limit.set)]
            for limit in limits_of(use)
        ]
        return {"type": self._core(use.core), "optional": use.optional, "limits": limits}

    def _core(self, core: Any) -> Any:
        match core:
            case ListOf(inner):
                return ["list", self.use(inner, None)]
            case MapOf(inner):
                return ["map", self.use(inner, None)]
            case StructType() | UnionType() | EnumType() | FlagsType():
                self.met.append(core)
                return ["held", len(self.met)]
        return text_of(core)

    def declared(self, declared: Declared) -> Any:
        match declared:
            case StructType():
                return ["struct", declared.unknown, self.fields(declared.fields)]
            case UnionType():
                by_name = sorted(declared.cases, key=lambda case: case.name)
                cases: list[Any] = [[case.name, self.fields(case.fields)] for case in by_name]
                return ["union", declared.open, cases]
            case EnumType():
                written = [case.wire if declared.type is None else case.value
                           for case in declared.cases]  # fmt: skip
                return ["enum", declared.type, declared.open, sorted(map(str, written))]
        return ["flags", sorted(str(case.value) for case in declared.cases)]

    def fields(self, fields: tuple[Field, ...]) -> Any:
        return [
            [
                one.wire,
                self.use(one.type, one.constraints),
                "none" if one.default is MISSING else canonical(one.default),
            ]
            for one in sorted(fields, key=lambda one: one.wire)
        ]
