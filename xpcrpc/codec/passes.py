"""Encoders and decoders of one type: a single pass where that is possible.

`encoder` and `decoder` go straight between objects and bytes. Whatever the
single pass cannot do, and everything that is wrong, goes the general way: the
converter and the frame, one after the other, which also know what to say.
A type that holds handles, or one for which the user registered a hook on the
converter, always goes the general way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

from ..values import Handle
from .converter import XpcConverter, converter, is_ours
from .fast_read import ReadSource
from .fast_write import UnusualError, WriteSource
from .reader import read_object
from .shape import Kind, Shape, shape_of, struct_of
from .writer import write_object

Encode: TypeAlias = Callable[[Any, "list[Handle] | None"], bytes]
Decode: TypeAlias = Callable[[bytes, int, int, Iterable[Handle]], tuple[Any, int]]

_GENERAL_ONLY: Final = (Kind.FD, Kind.SHMEM, Kind.ENDPOINT, Kind.OPAQUE)


class _Passes:
    """The compiled functions of one converter; thrown away when its hooks change."""

    def __init__(self, target: XpcConverter) -> None:
        self.reads = ReadSource()
        self.writes = WriteSource()
        target.when_hooks_change(self.clear)

    def clear(self) -> None:
        """Forget every function."""
        self.reads = ReadSource()
        self.writes = WriteSource()


_passes: Final[WeakKeyDictionary[XpcConverter, _Passes]] = WeakKeyDictionary()


def _passes_of(target: XpcConverter) -> _Passes:
    found = _passes.get(target)
    if found is None:
        found = _passes[target] = _Passes(target)
    return found


def can_pass(shape: Shape, hook_of: Callable[[Any], Any]) -> bool:
    """Whether a single pass may stand in for the converter's hooks of a shape."""
    seen: set[type] = set()

    def visit(shape: Shape) -> bool:
        if shape.kind in _GENERAL_ONLY or not is_ours(hook_of(shape.hint)):
            return False
        if shape.item is not None and not visit(shape.item):
            return False
        if shape.kind is Kind.UNION:
            return all(visit(Shape(Kind.STRUCT, case, cls=case)) for case in shape.cases)
        if shape.kind is Kind.STRUCT and shape.cls not in seen:
            seen.add(shape.cls)
            return all(visit(part.shape) for part in struct_of(shape.cls).fields)
        return True

    return visit(shape)


def encoder(hint: Any, *, depth: int = 0, using: XpcConverter = converter) -> Encode:
    """A function from an object of type ``hint`` to its bytes, without a payload's header.

    Its second argument takes the object's handles, in serialisation order.
    ``depth`` is the number of containers that the object will lie in. The
    function raises `EncodeError` with every problem and its path.
    """
    shape = shape_of(hint)

    fast: Callable[[Any, int], bytes]

    def first(obj: Any, depth: int) -> bytes:
        # Compiled when first used: an import that makes many clients stays cheap.
        nonlocal fast
        fast = _general
        if can_pass(shape, using.get_unstructure_hook):
            writes = _passes_of(using).writes
            fast = writes.space[writes.name(shape)]
        return fast(obj, depth)

    def reset() -> None:
        nonlocal fast
        fast = first

    fast = first

    def encode(obj: Any, handles: list[Handle] | None = None) -> bytes:
        try:
            return fast(obj, depth)
        except Exception:
            value = using.to_value(obj, hint)
        return write_object(value, handles, depth=depth, root=shape.name)

    _passes_of(using)
    using.when_hooks_change(reset)
    return encode


def parts_encoder(hint: Any, *, depth: int = 0, using: XpcConverter = converter) -> Any:
    """As `encoder`, but the bytes come in parts, to be joined with what surrounds them.

    Large data is then copied once, into the message. Only for a struct.
    """
    shape = shape_of(hint)
    whole = encoder(hint, depth=depth, using=using)
    if shape.kind is not Kind.STRUCT:
        return lambda obj, handles=None: (whole(obj, handles),)

    fast: Callable[[Any, int], tuple[bytes, ...]]

    def first(obj: Any, depth: int) -> tuple[bytes, ...]:
        nonlocal fast
        fast = _general
        if can_pass(shape, using.get_unstructure_hook):
            writes = _passes_of(using).writes
            fast = writes.space[writes.parts_name(shape)]
        return fast(obj, depth)

    def reset() -> None:
        nonlocal fast
        fast = first

    fast = first

    def encode(obj: Any, handles: list[Handle] | None = None) -> tuple[bytes, ...]:
        try:
            return fast(obj, depth)
        except Exception:
            return (whole(obj, handles),)

    using.when_hooks_change(reset)
    return encode


def decoder(hint: Any, *, depth: int = 0, using: XpcConverter = converter) -> Decode:
    """A function from bytes to an object of type ``hint`` and the offset behind it.

    Its arguments are the bytes, the object's offset, the offset that it must not
    pass, and the message's handles that were not taken yet. ``depth`` is the
    number of containers that the object lies in. The function raises
    `FrameError` for bytes that are no object, `DecodeError` for an object that
    is not of the type, with every problem and its path.
    """
    shape = shape_of(hint)
    # Looked up at each call: a layout that is learned takes the name over.
    name = "first"
    space: dict[str, Any]

    def first(data: bytes, place: int, depth: int) -> tuple[Any, int]:
        nonlocal space, name
        space, name = {"general": _general}, "general"
        if can_pass(shape, using.get_structure_hook):
            reads = _passes_of(using).reads
            name = reads.name(shape)
            space = reads.space
        result: tuple[Any, int] = space[name](data, place, depth)
        return result

    def reset() -> None:
        nonlocal space, name
        space, name = {"first": first}, "first"

    space = {"first": first}

    def decode(
        data: bytes, offset: int, end: int, handles: Iterable[Handle] = ()
    ) -> tuple[Any, int]:
        try:
            result: tuple[Any, int] = space[name](data, offset, depth)
            if result[1] <= end:
                return result
        except Exception:  # noqa: S110
            pass  # the general way reads it, or says what is wrong
        value, stop = read_object(data, offset, end, iter(handles), depth)
        return using.from_value(value, hint), stop

    _passes_of(using)
    using.when_hooks_change(reset)
    return decode


def _general(*_: Any) -> Any:
    raise UnusualError
