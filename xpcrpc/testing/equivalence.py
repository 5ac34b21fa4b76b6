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
        files = [os.fstat(each.fileno()) for each in (left, right)]
        return (files[0].st_dev, files[0].st_ino) == (files[1].st_dev, files[1].st_ino)
    if isinstance(left, SharedMemory):
        # A receiver maps whole pages (C-24): what the sender did not ask for is zero.
        mine, other = left.buffer.tobytes(), right.buffer.tobytes()
        size = max(len(mine), len(other))
        return bool(mine.ljust(size, b"\0") == other.ljust(size, b"\0"))
    if has(type(left)):
        return all(
            equivalent(getattr(left, part.name), getattr(right, part.name))
            for part in fields(type(left))
        )
    return bool(left == right)
