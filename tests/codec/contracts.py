"""Classes as the compiler writes them: one for each thing that a contract can say."""

from __future__ import annotations

from enum import KEEP, IntEnum, IntFlag, StrEnum, nonmember
from typing import Annotated, ClassVar, TypeAlias
from uuid import UUID

from attrs import define, field

from xpcrpc import constraints
from xpcrpc.contract import (
    ClientEnd,
    ContractError,
    OpenEnum,
    OpenIntEnum,
    UnknownCase,
    wire,
)
from xpcrpc.kinds import (
    F32,
    F64,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    IntKind,
    ReadFd,
    ReadWriteFd,
    SocketFd,
    WriteFd,
)
from xpcrpc.values import Date, Duration, FileDescriptor, SharedMemory, Value


class Mode(OpenEnum):
    DIRECT = "direct"
    INSPECT = "inspect"


class Side(StrEnum):
    LEFT = "left"
    RIGHT = "right"


class Level(OpenIntEnum):
    KIND = nonmember(IntKind(8, False))
    LOW = 1
    HIGH = 9


class Sign(IntEnum):
    KIND = nonmember(IntKind(8, True))
    MINUS = -1
    PLUS = 1


class Caps(IntFlag, boundary=KEEP):
    READ = 1
    WRITE = 2


@define(kw_only=True)
class Scalars:
    flag: bool
    i8: I8
    i16: I16
    i32: I32
    i64: I64
    u8: U8
    u16: U16
    u32: U32
    u64: U64
    f32: F32
    f64: F64
    text: str
    data: bytes
    uuid: UUID
    date: Date
    duration: Duration
    anything: Value
    mode: Mode
    side: Side
    level: Level
    sign: Sign
    caps: Caps


@define(kw_only=True)
class Inner:
    key: str
    number: U32 = 7
    note: str | None = None


@define(kw_only=True)
class Containers:
    inner: Inner
    maybe_inner: Inner | None = None
    numbers: list[U16] = field(factory=list)
    flags: list[bool] = field(factory=list)
    floats: list[F64] = field(factory=list)
    texts: list[str] = field(factory=list)
    sides: list[Side] = field(factory=list)
    levels: list[Level] = field(factory=list)
    optionals: list[I32 | None] = field(factory=list)
    inners: list[Inner] = field(factory=list)
    rows: list[list[bytes]] = field(factory=list)
    names: dict[str, Inner] = field(factory=dict)
    counts: dict[str, U64 | None] = field(factory=dict)
    things: list[Value] = field(factory=list)


@define(kw_only=True)
class Nulls:
    NONE: ClassVar[str] = "null"
    a: I32 | None = None
    b: str | None
    c: list[str] | None = None


@define(kw_only=True)
class Kept:
    UNKNOWN: ClassVar[str] = "keep"
    mode: Mode = Mode.DIRECT
    label: str | None = field(
        default=None, validator=constraints.Length(max=64), metadata=wire("html_label")
    )
    unknown_fields: dict[str, Value] = field(factory=dict, repr=False)


@define(kw_only=True)
class Strict:
    UNKNOWN: ClassVar[str] = "reject"
    a: I32


@define(kw_only=True)
class Ruled:
    port: U16 = field(validator=constraints.Range(min=1, max=4096))
    ratio: F64 = field(default=0.5, validator=constraints.Range(min=0, max=1))
    name: str = field(
        validator=constraints.AllOf(
            (
                constraints.Length(min=2, max=8),
                constraints.ByteLength(max=12),
            )
        )
    )
    code: str = field(validator=constraints.Pattern(r"[a-z]{2,4}-[0-9]+"))
    blob: bytes = field(validator=constraints.Length(min=1, max=4))
    tags: list[str] = field(
        factory=list,
        validator=constraints.AllOf(
            (
                constraints.Items(max=3, unique=True),
                constraints.Each(constraints.Length(max=5)),
            )
        ),
    )
    table: dict[str, I32] = field(
        factory=dict,
        validator=[
            constraints.Items(min=0, max=2),
            constraints.Each(constraints.Range(min=-5)),
        ],
    )
    limit: U8 | None = field(default=None, validator=constraints.Range(max=10))


Port: TypeAlias = Annotated[U16, constraints.Range(min=1024)]
Ports: TypeAlias = Annotated[list[Port], constraints.Items(min=1, unique=True)]


@define(kw_only=True)
class Node:
    value: I64
    next: Node | None = None
    children: list[Node] = field(factory=list)
    named: dict[str, Node] = field(factory=dict)


@define(kw_only=True)
class EventStarted:
    CASE: ClassVar[str] = "started"
    pid: I32


@define(kw_only=True)
class EventStopped:
    CASE: ClassVar[str] = "stopped"


Event: TypeAlias = EventStarted | EventStopped | UnknownCase
Closed: TypeAlias = EventStarted | EventStopped


@define(kw_only=True)
class Story:
    first: Event
    rest: list[Event] = field(factory=list)
    last: Closed | None = None
    only: EventStopped


@define(kw_only=True)
class Refused(ContractError):
    code = 100
    reason: str
    retry_after: Duration | None = None


@define(kw_only=True)
class Nothing:
    """No fields at all."""


@define(kw_only=True, frozen=True)
class Frozen:
    a: I32
    b: str = field(default="x", validator=constraints.Length(max=9))


@define(kw_only=True)
class Resources:
    plain: FileDescriptor
    read: ReadFd
    write: WriteFd | None = None
    both: list[ReadWriteFd] = field(factory=list)
    socket: SocketFd | None = None
    memory: dict[str, SharedMemory] = field(factory=dict)
    note: str = ""


class PingClient:
    """Stands for a generated client class."""


@define(kw_only=True)
class Ends:
    ping: ClientEnd[PingClient]
    more: list[ClientEnd[PingClient]] = field(factory=list)


PLAIN = (
    Scalars,
    Inner,
    Containers,
    Nulls,
    Kept,
    Strict,
    Ruled,
    Node,
    Event,
    Story,
    Refused,
    Nothing,
    Frozen,
    EventStarted,
    list[Inner],
    dict[str, Event],
    str,
    U16,
    Mode,
    Port,
    Ports,
    dict[str, Port],
)
"""Every type above that holds no handle, and some that are no struct."""
