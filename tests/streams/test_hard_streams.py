"""Streams that were once endless, silent or greedy: each ends, and is told why."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.streams.odd import (
    BOTH,
    LONG,
    NEWEST,
    OLDEST,
    STRICT,
    TAKE_THREES,
    THREES,
    WIDE,
    WINDOW,
    Ask,
    Blob,
    Odd,
    OddClient,
    Odds,
    OddService,
    Three,
)
from xpcrpc import (
    CallCancelledError,
    CallContext,
    DeadlineExceededError,
    EncodeError,
    FileDescriptor,
    HandlerFailedError,
    MisuseError,
    StreamOverflowError,
    UInt64,
)
from xpcrpc.runtime import backlog
from xpcrpc.testing import FaultPlan, Hold, connected_pair, request, served
from xpcrpc.testing.pairs import Over

PATIENCE_S = 60.0
TOO_LARGE = 65 * 1024 * 1024


def a_descriptor() -> FileDescriptor:
    return FileDescriptor(os.open(os.devnull, os.O_RDONLY))


async def threes(count: int) -> AsyncIterator[Three]:
    for _ in range(count):
        yield Three(first=a_descriptor(), second=a_descriptor(), third=a_descriptor())


async def blobs(count: int, size: int = 0) -> AsyncIterator[Blob]:
    for number in range(count):
        yield Blob(number=number, data=bytes(size))


def open_files() -> int:
    gc.collect()
    return len(os.listdir("/dev/fd"))


async def test_items_with_more_descriptors_than_a_message_carries_all_arrive(over: Over) -> None:
    def maker(request: Ask, context: CallContext) -> AsyncIterator[Three]:
        return threes(request.count)

    async with connected_pair(OddService(maker=maker), over=over) as client:
        await client.call()  # connects
        before = open_files()
        count = 0
        async for item in client.items(THREES, count=200):
            for each in (item.first, item.second, item.third):
                each.close()
            count += 1
        assert count == 200
        assert (await client.take(threes(200), TAKE_THREES)).number == 200
        assert open_files() == before


async def test_an_item_that_cannot_be_sent_fails_the_call_behind_those_before_it(
    over: Over,
) -> None:
    async def maker(request: Ask, context: CallContext) -> AsyncIterator[Blob]:
        yield Blob(number=0)
        await asyncio.sleep(0)
        yield Blob(number=1, data=bytes(TOO_LARGE))
        await asyncio.Event().wait()

    async with connected_pair(OddService(maker=maker), over=over) as client:
        got = []
        with pytest.raises(HandlerFailedError):
            async for item in client.items(timeout_s=PATIENCE_S):
                got.append(item.number)
        assert got == [0]
        with pytest.raises(EncodeError, match="are the limit"):
            await client.take(blobs(2, TOO_LARGE), timeout_s=PATIENCE_S)
        assert (await client.call(count=5)).number == 5
        assert client._link.session.own == 0


async def test_a_stream_closed_before_it_began_makes_no_call(over: Over) -> None:
    async with connected_pair(OddService(), over=over) as client:
        stream = client.items(count=3)
        await stream.aclose()
        assert [item async for item in stream] == []
        with pytest.raises(CallCancelledError, match="out was closed here"):
            await stream.result()
        assert client._link.session.own == 0


async def test_a_stream_closed_while_it_is_opened_makes_no_call(over: Over) -> None:
    async with connected_pair(OddService(), over=over) as client:
        stream = client.items(count=3)
        first = asyncio.ensure_future(anext(stream, None))
        await asyncio.sleep(0)  # the greeting is under way
        await stream.aclose()
        async with asyncio.timeout(PATIENCE_S):
            assert await first is None
            await client.call()
        assert client._link.session.own == 0


async def test_a_loop_whose_stream_another_task_closes_just_ends(over: Over) -> None:
    async def maker(request: Ask, context: CallContext) -> AsyncIterator[Blob]:
        yield Blob(number=0)
        await asyncio.Event().wait()

    async with connected_pair(OddService(maker=maker), over=over) as client:
        stream = client.items()
        got: list[int] = []

        async def read() -> str:
            async for item in stream:
                got.append(item.number)
            return "after the loop"

        async with asyncio.TaskGroup() as tasks, asyncio.timeout(PATIENCE_S):
            reading = tasks.create_task(read())
            while not got:
                await asyncio.sleep(0)
            await stream.aclose()
        assert (reading.result(), got) == ("after the loop", [0])


async def test_a_failed_stream_fails_again_when_it_is_read_again(over: Over) -> None:
    async def maker(request: Ask, context: CallContext) -> AsyncIterator[Blob]:
        yield Blob(number=0)
        raise Odd(why="once")

    async with connected_pair(OddService(maker=maker), over=over) as client:
        stream = client.items()
        for expected in ([0], []):
            got = []
            with pytest.raises(Odd):
                async for item in stream:
                    got.append(item.number)
            assert got == expected


async def test_one_task_reads_a_stream_at_a_time(over: Over) -> None:
    async def maker(request: Ask, context: CallContext) -> AsyncIterator[Blob]:
        await asyncio.Event().wait()
        yield Blob(number=0)

    async with connected_pair(OddService(maker=maker), over=over) as client:
        async with client.items() as stream:
            first = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(0.01)
            with pytest.raises(MisuseError, match="one task may read it at a time"):
                await anext(stream)
            first.cancel()


async def test_the_reply_of_a_stream_does_not_wait_for_a_reader(over: Over) -> None:
    async with connected_pair(OddService(), over=over) as client:
        async with asyncio.timeout(PATIENCE_S):
            assert await client.items(count=100 * WINDOW).result() is None


@pytest.mark.parametrize(
    ("method", "kept"),
    [
        (OLDEST, [*range(WINDOW), *range(200 - WINDOW, 200)]),
        (NEWEST, [*range(2 * WINDOW)]),
        (STRICT, [*range(WINDOW)]),
    ],
)
async def test_a_policy_drops_nothing_that_has_credit(
    over: Over, method: Any, kept: list[int]
) -> None:
    """All is made before the reader reads: credit for one window, room for one more."""
    async with connected_pair(OddService(), over=over) as client:
        stream = client.items(method, count=200)
        got = [(await anext(stream)).number]
        await asyncio.sleep(0.05)
        try:
            async for item in stream:
                got.append(item.number)
        except StreamOverflowError:
            assert method is STRICT
        else:
            assert method is not STRICT
        assert got == kept


async def test_a_maker_that_never_waits_lets_others_have_their_turn(named_over: Over) -> None:
    async def maker(request: Ask, context: CallContext) -> AsyncIterator[Blob]:
        for number in itertools.count():
            yield Blob(number=number)

    async with served(Odds, OddService(maker=maker), over=named_over) as running:
        async with await running.connect() as greedy, await running.connect() as other:
            async with greedy.items(WIDE) as stream:
                await anext(stream)
                for number in range(20):
                    assert (await other.call(count=number, timeout_s=PATIENCE_S)).number == number


async def test_a_peer_that_grants_without_end_and_does_not_read_costs_little() -> None:
    """libxpc would queue all of it."""
    from tests.runtime.raw_peer import RawPeer

    made = 0

    async def maker(request: Ask, context: CallContext) -> AsyncIterator[Blob]:
        nonlocal made
        for number in itertools.count():
            yield Blob(number=number, data=bytes(1000))
            made += 1

    async with served(Odds, OddService(maker=maker), over="libxpc") as running:
        with RawPeer.of_service(running.name) as peer:
            request = {
                "$selector": "out",
                "$call": UInt64(1),
                "$window": UInt64(2**31),
                "$arguments": [{}],
            }
            asked = asyncio.ensure_future(peer.ask(request))
            await asyncio.sleep(0)  # it is sent; from here on nothing is read
            peer.connection.suspend()
            async with await running.connect() as other:
                seen = -1
                while made != seen:  # until it makes no more
                    seen = made
                    for _ in range(20):
                        await other.call(timeout_s=PATIENCE_S)
            # The connection's backlog, what the socket holds, and what waits for a turn.
            assert 0 < made * 1000 < 4 * backlog.LIMIT_BYTES
            asked.cancel()


async def test_the_makers_generator_is_closed_when_the_call_is_cancelled(over: Over) -> None:
    closed = asyncio.Event()

    async def items() -> AsyncIterator[Blob]:
        try:
            for number in itertools.count():
                yield Blob(number=number)
        finally:
            closed.set()

    class Deaf(OddService):
        async def take(self, request: Ask, items: AsyncIterator[Any], context: CallContext) -> Blob:
            await asyncio.Event().wait()
            raise AssertionError

    async with connected_pair(Deaf(), over=over) as client:
        call = asyncio.ensure_future(client.take(items()))
        await asyncio.sleep(0.05)
        call.cancel()
        async with asyncio.timeout(PATIENCE_S):
            await closed.wait()


async def test_a_contracts_timeout_holds_for_a_stream_even_if_it_is_the_usual_one() -> None:
    remaining: list[float] = []

    async def maker(request: Ask, context: CallContext) -> AsyncIterator[Blob]:
        remaining.append(context.remaining_s)
        yield Blob(number=0)

    async with connected_pair(OddService(maker=maker)) as client:
        assert [item.number async for item in client.items(LONG)] == [0]
        assert [item.number async for item in client.items()] == [0]
    assert 29 < remaining[0] <= 30
    assert remaining[1] == float("inf")


async def test_a_streams_deadline_is_not_begun_anew_by_the_greeting() -> None:
    remaining: list[float] = []

    async def maker(request: Ask, context: CallContext) -> AsyncIterator[Blob]:
        remaining.append(context.remaining_s)
        yield Blob(number=0)

    hello = Hold()
    faults = FaultPlan({request(selector="xpcrpc.hello"): hello})
    async with connected_pair(OddService(maker=maker), faults=faults) as client:
        opening = asyncio.ensure_future(anext(client.items(timeout_s=5.0)))
        await asyncio.sleep(0.2)
        hello.latch.open()
        await opening
    assert remaining[0] < 4.9


async def test_deadlines_end_streams_whose_items_do_not_come(over: Over) -> None:
    async def maker(request: Ask, context: CallContext) -> AsyncIterator[Blob]:
        yield Blob(number=0)
        await asyncio.Event().wait()

    async with connected_pair(OddService(maker=maker), over=over) as client:
        got = []
        with pytest.raises(DeadlineExceededError):
            async for item in client.items(timeout_s=0.2):
                got.append(item.number)
        assert got == [0]


async def test_a_bidirectional_stream_of_nothing_ends(over: Over) -> None:
    async with connected_pair(OddService(), over=over) as client:
        async with asyncio.timeout(PATIENCE_S):
            assert [item async for item in client.items(BOTH, items=blobs(0))] == []


async def test_the_client_class_is_found(over: Over) -> None:
    async with connected_pair(OddService(), over=over) as client:
        assert type(client) is OddClient
