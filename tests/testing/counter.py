"""A small contract for tests: in the shape that the compiler writes, by hand."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import Any, ClassVar, Final

from attrs import define

from xpcrpc import (
    I32,
    CallContext,
    Client,
    ContractError,
    Empty,
    Method,
    Protocol,
    ReadFd,
    Server,
    Service,
    rules,
)


@define(kw_only=True)
class TooMuch(ContractError):
    """The sum would be too large."""

    code = 100
    most: I32


@define(kw_only=True)
class AddRequest:
    """A number to add."""

    number: I32


@define(kw_only=True)
class FileRequest:
    """A file to count."""

    file: ReadFd


ADD: Final[Method[AddRequest, int]] = Method(
    name="add", selector="add", request=AddRequest, reply=I32, errors=(TooMuch,)
)
TOTAL: Final[Method[Empty, int]] = Method(
    name="total", selector="total", reply=I32, idempotent=True
)
RESET: Final[Method[Empty, None]] = Method(name="reset", selector="reset", oneway=True)
HOLD: Final[Method[Empty, None]] = Method(name="hold", selector="hold")
COUNT: Final[Method[AddRequest, None]] = Method(
    name="count", selector="count", request=AddRequest, items_out=I32, window=4
)
MEASURE: Final[Method[FileRequest, int]] = Method(
    name="measure", selector="measure", request=FileRequest, reply=I32
)
COUNTER: Final = Protocol(
    name="org.example.counter.Counter",
    package=__name__,
    version="1.0",
    methods=(ADD, TOTAL, RESET, HOLD, COUNT, MEASURE),
)


class CounterClient(Client):
    """Counts."""

    protocol: ClassVar[Protocol] = COUNTER

    async def add(self, number: int, *, timeout_s: float | None = None) -> int:
        """Add; the sum."""
        return await self._call(ADD, AddRequest(number=number), timeout_s)

    async def total(self, *, timeout_s: float | None = None) -> int:
        """The sum; may be asked again."""
        return await self._call(TOTAL, Empty(), timeout_s)

    async def reset(self) -> None:
        """Back to 0; no answer."""
        await self._send(RESET, Empty())

    async def hold(self, *, timeout_s: float | None = None) -> None:
        """Never answered."""
        await self._call(HOLD, Empty(), timeout_s)

    def count(self, to: int) -> Any:
        """The numbers below one."""
        return self._stream(COUNT, AddRequest(number=to), None)

    async def measure(self, file: ReadFd) -> int:
        """How many bytes the file has left."""
        return await self._call(MEASURE, FileRequest(file=file), None)


class CounterServer(Server[CounterClient]):
    """Counts."""

    protocol: ClassVar[Protocol] = COUNTER

    @abstractmethod
    async def add(self, request: AddRequest, context: CallContext) -> int: ...
    @abstractmethod
    async def total(self, context: CallContext) -> int: ...
    @abstractmethod
    async def reset(self, context: CallContext) -> None: ...
    @abstractmethod
    async def hold(self, context: CallContext) -> None: ...
    @abstractmethod
    def count(self, request: AddRequest, context: CallContext) -> AsyncIterator[int]: ...
    @abstractmethod
    async def measure(self, request: FileRequest, context: CallContext) -> int: ...


class Counter(CounterServer):
    """Counts up to 100."""

    def __init__(self) -> None:
        self.sum = 0
        self.added: list[int] = []

    async def add(self, request: AddRequest, context: CallContext) -> int:
        if self.sum + request.number > 100:
            raise TooMuch(most=100 - self.sum)
        self.added.append(request.number)
        self.sum += request.number
        return self.sum

    async def total(self, context: CallContext) -> int:
        return self.sum

    async def reset(self, context: CallContext) -> None:
        self.sum = 0

    async def hold(self, context: CallContext) -> None:
        await asyncio.get_running_loop().create_future()

    async def count(self, request: AddRequest, context: CallContext) -> AsyncIterator[int]:
        for number in range(request.number):
            yield number

    async def measure(self, request: FileRequest, context: CallContext) -> int:
        with open(request.file.detach(), "rb") as file:  # noqa: ASYNC230  in a test
            return len(file.read())


CounterService: Final = Service(
    name="org.example.counter",
    protocol=COUNTER,
    server=CounterServer,  # type: ignore[type-abstract]
    client=CounterClient,
    peer_linux=rules.Uid("self"),
    peer_macos=rules.Anyone(),
)
