"""The 24 bytes before each message of RemoteXPC: flags, length, id.

Source: the wire format, section 5.
"""

from __future__ import annotations

import struct
from typing import Final

from attrs import frozen

from ..errors import FrameError

WRAPPER_BYTES: Final = 24
_MAGIC: Final = 0x29B00B92
_LAYOUT: Final = struct.Struct("<IIQQ")


@frozen
class Wrapper:
    """One message of RemoteXPC: flags, id, and a payload, which may be empty."""

    flags: int
    message_id: int
    payload: bytes

    @classmethod
    def parse(cls, data: bytes) -> tuple[Wrapper, int]:
        """The wrapper that ``data`` begins with, and the offset behind it.

        Raises:
            FrameError: no whole wrapper is there.
        """
        if len(data) < WRAPPER_BYTES:
            raise FrameError("a wrapper needs 24 bytes", offset=len(data))
        magic, flags, length, message_id = _LAYOUT.unpack_from(data)
        if magic != _MAGIC:
            raise FrameError("no wrapper begins here: the magic is missing", offset=0)
        if length > len(data) - WRAPPER_BYTES:
            raise FrameError(f"a body of {length} bytes is not there", offset=8)
        end = WRAPPER_BYTES + length
        return cls(flags, message_id, data[WRAPPER_BYTES:end]), end

    def build(self) -> bytes:
        """The bytes of the wrapper with its payload."""
        head = _LAYOUT.pack(_MAGIC, self.flags, len(self.payload), self.message_id)
        return head + self.payload
