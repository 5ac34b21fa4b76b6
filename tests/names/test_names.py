"""Taken names, names that become free, and what a killed service leaves behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.names.conftest import LIMIT_S, NAME, PROGRAM, started
from xpcrpc.errors import ConnectionInvalidError
from xpcrpc.raw import Connection, Listener
from xpcrpc.rules import Uid
from xpcrpc.values import Message

ACTIVATE = shutil.which("systemd-socket-activate")


async def ask(values: Message | None = None) -> Message:
    """One request to the service, by a client of its own."""
    async with Connection.to_service(NAME, rule=Uid("self")) as client:
        return await client.request(values or {}, timeout_s=LIMIT_S)


async def exists(path: Path) -> None:
    """Wait until a file is there."""
    async with asyncio.timeout(LIMIT_S):
        while not os.access(path, os.F_OK):
            await asyncio.sleep(0.01)


async def test_a_name_has_one_listener_and_is_free_when_it_is_cancelled(directory: Path) -> None:
    """C-93, C-111."""
    first = Listener.named(NAME, rule=Uid("self"))
    second = Listener.named(NAME, rule=Uid("self"))
    with pytest.raises(ConnectionInvalidError):
        await asyncio.wait_for(anext(second), LIMIT_S)
    first.cancel()
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(anext(first), LIMIT_S)
    third = Listener.named(NAME, rule=Uid("self"))
    client = Connection.to_service(NAME, rule=Uid("self"))
    client.send({})
    await asyncio.wait_for(anext(third), LIMIT_S)
    client.cancel()
    third.cancel()


async def test_a_name_of_another_process_is_taken(directory: Path) -> None:
    """E12."""
    process = await started(NAME)
    await exists(directory / NAME)
    with pytest.raises(ConnectionInvalidError):
        await asyncio.wait_for(anext(Listener.named(NAME, rule=Uid("self"))), LIMIT_S)
    assert (await ask())["pid"] == process.pid
    process.terminate()
    assert await asyncio.wait_for(process.wait(), LIMIT_S) == 0
    assert os.listdir(directory) == []


async def test_the_stale_socket_of_a_killed_service_is_replaced(directory: Path) -> None:
    """A crash takes no name away."""
    first = await started(NAME)
    await exists(directory / NAME)
    assert (await ask())["pid"] == first.pid
    first.kill()
    await asyncio.wait_for(first.wait(), LIMIT_S)
    assert (directory / NAME).exists(), "what it leaves behind"
    async with Connection.to_service(NAME, rule=Uid("self")) as client:
        with pytest.raises(ConnectionInvalidError):
            await client.request({}, timeout_s=LIMIT_S)
    stale = (directory / NAME).stat().st_ino
    second = await started(NAME)
    async with asyncio.timeout(LIMIT_S):
        while (directory / NAME).stat().st_ino == stale:
            await asyncio.sleep(0.01)
    assert (await ask())["pid"] == second.pid
    second.terminate()
    assert await asyncio.wait_for(second.wait(), LIMIT_S) == 0
    assert os.listdir(directory) == []


async def test_many_processes_that_race_for_a_name_have_one_winner(directory: Path) -> None:
    """C-111, by the lock."""
    racers = [await started(NAME) for _ in range(4)]
    await exists(directory / NAME)
    pids = {(await ask())["pid"] for _ in range(5)}
    assert len(pids) == 1
    assert pids <= {racer.pid for racer in racers}
    for racer in racers:
        racer.terminate()
        await asyncio.wait_for(racer.wait(), LIMIT_S)
    assert os.listdir(directory) == []


@pytest.mark.skipif(ACTIVATE is None, reason="needs systemd-socket-activate (package systemd)")
async def test_a_service_takes_the_socket_that_systemd_gives_it(directory: Path) -> None:
    """LISTEN_FDS and LISTEN_FDNAMES, by the real tool."""
    assert ACTIVATE is not None
    path = directory / NAME
    process = await asyncio.create_subprocess_exec(
        ACTIVATE, "--seqpacket", f"--listen={path}", f"--fdname={NAME}",
        f"--setenv=XPCRPC_BOOTSTRAP_DIR={directory}", f"--setenv=PATH={os.environ['PATH']}",
        sys.executable, str(PROGRAM), NAME,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await exists(path)
    inode = path.stat().st_ino
    async with Connection.to_service(NAME, rule=Uid("self")) as client:
        report = await client.request({}, timeout_s=LIMIT_S)
        again = await client.request({"do": "listen to the same name"}, timeout_s=LIMIT_S)
    assert report["pid"] == process.pid, "the tool becomes the service"
    assert again == {"error": "ConnectionInvalidError"}
    assert path.stat().st_ino == inode, "no socket of its own"
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), LIMIT_S) == 0
    assert path.exists(), "the file is systemd's to remove"
