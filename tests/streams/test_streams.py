"""Streams over libxpc, in one process: order, ends, windows, cancellation."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.runtime.raw_peer import RawPeer
from tests.streams.ticker import Tick, Ticker, TickerClient, TooMany, Total
from xpcrpc import (
    ConnectionInvalidError,
    DeadlineExceededError,
    EncodeError,
    Host,
    StreamOverflowError,
    UInt64,
)
from xpcrpc.transport.base import Transport

pytestmark = pytest.mark.usefixtures("transport")


@pytest.fixture(scope="module", autouse=True)
def bootstrap() -> Iterator[None]:
    with (
        tempfile.TemporaryDirectory(prefix="xpcrpc-") as directory,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("XPCRPC_BOOTSTRAP_DIR", directory)
        yield


@pytest.fixture
def ticker() -> Ticker:
    return Ticker()


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with Host(drain_s=1.0) as host:
        yield host


@pytest.fixture
async def client(host: Host, ticker: Ticker) -> AsyncIterator[TickerClient]:
    async with await TickerClient.from_end(host.offer(ticker)) as client:
        yield client


async def ticks(*numbers: int) -> AsyncIterator[Tick]:
    for number in numbers:
        yield Tick(number=number)


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 1000])
async def test_every_item_comes_in_order_and_then_the_end(
    client: TickerClient, ticker: Ticker, count: int
) -> None:
    assert [tick.number async for tick in client.count(count=count)] == list(range(count))
    assert await ticker.ends.get() == "ended"


async def test_an_error_after_items_is_delivered_after_them(client: TickerClient) -> None:
    seen = []
    with pytest.raises(TooMany) as caught:
        async for tick in client.count(count=100, fail_after=13):
            seen.append(tick.number)
    assert seen == list(range(13))
    assert caught.value.limit == 13


async def test_a_slow_reader_holds_the_maker_back(client: TickerClient, ticker: Ticker) -> None:
    stream = client.forever()
    await anext(stream)
    for _ in range(50):
        await asyncio.sleep(0)
    # One was read; a window and the item that waits for credit are all that was made.
    assert ticker.made <= 1 + 8 + 8 // 2 + 1
    await stream.aclose()
    assert await ticker.ends.get() == "cancelled"


async def test_leaving_the_loop_stops_the_maker(client: TickerClient, ticker: Ticker) -> None:
    async for tick in client.forever():
        if tick.number == 20:
            break
    assert await asyncio.wait_for(ticker.ends.get(), 5) == "cancelled"


async def test_cancelling_the_reading_task_stops_the_maker(
    client: TickerClient, ticker: Ticker
) -> None:
    begun = asyncio.Event()

    async def read() -> None:
        async for tick in client.count(count=10**9):
            if tick.number > 100:
                begun.set()
            await asyncio.sleep(0)

    task = asyncio.create_task(read())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.wait_for(ticker.ends.get(), 5) == "cancelled"


async def test_the_callers_items_are_summed_up(client: TickerClient) -> None:
    assert await client.total(ticks(*range(1000)), count=-1) == Total(items=1000, sum=499500)
    assert await client.total(ticks(), count=-1) == Total(items=0, sum=0)


async def test_an_end_that_comes_before_the_handler_has_begun_is_not_lost(
    host: Host, ticker: Ticker, transport: Transport
) -> None:
    endpoint = host.offer(ticker).endpoint
    with RawPeer(transport.connect_endpoint(endpoint)) as peer:
        request = {"$selector": "total", "$call": UInt64(1), "$arguments": [{"count": -1}]}
        answer = asyncio.ensure_future(peer.ask(request))
        await asyncio.sleep(0)  # the request is on its way; the host has not read it
        peer.send({"$call": UInt64(1), "$end": UInt64(0)})
        async with asyncio.timeout(10):
            assert await answer == {"$result": {"items": 0, "sum": 0}}


async def test_a_server_may_answer_before_the_items_are_over(client: TickerClient) -> None:
    async def endless() -> AsyncIterator[Tick]:
        number = 0
        while True:
            yield Tick(number=(number := number + 1))

    assert await client.total(endless(), count=3) == Total(items=3, sum=6)


async def test_items_that_fail_to_be_made_fail_the_call(
    client: TickerClient, ticker: Ticker
) -> None:
    async def broken() -> AsyncIterator[Tick]:
        yield Tick(number=1)
        raise LookupError("no more of it")

    with pytest.raises(LookupError, match="no more of it"):
        await client.total(broken(), count=-1)
    assert await asyncio.wait_for(ticker.ends.get(), 5) == "cancelled"


async def test_an_item_that_does_not_fit_fails_the_call(client: TickerClient) -> None:
    with pytest.raises(EncodeError, match=r"Tick\.number"):
        await client.total(ticks(2**70), count=-1)


async def test_both_sides_stream_at_once(client: TickerClient) -> None:
    numbers = [tick.number async for tick in client.double(ticks(*range(500)), count=0)]
    assert numbers == [2 * number for number in range(500)]


async def test_the_oldest_are_dropped_where_the_contract_says_so(
    client: TickerClient, ticker: Ticker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "xpcrpc.server")
    stream = client.newest(count=1000)
    numbers = [tick.number async for tick in stream]
    assert numbers[-1] == 999
    assert numbers == sorted(set(numbers))
    assert len(numbers) < 1000
    dropped = 1000 - len(numbers)
    assert await asyncio.wait_for(ticker.ends.get(), 5) == f"{dropped} dropped"
    assert f"newest dropped {dropped} items for which there was no room" in caplog.text


async def test_a_slow_reader_fails_the_stream_where_the_contract_says_so(
    client: TickerClient,
) -> None:
    numbers = []
    with pytest.raises(StreamOverflowError):
        async for tick in client.strict(count=1000):
            numbers.append(tick.number)
    assert numbers == list(range(len(numbers)))


async def test_a_deadline_ends_a_stream(client: TickerClient, ticker: Ticker) -> None:
    with pytest.raises(DeadlineExceededError):
        async for _ in client.forever(timeout_s=0.05):
            await asyncio.sleep(0)
    assert await asyncio.wait_for(ticker.ends.get(), 5) == "cancelled"


async def test_the_end_of_the_connection_ends_the_streams(
    client: TickerClient, ticker: Ticker, host: Host
) -> None:
    stream = client.forever()
    await anext(stream)
    await client.close()
    with pytest.raises(ConnectionInvalidError):
        async for _ in stream:
            pass
    assert await asyncio.wait_for(ticker.ends.get(), 5) == "cancelled"


async def test_many_streams_share_a_connection(client: TickerClient) -> None:
    async def read(count: int) -> list[int]:
        return [tick.number async for tick in client.count(count=count)]

    results = await asyncio.gather(*(read(count) for count in range(40)))
    assert results == [list(range(count)) for count in range(40)]


async def test_nothing_of_a_call_is_left_over(client: TickerClient, ticker: Ticker) -> None:
    async for _ in client.forever():
        break
    await ticker.ends.get()
    assert [tick.number async for tick in client.count(count=3)] == [0, 1, 2]
    for _ in range(20):
        await asyncio.sleep(0)
    assert client._link.session.own == 0
    assert asyncio.all_tasks() - {asyncio.current_task()} <= {
        task for task in asyncio.all_tasks() if task.get_name() == "xpcrpc handler"
    }
