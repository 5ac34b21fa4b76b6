"""A flow: what one app receives, kept so that a tap can read it."""

from __future__ import annotations

import random
from typing import Final
from uuid import UUID, uuid4

from attrs import field, frozen

from xpcrpc import Date

FLOW_BYTES: Final = 300_000
"""Enough for several reads of a tap."""


def _received() -> bytes:
    return random.Random(7).randbytes(FLOW_BYTES)  # the same in every run


@frozen
class Flow:
    """One connection of one app."""

    app: str
    id: UUID = field(factory=uuid4)
    began: Date = field(factory=Date.now)
    content: bytes = field(factory=_received, repr=False)
