"""What libxpc's errors and names are in Python."""

from __future__ import annotations

from typing import Final

from ..errors import (
    ConnectionInterruptedError,
    ConnectionInvalidError,
    MisuseError,
    PeerRequirementError,
    ServiceConfigurationError,
    TerminationImminentError,
    TransportError,
)
from . import xpc_records as records
from .base import Frame
from .xpc_connection import XpcPeer

MAX_NAME_BYTES: Final = 127
"""Longest name of a service, UTF-8; launchd's limit, and the portable library's."""


def service_name(name: str) -> bytes:
    """A service's name for libxpc.

    Raises:
        ServiceConfigurationError: no service can have it.
        MisuseError: it is no string.
    """
    if not isinstance(name, str):  # a program without a type checker (X20, X21)
        kind = type(name).__name__
        raise MisuseError(f"the name of a service is a str, as in its contract, not {kind}")
    encoded = name.encode("utf-8", "surrogatepass")
    if not name or "\0" in name or len(encoded) > MAX_NAME_BYTES:
        raise ServiceConfigurationError(
            f"{name!r} is no name of a service: 1 to {MAX_NAME_BYTES} bytes without NUL"
        )
    return encoded


def failure_of(error: int, frame: Frame, peer: XpcPeer) -> TransportError:
    """The exception for a record's error; an unknown one's words are its frame (C-126)."""
    if error == records.INTERRUPTED:
        return ConnectionInterruptedError(peer.name)
    if error == records.INVALID:
        return ConnectionInvalidError(peer.name, peer.reason())
    if error == records.TERMINATION:
        return TerminationImminentError()
    if error == records.PEER_REQUIREMENT:
        return PeerRequirementError(peer.name)
    return TransportError(f"{peer.name}: {bytes(frame).decode('utf-8', 'replace')}")
