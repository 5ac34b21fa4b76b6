"""The cattrs converter between typed objects and XPC values.

`make_converter` gives a `cattrs.Converter`; register hooks on it as on any
other. What a hook does not claim is written and read as the rama dialect does
(dialects, section 1), with every problem reported at once and at its path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar, cast, overload
from weakref import WeakSet

from attrs import has
from cattrs import Converter

from ..errors import DecodeError, EncodeError, Problem, ValueProblemsError
from ..values import Value
from .reading import Read, reader
from .refusals import limited
from .shape import Kind, Shape, shape_of
from .writing import Write, writer

T = TypeVar("T")

_OURS: Final = "__xpcrpc_shape__"
"""Attribute of a hook that this module made."""


def is_ours(hook: Any) -> bool:
    """Whether a converter's hook is this library's, so that a compiled pass may replace it."""
    return hasattr(hook, _OURS)


class HooksListener(Protocol):
    """Whoever must know that a converter's hooks are not what they were."""

    def hooks_changed(self) -> None:
        """A hook was registered."""


class XpcConverter(Converter):
    """A cattrs converter whose unstructured side is XPC values."""

    def __init__(self, **options: Any) -> None:
        """Make a converter; ``options`` are those of `cattrs.Converter`."""
        # By kind as well: a union's case is a union of one by itself, a struct inside.
        self._readers: dict[tuple[Kind, Any], Read] = {}
        self._writers: dict[tuple[Kind, Any], Write] = {}
        self._listeners: WeakSet[HooksListener] = WeakSet()
        super().__init__(**options)
        self.register_structure_hook_factory(_has_shape, self._structure_hook)
        self.register_unstructure_hook_factory(_has_shape, self._unstructure_hook)
        # cattrs asks its table of classes before the factories, and finds an enum
        # of text there by its base class `str`; so these, too, must be ours.
        for base in (str, bytes, int, float):
            super().register_structure_hook(base, _tag(self._structure_by_type, None))
            super().register_unstructure_hook(base, _tag(self._unstructure_by_type, None))

    # -- finding functions ---------------------------------------------------------

    def reader(self, shape: Shape) -> Read:
        """The function that reads a shape: a hook that was registered, or our own."""
        found = self._readers.get((shape.kind, shape.hint))
        if found is None:
            hook = self.get_structure_hook(shape.hint)
            ours = is_ours(hook)
            found = reader(shape, self.reader) if ours else _with_type(hook, shape.hint)
            self._readers[shape.kind, shape.hint] = found
        return found

    def writer(self, shape: Shape) -> Write:
        """The function that writes a shape: a hook that was registered, or our own."""
        found = self._writers.get((shape.kind, shape.hint))
        if found is None:
            hook = self.get_unstructure_hook(shape.hint)
            found = writer(shape, self.writer) if is_ours(hook) else hook
            self._writers[shape.kind, shape.hint] = found
        return found

    def _structure_hook(self, hint: Any) -> Callable[[Any, Any], Any]:
        shape = shape_of(hint)
        read = reader(shape, self.reader)
        return _tag(lambda value, _: read(value), shape)

    def _unstructure_hook(self, hint: Any) -> Callable[[Any], Any]:
        shape = shape_of(hint)
        write = writer(shape, self.writer)
        return _tag(lambda value: write(value), shape)

    def _structure_by_type(self, value: Any, hint: Any) -> Any:
        return reader(shape_of(hint), self.reader)(value)

    def _unstructure_by_type(self, value: Any) -> Any:
        return writer(shape_of(type(value)), self.writer)(value)

    # -- conversion ----------------------------------------------------------------

    def to_value(self, obj: Any, hint: Any = None) -> Value:
        """The XPC value of an object, as ``hint`` or as its own class says.

        Raises:
            EncodeError: it does not fit; every problem is listed with its path.
        """
        shape = shape_of(type(obj) if hint is None else hint)
        try:
            return cast(Value, self.writer(shape)(obj))
        except (DecodeError, EncodeError) as error:
            raise EncodeError(_rooted(error, shape)) from error.__cause__
        except RecursionError:
            raise EncodeError.at(shape.name, "nested too deeply for this program") from None

    def from_value(self, value: Value, hint: Any) -> Any:
        """The object of type ``hint`` that an XPC value describes.

        Raises:
            DecodeError: it does not fit; every problem is listed with its path.
        """
        shape = shape_of(hint)
        try:
            return self.reader(shape)(value)
        except (DecodeError, EncodeError) as error:
            raise DecodeError(_rooted(error, shape)) from error.__cause__
        except RecursionError:
            raise DecodeError.at(shape.name, "nested too deeply for this program") from None

    def structure(self, obj: Any, cl: Any) -> Any:
        """cattrs' name for `from_value`."""
        return self.from_value(obj, cl) if _has_shape(cl) else super().structure(obj, cl)

    def unstructure(self, obj: Any, unstructure_as: Any = None) -> Any:
        """cattrs' name for `to_value`."""
        hint = type(obj) if unstructure_as is None else unstructure_as
        return self.to_value(obj, hint) if _has_shape(hint) else super().unstructure(obj, hint)

    # -- registration --------------------------------------------------------------

    def when_hooks_change(self, listener: HooksListener) -> None:
        """Tell ``listener`` whenever a hook is registered, as long as it lives."""
        self._listeners.add(listener)

    def _forget(self) -> None:
        self._readers.clear()
        self._writers.clear()
        for listener in list(self._listeners):
            listener.hooks_changed()

    def register_structure_hook(self, cl: Any, func: Any = None) -> Any:
        """As cattrs; a class with names for type checkers only is taken too."""
        if func is not None and isinstance(cl, type) and has(cl):
            return self.register_structure_hook_func(lambda hint: hint is cl, func)
        result = super().register_structure_hook(cl, func)
        self._forget()
        return result

    def register_unstructure_hook(self, cls: Any = None, func: Any = None) -> Any:
        """As cattrs; a class with names for type checkers only is taken too."""
        if func is not None and isinstance(cls, type) and has(cls):
            return self.register_unstructure_hook_func(lambda hint: hint is cls, func)
        result = super().register_unstructure_hook(cls, func)
        self._forget()
        return result

    def register_structure_hook_func(self, check_func: Any, func: Any) -> None:
        """As cattrs."""
        super().register_structure_hook_func(check_func, func)
        self._forget()

    def register_unstructure_hook_func(self, check_func: Any, func: Any) -> None:
        """As cattrs."""
        super().register_unstructure_hook_func(check_func, func)
        self._forget()

    def register_structure_hook_factory(self, predicate: Any, factory: Any = None) -> Any:
        """As cattrs."""
        result = super().register_structure_hook_factory(predicate, factory)
        self._forget()
        return result

    def register_unstructure_hook_factory(self, predicate: Any, factory: Any = None) -> Any:
        """As cattrs."""
        result = super().register_unstructure_hook_factory(predicate, factory)
        self._forget()
        return result


def _tag(hook: Callable[..., Any], shape: Shape | None) -> Callable[..., Any]:
    def tagged(*arguments: Any) -> Any:
        return hook(*arguments)

    setattr(tagged, _OURS, shape)
    return tagged


def _with_type(hook: Callable[[Any, Any], Any], hint: Any) -> Read:
    return lambda value: hook(value, hint)


def _has_shape(hint: Any) -> bool:
    try:
        return shape_of(hint).kind is not Kind.OPAQUE
    except (NameError, TypeError):
        return False


def _rooted(error: ValueProblemsError, shape: Shape) -> list[Problem]:
    problems = [Problem(shape.name + part.path, part.reason) for part in error.problems]
    return limited(problems, shape.name)


def make_converter(**options: Any) -> XpcConverter:
    """A new converter; ``options`` are those of `cattrs.Converter`."""
    return XpcConverter(**options)


converter: Final = make_converter()
"""The converter of generated code; register your hooks on it at import time."""


def to_value(obj: Any, hint: Any = None) -> Value:
    """The XPC value of an object, by the shared `converter`.

    Raises:
        EncodeError: it does not fit; every problem is listed with its path.
    """
    return converter.to_value(obj, hint)


@overload
def from_value(value: Value, hint: type[T]) -> T: ...
@overload
def from_value(value: Value, hint: Any) -> Any: ...
def from_value(value: Value, hint: Any) -> Any:
    """The object of type ``hint`` that an XPC value describes, by the shared `converter`.

    Raises:
        DecodeError: it does not fit; every problem is listed with its path.
    """
    return converter.from_value(value, hint)
