"""How much of what a connection was given to send it still holds.

libxpc queues without a bound and shows no back-pressure (OQ-30); a barrier tells when
everything before it has been handed over (C-82). So whoever sends a lot, a stream or
events, puts a barrier behind each `STEP_BYTES` and stops at `LIMIT_BYTES`: a peer that
does not read costs no more memory than that, whatever credit it has given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..transport.base import Connection

STEP_BYTES: Final = 128 * 1024
"""Bytes between two barriers."""

LIMIT_BYTES: Final = 1024 * 1024
"""Bytes that may wait before their maker must."""


class Backlog:
    """The bytes that wait in one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ahead = 0
        self._behind = 0
        self._pending = False
        self._waiting: list[Callable[[], None]] = []
        self.clogged = False
        """Whether nothing more should be sent now; see `when_clear`."""

    def sent(self, size: int) -> None:
        """So many bytes were given to the connection."""
        self._behind += size
        if self._behind >= STEP_BYTES and not self._pending:
            self._place()
        self.clogged = self._ahead + self._behind >= LIMIT_BYTES

    def _place(self) -> None:
        self._ahead, self._behind = self._behind, 0
        self._pending = True
        self._connection.barrier(self._passed)

    def _passed(self) -> None:
        """What was ahead of the barrier has been handed over, or dropped with the connection."""
        self._pending = False
        self._ahead = 0
        if self._behind >= STEP_BYTES:
            self._place()
        self.clogged = self._ahead + self._behind >= LIMIT_BYTES
        if not self.clogged:
            waiting, self._waiting = self._waiting, []
            for call in waiting:
                call()

    def when_clear(self, call: Callable[[], None]) -> None:
        """Have ``call`` called once, from a callback of the loop, when there is room again."""
        self._waiting.append(call)
