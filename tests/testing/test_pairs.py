"""Pairs and served services, over each transport."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.testing.counter import (
    Counter,
    CounterClient,
    CounterServer,
    CounterService,
    TooMuch,
)
from xpcrpc import (
    ConnectionInterruptedError,
    ConnectionInvalidError,
    FileDescriptor,
    MisuseError,
    Server,
)
from xpcrpc.testing import FaultPlan, bootstrap_directory, connected_pair, served
from xpcrpc.testing.pairs import BOOTSTRAP, Over, client_of

OVER: list[Over] = ["memory", "libxpc"]


@pytest.mark.parametrize("over", OVER)
@pytest.mark.parametrize("named", [True, False])
async def test_a_pair_calls_streams_and_fails_as_the_contract_says(
    over: Over, *, named: bool
) -> None:
    async with connected_pair(Counter, over=over, named=named) as client:
        assert type(client) is CounterClient
        assert await client.add(3) == 3
        with pytest.raises(TooMuch) as caught:
            await client.add(98)
        assert caught.value.most == 97
        async with client.count(20) as numbers:
            assert [number async for number in numbers] == list(range(20))
        await client.reset()
        assert await client.total() == 0


@pytest.mark.parametrize("over", OVER)
async def test_a_pair_passes_descriptors(over: Over) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"twelve bytes")
    os.close(writing)
    async with connected_pair(Counter, over=over) as client:
        with FileDescriptor(reading) as file:
            assert await client.measure(file) == 12


@pytest.mark.parametrize("over", OVER)
async def test_a_pair_ends_with_its_block(over: Over) -> None:
    async with connected_pair(Counter(), over=over) as client:
        held = asyncio.create_task(client.hold())
        await client.total()
    with pytest.raises(ConnectionInvalidError):
        await held


@pytest.mark.parametrize("over", OVER)
async def test_pairs_do_not_meet(over: Over) -> None:
    async with connected_pair(Counter, over=over) as one, connected_pair(Counter, over=over) as two:
        await one.add(1)
        assert await two.total() == 0


@pytest.mark.parametrize("over", OVER)
async def test_a_served_service_has_as_many_clients_as_wanted(over: Over) -> None:
    async with (
        served(CounterService, Counter(), over=over) as running,
        await running.connect() as one,
        await running.connect() as two,
    ):
        await one.add(1)
        assert await two.total() == 1


async def test_a_served_service_is_found_by_a_client_of_its_own_transport() -> None:
    async with (
        served(CounterService, Counter()) as running,
        CounterClient.on(running.transport.connect("org.example.counter")) as client,
    ):
        assert await client.total() == 0


async def test_stopping_tells_the_clients_which_find_what_is_started_next() -> None:
    async with served(CounterService, Counter()) as running, await running.connect() as client:
        assert await client.total() == 0
        await running.stop()
        with pytest.raises(ConnectionInvalidError, match="nobody serves the name") as caught:
            await client.add(1)
        assert not caught.value.may_have_run
        await running.start(Counter())
        assert await client.add(1) == 1


async def test_a_killed_service_interrupts_every_pending_call() -> None:
    async with served(CounterService, Counter()) as running, await running.connect() as client:
        held = [asyncio.create_task(client.hold()) for _ in range(3)]
        await client.total()
        await running.kill()
        ends = await asyncio.gather(*held, return_exceptions=True)
        assert [type(end) for end in ends] == [ConnectionInterruptedError] * 3


async def test_a_service_runs_once() -> None:
    async with served(CounterService, Counter()) as running:
        with pytest.raises(MisuseError):
            await running.start(Counter())


async def test_libxpc_takes_no_faults() -> None:
    with pytest.raises(MisuseError):
        async with connected_pair(Counter, over="libxpc", faults=FaultPlan()):
            pass


async def test_libxpc_cannot_be_killed_here() -> None:
    async with served(CounterService, Counter(), over="libxpc") as running:
        with pytest.raises(MisuseError):
            await running.kill()


def test_the_client_class_is_read_from_the_servers_base() -> None:
    assert client_of(Counter) is client_of(CounterServer) is CounterClient


def test_a_server_that_names_no_client_is_refused() -> None:
    class Bare(Server):  # type: ignore[type-arg]  # what is refused
        pass

    with pytest.raises(MisuseError):
        client_of(Bare)


def test_a_bootstrap_directory_is_fresh_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BOOTSTRAP, "before")
    with bootstrap_directory() as outer:
        with bootstrap_directory() as inner:
            assert os.environ[BOOTSTRAP] == inner != outer
            assert os.listdir(inner) == [] and len(inner) < 48
        assert os.environ[BOOTSTRAP] == outer and not Path(inner).exists()
    assert os.environ[BOOTSTRAP] == "before"
    monkeypatch.delenv(BOOTSTRAP)
    with bootstrap_directory():
        pass
    assert BOOTSTRAP not in os.environ
