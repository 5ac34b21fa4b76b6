"""Handles on their way in memory: duplicated as libxpc would."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from ..errors import EncodeError, MisuseError
from ..values import MAX_HANDLES, Endpoint, FileDescriptor, Handle, SharedMemory

if TYPE_CHECKING:
    from .memory_listener import MemoryListener


def duplicates(handles: Sequence[Handle]) -> list[Handle]:
    """The handles as a receiver gets them, to be closed by whoever has them last.

    A descriptor is duplicated (C-21), memory stays the same memory, an endpoint
    the same right.

    Raises:
        EncodeError: there are too many, or one is closed.
        MisuseError: an endpoint belongs to another transport.
    """
    if len(handles) > MAX_HANDLES:
        raise EncodeError.at("", f"{len(handles)} handles; one message carries {MAX_HANDLES}")
    made: list[Handle] = []
    try:
        for handle in handles:
            made.append(_duplicate(handle))  # noqa: PERF401  what was made is closed on failure
    except MisuseError:
        close_all(made)
        raise
    except (ValueError, OSError) as error:
        close_all(made)
        raise EncodeError.at(f"handle {len(made)}", str(error)) from error
    return made


def close_all(handles: Iterable[Handle]) -> None:
    """Close what nobody will take."""
    for handle in handles:
        if not isinstance(handle, Endpoint):
            handle.close()


def _duplicate(handle: Handle) -> Handle:
    if isinstance(handle, FileDescriptor):
        return FileDescriptor.duplicate(handle.fileno())
    if isinstance(handle, SharedMemory):
        return _share(handle)
    return Endpoint(door_of(handle))


def _share(memory: SharedMemory) -> SharedMemory:
    """A second object for the same memory, each to be closed on its own."""
    if not isinstance(memory._release, _Unmap):
        memory._release = _Unmap(memory._release)
    return SharedMemory(memoryview(memory.buffer), release=_Unmap(lambda: None))


class _Unmap:
    """Unmaps memory, unless another object still shows it; the last view does it then.

    Two processes would each have a mapping of their own; in one process, one that
    lives as long as anybody uses it looks the same.
    """

    def __init__(self, release: Callable[[], None]) -> None:
        self._release = release

    def __call__(self) -> None:
        try:
            self._release()
        except BufferError:
            pass


class Door:
    """What an endpoint holds: one for each listener, so endpoints of it are equal (C-157).

    It keeps the listener neither alive nor running (C-155).
    """

    def __init__(self, listener: MemoryListener) -> None:
        self._listener = weakref.ref(listener)

    def find(self) -> MemoryListener | None:
        """The listener, unless it is over."""
        listener = self._listener()
        return None if listener is None or listener.over else listener


def door_of(endpoint: Endpoint) -> Door:
    """Where an endpoint leads.

    Raises:
        MisuseError: it belongs to another transport.
    """
    door = endpoint.handle
    if not isinstance(door, Door):
        raise MisuseError(
            f"the endpoint holds a {type(door).__name__}, not a listener in memory; "
            "use it with the transport that made it"
        )
    return door
