"""XPC value to typed object: one function for each shape.

Each raises `DecodeError` with paths relative to its own value; whoever called
it puts its own step in front. So all problems of a message arrive together.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final, TypeAlias
from uuid import UUID

from ..constraints import broken
from ..contract import UnknownCase
from ..errors import DecodeError, EncodeError, Problem, shorten
from ..kinds import IntKind
from ..values import Date, Duration, Endpoint, FileDescriptor, SharedMemory
from .descriptor import fd_problem
from .refusals import MAX_PROBLEMS, describe
from .shape import UNKNOWN_FIELDS, Kind, Shape, Struct, struct_of

Read: TypeAlias = Callable[[Any], Any]
Find: TypeAlias = Callable[[Shape], Read]
"""How to read a shape: our own function, or a hook that the user registered."""

_F32: Final = struct.Struct("<f")


def wrong(expected: str, found: object) -> DecodeError:
    """The sentence for a value of another type."""
    return DecodeError.at("", f"expected {expected}, found {describe(found)}")


def single_precision(value: float) -> float:
    """The nearest number that 32 bits hold.

    Raises:
        OverflowError: it is finite and larger than any of them.
    """
    rounded: float = _F32.unpack(_F32.pack(value))[0]
    return rounded


def reader(shape: Shape, find: Find) -> Read:
    """The function that reads values of ``shape``; ``find`` gives those of its parts."""
    read = _READERS[shape.kind](shape, find)
    return _ruled(shape, read) if shape.rules else read


def _ruled(shape: Shape, read: Read) -> Read:
    def read_and_check(value: Any) -> Any:
        result = read(value)
        problems = [problem for rule in shape.rules for problem in broken(rule, result, "")]
        if problems:
            raise DecodeError(problems)
        return result

    return read_and_check


def _any(shape: Shape, find: Find) -> Read:
    return lambda value: value


def _exactly(expected: str, kind: type) -> Callable[[Shape, Find], Read]:
    def make(shape: Shape, find: Find) -> Read:
        def read(value: Any) -> Any:
            if not isinstance(value, kind):
                raise wrong(expected, value)
            return value

        return read

    return make


def whole(value: Any, ints: IntKind) -> int:
    """An int of any XPC kind, checked against a range.

    Raises:
        DecodeError: it is none, or does not fit.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong(ints.name, value)
    if not ints.minimum <= value <= ints.maximum:
        limits = f"{ints.minimum} to {ints.maximum}"
        raise DecodeError.at("", f"{int(value)} is outside {ints.name} ({limits})")
    return int(value)


def _int(shape: Shape, find: Find) -> Read:
    ints = shape.ints or IntKind(64, True)
    return lambda value: whole(value, ints)


def _float(shape: Shape, find: Find) -> Read:
    single = shape.floats is not None and shape.floats.bits == 32

    def read(value: Any) -> float:
        if not isinstance(value, float | int) or isinstance(value, bool):
            raise wrong("double", value)
        try:
            return single_precision(value) if single else float(value)
        except OverflowError:
            raise DecodeError.at("", f"{value} is too large for f32") from None

    return read


def _uuid(shape: Shape, find: Find) -> Read:
    def read(value: Any) -> UUID:
        if isinstance(value, UUID):
            return value
        if isinstance(value, bytes) and len(value) == 16:
            return UUID(bytes=value)
        raise wrong("uuid", value)

    return read


def _duration(shape: Shape, find: Find) -> Read:
    ints = IntKind(64, True)
    return lambda value: Duration(whole(value, ints))


def _fd(shape: Shape, find: Find) -> Read:
    mode = shape.mode

    def read(value: Any) -> FileDescriptor:
        if not isinstance(value, FileDescriptor):
            raise wrong("fd", value)
        if (problem := fd_problem(value, mode)) is not None:
            raise DecodeError.at("", problem)
        return value

    return read


def _endpoint(shape: Shape, find: Find) -> Read:
    typed = shape.cls

    def read(value: Any) -> Any:
        if not isinstance(value, Endpoint):
            raise wrong("endpoint", value)
        return typed(value) if typed else value

    return read


def attempt(problems: list[Problem], where: str, read: Read, value: Any) -> Any:
    """Read one part; what is wrong with it joins ``problems``."""
    try:
        return read(value)
    except (DecodeError, EncodeError) as error:
        problems.extend(Problem(where + part.path, part.reason) for part in error.problems)
    except Exception as error:
        # A hook of the user's: whatever it raises is a problem of this value.
        problems.append(Problem(where, str(error) or type(error).__name__))
    return None


def _list(shape: Shape, find: Find) -> Read:
    assert shape.item is not None
    item, read_item = shape.item, None

    def read(value: Any) -> list[Any]:
        nonlocal read_item
        if not isinstance(value, list):
            raise wrong("array", value)
        read_item = read_item or find(item)
        problems: list[Problem] = []
        items = []
        for index, part in enumerate(value):
            items.append(attempt(problems, f"[{index}]", read_item, part))
            if len(problems) > MAX_PROBLEMS:
                break
        if problems:
            raise DecodeError(problems)
        return items

    return read


def _map(shape: Shape, find: Find) -> Read:
    assert shape.item is not None
    item, read_item = shape.item, None

    def read(value: Any) -> dict[str, Any]:
        nonlocal read_item
        if not isinstance(value, dict):
            raise wrong("dictionary", value)
        read_item = read_item or find(item)
        problems: list[Problem] = []
        entries = {}
        for key, part in value.items():
            entries[key] = attempt(problems, f"[{shorten(key)}]", read_item, part)
            if len(problems) > MAX_PROBLEMS:
                break
        if problems:
            raise DecodeError(problems)
        return entries

    return read


def _optional(shape: Shape, find: Find) -> Read:
    assert shape.item is not None
    item, read_item = shape.item, None

    def read(value: Any) -> Any:
        nonlocal read_item
        if value is None:
            return None
        read_item = read_item or find(item)
        return read_item(value)

    return read


def _text_enum(shape: Shape, find: Find) -> Read:
    cls = shape.cls

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            raise wrong("string", value)
        try:
            return cls(value)
        except ValueError:
            cases = ", ".join(case.value for case in cls)
            raise DecodeError.at("", f"expected one of {cases}; found {shorten(value)}") from None

    return read


def _int_enum(shape: Shape, find: Find) -> Read:
    cls = shape.cls
    ints = shape.ints or IntKind(64, True)

    def read(value: Any) -> Any:
        number = whole(value, ints)
        try:
            return cls(number)
        except ValueError:
            cases = ", ".join(str(case.value) for case in cls)
            raise DecodeError.at("", f"expected one of {cases}; found {number}") from None

    return read


def _union(shape: Shape, find: Find) -> Read:
    cases = {case.CASE: case for case in shape.cases}  # type: ignore[attr-defined]
    readers: dict[str, Read] = {}

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise wrong("dictionary", value)
        if len(value) != 1:
            raise DecodeError.at("", f"expected one case, found {len(value)} keys")
        ((label, content),) = value.items()
        case = cases.get(label)
        if case is None:
            if shape.open:
                return UnknownCase(label, content)
            known = ", ".join(cases)
            raise DecodeError.at("", f"expected one of {known}; found case {shorten(label)}")
        if label not in readers:
            readers[label] = find(Shape(Kind.STRUCT, case, cls=case))
        problems: list[Problem] = []
        result = attempt(problems, f".{label}", readers[label], content)
        if problems:
            raise DecodeError(problems)
        return result

    return read


def _struct(shape: Shape, find: Find) -> Read:
    cls = shape.cls
    struct: Struct | None = None
    readers: list[Read] = []
    wires: frozenset[str] = frozenset()

    def read(value: Any) -> Any:
        nonlocal struct, readers, wires
        if not isinstance(value, dict):
            raise wrong("dictionary", value)
        if struct is None:
            found = struct_of(cls)
            readers = [find(part.shape) for part in found.fields]
            wires = frozenset(part.wire for part in found.fields)
            struct = found
        problems: list[Problem] = []
        arguments: dict[str, Any] = {}
        for part, read_part in zip(struct.fields, readers, strict=True):
            if part.wire not in value:
                if part.required:
                    problems.append(Problem(f".{part.name}", "is missing"))
                elif part.optional and part.attribute.default is not None:
                    arguments[part.alias] = None
                continue
            known = len(problems)
            result = attempt(problems, f".{part.name}", read_part, value[part.wire])
            if len(problems) == known:
                arguments[part.alias] = result
        unknown = [key for key in value if key not in wires]
        if struct.unknown == "reject":
            problems.extend(
                Problem(f"[{shorten(key)}]", "is no field of this struct") for key in unknown
            )
        elif struct.unknown == "keep":
            arguments[UNKNOWN_FIELDS] = {key: value[key] for key in unknown}
        if not problems:
            try:
                return cls(**arguments)
            except Exception as error:
                problems = _rule_problems(struct, arguments)
                raise DecodeError(problems or [Problem("", str(error))]) from error
        raise DecodeError(problems + _rule_problems(struct, arguments))

    return read


def _rule_problems(struct: Struct, arguments: dict[str, Any]) -> list[Problem]:
    """Every constraint that a field's value breaks, each at its own path."""
    return [
        problem
        for part in struct.fields
        if part.alias in arguments
        for problem in broken(part.attribute.validator, arguments[part.alias], f".{part.name}")
    ]


def _opaque(shape: Shape, find: Find) -> Read:
    raise TypeError(f"{shape.hint} has no XPC form; register a structure hook for it")


_READERS: Final[dict[Kind, Callable[[Shape, Find], Read]]] = {
    Kind.ANY: _any,
    Kind.BOOL: _exactly("bool", bool),
    Kind.INT: _int,
    Kind.FLOAT: _float,
    Kind.TEXT: _exactly("string", str),
    Kind.DATA: _exactly("data", bytes),
    Kind.UUID: _uuid,
    Kind.DATE: _exactly("date", Date),
    Kind.DURATION: _duration,
    Kind.FD: _fd,
    Kind.SHMEM: _exactly("shmem", SharedMemory),
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
