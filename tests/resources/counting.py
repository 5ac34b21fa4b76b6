"""What a process holds: descriptors, mappings, memory and libxpc's objects."""

from __future__ import annotations

import gc
import os
from collections import Counter
from pathlib import Path

from attrs import frozen

from xpcrpc.transport.xpc_connection import XpcPeer
from xpcrpc.transport.xpc_handles import XpcObject
from xpcrpc.transport.xpc_message import XpcReceived
from xpcrpc.values import FileDescriptor, SharedMemory


@frozen
class Holdings:
    """A count of everything that could leak."""

    descriptors: Counter[str]
    """By what they lead to: sockets, memfds, files."""
    shared_mappings: int
    """Shared mappings of memfds: shared memory and large messages."""
    objects: Counter[str]
    """Python's side of connections, messages and handles."""

    @classmethod
    def now(cls) -> Holdings:
        """This process, garbage aside."""
        gc.collect()
        gc.collect()
        kinds = (XpcPeer, XpcObject, XpcReceived, FileDescriptor, SharedMemory)
        found: Counter[str] = Counter(
            type(each).__name__ for each in gc.get_objects() if isinstance(each, kinds)
        )
        return cls(_descriptors(), _mappings(), found)


def _descriptors() -> Counter[str]:
    found: Counter[str] = Counter()
    for number in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except FileNotFoundError:
            continue  # the directory's own
        found[target.split(":")[0] if ":" in target else target] += 1
    return found


def _mappings() -> int:
    lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    return sum("memfd:" in line for line in lines)


def resident_bytes(pid: int | str = "self") -> int:
    """Memory that is the process's own, in bytes."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    return sum(
        int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Private_")
    )
