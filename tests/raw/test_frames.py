"""Frames through C and back: what was written comes out, what is broken is refused."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import AsyncIterator

import pytest

from xpcrpc.codec.frame import decode, encode
from xpcrpc.errors import EncodeError, MisuseError, TransportError
from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.transport import base
from xpcrpc.transport.base import ReceivedFrame
from xpcrpc.transport.xpc import XpcTransport
from xpcrpc.values import Date, Message, UInt64, Value

LIMIT_S = 60
EVERYTHING: Message = {
    "null": None,
    "yes": True,
    "no": False,
    "least": -(2**63),
    "most": 2**63 - 1,
    "unsigned": UInt64(2**64 - 1),
    "infinite": float("-inf"),
    "before 1970": Date(-1),
    "bytes": bytes(range(256)),
    "no bytes": b"",
    "text": "żółć \U0001f40d",
    "no text": "",
    "": "empty key",
    "id": uuid.UUID(int=0x0123456789ABCDEF),
    "array": [[], {}, [1, [2, [3]]]],
    "dictionary": {f"key {n}": n for n in range(100)},
}


@pytest.fixture
async def echo() -> AsyncIterator[Connection]:
    """A client whose peer answers with what it was sent."""
    async with Listener.anonymous() as listener:

        async def serve() -> None:
            async for event in await anext(listener):
                if isinstance(event, ReceivedMessage) and event.expects_reply:
                    event.reply(event.values)

        serving = asyncio.create_task(serve())
        async with Connection.to_endpoint(listener.endpoint()) as client:
            yield client
        await serving


async def test_every_type_comes_back_as_it_was(echo: Connection) -> None:
    reply = await echo.request(EVERYTHING, timeout_s=LIMIT_S)
    assert reply == EVERYTHING
    assert {key: type(value) for key, value in reply.items()} == {
        key: type(value) for key, value in EVERYTHING.items()
    }


async def test_messages_of_every_size_around_the_buffers_come_back(echo: Connection) -> None:
    for size in [0, 1, 3, 4, *(power + off for power in (2**16, 2**17, 2**20) for off in (-90, 9))]:
        message: Message = {"data": random.randbytes(size)}
        assert await echo.request(message, timeout_s=LIMIT_S) == message


async def test_a_large_frame_that_is_kept_is_not_written_over_by_the_next() -> None:
    transport, arrived = XpcTransport.of_running_loop(), asyncio.Queue[ReceivedFrame]()
    listener = transport.listen_anonymously()

    def take(peer: base.Connection) -> None:
        peers.append(peer)
        peer.set_event_handler(on_event)
        peer.activate()

    def on_event(event: ReceivedFrame | TransportError) -> None:
        if not isinstance(event, TransportError):
            arrived.put_nowait(event)

    peers: list[base.Connection] = []
    listener.activate(take, lambda _: None)
    client = transport.connect_endpoint(listener.endpoint())
    client.set_event_handler(lambda _: None)
    client.activate()
    kept: list[tuple[ReceivedFrame, Message]] = []
    sizes = [200_000, 1_000_000, 300_000, 5_000_000, 100_000, 1_000_000, 2_000_000, 200_000]
    for number, size in enumerate(sizes * 2):
        message: Message = {"number": number, "data": random.randbytes(size)}
        client.send(encode(message, handles=[]))
        received = await asyncio.wait_for(arrived.get(), LIMIT_S)
        assert decode(received.frame, ()) == message
        if number % 3 != 1:  # the others make room for a buffer to be used again
            kept.append((received, message))
        del received
    for received, message in kept:
        assert decode(received.frame, ()) == message
    client.cancel()
    listener.cancel()


@pytest.mark.parametrize("container", [list, dict])
async def test_nesting_goes_to_the_limit_and_no_further(echo: Connection, container: type) -> None:
    def nested(levels: int) -> Message:
        value: Value = 1
        for _ in range(levels - 1):
            value = [value] if container is list else {"in": value}
        return {"in": value}

    assert await echo.request(nested(256), timeout_s=LIMIT_S) == nested(256)
    with pytest.raises(EncodeError):
        await echo.request(nested(300), timeout_s=LIMIT_S)


async def test_a_broken_frame_is_refused_or_read_alike_by_both_codecs(echo: Connection) -> None:
    seed = random.Random(5)
    whole = encode({"a": [1, "two", {"three": b"data"}], "b": None, "c": 1.5})
    loop = asyncio.get_running_loop()
    sent = 0
    for _ in range(3000):
        frame = bytearray(whole[: seed.choice((len(whole), seed.randrange(len(whole))))])
        for _ in range(seed.randrange(4)):
            if frame:
                place = seed.randrange(len(frame))
                frame[place] = seed.choice((0, 1, 4, 0xFF, 0xF0, 0x90, seed.randrange(256)))
        answer: asyncio.Future[ReceivedFrame | Exception] = loop.create_future()
        try:
            echo._connection.request(frame, (), answer.set_result)
        except (MisuseError, EncodeError):
            continue
        sent += 1
        received = await asyncio.wait_for(answer, LIMIT_S)
        if isinstance(received, Exception):
            continue  # text that is not UTF-8: Python's reader refused it on the other side
        assert decode(received.frame) == decode(bytes(frame))
    assert 100 < sent < 2900
