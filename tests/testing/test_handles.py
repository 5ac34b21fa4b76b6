"""Descriptors, shared memory and endpoints on their way. One rule a test, over each transport."""

from __future__ import annotations

import os
import tempfile

import pytest

from tests.testing.world import World, answer, settle
from xpcrpc import EncodeError, Endpoint, FileDescriptor, SharedMemory
from xpcrpc.values import Value


def is_open(number: int) -> bool:
    """Whether the process has this descriptor."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


async def test_a_descriptor_is_duplicated_and_shares_its_offset(world: World) -> None:
    """C-21, C-22."""
    client, peer, _ = await world.pair()
    with tempfile.TemporaryFile() as file:
        file.write(b"once and again")
        file.seek(0)
        with FileDescriptor.duplicate(file.fileno()) as sent:
            client.send({"fd": sent})
            await settle()
            arrived = peer.messages[0]["fd"]
            assert isinstance(arrived, FileDescriptor)
            assert arrived.fileno() != sent.fileno()
            assert os.read(arrived.fileno(), 4) == b"once"
            assert os.read(sent.fileno(), 4) == b" and"
        assert os.read(arrived.fileno(), 6) == b" again"
        arrived.close()


async def test_a_descriptor_may_be_closed_as_soon_as_it_is_sent(world: World) -> None:
    """C-74."""
    client, peer, _ = await world.pair()
    reading, writing = os.pipe()
    client.connection.suspend()
    with FileDescriptor(reading) as sent:
        client.send({"fd": sent})
    client.connection.resume()
    await settle()
    os.write(writing, b"still there")
    os.close(writing)
    arrived = peer.messages[0]["fd"]
    assert isinstance(arrived, FileDescriptor)
    with arrived:
        assert os.read(arrived.fileno(), 100) == b"still there"


async def test_a_closed_descriptor_is_refused(world: World) -> None:
    """X37."""
    client, peer, _ = await world.pair()
    closed = FileDescriptor.duplicate(0)
    frame_of = {"fd": closed}
    closed.close()
    with pytest.raises(EncodeError):
        client.send(dict[str, Value](frame_of))
    await settle()
    assert peer.events == []


async def test_an_unread_descriptor_is_closed_with_its_message(world: World) -> None:
    """values: one owner, closed on every path."""
    client, peer, _ = await world.pair()
    reading, writing = os.pipe()
    with FileDescriptor(writing) as sent:
        client.send({"fd": sent})
        await settle()
    peer.events.clear()
    peer.forget()
    assert os.read(reading, 1) == b""  # the pipe has no writer left
    os.close(reading)


async def test_a_descriptor_in_a_lost_message_is_closed(world: World) -> None:
    """C-119: what is dropped leaks nothing."""
    client, peer, _ = await world.pair()
    reading, writing = os.pipe()
    client.connection.suspend()
    with FileDescriptor(writing) as sent:
        client.send({"fd": sent})
    client.connection.cancel()
    await settle()
    assert peer.messages == []
    assert os.read(reading, 1) == b""
    os.close(reading)


async def test_shared_memory_is_one_memory_and_outlives_either_side(world: World) -> None:
    """C-23, C-24."""
    client, peer, _ = await world.pair()
    ours = SharedMemory.create(4096)
    ours.buffer[:5] = b"ours "
    client.send({"memory": ours})
    await settle()
    theirs = peer.messages[0]["memory"]
    assert isinstance(theirs, SharedMemory)
    assert len(theirs) >= 4096 and bytes(theirs.buffer[:5]) == b"ours "
    theirs.buffer[5:11] = b"theirs"
    assert bytes(ours.buffer[:11]) == b"ours theirs"
    ours.close()
    assert bytes(theirs.buffer[:11]) == b"ours theirs"
    theirs.close()
    assert ours.closed and theirs.closed


async def test_received_memory_can_be_sent_on(world: World) -> None:
    """C-23."""
    client, peer, _ = await world.pair()
    with SharedMemory.create(16) as ours:
        answers = client.request({"memory": ours})
        await settle()
        answer(peer.received[0], {"back": peer.messages[0]["memory"]})
        await settle()
        reply = answers[0]
        assert isinstance(reply, dict)
        back = reply["back"]
        assert isinstance(back, SharedMemory)
        ours.buffer[0] = 42
        assert back.buffer[0] == 42
        back.close()


async def test_an_endpoint_in_a_message_leads_to_its_listener(world: World) -> None:
    """C-152, C-153, C-154."""
    client, peer, _ = await world.pair()
    doorman = world.serve_anonymously()
    client.send({"endpoints": [doorman.endpoint, doorman.endpoint]})
    await settle()
    endpoints = peer.messages[0]["endpoints"]
    assert isinstance(endpoints, list) and endpoints == [doorman.endpoint] * 2
    for endpoint in endpoints:
        assert isinstance(endpoint, Endpoint)
        world.client_of(endpoint).send({"hello": True})
    await settle()
    assert [each.events for each in doorman.peers] == [[{"hello": True}]] * 2


async def test_handles_of_several_kinds_keep_their_places(world: World) -> None:
    """values: the table is in the frame's order."""
    client, peer, _ = await world.pair()
    doorman = world.serve_anonymously()
    with SharedMemory.create(8) as memory, FileDescriptor.duplicate(0) as descriptor:
        client.send(
            {"a": [memory, descriptor], "b": {"c": doorman.endpoint}, "d": descriptor, "e": 1}
        )
        await settle()
    (message,) = peer.messages
    assert isinstance(message["a"], list)
    memory_there, descriptor_there = message["a"]
    assert isinstance(memory_there, SharedMemory)
    assert isinstance(descriptor_there, FileDescriptor) and isinstance(message["d"], FileDescriptor)
    assert descriptor_there.fileno() != message["d"].fileno()
    assert message["b"] == {"c": doorman.endpoint}
