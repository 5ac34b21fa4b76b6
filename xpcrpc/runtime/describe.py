"""A protocol in words, from the same shapes that the codec is made of; and its fingerprint."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..codec.shape import Kind, Shape, shape_of, struct_of
from ..contract import Empty, Protocol
from .messages import Route, route_of

if TYPE_CHECKING:
    from hashlib import sha256

    from ..standard import Description, Identity
else:
    # As `random` does it: hashlib takes as long to load as ten modules, and 0.6 MiB.
    try:
        if sys.version_info >= (3, 12):
            from _sha2 import sha256
        else:
            from _sha256 import sha256
    except ImportError:
        from hashlib import sha256

_WORDS = {
    Kind.ANY: "any",
    Kind.BOOL: "bool",
    Kind.TEXT: "string",
    Kind.DATA: "bytes",
    Kind.UUID: "uuid",
    Kind.DATE: "date",
    Kind.DURATION: "duration",
    Kind.SHMEM: "shmem",
    Kind.OPAQUE: "any",
}


def type_in_words(shape: Shape) -> str:
    """A type in the contract language's notation."""
    match shape.kind:
        case Kind.INT:
            return "i64" if shape.ints is None else shape.ints.name
        case Kind.FLOAT:
            return f"f{64 if shape.floats is None else shape.floats.bits}"
        case Kind.FD:
            return "fd" if shape.mode is None else f"fd<{shape.mode.value}>"
        case Kind.LIST:
            return f"list<{_item(shape)}>"
        case Kind.MAP:
            return f"map<string, {_item(shape)}>"
        case Kind.OPTIONAL:
            return f"{_item(shape)}?"
        case Kind.ENDPOINT:
            return str(getattr(shape.cls, "__name__", "endpoint"))
        case Kind.UNION:
            return " | ".join([case.__name__ for case in shape.cases] + ["…"] * shape.open)
        case Kind.STRUCT | Kind.TEXT_ENUM | Kind.INT_ENUM:
            return str(shape.cls.__name__)
    return _WORDS[shape.kind]


def _item(shape: Shape) -> str:
    assert shape.item is not None
    return type_in_words(shape.item)


def _classes(shape: Shape, found: dict[str, type]) -> None:
    """Every class that values of a shape may hold, by name."""
    if shape.item is not None:
        _classes(shape.item, found)
    classes: tuple[type, ...] = shape.cases
    if shape.kind in (Kind.STRUCT, Kind.TEXT_ENUM, Kind.INT_ENUM):
        classes = (shape.cls,)
    for cls in classes:
        if cls.__name__ in found:
            continue
        found[cls.__name__] = cls
        if shape.kind in (Kind.STRUCT, Kind.UNION):
            for part in struct_of(cls).fields:
                _classes(part.shape, found)


def _class_in_words(cls: type) -> list[str]:
    if shape_of(cls).kind in (Kind.TEXT_ENUM, Kind.INT_ENUM):
        members: dict[str, Any] = cls.__members__  # type: ignore[attr-defined]
        return [f"{member.value!r}" for member in members.values()]
    lines = [
        f"{part.wire}: {type_in_words(part.shape)}{'' if part.required else ' = …'}"
        for part in struct_of(cls).fields
    ]
    case = getattr(cls, "CASE", None)
    return lines if case is None else [f"case {case}", *lines]


def _signature(route: Route) -> str:
    method = route.method
    takes = [] if method.request is Empty else [method.request.__name__]
    if route.item_in is not None:
        takes.append(f"stream of {type_in_words(shape_of(route.item_in))}")
    gives = "nothing" if route.reply is None else type_in_words(shape_of(route.reply))
    if route.item_out is not None:
        gives = f"stream of {type_in_words(shape_of(route.item_out))}"
    if method.oneway:
        gives = "no answer"
    fails = f" ! {', '.join(error.__name__ for error in method.errors)}" if method.errors else ""
    return f"{method.name}({', '.join(takes)}) -> {gives}{fails}"


@lru_cache(maxsize=256)
def describe(protocol: Protocol) -> Description:
    """All that shows of a protocol on the wire, in words.

    The fingerprint is the contract's own. A protocol written by hand has none;
    the words then tell two of them apart.
    """
    from ..standard import Description, MethodDescription, TypeDescription

    classes: dict[str, type] = {}
    methods = []
    for method in protocol.methods:
        route = route_of(method, protocol.package)
        for hint in (method.request, route.reply, route.item_in, route.item_out, *method.errors):
            if hint is not None:
                _classes(shape_of(hint), classes)
        methods.append(
            MethodDescription(
                name=method.name, selector=method.selector, signature=_signature(route)
            )
        )
    events = []
    for event in protocol.events:
        _classes(shape_of(event.payload), classes)
        events.append(
            MethodDescription(
                name=event.name,
                selector=event.selector,
                signature=f"{event.name}({event.payload.__name__})",
            )
        )
    types = [
        TypeDescription(name=name, fields=_class_in_words(cls))
        for name, cls in sorted(classes.items())
    ]
    text = "\n".join(
        [
            *sorted(f"{each.selector} {each.signature}" for each in [*methods, *events]),
            *(f"{each.name} {each.fields}" for each in types),
        ]
    )
    return Description(
        identity=_identity(protocol, protocol.fingerprint or sha256(text.encode()).hexdigest()),
        methods=methods,
        events=events,
        types=types,
    )


def identity_of(protocol: Protocol) -> Identity:
    """Name, version and fingerprint of a protocol.

    Without a look at its types, if it was compiled: of a large contract they are many.
    """
    if protocol.fingerprint:
        return _identity(protocol, protocol.fingerprint)
    return describe(protocol).identity


def _identity(protocol: Protocol, fingerprint: str) -> Identity:
    from ..standard import Identity

    return Identity(protocol=protocol.name, version=protocol.version, fingerprint=fingerprint)
