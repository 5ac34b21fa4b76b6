"""The contract language's scalar types, as Python annotations.

A type checker sees the plain Python type; the converter and the Hypothesis
strategies read the rest from the annotation::

    port: U16            # an int in 0 … 65535, a uint64 on the wire
    log: WriteFd         # a FileDescriptor that must be open for writing
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

from .facts import frozen
from .values import FileDescriptor


@frozen
class IntKind:
    """An integer of so many bits; unsigned ones are uint64 on the wire."""

    bits: int
    signed: bool

    @property
    def minimum(self) -> int:
        """The smallest number it holds."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def maximum(self) -> int:
        """The largest number it holds."""
        return (1 << (self.bits - 1 if self.signed else self.bits)) - 1

    @property
    def name(self) -> str:
        """Its name in the contract language, such as ``u16``."""
        return f"{'i' if self.signed else 'u'}{self.bits}"


@frozen
class FloatKind:
    """A floating-point number of so many bits; a double on the wire."""

    bits: int


class FdMode(StrEnum):
    """What a descriptor must be good for; checked when it is received."""

    READ = "read"
    WRITE = "write"
    READWRITE = "readwrite"
    SOCKET = "socket"


I8: TypeAlias = Annotated[int, IntKind(8, True)]
I16: TypeAlias = Annotated[int, IntKind(16, True)]
I32: TypeAlias = Annotated[int, IntKind(32, True)]
I64: TypeAlias = Annotated[int, IntKind(64, True)]
U8: TypeAlias = Annotated[int, IntKind(8, False)]
U16: TypeAlias = Annotated[int, IntKind(16, False)]
U32: TypeAlias = Annotated[int, IntKind(32, False)]
U64: TypeAlias = Annotated[int, IntKind(64, False)]
F32: TypeAlias = Annotated[float, FloatKind(32)]
F64: TypeAlias = Annotated[float, FloatKind(64)]
ReadFd: TypeAlias = Annotated[FileDescriptor, FdMode.READ]
WriteFd: TypeAlias = Annotated[FileDescriptor, FdMode.WRITE]
ReadWriteFd: TypeAlias = Annotated[FileDescriptor, FdMode.READWRITE]
SocketFd: TypeAlias = Annotated[FileDescriptor, FdMode.SOCKET]
