"""XPC values to bytes of Apple's serialisation, version 5.

The fast walk raises at the first thing that it cannot write, without saying
where; `refusals` then walks again, slowly, and names everything that is wrong.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from ..errors import EncodeError
from ..values import (
    MAX_DEPTH,
    MAX_HANDLES,
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
from .refusals import refusals

_two_u32: Final = struct.Struct("<II").pack
_three_u32: Final = struct.Struct("<III").pack
_tagged_i64: Final = struct.Struct("<Iq").pack
_tagged_u64: Final = struct.Struct("<IQ").pack
_tagged_double: Final = struct.Struct("<Id").pack

_NULL: Final = words.word(words.NULL)
_TRUE: Final = _two_u32(words.BOOL, 1)
_FALSE: Final = _two_u32(words.BOOL, 0)
_UUID: Final = words.word(words.UUID)

_KEYS: Final[dict[str, bytes]] = {}
_MAX_KEYS: Final = 4096
"""Keys remembered as bytes; a bound, as maps may have any keys."""


class UnwritableError(Exception):
    """Something cannot be written; `refusals` says what."""


def write_object(
    value: Value,
    handles: list[Handle] | None = None,
    *,
    depth: int = 0,
    canonical: bool = False,
    root: str = "",
) -> bytes:
    """One object as bytes; its handles are appended to ``handles`` in order.

    ``depth`` is the number of containers that the object will lie in, ``root``
    the name that paths in problems begin with.

    Raises:
        EncodeError: something in it cannot be written; every such thing is listed.
    """
    parts: list[bytes] = []
    taken = len(handles) if handles is not None else 0
    try:
        _write_children((value,), False, parts, handles, depth, canonical)
        return b"".join(parts)
    except (UnwritableError, struct.error, UnicodeError, RecursionError, AttributeError) as error:
        if handles is not None:
            del handles[taken:]
        problems = refusals(value, root, depth=depth, has_table=handles is not None)
        if problems:
            raise EncodeError(problems) from None
        reason = str(error) or "it cannot be serialised"
        raise EncodeError.at(root, reason) from error


def padded_key(key: str) -> bytes:
    """A dictionary key as it is written.

    Raises:
        UnwritableError: it is not text, or holds a NUL.
        UnicodeEncodeError: it holds a lone surrogate.
    """
    if not isinstance(key, str):
        raise UnwritableError
    raw = str.encode(key)
    if 0 in raw:
        raise UnwritableError
    written = words.padded_key(raw)
    if len(raw) <= 64:
        if len(_KEYS) >= _MAX_KEYS:
            _KEYS.clear()
        _KEYS[key] = written
    return written


def _write_children(
    children: Iterable[Any],
    keyed: bool,
    parts: list[bytes],
    handles: list[Handle] | None,
    depth: int,
    canonical: bool,
) -> int:
    """Append objects, or (key, object) entries, to ``parts``; how many bytes they are."""
    append = parts.append
    total = 0
    value: Any
    for value in children:
        if keyed:
            key, value = value
            written = _KEYS.get(key)
            if written is None:
                written = padded_key(key)
            append(written)
            total += len(written)
        kind = type(value)
        if kind is str:
            raw = value.encode()
            if 0 in raw:
                raise UnwritableError
            size = len(raw)
            append(_two_u32(words.STRING, size + 1))
            append(raw)
            append(words.TEXT_END[size & 3])
            total += 8 + ((size + 4) & -4)
        elif kind is int:
            append(_tagged_i64(words.INT64, value))
            total += 12
        elif kind is dict or kind is list:
            if depth > MAX_DEPTH:
                raise UnwritableError
            place = len(parts)
            append(b"")
            if kind is list:
                size = _write_children(value, False, parts, handles, depth + 1, canonical)
                parts[place] = _three_u32(words.ARRAY, size + 4, len(value))
            else:
                entries = value.items()
                if canonical:
                    entries = sorted(entries, key=_bucket)
                size = _write_children(entries, True, parts, handles, depth + 1, canonical)
                parts[place] = _three_u32(words.DICTIONARY, size + 4, len(value))
            total += 12 + size
        elif kind is bool:
            append(_TRUE if value else _FALSE)
            total += 8
        elif kind is UInt64:
            append(_tagged_u64(words.UINT64, value))
            total += 12
        elif kind is bytes:
            size = len(value)
            append(_two_u32(words.DATA, size))
            append(value)
            append(words.DATA_END[size & 3])
            total += 8 + ((size + 3) & -4)
        elif kind is float:
            append(_tagged_double(words.DOUBLE, value))
            total += 12
        elif value is None:
            append(_NULL)
            total += 4
        elif kind is Date:
            append(_tagged_i64(words.DATE, value.ns))
            total += 12
        elif kind is UUID:
            append(_UUID)
            append(value.bytes)
            total += 20
        elif isinstance(value, FileDescriptor | SharedMemory | Endpoint | MachSend):
            raw = _write_handle(value, handles)
            append(raw)
            total += len(raw)
        else:
            plain = _plain(value)
            total += _write_children((plain,), False, parts, handles, depth, canonical)
    return total


def _bucket(entry: tuple[str, Value]) -> int:
    return words.bucket(str.encode(entry[0]))


def _write_handle(value: Any, handles: list[Any] | None) -> bytes:
    """The bytes that stand for a handle, which joins the table."""
    if handles is None or len(handles) >= MAX_HANDLES:
        raise UnwritableError
    if isinstance(value, SharedMemory):
        if value.closed:
            raise UnwritableError
        handles.append(value)
        rounded = -(-len(value) // mmap.PAGESIZE) * mmap.PAGESIZE
        return _tagged_u64(words.SHMEM, rounded)
    if isinstance(value, FileDescriptor):
        if value.closed:
            raise UnwritableError
        handles.append(value)
        return words.word(words.FD)
    handles.append(value)
    return words.word(words.MACH_SEND if isinstance(value, MachSend) else words.ENDPOINT)


def _plain(value: Any) -> Value:
    """The exact type of which this is a subclass: an enum's text, a flag's number."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, UInt64):
        return UInt64(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, bytes):
        return bytes(value)
    if isinstance(value, Date):
        return Date(value.ns)
    if isinstance(value, UUID):
        return UUID(int=value.int)
    if isinstance(value, list):
        return list(value)
    if isinstance(value, dict):
        return dict(value)
    raise UnwritableError
