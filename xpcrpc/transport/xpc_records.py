"""What a drain of the mailbox leaves in the buffer, as ``struct`` layouts.

The C side is ``struct xr_batch``, ``xr_record`` and ``xr_handle`` in
``native/bridge``; the sizes are compared when this module is loaded.
"""

from __future__ import annotations

import struct
from typing import Final

from ..native import ffi

BATCH: Final = struct.Struct("=IIQ")
"""count, more, needed"""

RECORD: Final = struct.Struct("=IIQQQQI16sI")
"""kind, error, token, call, pointer, frame_length, handle_count, ids (`IDS`), 0"""

IDS: Final = struct.Struct("=iIIi")
"""pid, euid, egid, asid; compared as bytes, as they hardly ever change"""

HANDLE: Final = struct.Struct("=IiQQQQ")
"""kind, fd, size, writable, object, address"""

MESSAGE, REPLY, PEER, ERROR, BARRIER = 1, 2, 3, 4, 5
"""Kinds of a record."""

MORE_EVENTS, MORE_LOG, MORE_LARGE = 1, 2, 4
"""Bits of a batch's ``more``; the last is of `_events`: a message did not fit."""

INTERRUPTED, INVALID, TERMINATION, PEER_REQUIREMENT, OTHER = 1, 2, 3, 4, 5
"""Errors of a record; 0 is none."""

FD, SHMEM, ENDPOINT = 1, 2, 3
"""Kinds of a handle."""

for _layout, _name in ((BATCH, "xr_batch"), (RECORD, "xr_record"), (HANDLE, "xr_handle")):
    if _layout.size != ffi.sizeof(f"struct {_name}"):
        raise ImportError(f"struct {_name} of the extension has another layout; build it anew")
