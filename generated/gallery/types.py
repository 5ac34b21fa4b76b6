"""Types of org.example.gallery 1.2: One of every construct of the contract language; whatever is
sent comes back.
"""

# Written by `xpcrpc gen` from gallery.toml; change that, not this.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from enum import KEEP, IntEnum, IntFlag, StrEnum, nonmember
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, TypeAlias
from uuid import UUID

from attrs import field
from xpcrpc import (
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
    ClientEnd,
    ContractError,
    Date,
    Duration,
    FileDescriptor,
    IntKind,
    OpenEnum,
    OpenIntEnum,
    ReadFd,
    ReadWriteFd,
    ServerEnd,
    SharedMemory,
    SocketFd,
    UnknownCase,
    Value,
    WriteFd,
    constraints,
    define,
    wire,
)

from ..places import types as _places

if TYPE_CHECKING:
    from .gallery import GalleryClient
    from .listener import ListenerClient, ListenerServer


class Color(OpenEnum):
    """Text on the wire; a color that is not known yet is kept."""

    RED = "red"
    """Like a rose."""
    GREEN = "green"
    """Like grass. Since 1.1."""
    DARK_BLUE = "navy"
    """Like the sea at night."""
    ULTRAVIOLET = "ultraviolet"
    """Since 1.0. Deprecated: nobody sees it; use dark_blue."""


class Side(StrEnum):
    """Closed: there are no others."""

    LEFT = "left"
    """Where the heart is."""
    RIGHT = "right"
    """The other."""


class Level(OpenIntEnum):
    """An integer on the wire, open."""

    KIND = nonmember(IntKind(8, signed=False))
    LOW = 1
    """Hardly anything."""
    HIGH = 200


class Offset(IntEnum):
    """An integer on the wire, closed, and negative too."""

    KIND = nonmember(IntKind(16, signed=True))
    BEFORE = -1
    AFTER = 1


class Access(IntFlag, boundary=KEEP):
    """What may be done; unknown bits are kept."""

    READ = 1
    """Look."""
    WRITE = 2
    """Change."""
    ADMIN = 9223372036854775808
    """Anything; the highest bit there is."""


MAX_DEPTH: Final[U32] = 64
"""How deep a tree may be."""
GREETING: Final[str] = 'Hello, "world"\\n'
"""Text with quotes and a backslash."""
FAVOURITE: Final[Color] = Color.DARK_BLUE
"""A case, by its name in the contract."""
EVERYTHING: Final[Access] = Access.READ | Access.WRITE
"""Several bits."""
EPOCH: Final[Date] = Date(978307200000000000)
"""Where another system begins to count."""
PATIENCE: Final[Duration] = Duration(1500000000)
"""A span with its unit."""
MAGIC: Final[bytes] = b'\x00\xff\x7f"'
"""Bytes are hexadecimal in the contract."""
NAMESPACE: Final[UUID] = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
"""The namespace of DNS names."""


@define(kw_only=True)
class Numbers:
    """Every number there is."""

    truth: bool
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


@define(kw_only=True)
class Scalars:
    """The rest of the scalars."""

    text: str
    data: bytes
    id: UUID
    at: Date
    span: Duration
    extra: Value
    color: Color
    side: Side
    level: Level
    offset: Offset
    access: Access


@define(kw_only=True)
class Defaults:
    """A default for each type.

    All of it may be left out, so that `Defaults()` is a whole object.
    """

    truth: bool = True
    small: I8 = -128
    large: U64 = 18446744073709551615
    """Example: ``1``."""
    ratio: F64 = 1.0
    """Example: ``0.25``."""
    infinity: F32 = float("inf")
    text: str = 'it\'s "quoted" \\ and\ttabbed'
    """Example: ``"x"``."""
    data: bytes = b"\xca\xfe"
    """Hexadecimal in the contract."""
    id: UUID = UUID("00000000-0000-0000-0000-000000000001")
    at: Date = Date(1714557600500000000)
    at_ns: Date = field(default=Date(1), metadata=wire("atNs"))
    span: Duration = Duration(120000000000)
    span_ns: Duration = field(default=Duration(-1), metadata=wire("spanNs"))
    color: Color = Color.DARK_BLUE
    """Example: ``Color.RED``."""
    level: Level = Level.HIGH
    access: Access = Access.READ | Access.ADMIN
    nothing: Access = Access(0)
    names: list[str] = field(factory=list)
    primes: list[U8] = field(factory=lambda: [2, 3, 5])
    table: dict[str, I32] = field(factory=dict)
    ages: dict[str, U8] = field(factory=lambda: {"ada": 36, "Grace H.": 85})
    side: Side | None = Side.LEFT
    absent: str | None = None
    label: Label = field(
        default="localhost",
        validator=constraints.AllOf(
            (constraints.Length(max=63), constraints.Pattern("[a-z]([a-z0-9-]*[a-z0-9])?")),
        ),
    )
    point: Point = field(factory=lambda: Point(x=1.5, y=-2.0))
    shape: Shape = field(factory=lambda: ShapeCircle(radius=1.0))
    anything: Value = "text"
    """Example: ``{"a": [1, 2.5, "three", True]}``."""


@define(kw_only=True)
class Point:
    """Two numbers and nothing else: a field more is refused."""

    UNKNOWN: ClassVar[str] = "reject"
    x: F64
    y: F64


@define(kw_only=True)
class Empty_:
    """No fields at all; its Python class is `Empty_`, since `Empty` is taken."""


@define(kw_only=True)
class Nested:
    """Collections and optionals, inside each other."""

    maybe: I64 | None = None
    holes: list[str | None]
    matrix: list[list[F64]]
    by_name: dict[str, Point] = field(metadata=wire("byName"))
    groups: dict[str, list[Point | None]] | None = None
    maybe_maps: list[dict[str, bool] | None] = field(metadata=wire("maybeMaps"))
    several_sides: list[Side] = field(
        validator=constraints.Items(max=2, unique=True),
        metadata=wire("severalSides"),
    )
    """At most 2 items. All different."""


@define(kw_only=True)
class Tree:
    """Holds more of itself, by a list, a map and a `?`."""

    name: str
    children: list[Tree] = field(factory=list)
    by_key: dict[str, Tree] = field(factory=dict, metadata=wire("byKey"))
    twin: Tree | None = None


@define(kw_only=True)
class Constrained:
    """A constraint of each kind."""

    percent: U8 = field(validator=constraints.Range(max=100))
    """At most 100."""
    celsius: F64 = field(validator=constraints.Range(min=-273.15, max=1000000.0))
    """-273.15 to 1000000.0."""
    port: Port = field(validator=constraints.Range(min=1024))
    low_port: Port = field(
        validator=constraints.AllOf((constraints.Range(min=1024), constraints.Range(max=2048))),
        metadata=wire("lowPort"),
    )
    """The alias's rule and its own. At most 2048."""
    name: str = field(
        validator=constraints.AllOf(
            (constraints.Length(min=1, max=16), constraints.ByteLength(max=32)),
        ),
    )
    """1 to 16 characters. At most 32 bytes as UTF-8."""
    code: str = field(validator=constraints.Pattern("[A-Z]{2}-[0-9]+"))
    """Matches ``[A-Z]{2}-[0-9]+``. Example: ``"AB-1"``."""
    digest: bytes = field(validator=constraints.Length(min=4, max=32))
    """4 to 32 bytes."""
    tags: list[Label] = field(
        validator=constraints.AllOf(
            (
                constraints.Items(min=1, max=3, unique=True),
                constraints.Each(
                    constraints.AllOf(
                        (
                            constraints.Length(max=63),
                            constraints.Pattern("[a-z]([a-z0-9-]*[a-z0-9])?"),
                        ),
                    ),
                ),
            ),
        ),
    )
    """1 to 3 items. All different."""
    ports: dict[str, list[Port]] = field(
        validator=constraints.AllOf(
            (
                constraints.Items(max=2),
                constraints.Each(constraints.Each(constraints.Range(min=1024))),
            ),
        ),
    )
    """At most 2 items."""
    labels: Labels | None = field(
        default=None,
        validator=constraints.AllOf(
            (
                constraints.Items(min=1),
                constraints.Each(
                    constraints.AllOf(
                        (
                            constraints.Length(max=63),
                            constraints.Pattern("[a-z]([a-z0-9-]*[a-z0-9])?"),
                        ),
                    ),
                ),
            ),
        ),
    )


@define(kw_only=True)
class Kept:
    """What a newer peer adds is written back unchanged."""

    UNKNOWN: ClassVar[str] = "keep"
    known: str = ""
    unknown_fields: dict[str, Value] = field(factory=dict, repr=False)
    """What a newer peer sent besides; written back unchanged."""


@define(kw_only=True)
class Renamed:
    """Names that need care. Since 1.2. Deprecated: a struct of awkward names; use `Scalars`."""

    class_: str = field(metadata=wire("class"))
    """On the wire: ``class``."""
    self_: str | None = field(default=None, metadata=wire("self"))
    """On the wire: ``self``."""
    list_: list[str] = field(metadata=wire("list"))
    """On the wire: ``list``."""
    field_: I64 = field(default=0, metadata=wire("field"))
    """On the wire: ``field``."""
    many_words: bool = field(metadata=wire("manyWords"))
    wired: I64 = field(metadata=wire("Some-Other Name"))
    """Any text can be a name."""
    old: str | None = None
    """Deprecated: use wired."""
    new: str | None = None
    """Came later. Since 1.1."""


@define(kw_only=True)
class Files:
    """Descriptors of every mode, and shared memory."""

    any_kind: FileDescriptor = field(metadata=wire("anyKind"))
    readable: ReadFd
    writable: WriteFd
    both: ReadWriteFd | None = None
    connection: SocketFd | None = None
    memory: SharedMemory | None = None
    more: list[ReadFd] = field(factory=list)


@define(kw_only=True)
class Invitation:
    """A way to call somebody back."""

    back: ClientEnd[ListenerClient]
    others: dict[str, ClientEnd[GalleryClient]]


@define(kw_only=True)
class Errand:
    """Somebody to be served, and somebody who serves."""

    back: ClientEnd[ListenerClient]
    serve: ServerEnd[ListenerServer] | None = None


@define(kw_only=True)
class Journey:
    """Types of another contract, beside a type of this one."""

    from_place: _places.Place = field(metadata=wire("fromPlace"))
    to_place: _places.Place = field(
        factory=lambda: _places.Place(name="home", at=_places.Position(y=1.0)),
        metadata=wire("toPlace"),
    )
    by: _places.Transport = _places.Transport.TRAIN
    signs: _places.Signs | None = field(
        default=None,
        validator=constraints.AllOf(
            (constraints.Items(min=1), constraints.Each(constraints.Length(max=40))),
        ),
    )
    crossed: list[_places.Place] = field(factory=list)
    ends_at: Point | None = field(default=None, metadata=wire("endsAt"))


@define(kw_only=True)
class ShapeCircle:
    """The case ``circle`` of `Shape`."""

    CASE: ClassVar[str] = "circle"
    radius: F64 = field(validator=constraints.Range(min=0))
    """At least 0."""


@define(kw_only=True)
class ShapeRectangle:
    """The case ``rectangle`` of `Shape`."""

    CASE: ClassVar[str] = "rectangle"
    corner: Point
    width: F64
    height: F64


@define(kw_only=True)
class ShapeNothing:
    """The case ``nothing`` of `Shape`."""

    CASE: ClassVar[str] = "nothing"


Shape: TypeAlias = ShapeCircle | ShapeRectangle | ShapeNothing | UnknownCase
"""Open: a case that is not known yet is kept."""


@define(kw_only=True)
class AnswerYes:
    """The case ``yes`` of `Answer`."""

    CASE: ClassVar[str] = "yes"


@define(kw_only=True)
class AnswerNo:
    """The case ``no`` of `Answer`."""

    CASE: ClassVar[str] = "no"
    reason: str | None = None


@define(kw_only=True)
class AnswerPerhaps:
    """The case ``perhaps`` of `Answer`."""

    CASE: ClassVar[str] = "perhaps"
    of: list[Answer]


Answer: TypeAlias = AnswerYes | AnswerNo | AnswerPerhaps
"""Closed."""


@define(kw_only=True)
class ParcelFile:
    """The case ``file`` of `Parcel`."""

    CASE: ClassVar[str] = "file"
    content: ReadFd
    name: str


@define(kw_only=True)
class ParcelText:
    """The case ``text`` of `Parcel`."""

    CASE: ClassVar[str] = "text"
    content: str


Parcel: TypeAlias = ParcelFile | ParcelText | UnknownCase
"""A case may hold a resource."""


@define(kw_only=True)
class EchoShapeRequest:
    """What ``Gallery.echo_shape`` takes."""

    shape: Shape


@define(kw_only=True)
class EchoAnswerRequest:
    """What ``Gallery.echo_answer`` takes."""

    answer: Answer


@define(kw_only=True)
class EchoParcelRequest:
    """What ``Gallery.echo_parcel`` takes."""

    parcel: Parcel


@define(kw_only=True)
class EchoGroveRequest:
    """What ``Gallery.echo_grove`` takes."""

    grove: Grove


@define(kw_only=True)
class EchoAnyRequest:
    """What ``Gallery.echo_any`` takes."""

    value: Value


@define(kw_only=True)
class EchoMaybeRequest:
    """What ``Gallery.echo_maybe`` takes."""

    text: str | None = None


@define(kw_only=True)
class EchoSeveralRequest:
    """What ``Gallery.echo_several`` takes."""

    first: I64
    second: list[U8] = field(factory=lambda: [1, 2])
    access: Access = Access.READ
    timeout_s_: F64 = field(default=1.0, metadata=wire("timeoutS"))
    """On the wire: ``timeoutS``."""
    point: Point = field(factory=lambda: Point(x=0.0, y=0.0))


@define(kw_only=True)
class EchoSeveralReply:
    """What ``Gallery.echo_several`` answers."""

    first: I64
    second: list[U8]
    access: Access
    point: Point


@define(kw_only=True)
class FailRequest:
    """What ``Gallery.fail`` takes."""

    shape: Shape | None = None
    kind: str = "refused"


@define(kw_only=True)
class WaitRequest:
    """What ``Gallery.wait`` takes."""

    span: Duration


@define(kw_only=True)
class InviteRequest:
    """What ``Gallery.invite`` takes."""

    back: ClientEnd[ListenerClient]
    text: str = ""


@define(kw_only=True)
class WatchRequest:
    """What ``Gallery.watch`` takes."""

    shape: Shape
    times: U32 = field(default=1, validator=constraints.Range(max=10000))
    """At most 10000."""


@define(kw_only=True)
class CollectRequest:
    """What ``Gallery.collect`` takes."""

    items_: str = field(default="points", metadata=wire("items"))
    """On the wire: ``items``."""


@define(kw_only=True)
class ToldRequest:
    """What ``Listener.told`` takes."""

    text: str


@define(kw_only=True)
class ConfirmRequest:
    """What ``Listener.confirm`` takes."""

    text: str


@define(kw_only=True)
class HungEvent:
    """What the event ``Gallery.hung`` carries."""

    title: str
    colors: list[Color] = field(factory=lambda: [Color.RED])
    at: Point | None = None


@define(kw_only=True)
class Refused(ContractError):
    """The service does not want to."""

    code = 100
    reason: str
    code_: I32 = field(default=0, metadata=wire("code"))
    """Awkward: an error has a code already. On the wire: ``code``."""
    culprit: Shape | None = None


@define(kw_only=True)
class Busy(ContractError):
    """An error without fields."""

    code = 101


@define(kw_only=True)
class Evidence(ContractError):
    """An error may hold a resource."""

    code = 102
    file: ReadFd | None = None


Port: TypeAlias = Annotated[U16, constraints.Range(min=1024)]
"""A port that needs no privilege."""
Label: TypeAlias = Annotated[
    str,
    constraints.Length(max=63),
    constraints.Pattern("[a-z]([a-z0-9-]*[a-z0-9])?"),
]
"""A DNS label."""
Labels: TypeAlias = Annotated[list[Label], constraints.Items(min=1)]
"""Several labels; the alias of a list has rules too."""
Grove: TypeAlias = list[Tree]
"""Several trees; the alias stands before what it names."""
