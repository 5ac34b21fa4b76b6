"""A contract, written by hand, for what streams and calls must survive; handlers are given."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from typing import Any, ClassVar, Final

from attrs import define

from xpcrpc import (
    I64,
    CallContext,
    Client,
    ContractError,
    FileDescriptor,
    Method,
    Overflow,
    Protocol,
    Server,
    Service,
    Stream,
    rules,
)

WINDOW: Final = 8


@define(kw_only=True)
class Ask:
    """What every method takes."""

    count: I64 = 0
    size: I64 = 0


@define(kw_only=True)
class Blob:
    """What they give."""

    number: I64
    data: bytes = b""


@define(kw_only=True)
class Three:
    """An item with descriptors."""

    first: FileDescriptor
    second: FileDescriptor
    third: FileDescriptor


@define(kw_only=True)
class Odd(ContractError):
    """The declared error."""

    code = 100
    why: str


def _method(name: str, **facts: Any) -> Method[Ask, Any]:
    return Method(name=name, selector=name, request=Ask, errors=(Odd,), **facts)


CALL = _method("call", reply=Blob)
AGAIN = _method("again", reply=Blob, idempotent=True)
TELL = _method("tell", oneway=True)
OUT = _method("out", items_out=Blob, window=WINDOW)
LONG = _method("long", items_out=Blob, window=WINDOW, timeout_s=30.0)
WIDE = _method("wide", items_out=Blob, window=1_000_000)
OLDEST = _method("oldest", items_out=Blob, window=WINDOW, overflow=Overflow.DROP_OLDEST)
NEWEST = _method("newest", items_out=Blob, window=WINDOW, overflow=Overflow.DROP_NEWEST)
STRICT = _method("strict", items_out=Blob, window=WINDOW, overflow=Overflow.FAIL)
THREES = _method("threes", items_out=Three, window=256)
TAKE = _method("take", reply=Blob, items_in=Blob, window=WINDOW)
TAKE_THREES = _method("take_threes", reply=Blob, items_in=Three, window=256)
BOTH = _method("both", items_in=Blob, items_out=Blob, window=WINDOW)
METHODS = (
    *(CALL, AGAIN, TELL, OUT, LONG, WIDE, OLDEST, NEWEST, STRICT),
    *(THREES, TAKE, TAKE_THREES, BOTH),
)
ODD: Final = Protocol(name="org.example.odd.Odd", package=__name__, version="1.0", methods=METHODS)


class OddClient(Client):
    """The client's stub."""

    protocol: ClassVar[Protocol] = ODD

    async def call(self, *, count: int = 0, size: int = 0, timeout_s: float | None = None) -> Blob:
        return await self._call(CALL, Ask(count=count, size=size), timeout_s)

    async def again(self, *, count: int = 0, timeout_s: float | None = None) -> Blob:
        return await self._call(AGAIN, Ask(count=count), timeout_s)

    async def tell(self, *, count: int = 0) -> None:
        await self._send(TELL, Ask(count=count))

    def items(
        self,
        method: Method[Ask, Any] = OUT,
        *,
        count: int = 0,
        size: int = 0,
        timeout_s: float | None = None,
        items: AsyncIterable[Any] | None = None,
    ) -> Stream[Any]:
        """A stream of any of the methods that have one."""
        return self._stream(method, Ask(count=count, size=size), timeout_s, items)

    async def take(
        self,
        items: AsyncIterable[Any],
        method: Method[Ask, Any] = TAKE,
        *,
        timeout_s: float | None = None,
    ) -> Blob:
        return await self._collect(method, Ask(), timeout_s, items)


class OddServer(Server[OddClient]):
    """The server's stub, as far as this contract's servers differ."""

    protocol: ClassVar[Protocol] = ODD

    @abstractmethod
    async def call(self, request: Ask, context: CallContext) -> Blob: ...


Handler = Callable[[Ask, CallContext], Awaitable[Blob]]
Maker = Callable[[Ask, CallContext], AsyncIterator[Any]]


async def _answer(request: Ask, context: CallContext) -> Blob:
    return Blob(number=request.count, data=bytes(request.size))


async def _make(request: Ask, context: CallContext) -> AsyncIterator[Blob]:
    for number in range(request.count):
        yield Blob(number=number, data=bytes(request.size))


class OddService(OddServer):
    """Does what it is given to do; else it answers what it is asked for."""

    def __init__(self, *, handler: Handler = _answer, maker: Maker = _make) -> None:
        self.handler = handler
        self.maker = maker

    async def call(self, request: Ask, context: CallContext) -> Blob:
        return await self.handler(request, context)

    async def again(self, request: Ask, context: CallContext) -> Blob:
        return await self.handler(request, context)

    async def tell(self, request: Ask, context: CallContext) -> None:
        await self.handler(request, context)

    def out(self, request: Ask, context: CallContext) -> AsyncIterator[Any]:
        return self.maker(request, context)

    long = wide = oldest = newest = strict = threes = out

    async def take(self, request: Ask, items: AsyncIterator[Any], context: CallContext) -> Blob:
        number = 0
        async for item in items:
            if isinstance(item, Three):
                for each in (item.first, item.second, item.third):
                    each.close()
            number += 1
        return Blob(number=number)

    take_threes = take

    async def both(
        self, request: Ask, items: AsyncIterator[Blob], context: CallContext
    ) -> AsyncIterator[Blob]:
        async for item in items:
            yield item


Odds: Final = Service(
    name="org.example.odd",
    protocol=ODD,
    server=OddServer,  # type: ignore[type-abstract]
    client=OddClient,
    peer_linux=rules.Uid("self"),
    peer_macos=rules.Uid("self"),
)
OddClient.service = Odds
