"""A contract with every shape of call, and an implementation that counts its handlers."""

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
    Protocol,
    Server,
    Service,
    Stream,
    rules,
)


@define(kw_only=True)
class Work:
    """How much, and what to do then."""

    count: I64
    fail: bool = False


@define(kw_only=True)
class Grain:
    """One item."""

    number: I64


@define(kw_only=True)
class Jammed(ContractError):
    """The declared error."""

    code = 100
    after: I64


ECHO: Final[Method[Work, Grain]] = Method(
    name="echo", selector="echo", request=Work, reply=Grain, errors=(Jammed,)
)
AGAIN: Final[Method[Work, Grain]] = Method(
    name="again", selector="again", request=Work, reply=Grain, errors=(Jammed,), idempotent=True
)
HOLD: Final[Method[Work, Grain]] = Method(
    name="hold", selector="hold", request=Work, reply=Grain, errors=(Jammed,)
)
STUBBORN: Final[Method[Work, Grain]] = Method(
    name="stubborn", selector="stubborn", request=Work, reply=Grain
)
NESTED: Final[Method[Work, Grain]] = Method(
    name="nested", selector="nested", request=Work, reply=Grain
)
POUR: Final[Method[Work, None]] = Method(
    name="pour", selector="pour", request=Work, items_out=Grain, errors=(Jammed,), window=4
)
FLOOD: Final[Method[Work, None]] = Method(
    name="flood", selector="flood", request=Work, items_out=Grain, window=1024
)
SOAK: Final[Method[Work, Grain]] = Method(
    name="soak", selector="soak", request=Work, reply=Grain, items_in=Grain, window=1024
)
FILL: Final[Method[Work, Grain]] = Method(
    name="fill",
    selector="fill",
    request=Work,
    reply=Grain,
    items_in=Grain,
    errors=(Jammed,),
    window=4,
)
GRIND: Final[Method[Work, None]] = Method(
    name="grind",
    selector="grind",
    request=Work,
    items_in=Grain,
    items_out=Grain,
    errors=(Jammed,),
    window=4,
)
MILL: Final = Protocol(
    name="org.example.mill.Mill",
    package=__name__,
    version="1.0",
    methods=(ECHO, AGAIN, HOLD, STUBBORN, NESTED, POUR, FILL, GRIND, FLOOD, SOAK),
)


class MillClient(Client):
    """The client's stub."""

    protocol: ClassVar[Protocol] = MILL

    async def echo(
        self, *, count: int, fail: bool = False, timeout_s: float | None = None
    ) -> Grain:
        return await self._call(ECHO, Work(count=count, fail=fail), timeout_s)

    async def again(
        self, *, count: int, fail: bool = False, timeout_s: float | None = None
    ) -> Grain:
        return await self._call(AGAIN, Work(count=count, fail=fail), timeout_s)

    async def hold(
        self, *, count: int, fail: bool = False, timeout_s: float | None = None
    ) -> Grain:
        return await self._call(HOLD, Work(count=count, fail=fail), timeout_s)

    async def stubborn(self, *, count: int, timeout_s: float | None = None) -> Grain:
        return await self._call(STUBBORN, Work(count=count), timeout_s)

    async def nested(self, *, count: int, timeout_s: float | None = None) -> Grain:
        return await self._call(NESTED, Work(count=count), timeout_s)

    def pour(
        self, *, count: int, fail: bool = False, timeout_s: float | None = None
    ) -> Stream[Grain]:
        return self._stream(POUR, Work(count=count, fail=fail), timeout_s)

    async def fill(
        self,
        items: AsyncIterable[Grain],
        *,
        count: int,
        fail: bool = False,
        timeout_s: float | None = None,
    ) -> Grain:
        return await self._collect(FILL, Work(count=count, fail=fail), timeout_s, items)

    def grind(
        self,
        items: AsyncIterable[Grain],
        *,
        count: int,
        fail: bool = False,
        timeout_s: float | None = None,
    ) -> Stream[Grain]:
        return self._stream(GRIND, Work(count=count, fail=fail), timeout_s, items)

    def flood(self, *, count: int, timeout_s: float | None = None) -> Stream[Grain]:
        return self._stream(FLOOD, Work(count=count), timeout_s)

    async def soak(
        self, items: AsyncIterable[Grain], *, count: int, timeout_s: float | None = None
    ) -> Grain:
        return await self._collect(SOAK, Work(count=count), timeout_s, items)


class MillServer(Server[MillClient]):
    """The server's stub."""

    protocol: ClassVar[Protocol] = MILL

    @abstractmethod
    async def echo(self, request: Work, context: CallContext) -> Grain: ...

    @abstractmethod
    async def again(self, request: Work, context: CallContext) -> Grain: ...

    @abstractmethod
    async def hold(self, request: Work, context: CallContext) -> Grain: ...

    @abstractmethod
    async def stubborn(self, request: Work, context: CallContext) -> Grain: ...

    @abstractmethod
    async def nested(self, request: Work, context: CallContext) -> Grain: ...

    @abstractmethod
    def pour(self, request: Work, context: CallContext) -> AsyncIterator[Grain]: ...

    @abstractmethod
    async def fill(
        self, request: Work, items: AsyncIterator[Grain], context: CallContext
    ) -> Grain: ...

    @abstractmethod
    def grind(
        self, request: Work, items: AsyncIterator[Grain], context: CallContext
    ) -> AsyncIterator[Grain]: ...

    @abstractmethod
    def flood(self, request: Work, context: CallContext) -> AsyncIterator[Grain]: ...

    @abstractmethod
    async def soak(
        self, request: Work, items: AsyncIterator[Grain], context: CallContext
    ) -> Grain: ...


class Mill(MillServer):
    """Does it, and counts its handlers in and out."""

    def __init__(self, *, below: MillClient | None = None) -> None:
        self.below = below
        """Who `nested` asks."""
        self.running = 0
        """Handlers that have begun and not ended."""
        self.begun = 0
        """Handlers that have begun."""
        self.remaining_s: list[float] = []
        """What `hold` was told of its caller's patience."""
        self.release = asyncio.Event()
        """Lets `hold` and `stubborn` answer."""

    def __enter__(self) -> None:
        self.running += 1
        self.begun += 1

    def __exit__(self, *_: object) -> None:
        self.running -= 1

    async def echo(self, request: Work, context: CallContext) -> Grain:
        with self:
            if request.fail:
                raise Jammed(after=request.count)
            return Grain(number=request.count)

    again = echo

    async def hold(self, request: Work, context: CallContext) -> Grain:
        with self:
            self.remaining_s.append(context.remaining_s)
            await self.release.wait()
            if request.fail:
                raise Jammed(after=request.count)
            return Grain(number=request.count)

    async def stubborn(self, request: Work, context: CallContext) -> Grain:
        with self:
            while not self.release.is_set():
                try:
                    await self.release.wait()
                except asyncio.CancelledError:
                    continue  # what a handler must not do
            return Grain(number=request.count)

    async def nested(self, request: Work, context: CallContext) -> Grain:
        with self:
            assert self.below is not None
            return await self.below.hold(count=request.count, timeout_s=1000)

    async def pour(self, request: Work, context: CallContext) -> AsyncIterator[Grain]:
        with self:
            for number in range(request.count):
                yield Grain(number=number)
            if request.fail:
                raise Jammed(after=request.count)

    async def fill(self, request: Work, items: AsyncIterator[Grain], context: CallContext) -> Grain:
        with self:
            number = 0
            async for item in items:
                assert item.number == number, "order"
                number += 1
                if number == request.count and request.fail:
                    raise Jammed(after=number)
            return Grain(number=number)

    async def grind(
        self, request: Work, items: AsyncIterator[Grain], context: CallContext
    ) -> AsyncIterator[Grain]:
        with self:
            number = 0
            async for item in items:
                assert item.number == number, "order"
                yield Grain(number=number)
                number += 1
                if number == request.count and request.fail:
                    raise Jammed(after=number)

    flood = pour
    soak = fill


MillService: Final = Service(
    name="org.example.mill",
    protocol=MILL,
    server=MillServer,  # type: ignore[type-abstract]
    client=MillClient,
    peer_linux=rules.Uid("self"),
    peer_macos=rules.Uid("self"),
)
MillClient.service = MillService
