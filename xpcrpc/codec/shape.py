"""What a Python annotation means on the wire: one description for all that read it.

The converter, the compiled passes and the Hypothesis strategies are made from
the same `Shape`, so that they cannot disagree about a type.
"""

from __future__ import annotations

import builtins
import sys
import types
from enum import Enum, IntEnum, IntFlag, StrEnum, auto
from functools import cache
from typing import (
    Annotated,
    Any,
    Final,
    ForwardRef,
    Literal,
    Optional,
    TypeVar,
    Union,
    get_args,
    get_origin,
)
from uuid import UUID

from attrs import NOTHING, Attribute, evolve, field, fields, has

from .. import contract, values
from ..constraints import Constraint
from ..contract import WIRE, ClientEnd, OpenEnum, OpenIntEnum, ServerEnd, UnknownCase
from ..facts import frozen
from ..kinds import FdMode, FloatKind, IntKind
from ..values import Date, Duration, Endpoint, FileDescriptor, SharedMemory, UInt64, Value

UNKNOWN_FIELDS: Final = "unknown_fields"
"""The attribute that keeps what the contract does not name, where it says "keep"."""


class Kind(Enum):
    """The sort of a `Shape`."""

    ANY = auto()
    BOOL = auto()
    INT = auto()
    FLOAT = auto()
    TEXT = auto()
    DATA = auto()
    UUID = auto()
    DATE = auto()
    DURATION = auto()
    FD = auto()
    SHMEM = auto()
    ENDPOINT = auto()
    LIST = auto()
    MAP = auto()
    OPTIONAL = auto()
    TEXT_ENUM = auto()
    INT_ENUM = auto()
    STRUCT = auto()
    UNION = auto()
    OPAQUE = auto()
    """A type that this library does not know; a registered hook must."""


@frozen
class Shape:
    """One type, as values of it look on the wire."""

    kind: Kind
    hint: Any = field(eq=False)
    """The annotation, with every name in it resolved."""
    item: Shape | None = None
    """Of a list, a map or an optional."""
    cls: Any = None
    """Of an enum, a struct, a typed endpoint or an opaque type."""
    ints: IntKind | None = None
    floats: FloatKind | None = None
    mode: FdMode | None = None
    cases: tuple[type, ...] = ()
    open: bool = False
    rules: tuple[Constraint, ...] = ()
    """What an alias states for its values. A field's own are its validator, aliases' included."""

    @property
    def name(self) -> str:
        """What to call it: a class's name, or the contract language's for a scalar."""
        if self.kind in (Kind.STRUCT, Kind.TEXT_ENUM, Kind.INT_ENUM, Kind.OPAQUE):
            return getattr(self.cls, "__name__", str(self.cls))
        if self.kind is Kind.UNION and len(self.cases) == 1 and not self.open:
            return self.cases[0].__name__
        return "value"


@frozen
class Field:
    """One attribute of a struct that travels."""

    name: str
    """Python's name; also what the constructor calls it, but for leading underscores."""
    alias: str
    wire: str
    shape: Shape
    required: bool
    """Whether reading refuses a dictionary without it."""
    optional: bool
    """Whether None stands for absence."""
    attribute: Attribute[Any] = field(eq=False, repr=False)


@frozen
class Struct:
    """A class of fields."""

    cls: type
    fields: tuple[Field, ...]
    unknown: Literal["ignore", "keep", "reject"]
    nulls: bool
    """Whether an absent optional is written as null instead of left out."""


class _Names(dict[str, Any]):
    """Names as an annotation's author sees them: the module, then its package.

    What a module imports for type checkers only is found in the package, which
    re-exports it.
    """

    def __init__(self, module: str) -> None:
        super().__init__()
        self._places: list[types.ModuleType] = []
        home = sys.modules.get(module)
        if home is not None:
            self._places.append(home)
            package = sys.modules.get(getattr(home, "__package__", None) or "")
            if package is not None:
                self._places.append(package)
        # A package need not re-export what its annotations take from here.
        self._places += [contract, values, builtins]

    def __missing__(self, name: str) -> Any:
        for place in self._places:
            try:
                # Not in its dictionary: a package may import what it exports when it is asked.
                return getattr(place, name)
            except AttributeError:
                continue
        raise KeyError(name)


_SIMPLE: Final[dict[Any, Shape]] = {
    bool: Shape(Kind.BOOL, bool),
    int: Shape(Kind.INT, int, ints=IntKind(64, True)),
    UInt64: Shape(Kind.INT, UInt64, ints=IntKind(64, False)),
    float: Shape(Kind.FLOAT, float, floats=FloatKind(64)),
    str: Shape(Kind.TEXT, str),
    bytes: Shape(Kind.DATA, bytes),
    UUID: Shape(Kind.UUID, UUID),
    Date: Shape(Kind.DATE, Date),
    Duration: Shape(Kind.DURATION, Duration),
    FileDescriptor: Shape(Kind.FD, FileDescriptor),
    SharedMemory: Shape(Kind.SHMEM, SharedMemory),
    Endpoint: Shape(Kind.ENDPOINT, Endpoint),
    ClientEnd: Shape(Kind.ENDPOINT, ClientEnd, cls=ClientEnd),
    ServerEnd: Shape(Kind.ENDPOINT, ServerEnd, cls=ServerEnd),
    Any: Shape(Kind.ANY, Value),
    object: Shape(Kind.ANY, Value),
}


def resolve(text: str, module: str) -> Any:
    """The type that ``text`` names in a module, or in the package that holds it.

    Raises:
        NameError: a name in it is found in neither.
    """
    # An annotation of the program's own source, as `typing.get_type_hints` does it.
    return eval(text, {}, _Names(module))  # noqa: S307


def shape_of(hint: Any, module: str = "") -> Shape:
    """The shape of an annotation; names in text are looked up in ``module``.

    Raises:
        NameError: a name in it is not found.
    """
    if not module and not isinstance(hint, str | ForwardRef):
        return _known_shape(hint)
    return _shape(hint, module)


@cache
def _known_shape(hint: Any) -> Shape:
    return _shape(hint, "")


def _shape(hint: Any, module: str) -> Shape:
    if isinstance(hint, ForwardRef):
        hint = hint.__forward_arg__
    if isinstance(hint, str):
        return _shape(resolve(hint, module), module)
    if isinstance(hint, TypeVar):
        return Shape(Kind.OPAQUE, hint, cls=hint)
    if hint == Value:
        return _SIMPLE[Any]
    simple = _SIMPLE.get(hint)
    if simple is not None:
        return simple
    origin = get_origin(hint)
    arguments = get_args(hint)
    if origin is Annotated:
        return _annotated(_shape(arguments[0], module), arguments[1:], ruled=not module)
    if origin is Union or origin is types.UnionType:
        return _union(hint, arguments, module)
    if origin is list and len(arguments) == 1:
        item = _shape(arguments[0], module)
        return Shape(Kind.LIST, list[item.hint], item=item)  # type: ignore[name-defined]
    if origin is dict and len(arguments) == 2 and arguments[0] is str:
        item = _shape(arguments[1], module)
        return Shape(Kind.MAP, dict[str, item.hint], item=item)  # type: ignore[name-defined]
    if origin is ClientEnd or origin is ServerEnd:
        return Shape(Kind.ENDPOINT, hint, cls=origin)
    if isinstance(hint, type):
        return _class(hint)
    return Shape(Kind.OPAQUE, hint, cls=hint)


def _annotated(base: Shape, facts: tuple[Any, ...], *, ruled: bool) -> Shape:
    rules = tuple(fact for fact in facts if isinstance(fact, Constraint))
    if rules and ruled:
        plain = _annotated(base, tuple(fact for fact in facts if fact not in rules), ruled=False)
        hint: Any = Annotated[plain.hint, *rules]
        return evolve(plain, hint=hint, rules=plain.rules + rules)
    for fact in facts:
        if isinstance(fact, IntKind) and base.kind in (Kind.INT, Kind.INT_ENUM):
            hint = Annotated[base.hint, fact]
            return Shape(base.kind, hint, cls=base.cls, ints=fact, open=base.open)
        if isinstance(fact, FloatKind) and base.kind is Kind.FLOAT:
            return Shape(Kind.FLOAT, Annotated[float, fact], floats=fact)
        if isinstance(fact, FdMode) and base.kind is Kind.FD:
            return Shape(Kind.FD, Annotated[FileDescriptor, fact], mode=fact)
    return base


def _union(hint: Any, arguments: tuple[Any, ...], module: str) -> Shape:
    others = tuple(argument for argument in arguments if argument is not type(None))
    if len(others) < len(arguments):
        item = _shape(Union[others], module)  # noqa: UP007
        return Shape(Kind.OPTIONAL, Optional[item.hint], item=item)  # noqa: UP045
    classes = tuple(
        _shape(other, module).cls if isinstance(other, ForwardRef | str) else other
        for other in others
    )
    cases = tuple(case for case in classes if case is not UnknownCase)
    if all(isinstance(case, type) and hasattr(case, "CASE") for case in cases):
        opened = UnknownCase in classes
        return Shape(Kind.UNION, Union[classes], cases=cases, open=opened)  # noqa: UP007
    return Shape(Kind.OPAQUE, hint, cls=hint)


def _class(cls: type) -> Shape:
    if issubclass(cls, StrEnum):
        return Shape(Kind.TEXT_ENUM, cls, cls=cls, open=issubclass(cls, OpenEnum))
    if issubclass(cls, IntEnum | IntFlag):
        opened = issubclass(cls, OpenIntEnum | IntFlag)
        ints = getattr(cls, "KIND", None) or IntKind(64, not issubclass(cls, IntFlag))
        return Shape(Kind.INT_ENUM, cls, cls=cls, ints=ints, open=opened)
    if cls is UnknownCase:
        return Shape(Kind.UNION, cls, open=True)
    if _is_attrs(cls):
        if hasattr(cls, "CASE"):
            return Shape(Kind.UNION, cls, cases=(cls,))
        return Shape(Kind.STRUCT, cls, cls=cls)
    return Shape(Kind.OPAQUE, cls, cls=cls)


def _is_attrs(cls: type) -> bool:
    """`attrs.has`, without a look at fields that `xpcrpc.definition` leaves to the first use."""
    return "__attrs_attrs__" in vars(cls) or has(cls)


@cache
def struct_of(cls: type) -> Struct:
    """The fields of an attrs class, and how it treats what it does not know.

    Raises:
        NameError: a name in an annotation is not found.
    """
    unknown: Literal["ignore", "keep", "reject"] = getattr(cls, "UNKNOWN", "ignore")
    found = []
    for attribute in fields(cls):
        if not attribute.init or (unknown == "keep" and attribute.name == UNKNOWN_FIELDS):
            continue
        shape = shape_of(attribute.type, _home(cls, attribute.name))
        optional = shape.kind is Kind.OPTIONAL or (
            shape.kind is Kind.ANY and attribute.default is None
        )
        found.append(
            Field(
                name=attribute.name,
                alias=attribute.alias or attribute.name,
                wire=attribute.metadata.get(WIRE, attribute.name),
                shape=shape,
                required=attribute.default is NOTHING and not optional,
                optional=optional,
                attribute=attribute,
            )
        )
    nulls = getattr(cls, "NONE", "omit") == "null"
    return Struct(cls, tuple(found), unknown, nulls)


def _home(cls: type, name: str) -> str:
    """The module whose author wrote the annotation of an attribute."""
    for base in cls.__mro__:
        if name in vars(base).get("__annotations__", {}):
            return base.__module__
    return cls.__module__
