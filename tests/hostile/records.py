"""The record format by hand, so that a test can get it wrong.

A record is one message of a ``SOCK_SEQPACKET`` socket: a wrapper of 24 bytes and a
body in Apple's serialisation; see ``libxpc/wire.h``.
"""

from __future__ import annotations

import array
import socket
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

MAGIC: Final = 0x29B00B92
ALWAYS: Final = 0x0000_0001
MESSAGE: Final = 0x0000_0100
WANTS_REPLY: Final = 0x0001_0000
REPLY: Final = 0x0002_0000
NO_REPLY: Final = 0x0100_0000
MEMFD: Final = 0x0200_0000
SENDERS_ID: Final = 0x0400_0000
FRAGMENTED: Final = 0x0800_0000
FRAGMENT: Final = 0x1000_0000

PLAIN: Final = ALWAYS | MESSAGE
FRAGMENT_BYTES: Final = 64 * 1024


def wrapper(flags: int, length: int, number: int = 1, *, magic: int = MAGIC) -> bytes:
    """The first 24 bytes of a record."""
    return struct.pack("<IIQQ", magic, flags, length, number)


def record(body: bytes, flags: int = PLAIN, number: int = 1) -> bytes:
    """A record as it should be, if its parts are."""
    return wrapper(flags, len(body), number) + body


class HostileClient:
    """A connected socket that says whatever it likes."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(20)
        self.socket.connect(str(path))

    def send(self, data: bytes, fds: Sequence[int] = ()) -> None:
        """One record, with descriptors beside it."""
        control = []
        if fds:
            control.append((socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds)))
        self.socket.sendmsg([data], control)

    def is_dropped(self) -> bool:
        """Wait for the other side to say something, or to close: whether it closed."""
        try:
            return self.socket.recv(1 << 20) == b""
        except ConnectionError:
            return True

    def reply(self) -> bytes:
        """The next record."""
        return self.socket.recv(1 << 20)

    def close(self) -> None:
        """Go."""
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
