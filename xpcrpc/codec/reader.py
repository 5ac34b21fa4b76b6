"""Bytes of Apple's serialisation, version 5, to XPC values.

Strict: a length that leaves its container, a container that does not end where
it says, text that is not UTF-8 or holds a NUL, an unknown type word, a bool that
is neither 0 nor 1 are refused. Padding may hold anything, and of two entries
with the same key the last one counts. Nothing is allocated by a number that the
peer wrote: counts are loop bounds, and each object takes at least four bytes.

One loop reads the children of a container, so a Python frame is spent on a
level of nesting and not on a value.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from ..errors import FrameError
from ..values import (
    MAX_DEPTH,
    Date,
    Endpoint,
    FileDescriptor,
    Handle,
    MachSend,
    SharedMemory,
    UInt64,
    Value,
)
from . import words

_u32: Final = struct.Struct("<I").unpack_from
_u64: Final = struct.Struct("<Q").unpack_from
_i64: Final = struct.Struct("<q").unpack_from
_double: Final = struct.Struct("<d").unpack_from
_two_u32: Final = struct.Struct("<II").unpack_from

_new: Final = object.__new__
_set: Final = object.__setattr__
_new_int: Final = int.__new__

_KEYS: Final[dict[bytes, str]] = {}
_MAX_KEYS: Final = 4096
"""Keys remembered as text, of at most `_MAX_KEY_BYTES` each; a bound, as peers choose keys."""
_MAX_KEY_BYTES: Final = 64


def date_of(ns: int) -> Date:
    """A `Date` of a number that is known to fit, without asking again."""
    date = _new(Date)
    _set(date, "ns", ns)
    return date


def read_object(
    data: bytes, offset: int, end: int, handles: Iterator[Handle], depth: int = 0
) -> tuple[Value, int]:
    """One object from ``data[offset:end]``, and the offset behind it.

    ``depth`` is the number of containers that the object lies in.

    Raises:
        FrameError: the bytes are not an object of this format.
    """
    try:
        values, offset = _read_children(data, offset, end, 1, False, handles, depth)
    except struct.error:
        raise FrameError("the bytes end inside an object", offset=len(data)) from None
    assert isinstance(values, list)
    return values[0], offset


def _read_children(
    data: bytes,
    p: int,
    end: int,
    count: int,
    keyed: bool,
    handles: Iterator[Handle],
    depth: int,
) -> tuple[list[Value] | dict[str, Value], int]:
    """``count`` objects, or entries if ``keyed``; the caller checks where they end."""
    entries: dict[str, Value] = {}
    items: list[Value] = []
    append = items.append
    value: Value
    for _ in range(count):
        if keyed:
            stop = data.find(0, p, end)
            if stop < 0:
                raise FrameError("a key has no end", offset=p)
            raw = data[p:stop]
            key = _KEYS.get(raw) or _key(raw, p)
            p += (stop - p + 4) & -4
        at = p
        (word,) = _u32(data, p)
        if word == words.STRING:
            (size,) = _u32(data, p + 4)
            stop = p + 7 + size
            p += 8 + ((size + 3) & -4)
            if p > end:
                raise FrameError("a string runs past its container", offset=at)
            value = _text(data[at + 8 : stop + 1], at)
        elif word == words.INT64:
            (value,) = _i64(data, p + 4)
            p += 12
        elif word == words.DICTIONARY or word == words.ARRAY:
            size, inner = _two_u32(data, p + 4)
            stop = p + 8 + size
            if stop > end:
                raise FrameError(f"{words.NAMES[word]} runs past its container", offset=at)
            keys = word == words.DICTIONARY
            if depth > MAX_DEPTH:
                raise FrameError(f"more than {MAX_DEPTH} containers deep", offset=at)
            if size < 4 or inner > (size - 4) // (8 if keys else 4):
                raise FrameError(f"{inner} entries do not fit into {size} bytes", offset=at)
            value, p = _read_children(data, p + 12, stop, inner, keys, handles, depth + 1)
            if p != stop:
                raise FrameError(f"{words.NAMES[word]} does not end where it says", offset=at)
        elif word == words.BOOL:
            (flag,) = _u32(data, p + 4)
            if flag > 1:
                raise FrameError(f"a bool is 0 or 1, not {flag}", offset=at)
            value = flag == 1
            p += 8
        elif word == words.UINT64:
            value = _new_int(UInt64, _u64(data, p + 4)[0])
            p += 12
        elif word == words.DATA:
            (size,) = _u32(data, p + 4)
            p += 8
            value = data[p : p + size]
            p += (size + 3) & -4
        elif word == words.DOUBLE:
            (value,) = _double(data, p + 4)
            p += 12
        elif word == words.NULL:
            value = None
            p += 4
        elif word == words.DATE:
            value = date_of(_i64(data, p + 4)[0])
            p += 12
        elif word == words.UUID:
            if p + 20 > end:
                raise FrameError("a uuid runs past its container", offset=at)
            value = UUID(bytes=data[p + 4 : p + 20])
            p += 20
        elif word == words.FD:
            value = _take(handles, FileDescriptor, at)
            p += 4
        elif word == words.SHMEM:
            _u64(data, p + 4)  # the page-rounded size; the handle knows its own
            value = _take(handles, SharedMemory, at)
            p += 12
        elif word == words.ENDPOINT:
            value = _take(handles, Endpoint, at)
            p += 4
        elif word == words.MACH_SEND:
            value = _take(handles, MachSend, at)
            p += 4
        else:
            name = words.NAMES.get(word)
            what = f"objects of type {name} are not supported" if name else "no type has this word"
            raise FrameError(f"{what} ({word:#07x})", offset=at)
        if p > end:
            raise FrameError(f"{words.NAMES[word]} runs past its container", offset=at)
        if keyed:
            entries[key] = value
        else:
            append(value)
    return (entries if keyed else items), p


def _text(raw: bytes, at: int) -> str:
    """The text of a string's bytes with its NUL."""
    if not raw or raw[-1]:
        raise FrameError("a string does not end with NUL", offset=at)
    try:
        text = raw[:-1].decode()
    except UnicodeDecodeError as error:
        raise FrameError(f"a string is not UTF-8: {error.reason}", offset=at) from None
    if "\0" in text:
        raise FrameError("a string holds a NUL before its end", offset=at)
    return text


def _key(raw: bytes, at: int) -> str:
    """The text of a key, remembered."""
    try:
        key = raw.decode()
    except UnicodeDecodeError as error:
        raise FrameError(f"a key is not UTF-8: {error.reason}", offset=at) from None
    if len(raw) <= _MAX_KEY_BYTES:
        if len(_KEYS) >= _MAX_KEYS:
            _KEYS.clear()
        _KEYS[raw] = key
    return key


def _take(handles: Iterator[Any], kind: type[Any], at: int) -> Any:
    """The next handle of the message, which must be of this kind."""
    handle = next(handles, None)
    if handle is None:
        raise FrameError("no handle is left for this object", offset=at)
    if not isinstance(handle, kind):
        found = type(handle).__name__
        raise FrameError(f"a {kind.__name__} belongs here, but came a {found}", offset=at)
    return handle
