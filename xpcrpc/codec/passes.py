"""Encoders and decoders of one type: a single pass where that is possible.

`encoder` and `decoder` go straight between objects and bytes, by a plan in C
(`plans`). Whatever a plan gives up, and everything that is wrong, goes the
general way: the converter and the frame, one after the other, which also know
what to say. A type that holds handles, or one for which the user registered a
hook on the converter, always goes the general way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from ..values import Handle
from ._plan import Envelope, Plan
from .converter import Conversion, shared
from .plans import plan_of
from .reader import read_object
from .shape import Kind, Shape, shape_of, struct_of
from .template import Buffer, Template
from .writer import write_object

Encode: TypeAlias = Callable[[Any, "list[Handle] | None"], bytes]
Decode: TypeAlias = Callable[[Buffer, int, int, Iterable[Handle]], tuple[Any, int]]
DecodeItems: TypeAlias = Callable[[Buffer, int, int, int, Iterable[Handle]], list[Any]]
MakeFrame: TypeAlias = Callable[..., bytes]
"""From an object, the list that takes its handles, and the template's numbers."""
Seal: TypeAlias = Callable[..., "bytes | None"]
"""From an object and the template's numbers, in one go; None for whatever is unusual."""
Open: TypeAlias = Callable[[Buffer, int], "tuple[Any] | None"]
"""From a frame and the offset at which to begin, in one go; None for whatever is unusual."""

_GENERAL_ONLY: Final = (Kind.FD, Kind.SHMEM, Kind.ENDPOINT, Kind.OPAQUE)


def can_pass(shape: Shape, hook_of: Callable[[Shape], object]) -> bool:
    """Whether a single pass may stand in for a conversion, whose hooks are told by ``hook_of``."""
    seen: set[type] = set()

    def visit(shape: Shape) -> bool:
        if shape.kind in _GENERAL_ONLY or hook_of(shape) is not None:
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


def encoder(hint: Any, *, depth: int = 0, using: Conversion = shared) -> Encode:
    """A function from an object of type ``hint`` to its bytes, without a payload's header.

    Its second argument takes the object's handles, in serialisation order.
    ``depth`` is the number of containers that the object will lie in. The
    function raises `EncodeError` with every problem and its path.
    """
    return _Writing(hint, depth, using).encode


def parts_encoder(hint: Any, *, depth: int = 0, using: Conversion = shared) -> Any:
    """As `encoder`, but the bytes come in parts, to be joined with what surrounds them.

    A `framing` makes the whole message at once, and copies large data once.
    """
    whole = encoder(hint, depth=depth, using=using)
    return lambda obj, handles=None: (whole(obj, handles),)


def framing(
    hint: Any, template: Template, *, depth: int = 0, using: Conversion = shared
) -> Framing:
    """From objects of type ``hint`` to whole frames with the object at their end."""
    return Framing(hint, depth, using, template)


def sealer(hint: Any, *, depth: int = 0, using: Conversion = shared) -> Seal:
    """`encoder`, as far as that goes without handles and without a word to say: in C alone."""
    return _Sealing(hint, depth, using, None).seal


def opener(
    hint: Any,
    template: Template | None = None,
    *,
    depth: int = 0,
    using: Conversion = shared,
) -> Open:
    """`decoder`, as far as that goes without handles and without a word to say: in C alone.

    What ``template`` says comes before the object. The object is all of a tuple.
    """
    return _Opening(hint, depth, using, template).open


def decoder(hint: Any, *, depth: int = 0, using: Conversion = shared) -> Decode:
    """A function from bytes to an object of type ``hint`` and the offset behind it.

    Its arguments are the bytes, the object's offset, the offset that it must not
    pass, and the message's handles that were not taken yet. ``depth`` is the
    number of containers that the object lies in. The function raises
    `FrameError` for bytes that are no object, `DecodeError` for an object that
    is not of the type, with every problem and its path.
    """
    return _Reading(hint, depth, using).decode


def items_decoder(hint: Any, *, depth: int = 0, using: Conversion = shared) -> DecodeItems:
    """A function from bytes to a list of objects of type ``hint``, one behind the other.

    Its third argument but one is their number; otherwise it is as `decoder`'s.
    """
    return _Reading(hint, depth, using).decode_items


class _Pass:
    """One way of one type: the plan that stands in for the converter, while one may."""

    __slots__ = ("__weakref__", "_depth", "_hint", "_known", "_plan", "_shape", "_using")

    def __init__(self, hint: Any, depth: int, using: Conversion) -> None:
        self._hint = hint
        self._depth = depth
        self._using = using
        self._shape = shape_of(hint)
        self._plan: Plan | None = None
        self._known = False
        using.when_hooks_change(self)

    def hooks_changed(self) -> None:
        """The plan may have been standing in for a hook that is the user's now."""
        self._plan = None
        self._known = False

    def _hook_of(self, shape: Shape) -> object:
        raise NotImplementedError

    def _find(self) -> Plan | None:
        """The plan, made when it is first used: an import that makes many clients stays cheap."""
        if not self._known:
            self._known = True
            if can_pass(self._shape, self._hook_of):
                try:
                    self._plan = plan_of(self._shape)
                except Exception:
                    self._plan = None  # an odd enum, an impossible key: the general way copes
        return self._plan


class _Writing(_Pass):
    __slots__ = ()

    def _hook_of(self, shape: Shape) -> object:
        return self._using.write_hook(shape)

    def encode(self, obj: Any, handles: list[Handle] | None = None) -> bytes:
        plan = self._plan or self._find()
        if plan is not None:
            raw = plan.encode(obj, self._depth)
            if raw is not None:
                return raw
        return self._general(obj, handles)

    def _general(self, obj: Any, handles: list[Handle] | None) -> bytes:
        value = self._using.to_value(obj, self._hint)
        return write_object(value, handles, depth=self._depth, root=self._shape.name)


class _Enveloped(_Pass):
    """A pass that is done in one go, in C, together with what surrounds the object."""

    __slots__ = ("_envelope",)

    def __init__(self, hint: Any, depth: int, using: Conversion, template: Template | None) -> None:
        super().__init__(hint, depth, using)
        self._envelope = Envelope(template, depth, self._find)

    def hooks_changed(self) -> None:
        super().hooks_changed()
        self._envelope.reset()


class _Sealing(_Enveloped, _Writing):
    __slots__ = ("seal",)

    def __init__(self, hint: Any, depth: int, using: Conversion, template: Template | None) -> None:
        super().__init__(hint, depth, using, template)
        self.seal: Seal = self._envelope.seal
        """The bytes of an object, as far as that goes without handles and without a word to
        say, in C alone; in a frame with the template's numbers, if there is one."""


class Framing(_Sealing):
    """Makes frames; see `framing`."""

    __slots__ = ("_template",)

    def __init__(self, hint: Any, depth: int, using: Conversion, template: Template) -> None:
        super().__init__(hint, depth, using, template)
        self._template = template

    def frame(self, obj: Any, handles: list[Handle], *numbers: int) -> bytes:
        """The frame of any object, and its handles; raises as `encoder`'s function does."""
        made = self.seal(obj, *numbers)
        if made is not None:
            return made
        return self._template.wrap([self._general(obj, handles)], *numbers)


class _Structuring(_Pass):
    __slots__ = ()

    def _hook_of(self, shape: Shape) -> object:
        return self._using.read_hook(shape)


class _Opening(_Enveloped, _Structuring):
    __slots__ = ()

    @property
    def open(self) -> Open:
        return self._envelope.open


class _Reading(_Structuring):
    __slots__ = ()

    def decode(
        self, data: Buffer, offset: int, end: int, handles: Iterable[Handle] = ()
    ) -> tuple[Any, int]:
        plan = self._plan or self._find()
        if plan is not None:
            found = plan.decode(data, offset, end, self._depth)
            if found is not None:
                return found
        data = data if type(data) is bytes else bytes(data)
        value, stop = read_object(data, offset, end, iter(handles), self._depth)
        return self._using.from_value(value, self._hint), stop

    def decode_items(
        self, data: Buffer, offset: int, end: int, count: int, handles: Iterable[Handle] = ()
    ) -> list[Any]:
        plan = self._plan or self._find()
        if plan is not None:
            found = plan.decode_items(data, offset, end, self._depth, count)
            if found is not None:
                return found[0]
        data = data if type(data) is bytes else bytes(data)
        table, items = iter(handles), []
        for _ in range(count):
            item, offset = self.decode(data, offset, end, table)
            items.append(item)
        return items
