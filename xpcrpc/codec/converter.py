"""Between typed objects and XPC values, one at a time.

What is registered on the shared `converter`, a `cattrs.Converter`, is asked first;
what no hook claims is written and read as the rama dialect does (dialects, section 1),
with every problem reported at once and at its path. Without hooks there is nothing
to ask, so cattrs is loaded with `converter`, when a program asks for that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast, overload
from weakref import WeakSet

from ..errors import DecodeError, EncodeError, Problem, ValueProblemsError
from ..values import Value
from .reading import Read, reader
from .refusals import limited
from .shape import Kind, Shape, shape_of
from .writing import Write, writer

if TYPE_CHECKING:
    from .hooks import XpcConverter, converter, make_converter

__all__ = [
    "Conversion",
    "XpcConverter",
    "converter",
    "from_value",
    "make_converter",
    "shared",
    "to_value",
]

T = TypeVar("T")


class HooksListener(Protocol):
    """Whoever must know that a converter's hooks are not what they were."""

    def hooks_changed(self) -> None:
        """A hook was registered."""


class Conversion:
    """Both directions of all types, each as this library has it."""

    def __init__(self) -> None:
        # By kind as well: a union's case is a union of one by itself, a struct inside.
        self._readers: dict[tuple[Kind, Any], Read] = {}
        self._writers: dict[tuple[Kind, Any], Write] = {}
        self._listeners: WeakSet[HooksListener] = WeakSet()

    # -- finding functions ---------------------------------------------------------

    def read_hook(self, shape: Shape) -> Callable[[Any, Any], Any] | None:
        """What reads a shape instead of this library."""
        return None

    def write_hook(self, shape: Shape) -> Callable[[Any], Any] | None:
        """What writes a shape instead of this library."""
        return None

    def reader(self, shape: Shape) -> Read:
        """The function that reads a shape: a hook, or our own."""
        found = self._readers.get((shape.kind, shape.hint))
        if found is None:
            hook = self.read_hook(shape)
            found = reader(shape, self.reader) if hook is None else _with_type(hook, shape.hint)
            self._readers[shape.kind, shape.hint] = found
        return found

    def writer(self, shape: Shape) -> Write:
        """The function that writes a shape: a hook, or our own."""
        found = self._writers.get((shape.kind, shape.hint))
        if found is None:
            found = self.write_hook(shape) or writer(shape, self.writer)
            self._writers[shape.kind, shape.hint] = found
        return found

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

    # -- when hooks change ---------------------------------------------------------

    def when_hooks_change(self, listener: HooksListener) -> None:
        """Tell ``listener`` whenever a hook is registered, as long as it lives."""
        self._listeners.add(listener)

    def hooks_changed(self) -> None:
        """Find every function anew."""
        self._readers.clear()
        self._writers.clear()
        for listener in list(self._listeners):
            listener.hooks_changed()


def _with_type(hook: Callable[[Any, Any], Any], hint: Any) -> Read:
    return lambda value: hook(value, hint)


def _rooted(error: ValueProblemsError, shape: Shape) -> list[Problem]:
    problems = [Problem(shape.name + part.path, part.reason) for part in error.problems]
    return limited(problems, shape.name)


class _Shared(Conversion):
    """The one of generated code: that of the shared `converter`, loaded or not."""

    def __init__(self) -> None:
        super().__init__()
        self.converter: Conversion | None = None

    def read_hook(self, shape: Shape) -> Callable[[Any, Any], Any] | None:
        """The shared converter's."""
        using = self._converter_for(shape)
        return None if using is None else using.read_hook(shape)

    def write_hook(self, shape: Shape) -> Callable[[Any], Any] | None:
        """The shared converter's."""
        using = self._converter_for(shape)
        return None if using is None else using.write_hook(shape)

    def _converter_for(self, shape: Shape) -> Conversion | None:
        """None if no hook can be registered, and none is needed."""
        if self.converter is None and shape.kind is Kind.OPAQUE:
            # No contract has such a type; cattrs itself may know it.
            from . import hooks

            return hooks.converter
        return self.converter


shared: Final = _Shared()

if not TYPE_CHECKING:

    def __getattr__(name):
        """Load cattrs when one of its converters is asked for, and not before."""
        if name not in ("XpcConverter", "converter", "make_converter"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from . import hooks

        return getattr(hooks, name)


def to_value(obj: Any, hint: Any = None) -> Value:
    """The XPC value of an object, by the shared `converter`.

    Raises:
        EncodeError: it does not fit; every problem is listed with its path.
    """
    return shared.to_value(obj, hint)


@overload
def from_value(value: Value, hint: type[T]) -> T: ...
@overload
def from_value(value: Value, hint: Any) -> Any: ...
def from_value(value: Value, hint: Any) -> Any:
    """The object of type ``hint`` that an XPC value describes, by the shared `converter`.

    Raises:
        DecodeError: it does not fit; every problem is listed with its path.
    """
    return shared.from_value(value, hint)
