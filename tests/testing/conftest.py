"""The transports that every rule is held against."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.testing.world import World
from xpcrpc.testing import bootstrap_directory
from xpcrpc.transport.base import Transport
from xpcrpc.transport.memory import MemoryTransport


@pytest.fixture(params=["memory", "libxpc"])
async def world(request: pytest.FixtureRequest, bootstrap: str) -> World:
    """A transport in the running loop."""
    if request.param == "memory":
        return World(MemoryTransport())
    return World(_libxpc())


@pytest.fixture(autouse=True)
async def nothing_reported() -> AsyncIterator[None]:
    """No handler and no transport may fail unseen: the loop has nothing to report."""
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: reported.append(what))
    yield
    assert reported == []


@pytest.fixture
def bootstrap() -> Iterator[str]:
    """A directory in which names are found."""
    with bootstrap_directory() as directory:
        yield directory


def _libxpc() -> Transport:
    if sys.platform == "darwin":
        pytest.skip("a name needs launchd, and Apple's library its own threads")
    from xpcrpc.transport.xpc import XpcTransport

    return XpcTransport.of_running_loop()
