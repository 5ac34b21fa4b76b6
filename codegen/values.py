"""Forms in which TOML states values that it has no type for.

========  ==================================================================
type      in a contract
========  ==================================================================
date      an offset date-time (``2024-05-01T12:00:00Z``), or integer
          nanoseconds since 1970
duration  text with a unit (``"250ms"``), or integer nanoseconds
bytes     text of hexadecimal digits (``"00ff"``)
uuid      text (``"12345678-1234-5678-1234-567812345678"``)
enum      the name of a case
flags     a list of names of bits
struct    a table of its fields
union     a table with one key, the case: ``{ started = { pid = 1 } }``
========  ==================================================================
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any, Final

from .duration import parse_duration

INT64: Final = (-(2**63), 2**63 - 1)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX: Final = re.compile(r"([0-9a-fA-F]{2})*")


def _ns(value: Any) -> int | None:
    return value if type(value) is int and INT64[0] <= value <= INT64[1] else None


def date_ns(value: Any) -> int | None:
    """Nanoseconds since 1970, or None if the value is no moment."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return None
        span = value - _EPOCH
        return _ns((span.days * 86_400 + span.seconds) * 10**9 + span.microseconds * 1000)
    return _ns(value)


def duration_ns(value: Any) -> int | None:
    """Nanoseconds, or None if the value is no span of time."""
    return parse_duration(value) if isinstance(value, str) else _ns(value)


def bytes_of(value: Any) -> bytes | None:
    """Data, or None if the value is no text of hexadecimal digits."""
    if isinstance(value, str) and _HEX.fullmatch(value):
        return bytes.fromhex(value)
    return None


def uuid_of(value: Any) -> uuid.UUID | None:
    """A UUID, or None."""
    return uuid.UUID(value) if isinstance(value, str) and _UUID.fullmatch(value) else None
