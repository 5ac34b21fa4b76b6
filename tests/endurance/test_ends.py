"""Calls and services that end when they must, in processes of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time

import pytest

from tests.endurance.children import PATIENCE_S, Nursery, gone, is_alive
from tests.endurance.nursery import FRONT
from tests.streams.mill import Mill, MillClient, MillService
from xpcrpc import (
    ConnectionInterruptedError,
    DeadlineExceededError,
    Host,
    ServiceConfigurationError,
    TransportError,
    UnavailableError,
)
from xpcrpc.runtime.client import libxpc
from xpcrpc.testing import bootstrap_directory
from xpcrpc.testing.launcher import Launcher


async def test_a_handler_that_ignores_its_cancellation_keeps_nobody_waiting(
    nursery: Nursery,
) -> None:
    await nursery.serving()
    async with await MillClient.connect() as client:
        with pytest.raises(DeadlineExceededError):
            await client.stubborn(count=1, timeout_s=0.1)
        call = asyncio.create_task(client.stubborn(count=1))
        assert (await client.echo(count=5)).number == 5
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert client._link.session.own == 0
        assert (await client.echo(count=5)).number == 5


async def test_such_a_handler_cannot_keep_its_service_from_ending(nursery: Nursery) -> None:
    server = await nursery.serving("-", "0.1")
    async with await MillClient.connect() as client:
        with pytest.raises(DeadlineExceededError):
            await client.stubborn(count=1, timeout_s=0.1)
        os.kill(server, signal.SIGTERM)
        await nursery.line(f"{server} ended")
        await gone(server)


async def test_the_time_that_is_left_travels_on_to_nested_calls(nursery: Nursery) -> None:
    mill = Mill()
    async with Host() as host:
        host.serve(MillService, mill)
        await nursery.serving(role="front")
        async with MillClient.on(libxpc().connect(FRONT)) as client:
            with pytest.raises(DeadlineExceededError):
                await client.nested(count=1, timeout_s=0.5)
            assert [0 < left <= 0.5 for left in mill.remaining_s] == [True]
            async with asyncio.timeout(PATIENCE_S):
                while mill.running:  # its own clock, or the front's, ends it
                    await asyncio.sleep(0)
            call = asyncio.create_task(client.nested(count=2, timeout_s=30))
            while not mill.running:
                await asyncio.sleep(0)
            assert 0.5 < mill.remaining_s[1] <= 30
            call.cancel()
            async with asyncio.timeout(PATIENCE_S):
                while mill.running:  # the cancellation travels, too
                    await asyncio.sleep(0)


async def test_what_was_interrupted_is_repeated_once_if_that_is_harmless_after_the_hook() -> None:
    hooks: list[int] = []

    async def remember(client: MillClient) -> None:
        hooks.append((await client.echo(count=len(hooks) + 100)).number)

    command = [sys.executable, "-c", "import tests.endurance.activated"]
    with bootstrap_directory(), Launcher(MillService.name, command) as launcher:
        async with await MillClient.connect(on_reconnect=remember) as client:
            assert (await client.again(count=1)).number == 1
            assert hooks == []
            held = asyncio.create_task(client.hold(count=1))
            await client.echo(count=1)
            await asyncio.to_thread(launcher.kill)
            with pytest.raises(ConnectionInterruptedError) as caught:
                await held
            assert caught.value.may_have_run
            assert (await client.again(count=2)).number == 2
            assert hooks == [100]
            # A request that dies with the service: sent before the loss is noticed.
            os.kill(launcher.pid or 0, signal.SIGSTOP)
            call = asyncio.create_task(client.again(count=3))
            await asyncio.sleep(0)
            await asyncio.to_thread(launcher.kill)
            assert (await call).number == 3
            assert hooks == [100, 101]
            assert launcher.starts == 3


async def test_sigterm_lets_a_stream_finish_and_refuses_new_calls(nursery: Nursery) -> None:
    server = await nursery.serving()
    async with await MillClient.connect() as client:
        stream = client.pour(count=200)
        numbers = [(await anext(stream)).number]
        os.kill(server, signal.SIGTERM)
        with pytest.raises(UnavailableError):
            while True:
                await client.echo(count=1)
        numbers += [item.number async for item in stream]
        assert numbers == list(range(200))
    await nursery.line(f"{server} ended")
    await gone(server)


async def test_the_drain_is_bounded(nursery: Nursery) -> None:
    server = await nursery.serving("-", "0.2")
    async with await MillClient.connect() as client:
        held = asyncio.create_task(client.hold(count=1))
        stream = client.pour(count=10**9)
        await anext(stream)
        os.kill(server, signal.SIGTERM)
        for end in await asyncio.gather(held, last(stream), return_exceptions=True):
            assert isinstance(end, TransportError), end
    await gone(server)


async def last(stream: object) -> None:
    """Read as slowly as can be, to the end."""
    async for _ in stream:  # type: ignore[attr-defined]
        await asyncio.sleep(0.001)


async def test_an_idle_service_ends_and_one_with_a_stream_does_not(nursery: Nursery) -> None:
    server = await nursery.serving("0.2")
    async with await MillClient.connect() as client:
        stream = client.pour(count=10**9)
        await anext(stream)
        begun = time.monotonic()
        while time.monotonic() < begun + 0.6:
            await anext(stream)
        assert is_alive(server)
        await stream.aclose()
        await nursery.line(f"{server} ended")
        await gone(server)


async def test_a_name_is_served_by_one(nursery: Nursery) -> None:
    server = await nursery.serving()
    async with Host() as host:
        host.serve(MillService, Mill())
        with pytest.raises(ServiceConfigurationError, match="Another process"):
            await asyncio.wait_for(host.wait(), PATIENCE_S)
    async with await MillClient.connect() as client:
        assert await client.echo(count=1)
    assert is_alive(server)
