"""Limits: said on the sender's side, before anything is sent, and the connection lives."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from collections.abc import AsyncIterator

import pytest

from xpcrpc import raw
from xpcrpc.errors import EncodeError
from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.values import (
    DEFAULT_MAX_MESSAGE_BYTES,
    MAX_DEPTH,
    MAX_HANDLES,
    FileDescriptor,
    Message,
    Value,
)

LIMIT_S = 30.0


@pytest.fixture
async def echo() -> AsyncIterator[Connection]:
    """A client whose peer answers with how many handles or bytes came."""
    async with Listener.anonymous() as listener:

        async def serve() -> None:
            async for event in await anext(listener):
                if isinstance(event, ReceivedMessage) and event.expects_reply:
                    event.reply({"keys": len(event.values)})

        serving = asyncio.create_task(serve())
        async with Connection.to_endpoint(listener.endpoint()) as client:
            yield client
        await serving


async def alive(echo: Connection) -> bool:
    return await echo.request({"a": 1}, timeout_s=LIMIT_S) == {"keys": 1}


def files(count: int) -> dict[str, Value]:
    with FileDescriptor(os.open(os.devnull, os.O_RDONLY)) as file:
        return {str(n): FileDescriptor.duplicate(file.fileno()) for n in range(count)}


async def test_a_message_carries_so_many_handles_and_no_more(echo: Connection) -> None:
    assert await echo.request(files(MAX_HANDLES), timeout_s=LIMIT_S) == {"keys": MAX_HANDLES}
    with pytest.raises(EncodeError, match=str(MAX_HANDLES)):
        echo.send(files(MAX_HANDLES + 1))
    assert await alive(echo)


async def test_a_message_has_so_many_bytes_and_no_more(echo: Connection) -> None:
    assert await echo.request(
        {"data": bytes(DEFAULT_MAX_MESSAGE_BYTES - 100)}, timeout_s=LIMIT_S
    ) == {"keys": 1}
    with pytest.raises(EncodeError, match=str(DEFAULT_MAX_MESSAGE_BYTES)):
        echo.send({"data": bytes(DEFAULT_MAX_MESSAGE_BYTES)})
    assert await alive(echo)


async def test_containers_nest_so_deep_and_no_deeper(echo: Connection) -> None:
    def nested(levels: int) -> Message:
        value: Value = 1
        for _ in range(levels):
            value = [value]
        return {"v": value}

    assert await echo.request(nested(MAX_DEPTH), timeout_s=LIMIT_S) == {"keys": 1}
    with pytest.raises(EncodeError, match="deep"):
        echo.send(nested(MAX_DEPTH + 1))
    assert await alive(echo)


async def test_a_reply_over_a_limit_may_be_tried_again() -> None:
    async with Listener.anonymous() as listener:
        client = Connection.to_endpoint(listener.endpoint())
        request = asyncio.ensure_future(client.request({}, timeout_s=LIMIT_S))
        peer = await anext(listener)
        event = await anext(peer)
        assert isinstance(event, ReceivedMessage)
        with pytest.raises(EncodeError):
            event.reply(files(MAX_HANDLES + 1))
        event.reply({"smaller": True})
        assert await request == {"smaller": True}
        client.cancel()


async def test_a_reader_that_stops_makes_the_sender_wait() -> None:
    """OQ-30: the queue is the sender's; a barrier shows whether it moves."""
    async with Listener.anonymous() as listener:
        client = Connection.to_endpoint(listener.endpoint())
        client.send({"n": -1})
        peer = await anext(listener)
        peer.suspend()
        for n in range(3000):
            client.send({"n": n, "data": bytes(1000)})
        barrier = asyncio.ensure_future(client.barrier())
        done, _ = await asyncio.wait([barrier], timeout=0.1)
        assert not done
        peer.resume()
        seen: list[object] = []
        while len(seen) < 3001:
            event = await asyncio.wait_for(anext(peer), LIMIT_S)
            assert isinstance(event, ReceivedMessage)
            seen.append(event.values["n"])
        assert seen == list(range(-1, 3000))
        await asyncio.wait_for(barrier, LIMIT_S)
        client.cancel()


async def test_events_that_nobody_reads_hold_the_sender_back() -> None:
    """MAX_WAITING: then the connection is suspended, and nothing is lost."""
    async with Listener.anonymous() as listener:
        client = Connection.to_endpoint(listener.endpoint())
        count = 3 * raw.MAX_WAITING
        for n in range(count):
            client.send({"n": n})
        peer = await anext(listener)
        for _ in range(200):
            await asyncio.sleep(0)
        assert len(peer._events.waiting) <= 2 * raw.MAX_WAITING
        for n in range(count):
            event = await asyncio.wait_for(anext(peer), LIMIT_S)
            assert isinstance(event, ReceivedMessage)
            assert event.values["n"] == n
        client.cancel()


def lowest_free() -> int:
    """The number that the next descriptor gets."""
    number = os.dup(0)
    os.close(number)
    return number


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="libxpc duplicates it on a Mac")
async def test_a_received_descriptor_is_the_one_that_came() -> None:
    """It needs no second number, not even for a moment; and it is closed once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with Listener.anonymous() as listener:
        client = Connection.to_endpoint(listener.endpoint())
        client.send({})
        peer = await anext(listener)
        await anext(peer)
        with FileDescriptor(os.open(os.devnull, os.O_RDONLY)) as file:
            client.send({"file": file})
        number = lowest_free()
        resource.setrlimit(resource.RLIMIT_NOFILE, (number + 1, hard))
        try:
            event = await asyncio.wait_for(anext(peer), LIMIT_S)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert isinstance(event, ReceivedMessage)
        received = event.values["file"]
        assert isinstance(received, FileDescriptor)
        assert received.fileno() == number
        assert os.readlink(f"/proc/self/fd/{number}") == os.devnull
        received.close()
        assert lowest_free() == number
        client.cancel()
