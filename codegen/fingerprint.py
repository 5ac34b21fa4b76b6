"""Short names for what a contract says on the wire.

Two contracts that say the same on the wire have one fingerprint: the names that
travel, types, limits, defaults, selectors, codes. What only people or one side
read (docs, the version, what methods call their types, services, deadlines) is
left out, and so is any order that messages do not have.

A fingerprint is the first 128 bits of SHA-256 over a canonical description,
as 32 hexadecimal digits. It tells contracts apart; it is no signature.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from attrs import define, field

from .breaking.effective import canonical, limits_of, use_of
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


def fingerprint(contract: Contract) -> str:
    """The fingerprint of all that a contract says on the wire."""
    return _digest(
        {
            "protocols": {
                name: protocol_fingerprint(contract, protocol)
                for name, protocol in contract.protocols.items()
            },
            "errors": {
                str(error.code): error_fingerprint(contract, error)
                for error in contract.errors.values()
            },
            "none": contract.wire.none,
            # Another contract may import them, so they are part of what it says.
            "types": {name: type_fingerprint(contract, name) for name in contract.types},
        }
    )


def protocol_fingerprint(contract: Contract, protocol: Protocol) -> str:
    """The fingerprint of one protocol: its methods, events and the errors that they name."""
    return _digest(
        {
            "methods": {
                method.selector: method_fingerprint(contract, method) for method in protocol.methods
            },
            "events": {
                event.selector: event_fingerprint(contract, event) for event in protocol.events
            },
            "callbacks": protocol.callbacks,
        }
    )


def method_fingerprint(contract: Contract, method: Method) -> str:
    """The fingerprint of one method and of every type that it carries."""
    describe = _Describe(contract)
    stream = method.stream
    return _digest(
        {
            "selector": method.selector,
            "none": contract.wire.none,
            "in": describe.struct_or_name(method.request, method),
            "out": describe.root(method.reply),
            "items_in": describe.root(stream.items_in) if stream else None,
            "items_out": describe.root(stream.items_out) if stream else None,
            "oneway": method.oneway,
            "errors": sorted(
                [str(error.code), describe.fields(error.fields)]
                for name in method.errors
                if (error := contract.errors.get(name)) is not None
            ),
        }
    )


def event_fingerprint(contract: Contract, event: Event) -> str:
    """The fingerprint of one event and of every type that it carries."""
    payload = _Describe(contract).struct_or_name(event.payload, event)
    return _digest({"selector": event.selector, "payload": payload})


def error_fingerprint(contract: Contract, error: ErrorType) -> str:
    """The fingerprint of one error: its code and its fields."""
    return _digest({"code": error.code, "fields": _Describe(contract).fields(error.fields)})


def type_fingerprint(contract: Contract, name: str) -> str:
    """The fingerprint of one declared type and of every type inside it."""
    return _digest(_Describe(contract).root(Named(name)))


def _digest(description: Any) -> str:
    text = json.dumps(description, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:DIGITS]


@define
class _Describe:
    """Plain values that say how types look on the wire.

    A type is described where it is first met, and is a number from then on; so
    recursive types end, and names do not matter.
    """

    contract: Contract
    _met: dict[int, int] = field(factory=dict)

    def root(self, said: StructType | TypeExpr | None) -> Any:
        return None if said is None else self.use(said, None)

    def struct_or_name(self, said: StructType | str | None, owner: Item) -> Any:
        if said is None:
            return self.use(StructType(name="", path=owner.path, fields=()), None)
        return self.use(Named(said) if isinstance(said, str) else said, None)

    def use(self, said: StructType | TypeExpr, own: Constraints | None) -> Any:
        use = use_of(self.contract, said, own)
        limits = [
            [limit.key, str(limit.low), str(limit.high), sorted(limit.set)]
            for limit in limits_of(use)
        ]
        return {"type": self.core(use.core), "optional": use.optional, "limits": limits}

    def core(self, core: Any) -> Any:
        match core:
            case ListOf(inner):
                return ["list", self.use(inner, None)]
            case MapOf(inner):
                return ["map", self.use(inner, None)]
            case StructType() | UnionType() | EnumType() | FlagsType():
                return self.declared(core)
        return text_of(core)

    def declared(self, declared: StructType | UnionType | EnumType | FlagsType) -> Any:
        number = self._met.get(id(declared))
        if number is not None:
            return ["seen", number]
        self._met[id(declared)] = len(self._met)
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
