"""Both transports, for whatever is said of calls and streams."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import pytest

from xpcrpc.runtime import client, host
from xpcrpc.testing.pairs import Over
from xpcrpc.transport.base import Transport
from xpcrpc.transport.memory import MemoryTransport
from xpcrpc.transport.xpc import XpcTransport


@pytest.fixture(params=["memory", "libxpc"])
def over(request: pytest.FixtureRequest) -> Over:
    """Which transport a test runs over."""
    found: Over = request.param
    return found


@pytest.fixture
def named_over(over: Over) -> Over:
    """The same, for services that have a name."""
    if over == "libxpc" and sys.platform == "darwin":
        pytest.skip("a name needs launchd")
    return over


@pytest.fixture
async def transport(over: Over, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Transport]:
    """What hosts and clients use that are given none."""
    if over == "libxpc":
        yield XpcTransport.of_running_loop()
        return
    memory = MemoryTransport()
    for module in (client, host):
        monkeypatch.setattr(module, "libxpc", lambda: memory)
    yield memory
