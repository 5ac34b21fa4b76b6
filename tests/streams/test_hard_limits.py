"""What a peer may ask for at once, with and without numbers, and how long it may take."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from tests.runtime.raw_peer import RawPeer
from tests.streams.odd import ODD, WINDOW, Ask, Blob, OddClient, Odds, OddService
from xpcrpc import (
    CallContext,
    ConnectionInvalidError,
    DeadlineExceededError,
    Host,
    MisuseError,
    TooManyCallsError,
)
from xpcrpc.protocol import session
from xpcrpc.runtime.caller import LONGEST_S
from xpcrpc.testing import connected_pair
from xpcrpc.testing.pairs import Over
from xpcrpc.transport.memory import MemoryNetwork, MemoryTransport

TOO_MANY = 6


class Holding(OddService):
    """Holds every call, and counts those that it holds."""

    def __init__(self) -> None:
        super().__init__(handler=self.hold)
        self.held = 0
        self.release = asyncio.Event()

    async def hold(self, request: Ask, context: CallContext) -> Blob:
        self.held += 1
        try:
            await self.release.wait()
        finally:
            self.held -= 1
        return Blob(number=request.count)


class Rama(RawPeer):
    """A peer that knows rama's four keys alone."""

    def ask_soon(self) -> asyncio.Task[dict[str, Any]]:
        return asyncio.ensure_future(self.ask({"$selector": "call", "$arguments": [{}]}))


async def test_calls_without_a_number_are_counted_and_end_with_their_connection() -> None:
    network = MemoryNetwork()
    service, other = MemoryTransport(network), MemoryTransport(network)
    holding = Holding()
    async with Host(transport=service, max_calls=3) as host:
        host.serve(Odds, holding)
        peer = Rama(other.connect(Odds.name))
        calls = [peer.ask_soon() for _ in range(10)]
        done, pending = await asyncio.wait(calls, timeout=0.1)
        assert (len(done), holding.held) == (7, 3)
        assert {call.result()["$error"]["code"] for call in done} == {TOO_MANY}
        assert host.workers.busy == 3
        peer.close()
        await asyncio.gather(*pending, return_exceptions=True)
        while holding.held:
            await asyncio.sleep(0)
        assert host.workers.busy == 0


async def test_one_way_calls_are_bounded_and_go_on_without_their_caller(
    caplog: pytest.LogCaptureFixture,
) -> None:
    holding = Holding()
    network = MemoryNetwork()
    service, other = MemoryTransport(network), MemoryTransport(network)
    async with Host(transport=service, drain_s=0.1) as host:
        host.serve(Odds, holding)
        peer = Rama(other.connect(Odds.name))
        for _ in range(session.MAX_ONE_WAY + 100):
            peer.send({"$selector": "tell", "$arguments": [{}]})
        while holding.held < session.MAX_ONE_WAY:
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        assert holding.held == session.MAX_ONE_WAY
        assert "one-way calls lost" in caplog.text
        assert len(caplog.records) < 10  # not a line for each
        peer.close()
        await asyncio.sleep(0.05)
        assert holding.held == session.MAX_ONE_WAY
        holding.release.set()
        while holding.held:
            await asyncio.sleep(0)


async def test_streams_have_a_limit_of_their_own(over: Over) -> None:
    async def maker(request: Ask, context: CallContext) -> Any:
        for number in range(2 * WINDOW):
            yield Blob(number=number)
        await asyncio.Event().wait()

    class Few(OddService):
        pass

    network = MemoryNetwork()
    service, other = MemoryTransport(network), MemoryTransport(network)
    async with Host(transport=service, max_streams=2) as host:
        host.serve(Odds, Few(maker=maker))
        async with OddClient.on(other.connect(Odds.name)) as client:
            streams = [client.items() for _ in range(2)]
            for stream in streams:
                await anext(stream)
            with pytest.raises(TooManyCallsError, match="2 calls with streams"):
                await anext(client.items())
            assert (await client.call(count=1)).number == 1  # is no stream
            await streams[0].aclose()
            await asyncio.sleep(0.01)
            async with client.items() as third:
                assert (await anext(third)).number == 0


@pytest.mark.parametrize("timeout_s", [1e10, 1e300, math.inf])
async def test_no_timeout_is_too_long(over: Over, timeout_s: float) -> None:
    remaining: list[float] = []

    async def handler(request: Ask, context: CallContext) -> Blob:
        remaining.append(context.remaining_s)
        return Blob(number=0)

    async with connected_pair(OddService(handler=handler), over=over) as client:
        await client.call(timeout_s=timeout_s)
        assert [item async for item in client.items(timeout_s=timeout_s)] == []
    assert LONGEST_S - 60 < remaining[0] <= LONGEST_S


@pytest.mark.parametrize("timeout_s", [0, -1.0, math.nan, -math.inf])
async def test_a_timeout_is_above_zero(timeout_s: float) -> None:
    async with connected_pair(OddService()) as client:
        with pytest.raises(MisuseError, match="above 0"):
            await client.call(timeout_s=timeout_s)


async def test_late_replies_are_counted(over: Over) -> None:
    holding = Holding()
    async with connected_pair(holding, over=over) as client:
        await client.items(count=0).result()
        holding.handler = _stubborn = Stubborn()
        with pytest.raises(DeadlineExceededError):
            await client.call(timeout_s=0.05)
        assert client.late_messages == 0
        _stubborn.release.set()
        while not client.late_messages:
            await asyncio.sleep(0)
        assert client.late_messages == 1


class Stubborn:
    """A handler that ignores its cancellation."""

    def __init__(self) -> None:
        self.release = asyncio.Event()

    async def __call__(self, request: Ask, context: CallContext) -> Blob:
        while not self.release.is_set():
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                continue
        return Blob(number=0)


async def test_one_way_calls_that_were_sent_arrive_before_the_end(named_over: Over) -> None:
    arrived = 0

    async def handler(request: Ask, context: CallContext) -> Blob:
        nonlocal arrived
        arrived += 1
        return Blob(number=0)

    from xpcrpc.testing import served

    async with served(Odds, OddService(handler=handler), over=named_over) as running:
        async with await running.connect() as client:
            for _ in range(3000):
                await client.tell()
        for _ in range(100):
            if arrived == 3000:
                break
            await asyncio.sleep(0.02)
        assert arrived == 3000


async def test_a_call_that_was_never_sent_says_so(named_over: Over) -> None:
    from xpcrpc.testing import served

    async with served(Odds, OddService(), over=named_over) as running:
        client = await running.connect()
        await running.stop()
        with pytest.raises(ConnectionInvalidError) as caught:
            await client.call()
        assert not caught.value.may_have_run
        await running.start(OddService())
        assert (await client.call(count=4)).number == 4  # it looks again
        await client.close()
        with pytest.raises(ConnectionInvalidError, match="closed here") as closed:
            await client.call()
        assert not closed.value.may_have_run


async def test_what_is_no_service_server_or_end_is_told_apart() -> None:
    """For programs without a type checker."""
    async with Host(transport=MemoryTransport()) as host:
        with pytest.raises(TypeError, match="serves a service"):
            host.serve(ODD, OddService())  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="serves nothing"):
            host.offer(object())  # type: ignore[arg-type]
        end = host.offer(OddService())
        with pytest.raises(TypeError, match="takes a ClientEnd"):
            await OddClient.from_end(end.endpoint)  # type: ignore[arg-type]
    async with connected_pair(OddService()) as client:
        with pytest.raises(TypeError, match="metadata is text"):
            client.with_metadata(number=5)  # type: ignore[arg-type]
