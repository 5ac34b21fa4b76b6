"""Whatever is done thousands of times leaves nothing behind: on no path, on neither side."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Final

import pytest

from tests.resources.counting import Holdings, resident_bytes
from xpcrpc.errors import DeadlineExceededError, EncodeError, TransportError
from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.rules import Uid
from xpcrpc.values import FileDescriptor, Message, SharedMemory

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="counts through Linux's /proc"
)

LIMIT_S: Final = 60.0
LARGE: Final = 5 * 1024 * 1024
"""Beyond what travels in records: a memfd carries it."""
NEVER: Final = Uid(54321)
"""A rule that nobody meets."""


@pytest.fixture(autouse=True)
def _bootstrap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="xr") as folder:
        monkeypatch.setenv("XPCRPC_BOOTSTRAP_DIR", folder)
        yield


class Room:
    """A listener whose peers do as ``do`` says, and a client of it."""

    def __init__(self) -> None:
        self.listener = Listener.anonymous()
        self.client = Connection.to_endpoint(self.listener.endpoint())
        self.tasks: set[asyncio.Task[None]] = set()
        self.spawn(self.accept())

    def spawn(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            await work

        task = asyncio.get_running_loop().create_task(run())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def accept(self) -> None:
        async for peer in self.listener:
            self.spawn(self.serve(peer))
            del peer  # or the last one is kept until the next

    async def serve(self, peer: Connection) -> None:
        async for event in peer:
            if not isinstance(event, ReceivedMessage):
                continue
            match event.values.get("do"):
                case "drop":
                    event.drop()
                case "cancel":
                    peer.cancel()
                case "hold":
                    await asyncio.sleep(0)
                    peer.send({"held": True})
                case _ if event.expects_reply:
                    event.reply(event.values)

    async def end(self) -> None:
        self.client.cancel()
        self.listener.cancel()
        while self.tasks:
            await asyncio.gather(*self.tasks)


def handles(room: Room) -> Message:
    """One of each; the sender's own are closed when they are dropped."""
    memory = SharedMemory.create(4096)
    return {
        "file": FileDescriptor(os.open(os.devnull, os.O_RDONLY)),
        "memory": memory,
        "endpoint": room.listener.endpoint(),
    }


async def plain_calls(room: Room) -> None:
    await room.client.request({"n": 1}, timeout_s=LIMIT_S)


async def calls_with_handles(room: Room) -> None:
    await room.client.request(handles(room), timeout_s=LIMIT_S)


async def sends_with_handles_that_nobody_takes(room: Room) -> None:
    for _ in range(8):
        room.client.send(handles(room))
    await room.client.request({}, timeout_s=LIMIT_S)


async def dropped_requests(room: Room) -> None:
    with pytest.raises(TransportError):
        await room.client.request({"do": "drop", **handles(room)}, timeout_s=LIMIT_S)


async def abandoned_requests(room: Room) -> None:
    with pytest.raises(DeadlineExceededError):
        await room.client.request({"do": "echo", **handles(room)}, timeout_s=1e-9)
    await room.client.request({}, timeout_s=LIMIT_S)  # the late reply is here by now


async def refused_sends(room: Room) -> None:
    with pytest.raises(EncodeError):
        room.client.send({**handles(room), "what": object()})  # type: ignore[dict-item]
    with pytest.raises(EncodeError):
        room.client.send({"many": [room.listener.endpoint() for _ in range(253)]})
    closed = FileDescriptor(os.open(os.devnull, os.O_RDONLY))
    closed.close()
    with pytest.raises(EncodeError):
        room.client.send({**handles(room), "z": closed})


async def large_messages(room: Room) -> None:
    message: Message = {"data": bytes(LARGE), **handles(room)}
    reply = await room.client.request(message, timeout_s=LIMIT_S)
    assert len(reply["data"]) == LARGE  # type: ignore[arg-type]


async def fragmented_messages(room: Room) -> None:
    message: Message = {"data": bytes(300_000), **handles(room)}
    await room.client.request(message, timeout_s=LIMIT_S)


async def new_connections(room: Room) -> None:
    async with Connection.to_endpoint(room.listener.endpoint()) as client:
        await client.request(handles(room), timeout_s=LIMIT_S)


async def cancelled_with_everything_unsent(room: Room) -> None:
    client = Connection.to_endpoint(room.listener.endpoint())
    client.suspend()
    client.send({"data": bytes(LARGE), **handles(room)})
    request = asyncio.ensure_future(client.request(handles(room)))
    await asyncio.sleep(0)
    client.cancel()
    with pytest.raises(TransportError):
        await request


async def cancelled_by_the_peer(room: Room) -> None:
    async with Connection.to_endpoint(room.listener.endpoint()) as client:
        client.send(handles(room))
        with pytest.raises(TransportError):
            await client.request({"do": "cancel", **handles(room)}, timeout_s=LIMIT_S)


async def dropped_without_a_word(room: Room) -> None:
    client = Connection.to_endpoint(room.listener.endpoint())
    client.send(handles(room))
    del client


async def withheld_replies(room: Room) -> None:
    async with Connection.to_endpoint(room.listener.endpoint(), rule=NEVER) as client:
        with pytest.raises(TransportError):
            await client.request(handles(room), timeout_s=LIMIT_S)


async def unknown_names(room: Room) -> None:
    async with Connection.to_service("org.example.nobody") as client:
        client.send(handles(room))
        with pytest.raises(TransportError):
            await client.request(handles(room), timeout_s=LIMIT_S)


async def listeners(room: Room) -> None:
    Listener.anonymous().endpoint()
    async with Listener.named("org.example.leak", rule=Uid("self")) as named:
        named.endpoint()


ACTS: Final[list[tuple[Callable[[Room], Awaitable[None]], int]]] = [
    (plain_calls, 2000),
    (calls_with_handles, 400),
    (sends_with_handles_that_nobody_takes, 60),
    (dropped_requests, 300),
    (abandoned_requests, 200),
    (refused_sends, 20),
    (large_messages, 12),
    (fragmented_messages, 60),
    (new_connections, 200),
    (cancelled_with_everything_unsent, 20),
    (cancelled_by_the_peer, 150),
    (dropped_without_a_word, 150),
    (withheld_replies, 150),
    (unknown_names, 150),
    (listeners, 150),
]


async def settled(before: Holdings) -> Holdings:
    """What is held once everything under way has ended, or long enough passed."""
    for _ in range(40):
        now = Holdings.now()
        if now == before:
            break
        await asyncio.sleep(0.05)
    return now


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room()
    await made.client.request({}, timeout_s=LIMIT_S)
    yield made
    await made.end()


@pytest.mark.parametrize(("act", "times"), ACTS, ids=[act.__name__ for act, _ in ACTS])
async def test_nothing_is_left_of(
    act: Callable[[Room], Awaitable[None]], times: int, room: Room
) -> None:
    """Descriptors, mappings and objects are as before."""
    for _ in range(3):  # what is made once and kept
        await act(room)
    await room.client.request({}, timeout_s=LIMIT_S)
    gc.collect()
    await asyncio.sleep(0.02)
    before = Holdings.now()
    for _ in range(times):
        await act(room)
    await room.client.request({}, timeout_s=LIMIT_S)  # whoever iterates has the last event
    assert await settled(before) == before


async def test_memory_stays_flat_over_thousands_of_calls(room: Room) -> None:
    """The C side has no counter: its heap would show."""

    async def calls(count: int) -> None:
        for _ in range(count):
            await room.client.request({"a": [1, "two", b"three"], "b": {}}, timeout_s=LIMIT_S)
            room.client.send({"data": bytes(5000)})

    await calls(1000)
    gc.collect()
    before = resident_bytes()
    await calls(4000)
    gc.collect()
    assert resident_bytes() - before < 4000 * 100, "more than 100 bytes a call"


async def test_killed_clients_leave_nothing_in_the_service(room: Room) -> None:
    """With requests, handles and large messages under way."""
    program = """
import asyncio, os, signal, sys
from xpcrpc.raw import Connection
from xpcrpc.rules import Uid
from xpcrpc.values import FileDescriptor, SharedMemory
async def main():
    for n in range(20):
        c = Connection.to_service("org.example.killed", rule=Uid("self"))
        f = FileDescriptor(os.open(os.devnull, os.O_RDONLY))
        for _ in range(5):
            c.send({"f": f, "m": SharedMemory.create(4096)})
            task = asyncio.ensure_future(c.request({"data": bytes(6_000_000 if n < 2 else 9)}))
            await asyncio.sleep(0)
        globals()[f"c{n}"] = c, task
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    async with Listener.named("org.example.killed", rule=Uid("self")) as named:

        async def accept() -> None:
            async for peer in named:
                room.spawn(room.serve(peer))
                del peer

        room.spawn(accept())
        await asyncio.sleep(0)
        before = Holdings.now()
        for _ in range(3):
            victim = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
            assert await victim.wait() == -9
        del victim
        assert await settled(before) == before
