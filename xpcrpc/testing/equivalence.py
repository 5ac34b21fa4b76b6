"""Whether two values mean the same, where ``==`` says too much or too little."""

from __future__ import annotations

import math
import os
from typing import Any

from attrs import fields, has

from ..values import FileDescriptor, SharedMemory


def equivalent(left: Any, right: Any) -> bool:
    """Whether two typed objects or XPC values are the same for a peer.

    NaN is NaN, the two zeros differ, types count (``True`` is not ``1``, a
    `UInt64` not an ``int``). Descriptors are the same if they open the same
    file, shared memory if its bytes are the same, other attrs objects if their
    classes and attributes are.
    """
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        if math.isnan(left) or math.isnan(right):
            return math.isnan(left) and math.isnan(right)
        return bool(left == right) and math.copysign(1, left) == math.copysign(1, right)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(equivalent, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(
            equivalent(item, right[key]) for key, item in left.items()
        )
    if isinstance(left, FileDescriptor):
        mine, other = os.fstat(left.fileno()), os.fstat(right.fileno())
        return (mine.st_dev, mine.st_ino) == (other.st_dev, other.st_ino)
    if isinstance(left, SharedMemory):
        return bool(left.buffer.tobytes() == right.buffer.tobytes())
    if has(type(left)):
        return all(
            equivalent(getattr(left, part.name), getattr(right, part.name))
            for part in fields(type(left))
        )
    return bool(left == right)
