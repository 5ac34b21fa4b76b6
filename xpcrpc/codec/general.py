"""The general way between typed objects and XPC values, loaded when it is first needed.

Plans (`passes`) do nearly all the work of a program that sends and receives what its
contract says; cattrs, which takes half as long to import as asyncio does, is for the rest.
As long as nobody has loaded the shared converter, nobody has registered a hook on it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast, overload
from weakref import WeakSet

from ..values import Value

if TYPE_CHECKING:
    from .converter import XpcConverter

T = TypeVar("T")


class HooksListener(Protocol):
    """Whoever must know that a converter's hooks are not what they were."""

    def hooks_changed(self) -> None:
        """A hook was registered."""


OURS: Final = "__xpcrpc_shape__"
"""Attribute of a hook that a converter of this library has by itself."""


def is_ours(hook: Any) -> bool:
    """Whether a converter's hook is this library's, so that a compiled pass may replace it."""
    return hasattr(hook, OURS)


listeners: Final[WeakSet[HooksListener]] = WeakSet()
"""Those of the shared converter, loaded or not."""


def loaded() -> XpcConverter | None:
    """The shared converter, if anybody has loaded it."""
    module = sys.modules.get(f"{__package__}.converter")
    return cast("XpcConverter | None", getattr(module, "converter", None))


def shared() -> XpcConverter:
    """The shared converter."""
    from .converter import converter

    return converter


def to_value(obj: Any, hint: Any = None) -> Value:
    """The XPC value of an object, by the shared converter.

    Raises:
        EncodeError: it does not fit; every problem is listed with its path.
    """
    return shared().to_value(obj, hint)


@overload
def from_value(value: Value, hint: type[T]) -> T: ...
@overload
def from_value(value: Value, hint: Any) -> Any: ...
def from_value(value: Value, hint: Any) -> Any:
    """The object of type ``hint`` that an XPC value describes, by the shared converter.

    Raises:
        DecodeError: it does not fit; every problem is listed with its path.
    """
    return shared().from_value(value, hint)
