"""Raw connections between two processes, over the real library."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from tests.raw.conftest import NAME, SERVICE, start, stop
from xpcrpc.errors import (
    ConnectionInterruptedError,
    ConnectionInvalidError,
    DeadlineExceededError,
    EncodeError,
)
from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.rules import Anyone, Uid
from xpcrpc.values import FileDescriptor, Message, SharedMemory

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="a name needs launchd")

LIMIT_S = 60
"""Nothing here takes long; a test that waits longer has hung."""


async def test_a_request_is_answered_by_the_other_process(service: Process) -> None:
    async with Connection.to_service(NAME) as connection:
        message: Message = {"text": "häßlich", "list": [1, None, True, 2.5, b"\0"], "in": {"": []}}
        assert await connection.request(message, timeout_s=LIMIT_S) == message
        assert connection.peer.pid == service.pid
        assert connection.peer.euid == os.geteuid()


async def test_an_unknown_name_makes_the_request_invalid() -> None:
    async with Connection.to_service("org.example.nobody") as connection:
        with pytest.raises(ConnectionInvalidError, match=r"org\.example\.nobody"):
            await connection.request({}, timeout_s=LIMIT_S)
        with pytest.raises(ConnectionInvalidError):
            await anext(connection)


async def test_a_taken_name_makes_the_second_listener_invalid(service: Process) -> None:
    second = Listener.named(NAME, rule=Anyone())
    with pytest.raises(ConnectionInvalidError):
        await asyncio.wait_for(anext(second), LIMIT_S)
    async with Connection.to_service(NAME) as connection:
        assert await connection.request({"a": 1}, timeout_s=LIMIT_S) == {"a": 1}


async def test_a_killed_service_interrupts_the_request_and_is_found_again(
    service: Process, bootstrap: str
) -> None:
    async with Connection.to_service(NAME) as connection:
        await connection.request({}, timeout_s=LIMIT_S)
        with pytest.raises(ConnectionInterruptedError):
            await connection.request({"do": "die"}, timeout_s=LIMIT_S)
        assert isinstance(
            await asyncio.wait_for(anext(connection), LIMIT_S), ConnectionInterruptedError
        )
        await service.wait()
        again = await start(str(SERVICE), NAME)
        assert await connection.request({"b": 2}, timeout_s=LIMIT_S) == {"b": 2}
        assert connection.peer.pid == again.pid
        await stop(again)


async def test_a_dropped_request_is_interrupted_and_the_next_one_works(service: Process) -> None:
    async with Connection.to_service(NAME) as connection:
        with pytest.raises(ConnectionInterruptedError):
            await connection.request({"do": "drop"}, timeout_s=LIMIT_S)
        assert await connection.request({"c": 3}, timeout_s=LIMIT_S) == {"c": 3}


async def test_a_peer_cancelled_by_the_service_interrupts_the_client(service: Process) -> None:
    async with Connection.to_service(NAME) as connection:
        with pytest.raises(ConnectionInterruptedError):
            await connection.request({"do": "cancel the peer"}, timeout_s=LIMIT_S)
        assert await connection.request({"d": 4}, timeout_s=LIMIT_S) == {"d": 4}


async def test_a_request_ends_at_its_deadline(service: Process) -> None:
    async with Connection.to_service(NAME) as connection:
        with pytest.raises(DeadlineExceededError):
            await connection.request({"do": "hold"}, timeout_s=0.05)
        assert await connection.request({"e": 5}, timeout_s=LIMIT_S) == {"e": 5}


async def test_a_descriptor_is_one_open_file_in_both_processes(
    service: Process, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    async with Connection.to_service(NAME) as connection:
        with FileDescriptor(os.open(path, os.O_CREAT | os.O_RDWR)) as file:
            await connection.request({"do": "write", "file": file}, timeout_s=LIMIT_S)
            assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == path.stat().st_size
    assert path.read_bytes() == b"written by the service"


async def test_a_thousand_ignored_descriptors_leak_in_neither_process(service: Process) -> None:
    async with Connection.to_service(NAME) as connection:
        before = await connection.request({"do": "count descriptors"}, timeout_s=LIMIT_S)
        here = len(os.listdir("/dev/fd"))
        with FileDescriptor(os.open(os.devnull, os.O_RDONLY)) as file:
            for _ in range(10):
                connection.send({"files": [file] * 100})
            echoed = await connection.request({"files": [file] * 100}, timeout_s=LIMIT_S)
        del echoed
        assert len(os.listdir("/dev/fd")) == here
        assert await connection.request({"do": "count descriptors"}, timeout_s=LIMIT_S) == before


async def test_too_many_handles_are_refused_before_they_are_sent(service: Process) -> None:
    async with Connection.to_service(NAME) as connection:
        file = FileDescriptor(os.open(os.devnull, os.O_RDONLY))
        with file, pytest.raises(EncodeError, match="handles"):
            await connection.request({"files": [file] * 300})
        assert await connection.request({"f": 6}, timeout_s=LIMIT_S) == {"f": 6}


async def test_shared_memory_is_seen_by_both_sides(service: Process) -> None:
    async with Connection.to_service(NAME) as connection:
        with SharedMemory.create(8192) as memory:
            memory.buffer[:5] = b"first"
            reply = await connection.request({"memory": memory}, timeout_s=LIMIT_S)
            received = reply["memory"]
            assert isinstance(received, SharedMemory)
            assert bytes(received.buffer[:5]) == b"first"
            memory.buffer[:6] = b"second"
            part = received.buffer[:6]
            received.close()
            assert bytes(part) == b"second"  # a view outlives the object


async def test_200_mib_are_refused_here_and_the_connection_lives(service: Process) -> None:
    async with Connection.to_service(NAME) as connection:
        with pytest.raises(EncodeError, match="limit"):
            await connection.request({"data": bytes(200 * 1024 * 1024)})
        large = bytes(range(256)) * 4096 * 20
        reply = await connection.request({"data": large}, timeout_s=LIMIT_S)
        assert reply["data"] == large


async def test_a_client_that_dies_ends_its_peer_alone(service: Process) -> None:
    client = await start(
        "-c",
        "import asyncio, sys\n"
        "from xpcrpc.raw import Connection\n"
        "async def main():\n"
        "    connection = Connection.to_service(sys.argv[1])\n"
        "    await connection.request({})\n"
        "    asyncio.create_task(connection.request({'do': 'hold'}))\n"
        "    await connection.request({})\n"
        "    print('under way', flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n",
        NAME,
    )
    client.send_signal(signal.SIGKILL)
    await client.wait()
    async with Connection.to_service(NAME) as connection:
        assert await connection.request({"g": 7}, timeout_s=LIMIT_S) == {"g": 7}


async def test_the_peer_of_a_client_that_exits_ends_its_iteration() -> None:
    async with Listener.named(NAME, rule=Uid("self")) as listener:
        client = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "import asyncio, sys\n"
            "from xpcrpc.raw import Connection\n"
            "async def main():\n"
            "    Connection.to_service(sys.argv[1]).send({'last': 'words'})\n"
            "asyncio.run(main())\n",
            NAME,
        )
        peer = await asyncio.wait_for(anext(listener), LIMIT_S)
        events = [event async for event in peer]
        await client.wait()
    assert [event.values for event in events if isinstance(event, ReceivedMessage)] == [
        {"last": "words"}
    ]
    assert len(events) == 1


async def test_the_service_can_call_back(service: Process) -> None:
    async with Connection.to_service(NAME) as connection:
        connection.send({"do": "call back", "text": "hello"})
        event = await asyncio.wait_for(anext(connection), LIMIT_S)
        assert isinstance(event, ReceivedMessage)
        assert event.values == {"back": "hello"}
        assert not event.expects_reply
        assert event.sender.pid == service.pid


@pytest.mark.parametrize("end", ["pass", "sys.exit(0)", "connection.cancel()"])
async def test_a_program_may_end_with_messages_in_flight(service: Process, end: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from xpcrpc.raw import Connection\n"
        "async def main():\n"
        "    connection = Connection.to_service(sys.argv[1])\n"
        "    await connection.request({})\n"
        "    waiting = [asyncio.create_task(connection.request({'n': i})) for i in range(100)]\n"
        "    await asyncio.sleep(0)\n"
        "    for i in range(100): connection.send({'do': 'call back', 'text': 'x'})\n"
        f"    {end}\n"
        "asyncio.run(main())\n"
    )
    result = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-W", "error", "-X", "faulthandler", "-c", program, NAME],
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, b"")
