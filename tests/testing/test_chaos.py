"""Typed calls and streams on connections that fail: each one ends, and ends truly."""

from __future__ import annotations

import asyncio

import pytest

from tests.testing.counter import Counter
from tests.testing.world import settle
from xpcrpc import ConnectionInterruptedError, TransportError
from xpcrpc.testing import (
    TO_CLIENT,
    Cut,
    Delay,
    Fault,
    FaultPlan,
    Slow,
    connected_pair,
    message,
    random_plan,
    request,
)

PATIENCE_S = 10.0
"""After this a call that should have ended has failed its test."""


async def test_items_that_their_reply_overtakes_are_not_lost() -> None:
    """C-79: the reply says how many there were."""
    plan = FaultPlan({message(direction=TO_CLIENT): Delay(turns=5)})
    async with (
        asyncio.timeout(PATIENCE_S),
        connected_pair(Counter, faults=plan) as client,
        client.count(3) as numbers,
    ):
        assert [number async for number in numbers] == [0, 1, 2]


async def test_a_stream_opened_as_soon_as_a_call_was_interrupted_is_whole() -> None:
    """OQ-23: replies hear of it first, so the new stream is there before the news."""
    plan = FaultPlan({request(1): Cut()})
    async with asyncio.timeout(PATIENCE_S), connected_pair(Counter, faults=plan) as client:
        with pytest.raises(ConnectionInterruptedError):
            await client.add(1)
        async with client.count(20) as numbers:
            assert [number async for number in numbers] == list(range(20))


@pytest.mark.parametrize("seed", range(10))
async def test_a_stream_is_whole_or_fails_whatever_happens(seed: int) -> None:
    """Items arrive in order, none is lost or repeated, and the end is not mistaken."""
    chances: dict[Fault, float] = {Cut(): 0.01, Delay(turns=3): 0.2, Slow(turns=4): 0.1}
    plan = random_plan(seed, chances)
    got: list[int] = []
    async with asyncio.timeout(PATIENCE_S), connected_pair(Counter, faults=plan) as client:
        try:
            async with client.count(100) as numbers:
                async for number in numbers:
                    got.append(number)
            assert len(got) == 100
        except TransportError:
            assert len(got) < 100
    assert got == list(range(len(got)))


@pytest.mark.parametrize("seed", range(20))
async def test_every_call_ends_whatever_happens(seed: int) -> None:
    """Each call has a result or an error of the transport, and the connection works on."""
    chances: dict[Fault, float] = {
        Cut(): 0.05,
        Cut(after=True): 0.05,
        Delay(turns=3): 0.2,
        Slow(turns=3): 0.1,
    }
    plan = random_plan(seed, chances)
    async with connected_pair(Counter, faults=plan) as client:
        calls = [asyncio.create_task(client.total(timeout_s=20)) for _ in range(40)]
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert [end for end in ends if end != 0 and not isinstance(end, TransportError)] == []
        plan.table = {}
        await settle()
        assert await client.add(1) == 1
