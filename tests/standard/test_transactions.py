"""The system's count of open work: one-way handlers are counted, requests count themselves."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

from xpcrpc import CallContext, Client, Empty, Host, Method, Protocol, Server
from xpcrpc.transport.memory import MemoryTransport

POKE: Final[Method[Empty, None]] = Method(name="poke", selector="poke", oneway=True)
ASK: Final[Method[Empty, None]] = Method(name="ask", selector="ask")
POKED: Final = Protocol(
    name="org.example.poked.Poked", package=__name__, version="1.0", methods=(POKE, ASK)
)


class PokedClient(Client):
    """One way, and both ways."""

    protocol: ClassVar[Protocol] = POKED

    async def poke(self) -> None:
        await self._send(POKE, Empty())

    async def ask(self) -> None:
        await self._call(ASK, Empty(), None)


class Poked(Server[PokedClient]):
    """Notes how many transactions are open while it works."""

    protocol: ClassVar[Protocol] = POKED

    def __init__(self, transport: MemoryTransport) -> None:
        self.transport = transport
        self.seen: asyncio.Queue[int] = asyncio.Queue()
        self.go = asyncio.Event()

    async def poke(self, context: CallContext) -> None:
        self.seen.put_nowait(self.transport.transactions)
        await self.go.wait()

    async def ask(self, context: CallContext) -> None:
        self.seen.put_nowait(self.transport.transactions)


async def test_a_one_way_handler_holds_a_transaction_until_it_ends() -> None:
    transport = MemoryTransport()
    poked = Poked(transport)
    async with (
        Host(transport=transport, drain_s=1.0) as host,
        await PokedClient.from_end(host.offer(poked), transport=transport) as client,
    ):
        await client.ask()
        assert await poked.seen.get() == 0
        await client.poke()
        await client.poke()
        assert [await poked.seen.get(), await poked.seen.get()] == [1, 2]
        poked.go.set()
        await client.ask()
        while transport.transactions:
            await asyncio.sleep(0)
