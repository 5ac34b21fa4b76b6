"""Frames that are the same every time but for some numbers and what ends them.

A `Template` is made of constant bytes and of holes, in order; the object, or
the objects, come last. The numbers that fill its holes come in their order.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from . import _plan
from ._plan import Template

__all__ = ["COUNT", "INT64", "LENGTH", "NATURAL", "TEXT", "UINT64", "Buffer", "Template"]

Buffer: TypeAlias = bytes | bytearray | memoryview
"""What a frame is read from; nobody writes to it meanwhile."""

INT64: Final = _plan.HOLE_INT64
"""Eight bytes: a number with a sign."""
UINT64: Final = _plan.HOLE_UINT64
"""Eight bytes: a number without one."""
LENGTH: Final = _plan.HOLE_LENGTH
"""Four bytes: how many follow, to the end of the frame. Reading insists on it."""
COUNT: Final = _plan.HOLE_COUNT
"""Four bytes: how many objects the frame ends with; found out when it is read."""
TEXT: Final = _plan.HOLE_TEXT
"""A string's length, bytes, NUL and padding, for templates that only read."""
NATURAL: Final = _plan.HOLE_NATURAL
"""Eight bytes: a number with a sign that is not negative, for templates that only read."""
