"""The typed face of the extension; see ``native/codec/plan.h`` for what a plan is.

Nothing here says what is wrong: a method that finds something unusual returns
None, and the general way (the converter, the frame) does it or has the words.
"""

from collections.abc import Callable
from types import MemberDescriptorType
from typing import Any, Final, Self, TypeAlias

ANY: Final[int]
BOOL: Final[int]
INT: Final[int]
FLOAT: Final[int]
TEXT: Final[int]
DATA: Final[int]
UUID: Final[int]
DATE: Final[int]
DURATION: Final[int]
LIST: Final[int]
MAP: Final[int]
OPTIONAL: Final[int]
TEXT_ENUM: Final[int]
INT_ENUM: Final[int]
UNION: Final[int]
STRUCT: Final[int]

ABSENT_UNUSUAL: Final[int]
ABSENT_NONE: Final[int]
ABSENT_VALUE: Final[int]
ABSENT_FACTORY: Final[int]
ABSENT_LEFT: Final[int]

HOLE_INT64: Final[int]
HOLE_UINT64: Final[int]
HOLE_LENGTH: Final[int]
HOLE_COUNT: Final[int]
HOLE_TEXT: Final[int]
HOLE_NATURAL: Final[int]

Buffer: TypeAlias = bytes | bytearray | memoryview

Field: TypeAlias = tuple[bytes, str, str, Plan, bool, MemberDescriptorType | None, int, object]
"""Wire name, attribute, argument, plan, optional, slot, what absence means, default or factory."""

class Plan:
    """One type, compiled. It does not change once it is made, or filled."""

    def __new__(
        cls,
        kind: int,
        /,
        *,
        item: Plan = ...,
        class_: type = ...,
        members: dict[int, Any] = ...,
        texts: tuple[tuple[bytes, Any], ...] = ...,
        cases: tuple[tuple[bytes, type, Plan], ...] = ...,
        ints: tuple[bool, int, int, int, int] = ...,
        floats: tuple[bool, bool, float, float] = ...,
        sizes: tuple[int, int, int] = ...,
        rules: tuple[Callable[[Any], object], ...] = ...,
        opened: bool = ...,
    ) -> Self: ...
    def fill(
        self,
        class_: type,
        fields: tuple[Field, ...],
        /,
        *,
        plain: bool = ...,
        nulls: bool = ...,
        reject: bool = ...,
        rest: tuple[str, MemberDescriptorType | None] = ...,
    ) -> None: ...
    def encode(self, obj: Any, depth: int, /) -> bytes | None: ...
    def decode(
        self, data: Buffer, offset: int, end: int, depth: int, /
    ) -> tuple[Any, int] | None: ...
    def decode_items(
        self, data: Buffer, offset: int, end: int, depth: int, count: int, /
    ) -> tuple[list[Any], int] | None: ...

class Template:
    """A frame that is the same every time but for its holes and the objects at its end."""

    def __new__(cls, *parts: bytes | int) -> Self: ...
    def wrap(self, encoded: list[bytes], /, *numbers: int) -> bytes: ...
    def read(self, frame: Buffer, offset: int, /) -> tuple[Any, ...] | None: ...

class Envelope:
    """A template with the plan of the one object that ends it; without one, the object alone."""

    def __new__(
        cls, template: Template | None, depth: int, find: Callable[[], Plan | None], /
    ) -> Self:
        """``find`` is asked for the plan at the first use, and after each `reset`."""

    def seal(self, obj: Any, /, *numbers: int) -> bytes | None: ...
    def open(self, frame: Buffer, offset: int, /) -> tuple[Any] | None: ...
    def reset(self) -> None: ...
