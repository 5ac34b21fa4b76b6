"""A service in another process, and names of this test alone."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

NAME = "org.example.service"
SERVICE = Path(__file__).with_name("service.py")


@pytest.fixture(autouse=True)
def bootstrap(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder of its own for named services; short, as socket paths are."""
    with tempfile.TemporaryDirectory(prefix="xr") as folder:
        monkeypatch.setenv("XPCRPC_BOOTSTRAP_DIR", folder)
        yield folder


async def start(*arguments: str) -> asyncio.subprocess.Process:
    """A Python process, once it has printed its first line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ},
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 20)
    return process


async def stop(process: asyncio.subprocess.Process) -> int:
    """Let it end by closing its standard input; its exit status."""
    if process.stdin is not None:
        process.stdin.close()
    return await asyncio.wait_for(process.wait(), 20)


@pytest.fixture
async def service(bootstrap: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`service.py` under `NAME`, in a process of its own."""
    process = await start(str(SERVICE), NAME)
    yield process
    status = await stop(process)
    assert status in (0, -9), f"the service ended with status {status}"
