"""Frozen attrs classes for facts: of those there are many classes, and few objects.

attrs writes and compiles a constructor, a comparison, a hash and a repr for each class, which
takes most of a millisecond. The classes that `frozen` makes share theirs, and those go from
field to field. attrs itself finds the fields when it asks: `attrs.fields`, `attrs.evolve` and
all the rest work.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import attrs
from attrs.exceptions import FrozenInstanceError

from .definition import FIELD, slotted

_FACTS: Final = "__xpcrpc_facts__"
"""The attribute of a class that says what its methods must know."""


class _Facts:
    """What a class's methods must know of its fields."""

    __slots__ = ("compared", "defaults", "fields", "hashed", "shown")

    def __init__(self, fields: dict[str, Any]) -> None:
        """``fields``: the default of each, or its definition."""
        self.fields = fields
        self.defaults = dict(fields)
        shown, compared, hashed = list(fields), list(fields), list(fields)
        for name, stated in fields.items():
            if type(stated) is FIELD:
                self.defaults[name] = stated._default
                if not stated.repr:
                    shown.remove(name)
                if not stated.eq:
                    compared.remove(name)
                if not (stated.eq if stated.hash is None else stated.hash):
                    hashed.remove(name)
        self.shown = shown
        self.compared = _getter(compared)
        self.hashed = _getter(hashed)

    def definitions(self) -> dict[str, Any]:
        """As attrs takes them."""
        return {
            name: stated if type(stated) is FIELD else attrs.field(default=stated)
            for name, stated in self.fields.items()
        }


def _getter(names: list[str]) -> Callable[[object], object]:
    return attrgetter(*names) if names else _nothing


def _nothing(_: object) -> object:
    return ()


def _init(self: Any, *values: Any, **named: Any) -> None:
    defaults = getattr(self, _FACTS).defaults
    what = f"{type(self).__name__}()"
    if len(values) > len(defaults):
        raise TypeError(f"{what} takes {len(defaults)} arguments, but {len(values)} were given")
    given = dict(zip(defaults, values, strict=False))
    for name in named:
        if name not in defaults:
            raise TypeError(f"{what} got an unexpected keyword argument {name!r}")
        if name in given:
            raise TypeError(f"{what} got multiple values for argument {name!r}")
    given |= named
    for name, default in defaults.items():
        value = given.get(name, default)
        if value is attrs.NOTHING:
            raise TypeError(f"{what} missing required argument: {name!r}")
        object.__setattr__(self, name, value)


def _equal(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    compared = getattr(self, _FACTS).compared
    return compared(self) == compared(other)


def _hash(self: Any) -> int:
    return hash((type(self), getattr(self, _FACTS).hashed(self)))


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name in getattr(self, _FACTS).shown)
    return f"{type(self).__qualname__.rpartition('>.')[2]}({', '.join(shown)})"


def _refuse_setting(self: Any, name: str, value: object) -> None:
    raise FrozenInstanceError


def _refuse_deleting(self: Any, name: str) -> None:
    raise FrozenInstanceError


def _get_state(self: Any) -> dict[str, Any]:
    return {name: getattr(self, name) for name in getattr(self, _FACTS).fields}


def _set_state(self: Any, state: dict[str, Any]) -> None:
    for name, value in state.items():
        object.__setattr__(self, name, value)


class _Fields:
    """attrs' description of a class's fields, made when it is asked for."""

    def __get__(self, instance: object, owner: type) -> Any:
        home = next(cls for cls in owner.__mro__ if "__attrs_attrs__" in cls.__dict__)
        facts = getattr(home, _FACTS)
        body = {"__annotations__": home.__annotations__, "__module__": home.__module__}
        twin = attrs.define(
            type(home.__name__, (), body),
            these=facts.definitions(),
            slots=False,
            init=False,
            repr=False,
            eq=False,
        )
        found = getattr(twin, "__attrs_attrs__")  # noqa: B009
        setattr(home, "__attrs_attrs__", found)  # noqa: B010
        return found


_COMMON: Final = {
    "__init__": _init,
    "__repr__": _repr,
    "__setattr__": _refuse_setting,
    "__delattr__": _refuse_deleting,
    "__getstate__": _get_state,
    "__setstate__": _set_state,
}

if TYPE_CHECKING:
    # A type checker sees attrs' own, which it knows.
    from attrs import frozen as frozen
else:

    def frozen(cls: type | None = None, *, eq: bool = True) -> Any:
        """`attrs.frozen`, for a class without ``super()`` whose bases have no fields."""
        if cls is None:
            return partial(frozen, eq=eq)
        body = dict(cls.__dict__)
        hints = body.get("__annotations__", {})
        facts = _Facts({name: body.pop(name, attrs.NOTHING) for name in hints})
        body |= _COMMON | {
            _FACTS: facts,
            "__attrs_attrs__": _Fields(),
            "__match_args__": tuple(hints),
        }
        if eq:
            body |= {"__eq__": _equal, "__hash__": _hash}
        return slotted(cls, hints, body)
