"""Fixtures: a bootstrap directory of one's own, and probes that serve in it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.runtime.probe import ProbeClient
from tests.runtime.processes import ServerProcess, probe_server


@pytest.fixture(scope="module", autouse=True)
def bootstrap() -> Iterator[str]:
    """A directory in which names are found; short, since a socket's path may be 107 bytes."""
    with (
        tempfile.TemporaryDirectory(prefix="xpcrpc-") as directory,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("XPCRPC_BOOTSTRAP_DIR", directory)
        patch.delenv("XPCRPC_TEAM_ID", raising=False)
        yield directory


@pytest.fixture(scope="module")
def shared_server(bootstrap: str) -> Iterator[ServerProcess]:
    """A probe for tests that do it no harm."""
    with probe_server() as server:
        yield server
        assert server.stop() == 0


@pytest.fixture
async def client(shared_server: ServerProcess) -> AsyncIterator[ProbeClient]:
    """A client of the shared probe."""
    async with await ProbeClient.connect() as connected:
        yield connected
