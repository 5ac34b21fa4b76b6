"""`xpcrpc.testing.launcher`: a service that starts when somebody wants it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.names.conftest import LIMIT_S, NAME, PROGRAM
from xpcrpc.errors import ConnectionInterruptedError, MisuseError, ServiceConfigurationError
from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.rules import Uid
from xpcrpc.testing.launcher import Launcher

COMMAND = [sys.executable, str(PROGRAM), NAME]


def client() -> Connection:
    return Connection.to_service(NAME, rule=Uid("self"))


async def test_nothing_runs_before_somebody_wants_it(directory: Path) -> None:
    with Launcher(NAME, COMMAND) as launcher:
        assert launcher.path == directory / NAME
        assert (launcher.pid, launcher.starts) == (None, 0)
        with pytest.raises(MisuseError, match="does not run"):
            launcher.kill()
        async with client() as one:
            report = await one.request({}, timeout_s=LIMIT_S)
            assert report["pid"] == launcher.pid
    assert os.listdir(directory) == []


async def test_it_starts_again_after_it_died_and_not_by_itself(directory: Path) -> None:
    """C-180, C-118."""
    with Launcher(NAME, COMMAND) as launcher:
        async with client() as one:
            first = await one.request({}, timeout_s=LIMIT_S)
            launcher.kill()
            event = await asyncio.wait_for(anext(one), LIMIT_S)
            assert isinstance(event, ConnectionInterruptedError)
            assert (launcher.pid, launcher.starts) == (None, 1)
            second = await one.request({}, timeout_s=LIMIT_S)
            assert first["pid"] != second["pid"] == launcher.pid
            assert launcher.starts == 2


async def test_what_is_sent_while_it_starts_waits(directory: Path) -> None:
    with Launcher(NAME, COMMAND) as launcher:
        many = [client() for _ in range(20)]
        for n, one in enumerate(many):
            one.send({"do": "note", "n": n})
        reports = await asyncio.gather(*(one.request({}, timeout_s=LIMIT_S) for one in many))
        notes = reports[-1]["notes"]
        assert isinstance(notes, list)
        assert {str(n) for n in range(20)} >= set(map(str, notes))
        assert len({report["pid"] for report in reports}) == launcher.starts == 1
        for one in many:
            one.cancel()


async def test_it_ends_with_sigterm_and_kill_takes_other_signals(directory: Path) -> None:
    with Launcher(NAME, COMMAND) as launcher:
        async with client() as one:
            await one.request({}, timeout_s=LIMIT_S)
            launcher.kill(signal.SIGTERM)
            with pytest.raises(ConnectionInterruptedError):
                await one.request({"do": "hold"}, timeout_s=LIMIT_S)
            async with asyncio.timeout(LIMIT_S):
                while launcher.pid is not None:  # one that ends may still accept
                    await asyncio.sleep(0.005)
            await one.request({}, timeout_s=LIMIT_S)
            pid = launcher.pid
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_program_that_cannot_start_keeps_nobody_busy(directory: Path) -> None:
    with Launcher(NAME, ["/nonexistent/program"], throttle_s=0.05) as launcher:
        async with client() as one:
            with pytest.raises(TimeoutError):
                await one.request({}, timeout_s=0.3)
        assert 1 <= launcher.starts <= 8


def test_what_cannot_be_launched_is_said(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MisuseError, match="command"):
        Launcher(NAME, [])
    with pytest.raises(ServiceConfigurationError, match="too long"), Launcher("n" * 120, COMMAND):
        pass
    monkeypatch.delenv("XPCRPC_BOOTSTRAP_DIR")
    with pytest.raises(ServiceConfigurationError, match="XPCRPC_BOOTSTRAP_DIR"):
        Launcher(NAME, COMMAND)


async def test_a_name_that_is_served_is_left_alone(directory: Path) -> None:
    async with Listener.named(NAME, rule=Uid("self")) as listener:
        with pytest.raises(ServiceConfigurationError, match="serves"), Launcher(NAME, COMMAND):
            pass
        one = client()
        one.send({"still": "here"})
        peer = await asyncio.wait_for(anext(listener), LIMIT_S)
        event = await asyncio.wait_for(anext(peer), LIMIT_S)
        assert isinstance(event, ReceivedMessage)
        assert event.values == {"still": "here"}
        one.cancel()
