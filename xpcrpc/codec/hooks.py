"""cattrs converters between typed objects and XPC values.

`make_converter` gives a `cattrs.Converter`; register hooks on it as on any other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import has
from cattrs import Converter

from .converter import Conversion, shared
from .reading import reader
from .shape import Kind, Shape, shape_of
from .writing import writer

_OURS: Final = "__xpcrpc_shape__"
"""Attribute of a hook that this module made."""


class XpcConverter(Conversion, Converter):
    """A cattrs converter whose unstructured side is XPC values."""

    def __init__(self, **options: Any) -> None:
        """Make a converter; ``options`` are those of `cattrs.Converter`."""
        Conversion.__init__(self)
        Converter.__init__(self, **options)
        self.register_structure_hook_factory(_has_shape, self._structure_hook)
        self.register_unstructure_hook_factory(_has_shape, self._unstructure_hook)
        # cattrs asks its table of classes before the factories, and finds an enum
        # of text there by its base class `str`; so these, too, must be ours.
        for base in (str, bytes, int, float):
            super().register_structure_hook(base, _tag(self._structure_by_type, None))
            super().register_unstructure_hook(base, _tag(self._unstructure_by_type, None))

    # -- finding functions ---------------------------------------------------------

    def read_hook(self, shape: Shape) -> Callable[[Any, Any], Any] | None:
        """The hook that was registered for a shape, or cattrs' own; None if it is ours."""
        return _foreign(self.get_structure_hook(shape.hint))

    def write_hook(self, shape: Shape) -> Callable[[Any], Any] | None:
        """The hook that was registered for a shape, or cattrs' own; None if it is ours."""
        return _foreign(self.get_unstructure_hook(shape.hint))

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

    def structure(self, obj: Any, cl: Any) -> Any:
        """cattrs' name for `from_value`."""
        return self.from_value(obj, cl) if _has_shape(cl) else super().structure(obj, cl)

    def unstructure(self, obj: Any, unstructure_as: Any = None) -> Any:
        """cattrs' name for `to_value`."""
        hint = type(obj) if unstructure_as is None else unstructure_as
        return self.to_value(obj, hint) if _has_shape(hint) else super().unstructure(obj, hint)

    # -- registration --------------------------------------------------------------

    def register_structure_hook(self, cl: Any, func: Any = None) -> Any:
        """As cattrs; a class with names for type checkers only is taken too."""
        if func is not None and isinstance(cl, type) and has(cl):
            return self.register_structure_hook_func(lambda hint: hint is cl, func)
        result = super().register_structure_hook(cl, func)
        self.hooks_changed()
        return result

    def register_unstructure_hook(self, cls: Any = None, func: Any = None) -> Any:
        """As cattrs; a class with names for type checkers only is taken too."""
        if func is not None and isinstance(cls, type) and has(cls):
            return self.register_unstructure_hook_func(lambda hint: hint is cls, func)
        result = super().register_unstructure_hook(cls, func)
        self.hooks_changed()
        return result

    def register_structure_hook_func(self, check_func: Any, func: Any) -> None:
        """As cattrs."""
        super().register_structure_hook_func(check_func, func)
        self.hooks_changed()

    def register_unstructure_hook_func(self, check_func: Any, func: Any) -> None:
        """As cattrs."""
        super().register_unstructure_hook_func(check_func, func)
        self.hooks_changed()

    def register_structure_hook_factory(self, predicate: Any, factory: Any = None) -> Any:
        """As cattrs."""
        result = super().register_structure_hook_factory(predicate, factory)
        self.hooks_changed()
        return result

    def register_unstructure_hook_factory(self, predicate: Any, factory: Any = None) -> Any:
        """As cattrs."""
        result = super().register_unstructure_hook_factory(predicate, factory)
        self.hooks_changed()
        return result


def _tag(hook: Callable[..., Any], shape: Shape | None) -> Callable[..., Any]:
    def tagged(*arguments: Any) -> Any:
        return hook(*arguments)

    setattr(tagged, _OURS, shape)
    return tagged


def _foreign(hook: Callable[..., Any]) -> Callable[..., Any] | None:
    """The hook, unless it is this module's, so that our own functions may replace it."""
    return None if hasattr(hook, _OURS) else hook


def _has_shape(hint: Any) -> bool:
    try:
        return shape_of(hint).kind is not Kind.OPAQUE
    except (NameError, TypeError):
        return False


def make_converter(**options: Any) -> XpcConverter:
    """A new converter; ``options`` are those of `cattrs.Converter`."""
    return XpcConverter(**options)


converter: Final = make_converter()
"""The converter of generated code; register your hooks on it at import time."""

shared.converter = converter
converter.when_hooks_change(shared)
