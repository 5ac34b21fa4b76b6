"""The sending end of a stream: items wait here for company, or for credit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from ..codec.passes import Seal
from ..contract import Overflow
from ..errors import StreamOverflowError
from ..protocol.flow import Outflow
from ..values import Handle
from .backlog import Backlog
from .messages import Encoded
from .waiter import Waiter

BATCH_ITEMS: Final = 128
"""Most items in one message. More would let one side idle while the other works."""

BATCH_BYTES: Final = 32 * 1024
"""A message is sent as soon as its items have so many bytes."""

BATCH_HANDLES: Final = 64
"""Most handles in one message, but for an item that alone has more; libxpc takes 252."""


_NO_HANDLES: Final[tuple[Handle, ...]] = ()


class Outbox:
    """Gathers items that are made in one go into one message, and waits for credit.

    What happens to an item for which there is no credit, or no room in the
    connection, is the contract's ``overflow``: the maker waits ("block"), the oldest
    or the newest unsent item is dropped, or the stream fails.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        flow: Outflow,
        backlog: Backlog,
        *,
        window: int,
        overflow: Overflow,
        seal: Seal,
        encode: Callable[[Any], Encoded],
        send: Callable[[list[Encoded]], int],
        failed: Callable[[Exception], None],
    ) -> None:
        """``seal`` makes an item's bytes, or None where it takes ``encode``; ``send`` gives the
        bytes that it sent, and ``failed`` is told what it raised instead."""
        self._loop = loop
        self._flow = flow
        self._backlog = backlog
        self._window = window
        self._overflow = overflow
        self._seal = seal
        self._encode = encode
        self._send = send
        self._failed = failed
        self._unsent: deque[Encoded] = deque()
        self._bytes = 0
        self._handles = 0
        self._turn: asyncio.Handle | None = None
        self._waiter: Waiter[None] | None = None
        self._error: Exception | None = None
        self._last_words: Exception | None = None
        """What to fail with when credit runs out."""
        self._waits_for_room = False
        self._since_turn = 0
        self.dropped = 0
        """Items that the overflow policy has dropped."""

    def offer(self, item: Any) -> bool:
        """Send an item, soon, if there is credit for it; else nothing is done, see `put`.

        Raises:
            EncodeError: the item does not fit its type, or one before could not be sent.
        """
        unsent = self._unsent
        if (
            len(unsent) >= self._flow.credit
            or self._since_turn >= BATCH_ITEMS
            or self._backlog.clogged
            or self._error is not None
        ):
            if self._error is not None:
                raise self._error
            return False
        data = self._seal(item)
        if data is None:
            self._add(self._encode(item))
            return True
        # As `_add`, for nearly every item.
        unsent.append((data, _NO_HANDLES))
        self._since_turn += 1
        self._bytes += len(data)
        if self._turn is None or len(unsent) >= BATCH_ITEMS or self._bytes >= BATCH_BYTES:
            self._send_soon()
        return True

    async def put(self, item: Any) -> None:
        """Send an item, soon; wait for credit if the policy says so.

        The loop has a turn for others now and then, however much credit there is.

        Raises:
            EncodeError: the item does not fit its type, or one before could not be sent.
            StreamOverflowError: there is no room, and the policy is to fail.
        """
        encoded = self._encode(item)
        if self._since_turn >= BATCH_ITEMS:
            self.flush()
            self._since_turn = 0
            await asyncio.sleep(0)
        while self._full():
            self.flush()  # what has credit is not what the policy is for
            if not self._full():
                break
            self._check_hopeful()
            if self._overflow is Overflow.BLOCK:
                await self._room()
            elif len(self._unsent) < self._window:
                break
            elif self._overflow is Overflow.DROP_OLDEST:
                self._forget(self._unsent.popleft())
                self.dropped += 1
            elif self._overflow is Overflow.DROP_NEWEST:
                self.dropped += 1
                return
            else:
                raise StreamOverflowError(
                    f"the reader is {len(self._unsent)} items behind; {self._window} are allowed"
                )
        self._add(encoded)

    def _full(self) -> bool:
        """Whether the next item would have to wait."""
        if self._error is not None:
            raise self._error
        return len(self._unsent) >= self._flow.credit or self._backlog.clogged

    def _add(self, encoded: Encoded) -> None:
        data, handles = encoded
        self._unsent.append(encoded)
        self._since_turn += 1
        self._bytes += len(data)
        self._handles += len(handles)
        self._send_soon()

    def _send_soon(self) -> None:
        """Send what waits at the end of this turn, or now if it is a message's worth."""
        if len(self._unsent) >= BATCH_ITEMS or self._bytes >= BATCH_BYTES:
            self.flush()
            if self._error is not None:
                raise self._error  # now: its maker may not have another item
        elif self._turn is None:
            self._turn = self._loop.call_soon(self._end_of_turn)

    def _end_of_turn(self) -> None:
        self._since_turn = 0
        self.flush()

    async def drain(self) -> None:
        """Send all that waits, waiting for credit as need be.

        Raises:
            EncodeError: an item could not be sent.
        """
        self.flush()
        while self._unsent:
            self._check_hopeful()
            await self._room()
        if self._error is not None:
            raise self._error

    def _check_hopeful(self) -> None:
        if self._last_words is not None and not self._flow.credit:
            raise self._last_words

    async def _room(self) -> None:
        """Wait until something has changed for the better."""
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

    def _cleared(self) -> None:
        """The connection has room again."""
        self._waits_for_room = False
        self.credited()

    def deafen(self, error: Exception) -> None:
        """No credit will come any more: the maker of what it does not cover is told so."""
        self._last_words = error
        self.flush()
        if self._waiter is not None:
            self._waiter.wake_soon(None)

    def flush(self) -> None:
        """Send what credit, and the connection, allow."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        unsent, flow, backlog = self._unsent, self._flow, self._backlog
        while unsent and flow.credit and not backlog.clogged:
            batch = self._batch(min(len(unsent), flow.credit, BATCH_ITEMS))
            try:
                size = self._send(batch)
            except Exception as error:
                self._fail(error)
                return
            flow.send(len(batch))  # only now: the peer is told how many were sent
            backlog.sent(size)
        if backlog.clogged and not self._waits_for_room:
            self._waits_for_room = True
            backlog.when_clear(self._cleared)

    def _batch(self, count: int) -> list[Encoded]:
        unsent = self._unsent
        batch: list[Encoded]
        if count == len(unsent) and self._handles <= BATCH_HANDLES:
            batch = list(unsent)
            self._clear()
            return batch
        batch = []
        handles = 0
        while len(batch) < count:
            handles += len(unsent[0][1])
            if batch and handles > BATCH_HANDLES:
                break
            encoded = unsent.popleft()
            self._forget(encoded)
            batch.append(encoded)
        return batch

    def _forget(self, encoded: Encoded) -> None:
        """One item waits no more."""
        data, handles = encoded
        self._bytes -= len(data)
        self._handles -= len(handles)

    def _clear(self) -> None:
        """No item waits any more."""
        self._unsent.clear()
        self._bytes = self._handles = 0

    def _fail(self, error: Exception) -> None:
        self._error = error
        self._clear()
        self._failed(error)
        if self._waiter is not None:
            self._waiter.wake_soon(None)

    def close(self) -> None:
        """Forget what was not sent."""
        self._clear()
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
