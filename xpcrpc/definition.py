"""attrs classes that cost little until they are used: what generated code is made with.

`define` makes the class at once, with its slots, and leaves to the first use what
takes long: attrs writes and compiles a constructor, a comparison, a repr. A
program that imports a contract of a thousand messages and sends three of them
waits for three. Nobody need know: every way to the class, `attrs.fields`, a call,
`inspect.signature`, ``pickle``, finds what `attrs.define` would have put there.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

import attrs

_LATER: Final = (
    "__attrs_attrs__", "__attrs_own_setattr__", "__attrs_props__", "__eq__", "__getstate__",
    "__init__", "__ne__", "__repr__", "__setattr__", "__setstate__",
)  # fmt: skip
"""What attrs may add to a class, and the first use of any of it adds."""

_RECIPE: Final = "__xpcrpc_fields__"
"""The attribute that keeps the fields' defaults, or definitions, and the options until then."""

FIELD: Final = type(attrs.field())
"""What attrs makes of a field's definition."""

_LATE_OPTIONS: Final[tuple[dict[str, bool], ...]] = ({"kw_only": True}, {"eq": False})
"""What a class may be made with that is finished later: messages, and what the runtime tells."""

_lock: Final = RLock()
_under_way: Final[set[type]] = set()
"""Classes that attrs is at work on, by the thread that has the lock."""


class _Later:
    """Stands for one of attrs' additions, and makes way for it when it is asked for."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        place = owner if instance is None else instance
        for cls in owner.__mro__:
            if cls.__dict__.get(self._name) is self:
                with _lock:
                    if cls in _under_way:
                        # attrs itself asks what it is about to replace.
                        return getattr(super(cls, place), self._name)
                    _finish(cls)
                break
        # Again from the start: attrs may have put nothing here, and a base class has it.
        return getattr(place, self._name)


_PLACEHOLDERS: Final = {name: _Later(name) for name in _LATER}

_MADE: Final = {
    *vars(type("_", (), {})), "__annotate__", "__annotate_func__", "__annotations__",
    "__annotations_cache__", "__firstlineno__", "__static_attributes__",
}  # fmt: skip
"""What Python itself puts into a class's body."""


def _finish(cls: type) -> None:
    """Let attrs add what it adds; nothing if another thread was quicker."""
    recipe = cls.__dict__.get(_RECIPE)
    if recipe is None:
        return
    fields, options = recipe
    _under_way.add(cls)
    try:
        attrs.define(
            cls,
            these={
                name: value if type(value) is FIELD else attrs.field(default=value)
                for name, value in fields.items()
            },
            **options,
            slots=False,  # it has them already, so attrs need not make another class
            auto_detect=False,  # what it would detect are the placeholders
            getstate_setstate=True,
        )
    finally:
        _under_way.discard(cls)
    for name, placeholder in _PLACEHOLDERS.items():
        if cls.__dict__.get(name) is placeholder:
            delattr(cls, name)
    delattr(cls, _RECIPE)


def _begin(cls: type, options: dict[str, bool]) -> type | None:
    """The class with slots and placeholders; None if it is more than fields and documentation."""
    if cls.__bases__ != (object,) or type(cls) is not type:
        return None
    body = dict(cls.__dict__)
    hints = body.get("__annotations__", {})
    fields: dict[str, Any] = {}
    for name, hint in hints.items():
        if not isinstance(hint, str):
            return None
        if not hint.startswith("ClassVar["):
            fields[name] = body.pop(name, attrs.NOTHING)
    if any(name not in hints and name not in _MADE for name in body):
        return None
    if options.get("eq", True):
        body["__hash__"] = None
    body["__match_args__"] = () if options.get("kw_only") else tuple(fields)
    body[_RECIPE] = fields, options
    return slotted(cls, fields, body | _PLACEHOLDERS)


def slotted(cls: type, fields: Iterable[str], body: dict[str, Any]) -> type:
    """A class of the same name and bases with slots for its fields, and another body."""
    for name in ("__dict__", "__weakref__"):
        body.pop(name, None)
    inherited = any(base.__weakrefoffset__ for base in cls.__bases__)
    body["__qualname__"] = cls.__qualname__
    body["__slots__"] = (*fields, *(() if inherited else ("__weakref__",)))
    return type(cls)(cls.__name__, cls.__bases__, body)


if TYPE_CHECKING:
    # A type checker sees attrs' own, which it knows: `attrs.evolve` and all the rest work.
    from attrs import define as define
else:

    def define(cls: type | None = None, **options: Any) -> Any:
        """`attrs.define`; a class of fields alone, with no other options, is finished when used."""
        if cls is None:
            return lambda decorated: define(decorated, **options)
        begun = _begin(cls, options) if options in _LATE_OPTIONS else None
        return begun or attrs.define(cls, **options)
