"""The numbers of Apple's serialisation, version 5: type words, padding, key order.

Everything is little-endian and every object begins at a multiple of four bytes.
Source: the wire format, sections 1 to 4.
"""

from __future__ import annotations

from typing import Final

PAYLOAD_HEADER: Final = bytes.fromhex("42 37 13 42 05 00 00 00")
"""Magic and version of a stand-alone payload; what we write."""

MACH_HEADER: Final = bytes.fromhex("43 50 58 40 05 00 00 00")
"""Magic and version of a payload in a local Mach message; read too."""

HEADER_BYTES: Final = 8

NULL: Final = 0x01000
BOOL: Final = 0x02000
INT64: Final = 0x03000
UINT64: Final = 0x04000
DOUBLE: Final = 0x05000
DATE: Final = 0x07000
DATA: Final = 0x08000
STRING: Final = 0x09000
UUID: Final = 0x0A000
FD: Final = 0x0B000
SHMEM: Final = 0x0C000
MACH_SEND: Final = 0x0D000
ARRAY: Final = 0x0E000
DICTIONARY: Final = 0x0F000
ENDPOINT: Final = 0x12000

NAMES: Final = {
    NULL: "null",
    BOOL: "bool",
    INT64: "int64",
    UINT64: "uint64",
    DOUBLE: "double",
    0x06000: "pointer",
    DATE: "date",
    DATA: "data",
    STRING: "string",
    UUID: "uuid",
    FD: "fd",
    SHMEM: "shmem",
    MACH_SEND: "mach_send",
    ARRAY: "array",
    DICTIONARY: "dictionary",
    0x10000: "error",
    0x11000: "connection",
    ENDPOINT: "endpoint",
    0x13000: "serializer",
    0x14000: "pipe",
    0x15000: "mach_recv",
    0x16000: "bundle",
    0x17000: "service",
    0x18000: "service_instance",
    0x19000: "activity",
    0x1A000: "file_transfer",
}
"""Every type that a source names; those without a constant above are refused."""

TEXT_END: Final = (b"\0\0\0\0", b"\0\0\0", b"\0\0", b"\0")
"""A string's NUL and padding, by the low two bits of its length without the NUL."""

DATA_END: Final = (b"", b"\0\0\0", b"\0\0", b"\0")
"""A data's padding, by the low two bits of its length."""


def word(kind: int) -> bytes:
    """A type word as it is written."""
    return kind.to_bytes(4, "little")


def padded_key(key: bytes) -> bytes:
    """A dictionary key as it is written: its bytes, a NUL, zeros to a multiple of four."""
    return key + TEXT_END[len(key) & 3]


def bucket(key: bytes) -> int:
    """The place of a key in Apple's order: entries are written from bucket 0 to bucket 6."""
    state = 5381
    for byte in key:
        state = (state * 33 + byte) & 0xFFFF_FFFF_FFFF_FFFF
    return state % 7
