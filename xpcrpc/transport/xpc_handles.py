"""Descriptors, shared memory and endpoints, to and from the bridge's table."""

from __future__ import annotations

import logging
import mmap
import os
from collections.abc import Sequence
from typing import Any, Final

from ..errors import EncodeError, MisuseError
from ..native import ffi, lib
from ..values import Endpoint, FileDescriptor, Handle, SharedMemory
from . import xpc_records as records

NO_TABLE: Final = ffi.NULL
"""What stands for the bridge's table where there are no handles."""

_log: Final = logging.getLogger("xpcrpc.transport")


class XpcObject:
    """One reference to an object of libxpc: an endpoint, or received shared memory."""

    __slots__ = ("_pid", "pointer")

    def __init__(self, pointer: Any) -> None:
        """Take over the reference."""
        self.pointer = pointer
        self._pid = os.getpid()

    def __del__(self) -> None:
        # A forked child shares the object with its parent in name only (X36).
        if self._pid == os.getpid():
            lib.xr_object_release(self.pointer)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, XpcObject):
            return NotImplemented
        return bool(lib.xr_object_equal(self.pointer, other.pointer))

    def __hash__(self) -> int:
        return int(lib.xr_object_hash(self.pointer))


def pack(handles: Sequence[Handle]) -> tuple[Any, object]:
    """The bridge's table, and what must live until it was used.

    Raises:
        EncodeError: a handle was closed, or is memory that cannot be shared.
        MisuseError: an endpoint of another transport.
    """
    table = ffi.new("struct xr_handle[]", len(handles))
    alive: list[object] = []
    for place, handle in enumerate(handles):
        row = table[place]
        row.fd = -1
        try:
            if isinstance(handle, FileDescriptor):
                row.kind, row.fd = records.FD, handle.fileno()
            elif isinstance(handle, SharedMemory):
                row.kind = records.SHMEM
                view = handle.buffer
                if isinstance(handle.handle, XpcObject):
                    row.object = handle.handle.pointer
                else:
                    _check_own_mapping(view, place)
                    whole = ffi.from_buffer(view)
                    alive.append(whole)
                    row.address, row.size = ffi.cast("void *", whole), view.nbytes
            else:
                row.kind, row.object = records.ENDPOINT, endpoint_pointer(handle)
        except EncodeError:
            raise
        except ValueError as error:
            raise EncodeError.at(f"handle {place}", str(error)) from None
    return table, alive


def _check_own_mapping(view: memoryview, place: int) -> None:
    # Apple's libxpc ends the process over memory that is no mapping (C-23, X14).
    region = view.obj
    if not isinstance(region, mmap.mmap) or view.nbytes != len(region):
        raise EncodeError.at(
            f"handle {place}",
            "only a whole mapping can be shared; make the memory with SharedMemory.create",
        )


def endpoint_pointer(endpoint: Endpoint) -> Any:
    """The object of libxpc behind an endpoint.

    Raises:
        MisuseError: it is none, or belongs to another transport.
    """
    if not isinstance(endpoint, Endpoint):  # a program without a type checker (X20)
        raise MisuseError(
            f"{type(endpoint).__name__} is no endpoint; take one from Listener.endpoint, or "
            "out of a message"
        )
    if isinstance(endpoint.handle, XpcObject):
        return endpoint.handle.pointer
    raise MisuseError(
        "this endpoint belongs to another transport; make one with a listener of this one"
    )


def unpack(buffer: memoryview | bytearray, offset: int, count: int) -> tuple[Handle, ...]:
    """The handles at ``offset`` of a drained buffer, which the result owns."""
    return tuple(
        _received(*records.HANDLE.unpack_from(buffer, offset + place * records.HANDLE.size))
        for place in range(count)
    )


def _received(kind: int, fd: int, size: int, writable: int, pointer: int, address: int) -> Handle:
    if kind == records.FD:
        if fd >= 0:
            return FileDescriptor(fd)
        _log.warning("a descriptor that arrived could not be duplicated; it shows as closed")
        closed = FileDescriptor(0)
        closed.detach()
        return closed
    owner = XpcObject(ffi.cast("void *", pointer))
    if kind == records.ENDPOINT:
        return Endpoint(owner)
    return _shared_memory(owner, address, size, bool(writable))


def _shared_memory(owner: XpcObject, address: int, size: int, writable: bool) -> SharedMemory:
    if not size:
        _log.warning("shared memory that arrived could not be mapped; it shows as empty")
        return SharedMemory(memoryview(b""), release=lambda: None, handle=owner)
    # The mapping belongs to the pointer, and the buffer keeps the pointer: it
    # goes when the last view of it goes, so a slice can outlive `close`.
    pointer = ffi.gc(
        ffi.cast("char *", address), lambda memory: lib.xr_shmem_unmap(memory, size), size
    )
    view = memoryview(ffi.buffer(pointer, size))
    if not writable:
        view = view.toreadonly()
    views = [view]

    def release() -> None:
        try:
            views.pop().release()
        except BufferError:
            pass  # still in use elsewhere, as above

    return SharedMemory(view, release=release, handle=owner)


def close_all(handles: Sequence[Handle]) -> None:
    """Close what nobody took."""
    for handle in handles:
        if not isinstance(handle, Endpoint):
            handle.close()
