"""The XPC types that Python lacks, and the limits of a message.

==============  =====================  ===============================
XPC type        Python value           remark
==============  =====================  ===============================
null            ``None``
bool            ``bool``
int64           ``int``                -2**63 … 2**63-1
uint64          `UInt64`               0 … 2**64-1; not an int64 (C-10)
double          ``float``
date            `Date`                 integer nanoseconds (C-12)
data            ``bytes``
string          ``str``                no NUL, no lone surrogate (C-15)
uuid            ``uuid.UUID``
fd              `FileDescriptor`       one owner, closed once
shmem           `SharedMemory`
endpoint        `Endpoint`
array           ``list``
dictionary      ``dict[str, Value]``
==============  =====================  ===============================
"""

from __future__ import annotations

import mmap
import os
import sys
import uuid
from collections.abc import Callable
from functools import total_ordering
from typing import TYPE_CHECKING, Final, Protocol, Self, TypeAlias, Union, final

if TYPE_CHECKING:
    # Programs that use no dates do without.
    from datetime import datetime, timedelta

INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1
UINT64_MAX: Final = 2**64 - 1

MAX_DEPTH: Final = 256
"""Containers below the root of a message; rama's limit too (C-81)."""

MAX_HANDLES: Final = 252
"""Descriptors, shared memory and endpoints in one message, together: one batch of
Linux's SCM_RIGHTS (253), less the one that may carry the message itself (OQ-27)."""

DEFAULT_MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024
"""Longest serialised message that is sent or taken, unless it is set otherwise."""

_NS_PER_SECOND: Final = 1_000_000_000


class UInt64(int):
    """An unsigned 64-bit integer: XPC's uint64, which is not its int64 (C-10).

    Raises:
        OverflowError: the number is not in 0 … 2**64-1.
    """

    __slots__ = ()

    def __new__(cls, value: int = 0) -> Self:
        if not 0 <= value <= UINT64_MAX:
            raise OverflowError(f"{value} is outside uint64 (0 to {UINT64_MAX})")
        return int.__new__(cls, value)

    def __repr__(self) -> str:
        return f"UInt64({int(self)})"


@total_ordering
class _Nanoseconds:
    """A signed 64-bit count of nanoseconds; what `Date` and `Duration` share."""

    __slots__ = ("ns",)

    ns: int

    def __init__(self, ns: int = 0) -> None:
        if not INT64_MIN <= ns <= INT64_MAX:
            raise OverflowError(f"{ns} ns is outside int64 ({INT64_MIN} to {INT64_MAX})")
        object.__setattr__(self, "ns", int(ns))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed; make a new one")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.ns == other.ns

    def __lt__(self, other: Self) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.ns < other.ns

    def __hash__(self) -> int:
        return hash((type(self), self.ns))

    def __reduce__(self) -> tuple[type[Self], tuple[int]]:
        return type(self), (self.ns,)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(ns={self.ns})"


class Date(_Nanoseconds):
    """A moment: integer nanoseconds since 1970-01-01T00:00Z, before it negative (C-12)."""

    __slots__ = ()

    @classmethod
    def now(cls) -> Self:
        """This moment, by the system's real-time clock."""
        import time

        return cls(time.time_ns())

    @classmethod
    def from_datetime(cls, moment: datetime) -> Self:
        """The moment of an aware ``datetime``, exact to its microsecond.

        Raises:
            ValueError: ``moment`` has no time zone.
        """
        if moment.tzinfo is None:
            raise ValueError("the datetime has no time zone; give it one, such as datetime.UTC")
        return cls(Duration.from_timedelta(moment - _epoch()).ns)

    def to_datetime(self) -> datetime:
        """As an aware UTC ``datetime``; what is below a microsecond is cut off.

        Raises:
            OverflowError: the year is outside 1 … 9999.
        """
        return _epoch() + Duration(self.ns).to_timedelta()


def _epoch() -> datetime:
    from datetime import UTC, datetime

    return datetime(1970, 1, 1, tzinfo=UTC)


class Duration(_Nanoseconds):
    """A span of time in integer nanoseconds; an int64 on the wire."""

    __slots__ = ()

    @classmethod
    def from_timedelta(cls, span: timedelta) -> Self:
        """The span of a ``timedelta``, exact to its microsecond."""
        whole = span.days * 86_400 + span.seconds
        return cls(whole * _NS_PER_SECOND + span.microseconds * 1000)

    @classmethod
    def from_seconds(cls, seconds: float) -> Self:
        """The nearest nanosecond to a number of seconds."""
        return cls(round(seconds * _NS_PER_SECOND))

    def to_timedelta(self) -> timedelta:
        """As a ``timedelta``; what is below a microsecond is cut off."""
        from datetime import timedelta

        return timedelta(microseconds=self.ns // 1000)

    def to_seconds(self) -> float:
        """As a number of seconds; a float keeps about 15 digits."""
        return self.ns / _NS_PER_SECOND


class _HasFileno(Protocol):
    """Anything with a descriptor: an open file, a socket."""

    def fileno(self) -> int:
        """The number, which stays the owner's."""


class FileDescriptor:
    """A file descriptor with one owner, who closes it once.

    Sending one does not use it up: the system duplicates it (C-21), and both
    numbers share one open file: offset and status flags are common (C-22). A
    received one belongs to whoever received it. It is closed by `close`, by
    leaving a ``with`` block, or when the last reference is dropped.
    """

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        """Take ownership of ``fd``."""
        if fd < 0:
            raise ValueError(f"{fd} is no file descriptor")
        self._fd = fd

    @classmethod
    def duplicate(cls, source: int | _HasFileno) -> Self:
        """Own a close-on-exec duplicate of ``source``, which stays its owner's."""
        return cls(os.dup(source if isinstance(source, int) else source.fileno()))

    @property
    def closed(self) -> bool:
        """Whether this object owns no descriptor any more."""
        return self._fd < 0

    def fileno(self) -> int:
        """The number, still owned by this object.

        Raises:
            ValueError: it was closed or detached.
        """
        if self._fd < 0:
            raise ValueError("the file descriptor was closed or detached")
        return self._fd

    def detach(self) -> int:
        """Give up ownership: the caller closes the returned number."""
        fd, self._fd = self.fileno(), -1
        return fd

    def close(self) -> None:
        """Close it; doing so again changes nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        # A constructor that raised leaves no `_fd`; a program that is ending
        # may have lost `os` already.
        try:
            self.close()
        except (AttributeError, OSError, TypeError):
            pass

    def __repr__(self) -> str:
        return "FileDescriptor(closed)" if self._fd < 0 else f"FileDescriptor({self._fd})"


class SharedMemory:
    """Memory that two processes see at once: XPC's shmem (C-23, C-24).

    Make a region with `create`; a received one is mapped when it arrives. The
    peer may write to it at any time, so copy before you check.
    """

    __slots__ = ("_handle", "_release", "_view")

    def __init__(
        self,
        view: memoryview,
        *,
        release: Callable[[], None],
        handle: object = None,
    ) -> None:
        """Wrap a mapping; ``release`` unmaps it, ``handle`` is the transport's own."""
        self._view: memoryview | None = view
        self._release = release
        self._handle = handle

    @classmethod
    def create(cls, size: int) -> Self:
        """Allocate ``size`` bytes, zeroed, of fixed length.

        Raises:
            ValueError: ``size`` is not positive.
            OSError: the system has no memory or descriptor left.
        """
        if size <= 0:
            raise ValueError(f"shared memory needs at least 1 byte, not {size}")
        region = _shared_mapping(size)
        view = memoryview(region)

        def release() -> None:
            view.release()
            region.close()

        return cls(view, release=release)

    @property
    def handle(self) -> object:
        """The transport's object for received memory; None for memory made here."""
        return self._handle

    @property
    def closed(self) -> bool:
        """Whether the memory was unmapped."""
        return self._view is None

    @property
    def buffer(self) -> memoryview:
        """The bytes, shared; writable where the creator allows it.

        Raises:
            ValueError: it was closed.
        """
        if self._view is None:
            raise ValueError("the shared memory was closed")
        return self._view

    def __len__(self) -> int:
        return self.buffer.nbytes

    def close(self) -> None:
        """Unmap it; doing so again changes nothing. The peer's mapping stays."""
        if self._view is not None:
            self._view = None
            self._handle = None
            self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return "SharedMemory(closed)" if self.closed else f"SharedMemory({len(self)} bytes)"


def _shared_mapping(size: int) -> mmap.mmap:
    """A MAP_SHARED mapping whose length cannot change under a reader."""
    if sys.platform != "linux":
        return mmap.mmap(-1, size)
    import fcntl

    fd = os.memfd_create("xpcrpc-shmem", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        # Whole pages: a peer maps no less (C-24), and refuses memory that ends earlier.
        os.ftruncate(fd, -(-size // mmap.PAGESIZE) * mmap.PAGESIZE)
        fcntl.fcntl(
            fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        )
        return mmap.mmap(fd, size)  # keeps a duplicate of the descriptor
    finally:
        os.close(fd)


class Endpoint:
    """The right to connect to a listener, wherever it is; inert until used (C-152).

    Made by a listener, received in a message, sent on in another. Whoever holds
    it can connect; nobody else can find the listener.
    """

    __slots__ = ("handle",)

    def __init__(self, handle: object) -> None:
        """Wrap the transport's own object for an endpoint."""
        self.handle = handle

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Endpoint):
            return NotImplemented
        return self.handle == other.handle

    def __hash__(self) -> int:
        return hash(self.handle)


@final
class MachSend:
    """Stands for a Mach send right in bytes that Apple's software wrote.

    It is for looking at captured frames: no transport carries one (C-46).
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "MachSend()"


Handle: TypeAlias = FileDescriptor | SharedMemory | Endpoint
"""A value that travels beside the frame, in the message's table of handles."""

Value: TypeAlias = Union[
    bool,
    int,
    UInt64,
    float,
    Date,
    bytes,
    str,
    uuid.UUID,
    FileDescriptor,
    SharedMemory,
    Endpoint,
    "list[Value]",
    "dict[str, Value]",
    None,
]
"""Any XPC value, as Python sees it."""

Message: TypeAlias = "dict[str, Value]"
"""What a connection carries: always a dictionary (C-73)."""
