"""Processes that come, go and die; every test has a server of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator

import pytest

from tests.runtime.probe import NestClient, Parcel, Probe, ProbeClient
from tests.runtime.processes import ROOT, ServerProcess, probe_server
from tests.runtime.raw_peer import RawPeer
from xpcrpc import (
    ConnectionInterruptedError,
    ConnectionInvalidError,
    TransportError,
)


@pytest.fixture
def server(bootstrap: str) -> Iterator[ServerProcess]:
    """A probe to do harm to."""
    with probe_server() as running:
        yield running


HOLDER = """
import asyncio
from tests.runtime.probe import ProbeClient

async def main():
    async with await ProbeClient.connect() as client:
        await client.hold(key="of the dying")

asyncio.run(main())
"""


async def test_a_client_that_dies_has_its_call_cancelled_and_nobody_elses(
    server: ServerProcess,
) -> None:
    async with await ProbeClient.connect() as survivor:
        own = asyncio.create_task(survivor.hold(key="of the living"))
        dying = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDER, cwd=ROOT)
        while len(await survivor.held()) < 2:
            assert dying.returncode is None
        dying.kill()
        await dying.wait()
        await survivor.await_cancelled(key="of the dying")
        assert not own.done()
        await survivor.release(key="of the living")
        assert await own == "of the living"


async def test_a_server_that_is_killed_ends_every_pending_call_with_a_typed_error(
    server: ServerProcess,
) -> None:
    async with await ProbeClient.connect() as client:
        calls = [asyncio.create_task(client.hold(key=str(key), timeout_s=600)) for key in range(8)]
        while len(await client.held()) < 8:
            pass
        server.send_signal(signal.SIGKILL)
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(end, TransportError) for end in ended)
        assert server.wait() == -signal.SIGKILL


async def test_a_named_client_finds_the_service_again(server: ServerProcess) -> None:
    async with await ProbeClient.connect() as client:
        first = await client.who()
        server.send_signal(signal.SIGKILL)
        server.wait()
        with probe_server():
            try:
                second = await client.who()
            except ConnectionInterruptedError:
                # The loss was not noticed before the call; the next one looks again.
                second = await client.who()
            assert second.server_pid != first.server_pid


async def test_an_idempotent_call_is_made_again_after_an_interruption(
    server: ServerProcess,
) -> None:
    async with await ProbeClient.connect() as client:
        call = asyncio.create_task(client.survive(key="idempotent"))
        await asyncio.to_thread(server.wait_for, "holding idempotent")
        # Its successor takes the name before the loss can be noticed: this loop is not running.
        server.send_signal(signal.SIGKILL)
        server.wait()
        with probe_server(PROBE_SURVIVES="1") as second:
            assert (await call).server_pid == second.pid


async def test_a_client_of_an_end_is_invalid_when_its_server_is_gone(
    server: ServerProcess,
) -> None:
    async with (
        await ProbeClient.connect() as client,
        await NestClient.from_end(await client.link()) as nest,
    ):
        await nest.add(Parcel(number=1))
        server.send_signal(signal.SIGKILL)
        server.wait()
        with pytest.raises(TransportError):
            await nest.add(Parcel(number=1))
        with pytest.raises(ConnectionInvalidError):
            await nest.add(Parcel(number=1))


async def test_a_service_that_does_not_exist_shows_at_the_first_call(bootstrap: str) -> None:
    async with await ProbeClient.connect() as client:
        with pytest.raises(ConnectionInvalidError):
            await client.echo(Parcel())


UNAVAILABLE = 5


async def _ask_until_refused(peer: RawPeer) -> int:
    while True:
        reply = await peer.ask({"$selector": "notes", "$arguments": [{}]})
        if "$error" in reply:
            code = reply["$error"]["code"]
            assert isinstance(code, int)
            return code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_the_call_under_way_finish_and_refuses_new_ones(
    server: ServerProcess, number: signal.Signals
) -> None:
    async with await ProbeClient.connect() as client:
        with RawPeer.of_service(Probe.name) as raw:
            await raw.ask({"$selector": "notes", "$arguments": [{}]})
            call = asyncio.create_task(client.hold(key="under way"))
            while "under way" not in await client.held():
                pass
            server.send_signal(number)
            # By the service itself: this peer does not know that it is ending.
            assert await _ask_until_refused(raw) == UNAVAILABLE
            refused = asyncio.create_task(client.notes())
            assert not call.done()
            raw.send({"$selector": "release", "$arguments": [{"key": "under way"}]})
            assert await call == "under way"
            # There is no other process to wait for, and nothing was sent to this one.
            with pytest.raises(ConnectionInvalidError) as caught:
                await refused
            assert not caught.value.may_have_run
        assert await asyncio.to_thread(server.wait) == 0


async def test_a_signal_ends_an_idle_server(server: ServerProcess) -> None:
    async with await ProbeClient.connect() as client:
        await client.echo(Parcel())
        server.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(server.wait) == 0
    assert "Traceback" not in server.log


async def test_a_name_is_served_once(server: ServerProcess) -> None:
    second = ServerProcess("tests.runtime.probe_server")
    with second:
        assert second.wait() == 1
        assert "Another process may have the name" in second.log
    async with await ProbeClient.connect() as client:
        assert (await client.who()).server_pid == server.pid


async def test_the_name_is_free_again_after_a_clean_end(server: ServerProcess) -> None:
    assert server.stop() == 0
    with probe_server() as second:
        async with await ProbeClient.connect() as client:
            assert (await client.who()).server_pid == second.pid
        assert second.stop() == 0


async def test_clients_that_come_and_go_leave_nothing_behind(server: ServerProcess) -> None:
    async with await ProbeClient.connect() as watcher:
        async with await ProbeClient.connect() as first:
            await first.echo(Parcel())
        before_there, before_here = await watcher.open_files(), len(os.listdir("/dev/fd"))
        for _ in range(20):
            async with await ProbeClient.connect() as passing:
                await passing.echo(Parcel())
        while await watcher.open_files() > before_there:
            pass
        while len(os.listdir("/dev/fd")) > before_here:
            await watcher.echo(Parcel())
