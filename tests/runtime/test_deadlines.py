"""Deadlines and cancellation: every call ends, and what comes late is dropped."""

from __future__ import annotations

import asyncio

import pytest

from tests.runtime.probe import Parcel, ProbeClient
from tests.runtime.processes import ServerProcess
from xpcrpc import ConnectionInvalidError, DeadlineExceededError


async def test_a_call_that_is_never_answered_ends_at_its_deadline(client: ProbeClient) -> None:
    with pytest.raises(DeadlineExceededError) as caught:
        await client.hold(key="never", timeout_s=0.01)
    assert caught.value.method == "hold"
    assert caught.value.timeout_s == 0.01
    assert isinstance(caught.value, TimeoutError)


async def test_an_earlier_deadline_rings_before_one_set_before_it(client: ProbeClient) -> None:
    late = asyncio.create_task(client.hold(key="late", timeout_s=60))
    await asyncio.sleep(0)
    with pytest.raises(DeadlineExceededError):
        await client.hold(key="early", timeout_s=0.01)
    assert not late.done()
    await client.release(key="late")
    assert await late == "late"


async def test_each_of_many_deadlines_rings(client: ProbeClient) -> None:
    calls = [client.hold(key="many", timeout_s=0.005 * (1 + index % 4)) for index in range(12)]
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(end) for end in ended] == [DeadlineExceededError] * 12


async def test_a_reply_after_the_deadline_changes_nothing(client: ProbeClient) -> None:
    await client.held()  # greets
    call = asyncio.create_task(client.hold(key="too late", timeout_s=1.0))
    while "too late" not in await client.held():
        assert not call.done()
    with pytest.raises(DeadlineExceededError):
        await call
    await client.release(key="too late")
    assert await client.echo(Parcel(number=1)) == Parcel(number=1)


async def test_a_cancelled_call_ends_at_once_and_its_reply_is_dropped(
    client: ProbeClient,
) -> None:
    call = asyncio.create_task(client.hold(key="cancelled"))
    while "cancelled" not in await client.held():
        pass
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await client.release(key="cancelled")
    assert await client.echo(Parcel(number=1)) == Parcel(number=1)


async def test_cancelling_a_call_cancels_its_handler(client: ProbeClient) -> None:
    call = asyncio.create_task(client.hold(key="unwanted", timeout_s=600))
    while "unwanted" not in await client.held():
        pass
    call.cancel()
    await client.await_cancelled(key="unwanted", timeout_s=20)


async def test_a_deadline_cancels_the_handler_too(client: ProbeClient) -> None:
    with pytest.raises(DeadlineExceededError):
        await client.hold(key="overdue", timeout_s=0.05)
    await client.await_cancelled(key="overdue")


async def test_asyncio_timeout_around_a_call_is_its_callers_own(client: ProbeClient) -> None:
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.01):
            await client.hold(key="outer")
    assert not isinstance(caught.value, DeadlineExceededError)
    assert await client.echo(Parcel(number=1)) == Parcel(number=1)


async def test_closing_the_client_ends_its_calls(shared_server: ServerProcess) -> None:
    closing = await ProbeClient.connect()
    calls = [asyncio.create_task(closing.hold(key="closing")) for _ in range(3)]
    while "closing" not in await closing.held():
        pass
    await closing.close()
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(end) for end in ended] == [ConnectionInvalidError] * 3
