"""Peers that do not keep to the format: each is dropped alone, with one line in the log."""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from attrs import frozen

from tests.hostile.records import (
    ALWAYS,
    FRAGMENT,
    FRAGMENT_BYTES,
    FRAGMENTED,
    MEMFD,
    MESSAGE,
    NO_REPLY,
    PLAIN,
    REPLY,
    WANTS_REPLY,
    HostileClient,
    record,
    wrapper,
)
from tests.runtime.processes import ServerProcess
from xpcrpc.codec.frame import encode
from xpcrpc.raw import Connection
from xpcrpc.rules import Uid
from xpcrpc.values import Message, SharedMemory

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the record format is the portable library's"
)

NAME: Final = "org.example.hostile"
LIMIT_S: Final = 60.0
GOOD: Final = encode({"n": 1})
HANDLES: Final = encode({"memory": SharedMemory.create(4096)}, handles=[])
LARGE: Final = encode({"data": bytes(150_000)})


class Target:
    """A server process, and what it said."""

    def __init__(self, server: ServerProcess, path: Path) -> None:
        self.server = server
        self.path = path

    def lines(self) -> list[str]:
        """Warnings about peers so far."""
        return [line for line in self.server.log.splitlines() if "xpcrpc.transport WARNING" in line]

    async def ask(self) -> Message:
        """What an honest client is told."""
        async with Connection.to_service(NAME, rule=Uid("self")) as client:
            return await client.request({}, timeout_s=LIMIT_S)

    async def logged(self, count: int) -> list[str]:
        """So many lines, and no more."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.lines()) < count:
                await asyncio.sleep(0.005)
        await self.ask()
        assert len(self.lines()) == count, self.lines()
        return self.lines()

    async def descriptors(self, expected: object) -> None:
        """Wait until the server holds so many again."""
        async with asyncio.timeout(LIMIT_S):
            while (await self.ask())["descriptors"] != expected:
                await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def folder() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="xr") as made:
        yield made


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """A server of this test alone."""
    with tempfile.TemporaryDirectory(prefix="xr") as own:
        monkeypatch.setenv("XPCRPC_BOOTSTRAP_DIR", own)
        with ServerProcess("tests.hostile.server", NAME) as server:
            server.wait_for("serving")
            yield Target(server, Path(own, NAME))
            assert server.stop() == 0, server.log


def memfd(size: int, *, seals: int = 0, data: bytes = b"") -> int:
    """A memory file, the caller's to close."""
    fd = os.memfd_create("hostile", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    os.write(fd, data)
    os.ftruncate(fd, size)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd


SEALED: Final = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW


@frozen
class Attack:
    """Records, each with how many descriptors ride along, that must end in a drop."""

    title: str
    records: tuple[bytes, ...]
    fds: Callable[[], list[int]] = list
    """For the first record."""


def nulls(count: int) -> Callable[[], list[int]]:
    return lambda: [os.open(os.devnull, os.O_RDONLY) for _ in range(count)]


FIRST_PART: Final = wrapper(PLAIN | FRAGMENTED, len(LARGE))


def fragment(offset: int, length: int = FRAGMENT_BYTES) -> bytes:
    part = LARGE[offset : offset + length]
    return wrapper(ALWAYS | FRAGMENT, len(part), offset) + part


ATTACKS: Final = [
    Attack("one byte", (b"x",)),
    Attack("half a wrapper", (record(GOOD)[:12],)),
    Attack("a wrapper without its body", (record(GOOD)[:24],)),
    Attack("a body cut short", (record(GOOD)[:-1],)),
    Attack("a body that is too long", (record(GOOD) + b"\0",)),
    Attack("another protocol", (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",)),
    Attack("another magic", (wrapper(PLAIN, len(GOOD), magic=0x12345678) + GOOD,)),
    Attack("a length of 2**63", (wrapper(PLAIN, 2**63) + GOOD,)),
    Attack("a length of 2**64-1", (wrapper(PLAIN, 2**64 - 1) + GOOD,)),
    Attack("an id of 2**63", (record(GOOD, number=2**63),)),
    Attack("unknown flags", (record(GOOD, PLAIN | 0x8000_0000),)),
    Attack("no flag at all", (record(GOOD, 0),)),
    Attack("NO_REPLY that is no reply", (wrapper(PLAIN | NO_REPLY, 0),)),
    Attack("NO_REPLY with a body", (record(GOOD, ALWAYS | REPLY | NO_REPLY),)),
    Attack("two ways for the body to come", (wrapper(PLAIN | MEMFD | FRAGMENTED, 99_999),)),
    Attack("a payload of another magic", (record(b"\0" * 4 + GOOD[4:]),)),
    Attack("a payload of another version", (record(GOOD[:4] + b"\x09" + GOOD[5:]),)),
    Attack("a root that is no dictionary", (record(encode([1])),)),
    Attack("a dictionary that is cut", (record(GOOD[:-4]),)),
    Attack("a count that cannot be", (record(GOOD[:16] + b"\xff\xff\xff\x7f" + GOOD[20:]),)),
    Attack("a handle that did not come", (record(HANDLES),)),
    Attack("handles that nobody mentions", (record(GOOD),), nulls(3)),
    Attack("a descriptor where memory is meant", (record(HANDLES),), nulls(1)),
    Attack("memory that can shrink", (record(HANDLES),), lambda: [memfd(4096)]),
    Attack("memory that is too short", (record(HANDLES),), lambda: [memfd(16, seals=SEALED)]),
    Attack("a memfd that did not come", (wrapper(PLAIN | MEMFD, len(GOOD)),)),
    Attack(
        "a memfd that is not sealed",
        (wrapper(PLAIN | MEMFD, len(GOOD)),),
        lambda: [memfd(len(GOOD), data=GOOD)],
    ),
    Attack(
        "a memfd of another size",
        (wrapper(PLAIN | MEMFD, len(GOOD) + 4),),
        lambda: [memfd(len(GOOD), data=GOOD, seals=SEALED)],
    ),
    Attack(
        "a memfd larger than any message",
        (wrapper(PLAIN | MEMFD, 2**40),),
        lambda: [memfd(2**40, seals=SEALED)],
    ),
    Attack("a memfd that is a file", (wrapper(PLAIN | MEMFD, len(GOOD)),), nulls(1)),
    Attack("a flood of descriptors", (record(GOOD),), nulls(253)),
    Attack("a flood of descriptors beside junk", (b"junk",), nulls(253)),
    Attack("a record larger than any", (record(bytes(100_000)),)),
    Attack("a fragment out of nowhere", (fragment(0),)),
    Attack("fragments in another order", (FIRST_PART, fragment(FRAGMENT_BYTES), fragment(0))),
    Attack("a fragment twice", (FIRST_PART, fragment(0), fragment(0))),
    Attack("a fragment that is short", (FIRST_PART, fragment(0, 100))),
    Attack("a message between fragments", (FIRST_PART, fragment(0), record(GOOD))),
    Attack("fragments of a small message", (wrapper(PLAIN | FRAGMENTED, 100),)),
    Attack("fragments of a huge message", (wrapper(PLAIN | FRAGMENTED, 2**30),)),
    Attack("a good message, then a bad one", (record(GOOD), b"bad")),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.title)
async def test_one_peer_is_dropped_and_nobody_else(attack: Attack, shared: Target) -> None:
    """One line, no descriptor left, and an older client goes on."""
    async with Connection.to_service(NAME, rule=Uid("self")) as witness:
        before = await witness.request({}, timeout_s=LIMIT_S)
        lines = len(shared.lines())
        fds = attack.fds()
        with HostileClient(shared.path) as hostile:
            try:
                for number, each in enumerate(attack.records):
                    hostile.send(each, fds if number == 0 else ())
            except (BrokenPipeError, ConnectionResetError):
                pass  # dropped before it had said all
            for fd in fds:
                os.close(fd)
            assert await asyncio.to_thread(hostile.is_dropped)
        after = await witness.request({}, timeout_s=LIMIT_S)
        assert after["pid"] == before["pid"]
        async with asyncio.timeout(LIMIT_S):
            while len(shared.lines()) == lines:
                await asyncio.sleep(0.005)
            while (await witness.request({}))["descriptors"] != before["descriptors"]:
                await asyncio.sleep(0.01)
        assert len(shared.lines()) == lines + 1, shared.lines()[lines:]


@pytest.fixture(scope="module")
def shared_server(folder: str) -> Iterator[ServerProcess]:
    """One server for the many."""
    name = {"XPCRPC_BOOTSTRAP_DIR": folder}
    with ServerProcess("tests.hostile.server", NAME, environment=name) as server:
        server.wait_for("serving")
        yield server
        assert server.stop() == 0, server.log


@pytest.fixture
def shared(shared_server: ServerProcess, folder: str, monkeypatch: pytest.MonkeyPatch) -> Target:
    """The server that all attacks are made on."""
    monkeypatch.setenv("XPCRPC_BOOTSTRAP_DIR", folder)
    return Target(shared_server, Path(folder, NAME))


async def test_the_record_format_is_the_one_that_is_spoken(shared: Target) -> None:
    """By hand and right, it is answered: so the attacks are wrong where they mean to be."""
    with HostileClient(shared.path) as client:
        client.send(record(GOOD, PLAIN | WANTS_REPLY, 7))
        answer = await asyncio.to_thread(client.reply)
        assert int.from_bytes(answer[16:24], "little") == 7
        for part in (FIRST_PART, *(fragment(n) for n in range(0, len(LARGE), FRAGMENT_BYTES))):
            client.send(part)
        client.send(record(GOOD, PLAIN | WANTS_REPLY, 8))
        answer = await asyncio.to_thread(client.reply)
        assert int.from_bytes(answer[16:24], "little") == 8


async def test_random_changes_never_end_the_server(shared: Target) -> None:
    """2,000 records with bytes changed: answered or dropped, and it serves on."""
    chance = random.Random(11)
    whole = record(
        encode({"a": [1, "two", {"b": b"three", "c": 1.5}], "d": None}), PLAIN | WANTS_REPLY
    )
    before = await shared.ask()
    client = HostileClient(shared.path)
    for _ in range(2000):
        data = bytearray(whole[: chance.choice((len(whole), chance.randrange(1, len(whole))))])
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.choice((0, 1, 0xFF, chance.randrange(256)))
        try:
            client.send(bytes(data))
        except ConnectionError:
            client.close()
            client = HostileClient(shared.path)
    client.close()
    after = await shared.ask()
    assert after["pid"] == before["pid"]
    await shared.descriptors(before["descriptors"])


async def test_unasked_replies_change_nothing(shared: Target) -> None:
    """Of any id; they are nobody's, and no fault is logged."""
    lines = len(shared.lines())
    with HostileClient(shared.path) as client:
        for number in range(50):
            client.send(record(GOOD, ALWAYS | MESSAGE | REPLY, number))
        client.send(record(GOOD, PLAIN | WANTS_REPLY, 99))
        answer = await asyncio.to_thread(client.reply)
        assert int.from_bytes(answer[16:24], "little") == 99
    assert len(shared.lines()) == lines


async def test_half_handshakes_are_nobody(target: Target) -> None:
    """500 sockets that connect and say nothing cost a descriptor each, and no more."""
    before = (await target.ask())["descriptors"]
    silent = [HostileClient(target.path) for _ in range(500)]
    report = await target.ask()
    assert isinstance(before, int)
    assert int(str(report["descriptors"])) >= before + 500
    for each in silent:
        each.close()
    await target.descriptors(before)
    assert target.lines() == []


async def test_a_peer_that_stops_reading_holds_up_nobody(target: Target) -> None:
    """It asks and never reads: what waits for it is bounded by what it asked."""
    before = await target.ask()
    with HostileClient(target.path) as greedy:
        greedy.socket.setblocking(False)
        asked = 0
        try:
            while asked < 50_000:
                greedy.send(record(GOOD, PLAIN | WANTS_REPLY, asked))
                asked += 1
                if asked % 100 == 0:
                    await asyncio.sleep(0)
        except BlockingIOError:
            pass
        after = await target.ask()
        assert after["pid"] == before["pid"]
        assert int(str(after["peak"])) - int(str(before["peak"])) < 256 * 1024 * 1024
    await target.descriptors(before["descriptors"])


async def test_a_reply_to_a_peer_that_left_is_harmless(target: Target) -> None:
    """200 that ask and go at once."""
    before = (await target.ask())["descriptors"]
    for number in range(200):
        with HostileClient(target.path) as client:
            client.send(record(GOOD, PLAIN | WANTS_REPLY, number))
    await target.descriptors(before)
    assert target.lines() == []


STRANGER = """
import socket, os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
passed = socket.socket(fileno=int(sys.argv[1]))
passed.setblocking(True)
passed.send(bytes.fromhex(sys.argv[2]))
print("closed" if passed.recv(1 << 20) == b"" else "answered")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_a_socket_passed_on_to_another_user_is_closed(target: Target) -> None:
    """The rule is held against each message's sender, not against who connected."""
    ask = record(GOOD, PLAIN | WANTS_REPLY, 5)
    with HostileClient(target.path) as client:
        client.send(ask)
        assert await asyncio.to_thread(client.reply)
        run = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", STRANGER, str(client.socket.fileno()), ask.hex()],
            pass_fds=[client.socket.fileno()],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert run.stdout.strip() == "closed", run.stderr
    (line,) = await target.logged(1)
    assert "rule" in line
    assert "65534" in line


async def test_the_same_users_process_may_be_passed_a_socket(target: Target) -> None:
    """And each message shows who really sent it."""
    program = (
        "import socket, sys; s = socket.socket(fileno=int(sys.argv[1])); s.setblocking(True);"
        "s.send(bytes.fromhex(sys.argv[2])); print(len(s.recv(1 << 20)) > 24)"
    )
    ask = record(GOOD, PLAIN | WANTS_REPLY, 5)
    with HostileClient(target.path) as client:
        client.send(ask)
        assert await asyncio.to_thread(client.reply)
        run = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", program, str(client.socket.fileno()), ask.hex()],
            pass_fds=[client.socket.fileno()],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert run.stdout.strip() == "True", run.stderr
    assert target.lines() == []
