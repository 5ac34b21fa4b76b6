"""Typed object to XPC value: one function for each shape.

The mirror of `reading`: each raises `EncodeError` with paths relative to its
own value.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast
from uuid import UUID

from ..contract import UnknownCase
from ..errors import EncodeError, Problem, shorten
from ..kinds import IntKind
from ..values import MAX_DEPTH, Date, Duration, Endpoint, FileDescriptor, SharedMemory, UInt64
from .descriptor import fd_problem
from .reading import attempt, single_precision
from .refusals import MAX_PROBLEMS, refusals, text_refusal
from .shape import UNKNOWN_FIELDS, Kind, Shape, Struct, struct_of

Write: TypeAlias = Callable[[Any], Any]
Find: TypeAlias = Callable[[Shape], Write]


class _Depth(threading.local):
    """How many containers are open in this thread's walk; ends cycles."""

    now: int = 0


_depth: Final = _Depth()


class _Container:
    """Counts a container while its parts are written."""

    def __enter__(self) -> None:
        if _depth.now > MAX_DEPTH:
            raise EncodeError.at("", f"more than {MAX_DEPTH} containers deep; it may hold itself")
        _depth.now += 1

    def __exit__(self, *_: object) -> None:
        _depth.now -= 1


_container: Final = _Container()


def wrong(expected: str, found: object) -> EncodeError:
    """The sentence for an object of another type."""
    if found is None or isinstance(found, bool | int | float | str | bytes):
        shown = shorten(found)
    else:
        shown = f"a {type(found).__name__}"
    return EncodeError.at("", f"expected {expected}, found {shown}")


def writer(shape: Shape, find: Find) -> Write:
    """The function that writes objects of ``shape``; ``find`` gives those of its parts."""
    return _WRITERS[shape.kind](shape, find)


def _any(shape: Shape, find: Find) -> Write:
    def write(value: Any) -> Any:
        problems = refusals(value, "", depth=_depth.now)
        if problems:
            raise EncodeError(
                [
                    Problem(
                        f".{part.path}" if part.path[:1].isidentifier() else part.path,
                        part.reason,
                    )
                    for part in problems
                ]
            )
        return value

    return write


def _exactly(expected: str, kind: type) -> Callable[[Shape, Find], Write]:
    def make(shape: Shape, find: Find) -> Write:
        def write(value: Any) -> Any:
            if not isinstance(value, kind):
                raise wrong(expected, value)
            return value

        return write

    return make


def whole(value: Any, ints: IntKind) -> int:
    """An int in the kind's range, as the XPC type that carries it.

    Raises:
        EncodeError: it is none, or does not fit.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong("int", value)
    if not ints.minimum <= value <= ints.maximum:
        limits = f"{ints.minimum} to {ints.maximum}"
        raise EncodeError.at("", f"{int(value)} is outside {ints.name} ({limits})")
    return int(value) if ints.signed else UInt64(value)


def _int(shape: Shape, find: Find) -> Write:
    ints = shape.ints or IntKind(64, True)
    return lambda value: whole(value, ints)


def _float(shape: Shape, find: Find) -> Write:
    single = shape.floats is not None and shape.floats.bits == 32

    def write(value: Any) -> float:
        if not isinstance(value, float | int) or isinstance(value, bool):
            raise wrong("float", value)
        try:
            return single_precision(value) if single else float(value)
        except OverflowError:
            name = "f32" if single else "f64"
            raise EncodeError.at("", f"{value} is too large for {name}") from None

    return write


def plain_text(value: str) -> str:
    """The text, if it can be an XPC string.

    Raises:
        EncodeError: it cannot.
    """
    if (problem := text_refusal(value)) is not None:
        raise EncodeError.at("", problem)
    return str.__str__(value)


def _text(shape: Shape, find: Find) -> Write:
    def write(value: Any) -> str:
        if not isinstance(value, str):
            raise wrong("str", value)
        return plain_text(value)

    return write


def _duration(shape: Shape, find: Find) -> Write:
    def write(value: Any) -> int:
        if not isinstance(value, Duration):
            raise wrong("Duration", value)
        return value.ns

    return write


def _fd(shape: Shape, find: Find) -> Write:
    mode = shape.mode

    def write(value: Any) -> FileDescriptor:
        if not isinstance(value, FileDescriptor):
            raise wrong("FileDescriptor", value)
        if (problem := fd_problem(value, mode)) is not None:
            raise EncodeError.at("", problem)
        return value

    return write


def _shmem(shape: Shape, find: Find) -> Write:
    def write(value: Any) -> SharedMemory:
        if not isinstance(value, SharedMemory):
            raise wrong("SharedMemory", value)
        if value.closed:
            raise EncodeError.at("", "the shmem is closed")
        return value

    return write


def _endpoint(shape: Shape, find: Find) -> Write:
    typed = shape.cls

    def write(value: Any) -> Endpoint:
        if typed and isinstance(value, typed):
            return cast(Endpoint, value.endpoint)
        if not typed and isinstance(value, Endpoint):
            return value
        raise wrong(typed.__name__ if typed else "Endpoint", value)

    return write


def _list(shape: Shape, find: Find) -> Write:
    assert shape.item is not None
    item, write_item = shape.item, None

    def write(value: Any) -> list[Any]:
        nonlocal write_item
        if not isinstance(value, list):
            raise wrong("list", value)
        write_item = write_item or find(item)
        problems: list[Problem] = []
        items = []
        with _container:
            for index, part in enumerate(value):
                items.append(attempt(problems, f"[{index}]", write_item, part))
                if len(problems) > MAX_PROBLEMS:
                    break
        if problems:
            raise EncodeError(problems)
        return items

    return write


def _map(shape: Shape, find: Find) -> Write:
    assert shape.item is not None
    item, write_item = shape.item, None

    def write(value: Any) -> dict[str, Any]:
        nonlocal write_item
        if not isinstance(value, dict):
            raise wrong("dict", value)
        write_item = write_item or find(item)
        problems: list[Problem] = []
        entries = {}
        with _container:
            for key, part in value.items():
                where = f"[{shorten(key)}]"
                if not isinstance(key, str):
                    problems.append(Problem(where, f"a key must be a str, not {shorten(key)}"))
                elif (problem := text_refusal(key)) is not None:
                    problems.append(Problem(where, f"the key {problem}"))
                entries[key] = attempt(problems, where, write_item, part)
                if len(problems) > MAX_PROBLEMS:
                    break
        if problems:
            raise EncodeError(problems)
        return entries

    return write


def _optional(shape: Shape, find: Find) -> Write:
    assert shape.item is not None
    item, write_item = shape.item, None

    def write(value: Any) -> Any:
        nonlocal write_item
        if value is None:
            return None
        write_item = write_item or find(item)
        return write_item(value)

    return write


def _text_enum(shape: Shape, find: Find) -> Write:
    cls = shape.cls

    def write(value: Any) -> str:
        if not isinstance(value, cls):
            raise wrong(cls.__name__, value)
        return plain_text(value)

    return write


def _int_enum(shape: Shape, find: Find) -> Write:
    cls = shape.cls
    ints = shape.ints or IntKind(64, True)

    def write(value: Any) -> int:
        if not isinstance(value, cls):
            raise wrong(cls.__name__, value)
        return whole(value, ints)

    return write


def _union(shape: Shape, find: Find) -> Write:
    labels = {case: case.CASE for case in shape.cases}  # type: ignore[attr-defined]
    writers: dict[type, Write] = {}
    anything = writer(Shape(Kind.ANY, None), find)

    def write(value: Any) -> dict[str, Any]:
        problems: list[Problem] = []
        if shape.open and isinstance(value, UnknownCase):
            label = value.case
            if not isinstance(label, str):
                raise EncodeError.at("", f"a case is a str, not {shorten(label)}")
            if (problem := text_refusal(label)) is not None:
                problems.append(Problem("", f"the case's name {problem}"))
            write_case, content = anything, value.fields
        else:
            case = type(value)
            if case not in labels:
                raise wrong(" or ".join(known.__name__ for known in labels), value)
            label = labels[case]
            if case not in writers:
                writers[case] = find(Shape(Kind.STRUCT, case, cls=case))
            write_case, content = writers[case], value
        with _container:
            result = {label: attempt(problems, f".{label}", write_case, content)}
        if problems:
            raise EncodeError(problems)
        return result

    return write


def _struct(shape: Shape, find: Find) -> Write:
    cls = shape.cls
    struct: Struct | None = None
    writers: list[Write] = []
    wires: frozenset[str] = frozenset()
    anything = writer(Shape(Kind.ANY, None), find)

    def kept_fields(value: Any) -> Any:
        if not isinstance(value, dict):
            raise wrong("dict", value)
        return anything(value)

    def write(value: Any) -> dict[str, Any]:
        nonlocal struct, writers, wires
        if not isinstance(value, cls):
            raise wrong(cls.__name__, value)
        if struct is None:
            found = struct_of(cls)
            writers = [find(part.shape) for part in found.fields]
            wires = frozenset(part.wire for part in found.fields)
            struct = found
        problems: list[Problem] = []
        entries: dict[str, Any] = {}
        with _container:
            for part, write_part in zip(struct.fields, writers, strict=True):
                content = getattr(value, part.name)
                if content is None and part.optional:
                    if struct.nulls:
                        entries[part.wire] = None
                    continue
                entries[part.wire] = attempt(problems, f".{part.name}", write_part, content)
            if struct.unknown == "keep":
                kept = attempt(problems, f".{UNKNOWN_FIELDS}", kept_fields, value.unknown_fields)
                for key, content in (kept or {}).items():
                    if key in wires:
                        where = f".{UNKNOWN_FIELDS}[{shorten(key)}]"
                        problems.append(Problem(where, "is a field of its own"))
                    entries[key] = content
        if problems:
            raise EncodeError(problems)
        return entries

    return write


def _opaque(shape: Shape, find: Find) -> Write:
    raise TypeError(f"{shape.hint} has no XPC form; register an unstructure hook for it")


_WRITERS: Final[dict[Kind, Callable[[Shape, Find], Write]]] = {
    Kind.ANY: _any,
    Kind.BOOL: _exactly("bool", bool),
    Kind.INT: _int,
    Kind.FLOAT: _float,
    Kind.TEXT: _text,
    Kind.DATA: _exactly("bytes", bytes),
    Kind.UUID: _exactly("UUID", UUID),
    Kind.DATE: _exactly("Date", Date),
    Kind.DURATION: _duration,
    Kind.FD: _fd,
    Kind.SHMEM: _shmem,
    Kind.ENDPOINT: _endpoint,
    Kind.LIST: _list,
    Kind.MAP: _map,
    Kind.OPTIONAL: _optional,
    Kind.TEXT_ENUM: _text_enum,
    Kind.INT_ENUM: _int_enum,
    Kind.STRUCT: _struct,
    Kind.UNION: _union,
    Kind.OPAQUE: _opaque,
}
