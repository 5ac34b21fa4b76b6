"""The sending end of a stream: items wait here for company, or for credit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from ..contract import Overflow
from ..errors import StreamOverflowError
from ..protocol.flow import Outflow
from .messages import Encoded
from .waiter import Waiter

BATCH_ITEMS: Final = 128
"""Most items in one message. More would let one side idle while the other works."""

BATCH_BYTES: Final = 32 * 1024
"""A message is sent as soon as its items have so many bytes."""


class Outbox:
    """Gathers items that are made in one go into one message, and waits for credit.

    What happens to an item for which there is no credit is the contract's
    ``overflow``: the maker waits ("block"), the oldest or the newest unsent item
    is dropped, or the stream fails.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        flow: Outflow,
        *,
        window: int,
        overflow: Overflow,
        encode: Callable[[Any], Encoded],
        send: Callable[[list[Encoded]], None],
    ) -> None:
        self._loop = loop
        self._flow = flow
        self._window = window
        self._overflow = overflow
        self._encode = encode
        self._send = send
        self._unsent: deque[Encoded] = deque()
        self._bytes = 0
        self._turn: asyncio.Handle | None = None
        self._waiter: Waiter[None] | None = None
        self.dropped = 0
        """Items that the overflow policy has dropped."""

    def offer(self, item: Any) -> bool:
        """Send an item, soon, if there is credit for it; else nothing is done, see `put`.

        Raises:
            EncodeError: the item does not fit its type.
        """
        unsent = self._unsent
        if len(unsent) >= self._flow.credit:
            return False
        encoded = self._encode(item)
        unsent.append(encoded)
        self._bytes += len(encoded[0])
        if len(unsent) >= BATCH_ITEMS or self._bytes >= BATCH_BYTES:
            self.flush()
        elif self._turn is None:
            self._turn = self._loop.call_soon(self.flush)
        return True

    async def put(self, item: Any) -> None:
        """Send an item, soon; wait for credit if the policy says so.

        Raises:
            EncodeError: the item does not fit its type.
            StreamOverflowError: there is no room, and the policy is to fail.
        """
        encoded = self._encode(item)
        while len(self._unsent) >= self._flow.credit:
            if self._overflow is Overflow.BLOCK:
                await self._credit()
            elif len(self._unsent) < self._window:
                break
            elif self._overflow is Overflow.DROP_OLDEST:
                self._unsent.popleft()
                self.dropped += 1
            elif self._overflow is Overflow.DROP_NEWEST:
                self.dropped += 1
                return
            else:
                raise StreamOverflowError(
                    f"the reader is {len(self._unsent)} items behind; {self._window} are allowed"
                )
        self._unsent.append(encoded)
        self._bytes += len(encoded[0])
        if len(self._unsent) >= BATCH_ITEMS or self._bytes >= BATCH_BYTES:
            self.flush()
        elif self._turn is None:
            self._turn = self._loop.call_soon(self.flush)

    async def drain(self) -> None:
        """Send all that waits, waiting for credit as need be."""
        self.flush()
        while self._unsent:
            await self._credit()

    async def _credit(self) -> None:
        self.flush()
        if self._flow.credit > len(self._unsent):
            return
        self._waiter = Waiter(self._loop)
        try:
            await self._waiter
        finally:
            self._waiter = None

    def credited(self) -> None:
        """There is more credit. Called by the loop, with no task running."""
        self.flush()
        if self._waiter is not None:
            self._waiter.wake(None)

    def flush(self) -> None:
        """Send what credit allows."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        unsent = self._unsent
        while unsent and self._flow.credit:
            count = min(len(unsent), self._flow.credit, BATCH_ITEMS)
            if count == len(unsent):
                batch = list(unsent)
                unsent.clear()
            else:
                batch = [unsent.popleft() for _ in range(count)]
            self._flow.send(count)
            self._send(batch)
        self._bytes = 0

    def close(self) -> None:
        """Forget what was not sent."""
        self._unsent.clear()
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
