"""T-25: every type there and back, and what Python makes of the contract's rules on values."""

from __future__ import annotations

import gc
import math
import os
import struct
import tempfile
import uuid

import pytest

from tests.conformance.conftest import Observe
from tests.conformance.harness import Watch, pair_of, soon
from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.values import Date, Endpoint, FileDescriptor, Message, SharedMemory, UInt64, Value

EVERYTHING: Message = {
    "null": None,
    "true": True,
    "false": False,
    "int64": -(2**63),
    "uint64": UInt64(2**64 - 1),
    "one as int64": 1,
    "one as uint64": UInt64(1),
    "double": 0.1,
    "infinity": math.inf,
    "minus zero": -0.0,
    "date": Date(-1),
    "data": bytes(range(256)),
    "no data": b"",
    "string": "zażółć \N{SNAKE}",
    "empty": "",
    "uuid": uuid.UUID(int=7),
    "array": [1, [2], {"three": 3}],
    "dictionary": {"": {"": []}},
}


async def there_and_back(listener: Listener, values: Message) -> Message:
    """What a peer sends back of what it got."""
    async with Connection.to_endpoint(listener.endpoint()) as client:
        client.send(values)
        peer = await soon(anext(listener))
        event = await soon(anext(peer))
        assert isinstance(event, ReceivedMessage)
        peer.send(event.values)
        back = await soon(anext(client))
        assert isinstance(back, ReceivedMessage)
        return back.values


async def test_t25_values(listener: Listener, observe: Observe) -> None:
    """C-10 to C-15, C-20, C-34: values and their types, unchanged."""
    back = await there_and_back(listener, EVERYTHING)
    observe("types", {key: type(value).__name__ for key, value in sorted(back.items())})
    assert back == EVERYTHING
    assert {k: type(v) for k, v in back.items()} == {k: type(v) for k, v in EVERYTHING.items()}
    assert math.copysign(1, back["minus zero"]) == -1  # type: ignore[arg-type]
    assert type(back["one as int64"]) is not type(back["one as uint64"])  # C-10


async def test_t25_bool_singletons_and_nan(listener: Listener, observe: Observe) -> None:
    """C-11, C-13: NaN keeps its bits; booleans are the singletons."""
    nan = struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_0000_1234))[0]
    back = await there_and_back(listener, {"nan": nan, "yes": True, "no": False})
    bits = struct.unpack("<Q", struct.pack("<d", back["nan"]))[0]
    observe("nan", hex(bits))
    assert bits == 0x7FF8_0000_0000_1234
    assert back["yes"] is True
    assert back["no"] is False


async def test_t25_keys(listener: Listener, observe: Observe) -> None:
    """C-31, C-41, C-43: a missing key is missing, a deleted one too; null is a value."""
    message: Message = {"a": 1, "b": 2, "null": None}
    message["a"] = 3
    del message["b"]
    back = await there_and_back(listener, message)
    observe("keys", sorted(back))
    assert back == {"a": 3, "null": None}
    with pytest.raises(KeyError):
        back["b"]


async def test_t25_descriptors_are_one_open_file(listener: Listener, observe: Observe) -> None:
    """C-21, C-22, C-28: another number, one offset; and no equality but identity."""
    with tempfile.TemporaryFile() as file:
        file.write(b"0123456789")
        file.flush()
        file.seek(0)
        with FileDescriptor.duplicate(file.fileno()) as sent:
            back = (await there_and_back(listener, {"fd": sent}))["fd"]
        assert isinstance(back, FileDescriptor)
        with back, FileDescriptor.duplicate(back.fileno()) as other:
            assert back.fileno() != file.fileno()
            assert os.read(back.fileno(), 4) == b"0123"
            assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 4
            assert os.fstat(back.fileno()).st_ino == os.fstat(file.fileno()).st_ino
            observe("equal to a duplicate", back == other)
            assert back != other


async def test_t25_shared_memory_is_one_memory(listener: Listener, observe: Observe) -> None:
    """C-24: both mappings show what either writes; whole pages."""
    with SharedMemory.create(100) as memory:
        memory.buffer[:5] = b"hello"
        back = (await there_and_back(listener, {"memory": memory}))["memory"]
        assert isinstance(back, SharedMemory)
        with back:
            assert bytes(back.buffer[:5]) == b"hello"
            back.buffer[0:1] = b"J"
            assert bytes(memory.buffer[:5]) == b"Jello"
            observe("length", "whole pages" if len(back) % 4096 == 0 else len(back))


async def test_t25_endpoints_of_one_listener_are_equal(
    listener: Listener, observe: Observe
) -> None:
    """C-157, OQ-16."""
    async with Listener.anonymous() as one, Listener.anonymous() as two:
        back = await there_and_back(
            listener, {"a": one.endpoint(), "b": one.endpoint(), "c": two.endpoint()}
        )
        a, b, c = (back[key] for key in "abc")
        assert isinstance(a, Endpoint)
        observe("equal", [a == b, a == c])
        assert a == b == one.endpoint()
        assert hash(a) == hash(b)
        assert a != c


async def test_t25_a_kept_event_is_whole(listener: Listener) -> None:
    """C-66: it outlives its handler, its successors and its connection."""
    pair = await pair_of(listener)
    served = Watch(pair.peer)
    large: dict[str, Value] = {"data": bytes(range(256)) * 1000, "list": list(range(1000))}
    pair.client.send(large)
    for n in range(100):
        pair.client.send({"n": n})
    kept = (await served.until_messages(101))[0]
    pair.client.cancel()
    await served.until("INVALID")
    gc.collect()
    assert kept.values == large


async def test_t25_a_large_message_comes_back(listener: Listener) -> None:
    """C-81: beyond every buffer, here eight megabytes."""
    values: Message = {"data": os.urandom(1024) * 8192}
    assert await there_and_back(listener, values) == values
