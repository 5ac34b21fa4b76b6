"""A whole message as bytes: Apple's serialisation, version 5, and back.

Descriptors, shared memory and endpoints travel beside the frame, in a table of
handles in serialisation order; a value in the frame only marks its place.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import FrameError
from ..values import Handle, Value
from .reader import read_object
from .words import HEADER_BYTES, MACH_HEADER, PAYLOAD_HEADER
from .writer import write_object

__all__ = ["PAYLOAD_HEADER", "check_header", "decode", "encode", "read_object", "write_object"]


def encode(
    value: Value,
    *,
    handles: list[Handle] | None = None,
    canonical: bool = False,
    mach: bool = False,
    root: str = "",
) -> bytes:
    """The payload of ``value``: magic, version, one object.

    Handles in the value are appended to ``handles`` in serialisation order;
    without a table they are refused. Entries are written in the dictionary's own
    order, or with ``canonical`` by Apple's buckets. Inside a bucket Apple writes
    the entry that was inserted last first; a dictionary that came off the wire
    has that order already, so entries of one bucket keep theirs, and captured
    bytes come out as they went in. ``mach`` writes the magic of a local Mach
    message in place of the stand-alone one; what follows is the same.

    Raises:
        EncodeError: something in it cannot be written: text with NUL or a lone
            surrogate, an int outside int64, a type that is not XPC's, a cycle,
            over 256 containers below the root. All are listed, with their paths,
            which begin with ``root``.
    """
    header = MACH_HEADER if mach else PAYLOAD_HEADER
    return header + write_object(value, handles, canonical=canonical, root=root)


def decode(data: bytes | bytearray | memoryview, handles: Sequence[Handle] = ()) -> Value:
    """The value of a payload; each handle takes its place in it.

    Both magics are read. Zero bytes may follow the object, as carriers round up.

    Raises:
        FrameError: the bytes are not a payload, or handles are missing or left over.
    """
    data = data if type(data) is bytes else bytes(data)
    check_header(data)
    table = iter(handles)
    value, end = read_object(data, HEADER_BYTES, len(data), table)
    if data.count(0, end) != len(data) - end:
        raise FrameError("bytes that are not zero follow the object", offset=end)
    if next(table, None) is not None:
        raise FrameError("handles are left over", offset=end)
    return value


def check_header(data: bytes) -> None:
    """Refuse bytes that do not begin with a payload's magic and version.

    Raises:
        FrameError: they do not.
    """
    header = data[:HEADER_BYTES]
    if header in (PAYLOAD_HEADER, MACH_HEADER):
        return
    if header[:4] in (PAYLOAD_HEADER[:4], MACH_HEADER[:4]) and len(header) == HEADER_BYTES:
        version = int.from_bytes(header[4:], "little")
        raise FrameError(f"version {version} of the format; only 5 is known", offset=4)
    raise FrameError("no payload begins here: the magic is missing", offset=0)
