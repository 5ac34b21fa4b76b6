"""What a contract says, once read: plain facts, no decisions about any language.

Every item keeps the path it was declared at, so that a later complaint can say
where. A value that was missing or wrong has a harmless stand-in; the complaint
was made when it was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import Any, Final, Literal, TypeAlias

from attrs import field, frozen

from .launch import Launchd, Systemd
from .scanner import Path
from .typeexpr import Broken, Named, Optional, TypeExpr


class Missing(Enum):
    """The one value that no TOML document can hold."""

    MISSING = auto()


MISSING: Final = Missing.MISSING
"""Said nothing; unlike a default that happens to be empty."""

DEFAULT_TIMEOUT_NS: Final = 30_000_000_000
"""A call's deadline if its method states none."""


@frozen
class Constraints:
    """The rules a value must meet; None is no rule."""

    min: int | float | None = None
    max: int | float | None = None
    min_len: int | None = None
    max_len: int | None = None
    max_bytes: int | None = None
    pattern: str | None = None
    min_items: int | None = None
    max_items: int | None = None
    unique: bool = False

    @property
    def empty(self) -> bool:
        """Whether it allows everything."""
        return self == Constraints()


NO_CONSTRAINTS: Final = Constraints()


@frozen(kw_only=True)
class Item:
    """What everything that has a name shares."""

    name: str
    path: Path
    doc: str | None = None
    since: str | None = None
    deprecated: str | None = None


@frozen(kw_only=True)
class Field(Item):
    """A field of a struct, a union case, an error, or a method's table."""

    type: TypeExpr
    type_path: Path
    """Where its type stands: the field itself, or its ``type`` key."""
    wire: str
    """Its name on the wire, settled."""
    default: Any = MISSING
    example: Any = MISSING
    constraints: Constraints = NO_CONSTRAINTS

    @property
    def required(self) -> bool:
        """Whether whoever makes the object must give it."""
        return self.default is MISSING and not isinstance(self.type, Optional)


@frozen(kw_only=True)
class Case(Item):
    """A case of an enum or a bit of flags."""

    wire: str
    value: int | None = None


@frozen(kw_only=True)
class EnumType(Item):
    """``[enum.X]``: text on the wire, or an integer if `type` names one."""

    cases: tuple[Case, ...]
    type: str | None = None
    open: bool = True


@frozen(kw_only=True)
class FlagsType(Item):
    """``[flags.X]``: a uint64, one bit for each case."""

    cases: tuple[Case, ...]


Unknown: TypeAlias = Literal["ignore", "keep", "reject"]


@frozen(kw_only=True)
class StructType(Item):
    """``[struct.X]``, or what a method's table of fields makes."""

    fields: tuple[Field, ...]
    unknown: Unknown = "ignore"
    resource: bool | None = None
    """Whether it is marked as one; None where no mark is needed."""


@frozen(kw_only=True)
class UnionCase(Item):
    """A case of a union, with its fields."""

    fields: tuple[Field, ...]


@frozen(kw_only=True)
class UnionType(Item):
    """``[union.X]``: one of several cases, each with labelled fields."""

    cases: tuple[UnionCase, ...]
    open: bool = True
    resource: bool = False


@frozen(kw_only=True)
class AliasType(Item):
    """``[alias.X]``: a name for a type with constraints."""

    type: TypeExpr
    constraints: Constraints = NO_CONSTRAINTS


@frozen(kw_only=True)
class ErrorType(Item):
    """``[error.X]``: a failure that methods may answer with."""

    code: int
    fields: tuple[Field, ...]
    resource: bool = False


@frozen(kw_only=True)
class Const(Item):
    """``[const.X]``: a value both sides know."""

    type: TypeExpr
    value: Any


Overflow: TypeAlias = Literal["block", "drop_oldest", "drop_newest", "fail"]

DEFAULT_WINDOW: Final = 64
"""Items of a stream in flight if the contract states no number."""


@frozen
class Stream:
    """``stream = { … }`` of a method: items beside the request and the reply."""

    path: Path
    items_in: TypeExpr | None = None
    """What the client sends."""
    items_out: TypeExpr | None = None
    """What the server sends."""
    window: int = DEFAULT_WINDOW
    overflow: Overflow = "block"


@frozen(kw_only=True)
class Method(Item):
    """A method of a protocol."""

    request: StructType | str | None = None
    """A table of fields, a struct's name, or nothing."""
    reply: StructType | TypeExpr | None = None
    errors: tuple[str, ...] = ()
    oneway: bool = False
    timeout_ns: int | None = None
    """What the contract says."""
    idempotent: bool = False
    serial: bool = False
    selector: str = ""
    stream: Stream | None = None
    requires: PeerRule | None = None
    """What a caller must be, beside what the service asks of every peer."""

    @property
    def deadline_ns(self) -> int | None:
        """How long a call may take if its caller does not say; None for as long as it likes."""
        if self.timeout_ns is None and self.stream is None and not self.oneway:
            return DEFAULT_TIMEOUT_NS
        return self.timeout_ns


@frozen(kw_only=True)
class Event(Item):
    """What a server tells its clients unasked."""

    payload: StructType | str | None = None
    """A table of fields, a struct's name, or nothing."""
    selector: str = ""


@frozen(kw_only=True)
class Protocol(Item):
    """``[protocol.X]``: methods that one side serves."""

    methods: tuple[Method, ...]
    events: tuple[Event, ...] = ()
    callbacks: str | None = None
    """The protocol that its client serves on the same connection."""


@frozen
class Rule:
    """One fact about a peer, such as ``uid = "self"``."""

    kind: str
    value: Any
    extra: Any = None
    """An entitlement's value."""


@frozen
class RuleGroup:
    """``all`` or ``any`` of several rules."""

    kind: Literal["all", "any"]
    rules: tuple[PeerRule, ...]


PeerRule: TypeAlias = Rule | RuleGroup | Literal["anyone"]


@frozen(kw_only=True)
class Service(Item):
    """``[service.x]``: where a protocol is served, and for whom."""

    protocol: str
    address: str
    """The name to look it up by."""
    domain: Literal["user", "system"] = "user"
    macos: PeerRule | None = None
    linux: PeerRule | None = None
    development: PeerRule | None = None
    launchd: Launchd | None = None
    systemd: Systemd | None = None


@frozen
class Wire:
    """``[wire]``: how names and absent values look in messages."""

    selector: str = "{name}"
    fields: str = "{name}"
    none: Literal["omit", "null"] = "omit"


@frozen
class Reserved:
    """``[reserved]``: names and codes that must not come back."""

    fields: dict[str, tuple[str, ...]] = field(factory=dict)
    cases: dict[str, tuple[str, ...]] = field(factory=dict)
    methods: dict[str, tuple[str, ...]] = field(factory=dict)
    codes: tuple[int, ...] = ()


TypeDeclaration: TypeAlias = EnumType | FlagsType | StructType | UnionType | AliasType
"""What a type expression may name."""


@frozen(kw_only=True)
class Import:
    """One line of ``[imports]``."""

    alias: str
    path: Path
    file: str
    """As the contract writes it, relative to its own file."""


@frozen
class Foreign:
    """Where a type of another contract is: its generated package and its name there."""

    package: str
    name: str


@frozen(kw_only=True)
class Contract:
    """One whole file."""

    file: str
    package: str
    python: str | None
    """The generated package's name, where the contract says it."""
    version: str
    doc: str | None
    wire: Wire
    reserved: Reserved
    types: dict[str, TypeDeclaration]
    consts: tuple[Const, ...]
    errors: dict[str, ErrorType]
    protocols: dict[str, Protocol]
    services: tuple[Service, ...]
    imports: tuple[Import, ...] = ()
    imported: dict[str, TypeDeclaration] = field(factory=dict)
    """Types of other contracts by the names that they have here, such as ``net.Address``.

    What those name in turn is there too, with a dot more.
    """
    foreign: dict[str, Foreign] = field(factory=dict)
    """Where each of them is."""

    def find(self, name: str) -> TypeDeclaration | None:
        """The type of that name, declared here or imported."""
        return self.types.get(name) or self.imported.get(name)

    def of(self, kind: type[Any]) -> Iterator[Any]:
        """The declared types of one kind, in the file's order."""
        return (declared for declared in self.types.values() if isinstance(declared, kind))

    def tables(self) -> Iterator[tuple[Protocol, Method, StructType, str]]:
        """What the methods' tables of fields make; the text is ``request`` or ``reply``."""
        for protocol in self.protocols.values():
            for method in protocol.methods:
                if isinstance(method.request, StructType):
                    yield protocol, method, method.request, "request"
                if isinstance(method.reply, StructType):
                    yield protocol, method, method.reply, "reply"

    def event_tables(self) -> Iterator[tuple[Protocol, Event, StructType]]:
        """What the events' tables of fields make."""
        for protocol in self.protocols.values():
            for event in protocol.events:
                if isinstance(event.payload, StructType):
                    yield protocol, event, event.payload

    def field_owners(self) -> Iterator[tuple[Item, tuple[Field, ...]]]:
        """Everything that has fields, with them."""
        for declared in self.types.values():
            if isinstance(declared, StructType):
                yield declared, declared.fields
            elif isinstance(declared, UnionType):
                yield from ((case, case.fields) for case in declared.cases)
        yield from ((error, error.fields) for error in self.errors.values())
        yield from ((table, table.fields) for _, _, table, _ in self.tables())
        yield from ((table, table.fields) for _, _, table in self.event_tables())


def resolve(contract: Contract, expression: TypeExpr) -> TypeExpr:
    """The type behind aliases and the outermost ``?``; `Broken` for a circle of aliases."""
    for _ in range(len(contract.types) + len(contract.imported) + 1):
        expression = plain(expression)
        if not isinstance(expression, Named):
            return expression
        declared = contract.find(expression.name)
        if not isinstance(declared, AliasType):
            return expression
        expression = declared.type
    return BROKEN


def aliases(contract: Contract, expression: TypeExpr) -> Iterator[AliasType]:
    """The aliases that `resolve` would pass through, outermost first."""
    for _ in range(len(contract.types) + len(contract.imported) + 1):
        expression = plain(expression)
        declared = contract.find(expression.name) if isinstance(expression, Named) else None
        if not isinstance(declared, AliasType):
            return
        yield declared
        expression = declared.type


def plain(expression: TypeExpr) -> TypeExpr:
    """The type without its ``?``."""
    return expression.inner if isinstance(expression, Optional) else expression


BROKEN: Final = Broken()
