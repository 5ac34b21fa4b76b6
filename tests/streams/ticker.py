"""A contract with streams, made by hand in the shape that the compiler writes."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterable, AsyncIterator
from typing import ClassVar, Final

from attrs import define

from xpcrpc import (
    I64,
    CallContext,
    Client,
    ContractError,
    Method,
    Overflow,
    Protocol,
    Server,
    Stream,
)


@define(kw_only=True)
class Tick:
    """One item."""

    number: I64
    text: str = ""


@define(kw_only=True)
class CountRequest:
    """How many, and what happens then."""

    count: I64
    fail_after: I64 | None = None


@define(kw_only=True)
class Total:
    """What was summed up."""

    items: I64
    sum: I64


@define(kw_only=True)
class TooMany(ContractError):
    """The declared error of the streams."""

    code = 100
    limit: I64


COUNT: Final[Method[CountRequest, None]] = Method(
    name="count",
    selector="count",
    request=CountRequest,
    items_out=Tick,
    errors=(TooMany,),
    window=8,
)
NEWEST: Final[Method[CountRequest, None]] = Method(
    name="newest",
    selector="newest",
    request=CountRequest,
    items_out=Tick,
    window=4,
    overflow=Overflow.DROP_OLDEST,
)
STRICT: Final[Method[CountRequest, None]] = Method(
    name="strict",
    selector="strict",
    request=CountRequest,
    items_out=Tick,
    window=4,
    overflow=Overflow.FAIL,
)
TOTAL: Final[Method[CountRequest, Total]] = Method(
    name="total",
    selector="total",
    request=CountRequest,
    reply=Total,
    items_in=Tick,
    errors=(TooMany,),
    window=8,
)
DOUBLE: Final[Method[CountRequest, None]] = Method(
    name="double", selector="double", request=CountRequest, items_in=Tick, items_out=Tick, window=8
)
FOREVER: Final[Method[CountRequest, None]] = Method(
    name="forever", selector="forever", request=CountRequest, items_out=Tick, window=8
)
TICKER: Final = Protocol(
    name="org.example.ticker.Ticker",
    package=__name__,
    version="1.0",
    methods=(COUNT, NEWEST, STRICT, TOTAL, DOUBLE, FOREVER),
)


class TickerClient(Client):
    """The client's stub."""

    protocol: ClassVar[Protocol] = TICKER

    def count(
        self, *, count: int, fail_after: int | None = None, timeout_s: float | None = None
    ) -> Stream[Tick]:
        return self._stream(COUNT, CountRequest(count=count, fail_after=fail_after), timeout_s)

    def newest(self, *, count: int, timeout_s: float | None = None) -> Stream[Tick]:
        return self._stream(NEWEST, CountRequest(count=count), timeout_s)

    def strict(self, *, count: int, timeout_s: float | None = None) -> Stream[Tick]:
        return self._stream(STRICT, CountRequest(count=count), timeout_s)

    async def total(
        self, items: AsyncIterable[Tick], *, count: int, timeout_s: float | None = None
    ) -> Total:
        return await self._collect(TOTAL, CountRequest(count=count), timeout_s, items)

    def double(
        self, items: AsyncIterable[Tick], *, count: int, timeout_s: float | None = None
    ) -> Stream[Tick]:
        return self._stream(DOUBLE, CountRequest(count=count), timeout_s, items)

    def forever(self, *, timeout_s: float | None = None) -> Stream[Tick]:
        return self._stream(FOREVER, CountRequest(count=0), timeout_s)


class TickerServer(Server[TickerClient]):
    """The server's stub."""

    protocol: ClassVar[Protocol] = TICKER

    @abstractmethod
    def count(self, request: CountRequest, context: CallContext) -> AsyncIterator[Tick]: ...

    @abstractmethod
    def newest(self, request: CountRequest, context: CallContext) -> AsyncIterator[Tick]: ...

    @abstractmethod
    def strict(self, request: CountRequest, context: CallContext) -> AsyncIterator[Tick]: ...

    @abstractmethod
    async def total(
        self, request: CountRequest, items: AsyncIterator[Tick], context: CallContext
    ) -> Total: ...

    @abstractmethod
    def double(
        self, request: CountRequest, items: AsyncIterator[Tick], context: CallContext
    ) -> AsyncIterator[Tick]: ...

    @abstractmethod
    def forever(self, request: CountRequest, context: CallContext) -> AsyncIterator[Tick]: ...


class Ticker(TickerServer):
    """Counts, sums and doubles, and notes how its streams ended."""

    def __init__(self) -> None:
        self.made = 0
        """Items that `count` and `forever` have made."""
        self.ends: asyncio.Queue[str] = asyncio.Queue()
        """How each stream ended."""

    async def count(self, request: CountRequest, context: CallContext) -> AsyncIterator[Tick]:
        try:
            for number in range(request.count):
                if number == request.fail_after:
                    raise TooMany(limit=number)
                self.made += 1
                yield Tick(number=number)
            self.ends.put_nowait("ended")
        except (asyncio.CancelledError, GeneratorExit):
            self.ends.put_nowait("cancelled")
            raise

    async def newest(self, request: CountRequest, context: CallContext) -> AsyncIterator[Tick]:
        for number in range(request.count):
            yield Tick(number=number)
        self.ends.put_nowait(f"{context.dropped_items} dropped")

    strict = newest

    async def total(
        self, request: CountRequest, items: AsyncIterator[Tick], context: CallContext
    ) -> Total:
        count, total = 0, 0
        try:
            async for item in items:
                count, total = count + 1, total + item.number
                if count == request.fail_after:
                    raise TooMany(limit=count)
                if count == request.count:
                    break
        except asyncio.CancelledError:
            self.ends.put_nowait("cancelled")
            raise
        return Total(items=count, sum=total)

    async def double(
        self, request: CountRequest, items: AsyncIterator[Tick], context: CallContext
    ) -> AsyncIterator[Tick]:
        try:
            async for item in items:
                yield Tick(number=2 * item.number)
        except (asyncio.CancelledError, GeneratorExit):
            self.ends.put_nowait("cancelled")
            raise

    async def forever(self, request: CountRequest, context: CallContext) -> AsyncIterator[Tick]:
        try:
            while True:
                self.made += 1
                yield Tick(number=self.made)
        except (asyncio.CancelledError, GeneratorExit):
            self.ends.put_nowait("cancelled")
            raise
