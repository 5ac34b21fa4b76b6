"""X1 to X38: what ends a C program is an exception here, or cannot be written at all.

Each row of section 9 of the contract is either an act and the exception that
comes before any call of libxpc, or the reason why Python has no such act.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import mmap
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Final

import pytest
from attrs import frozen

from tests.conformance.harness import LIMIT_S, MACOS, Watch, outcome, pair_of, soon
from xpcrpc import raw
from xpcrpc.errors import (
    ConnectionInvalidError,
    EncodeError,
    MisuseError,
    ServiceConfigurationError,
    XpcRpcError,
)
from xpcrpc.native import lib
from xpcrpc.raw import Connection, Listener
from xpcrpc.rules import All, Anyone, Entitlement, Identifier, Lwcr, Team, Uid
from xpcrpc.transport.xpc import XpcTransport
from xpcrpc.transport.xpc_requirement import macos_plan
from xpcrpc.values import FileDescriptor, SharedMemory, Value


@frozen
class Bench:
    """What acts of misuse are done to."""

    listener: Listener
    client: Connection
    transport: XpcTransport


@frozen
class Refused:
    """An act, and the exception that tells what to do instead."""

    number: int
    title: str
    act: Callable[[Bench], object]
    error: type[XpcRpcError]
    match: str


@frozen
class Impossible:
    """Words that no name of the public API or of the extension may hold, and why."""

    number: int
    title: str
    words: tuple[str, ...]
    reason: str


def _twice_ruled(bench: Bench) -> None:
    connection = bench.transport.connect_endpoint(bench.listener.endpoint(), rule=Anyone())
    connection.require(Anyone())


def _ruled_late(bench: Bench) -> None:
    connection = bench.transport.connect_endpoint(bench.listener.endpoint())
    connection.set_event_handler(lambda event: None)
    connection.activate()
    connection.require(Anyone())


def _foreign_memory(size: int) -> SharedMemory:
    return SharedMemory(memoryview(bytearray(size)), release=lambda: None)


def _part_of_a_mapping() -> SharedMemory:
    return SharedMemory(memoryview(mmap.mmap(-1, 8192))[4096:], release=lambda: None)


def _cycle() -> dict[str, Value]:
    inner: list[Value] = []
    inner.append(inner)
    return {"in": inner}


def _deep() -> dict[str, Value]:
    value: Value = 1
    for _ in range(5000):
        value = [value]
    return {"in": value}


def _closed() -> FileDescriptor:
    file = FileDescriptor(os.open(os.devnull, os.O_RDONLY))
    file.close()
    file.close()  # harmless: one owner, one number
    return file


def _send(make: Callable[[], object]) -> Callable[[Bench], object]:
    return lambda bench: bench.client.send(make())  # type: ignore[arg-type]


OTHER_RULE = Uid("self") if MACOS else Team("self")

REFUSED: Final = [
    Refused(4, "resume below zero", lambda b: b.client.resume(), MisuseError, "suspend"),
    Refused(
        5,
        "activate without a handler",
        lambda b: b.transport.connect("org.example.none").activate(),
        MisuseError,
        "handler",
    ),
    Refused(8, "a list as the message", _send(list), EncodeError, "dict"),
    Refused(8, "an error as the message", _send(ConnectionInvalidError), EncodeError, "dict"),
    Refused(12, "a second rule", _twice_ruled, MisuseError, "one peer rule"),
    Refused(12, "a rule after activation", _ruled_late, MisuseError, "before it is activated"),
    Refused(
        13,
        "an entitlement's value of another type",
        lambda b: macos_plan(Entitlement("e", value=1.5)),  # type: ignore[arg-type]
        ServiceConfigurationError,
        "bool",
    ),
    Refused(
        13,
        "a requirement that is no dictionary",
        lambda b: macos_plan(Lwcr(["no"])),  # type: ignore[arg-type]
        ServiceConfigurationError,
        "dictionary",
    ),
    Refused(
        13,
        "rules that no one requirement can state",
        lambda b: macos_plan(All((Entitlement("e", value=True), Identifier("x")))),
        ServiceConfigurationError,
        "Requirement",
    ),
    Refused(
        30,
        "an unbalanced transaction",
        lambda b: b.transport.end_transaction(),
        MisuseError,
        "begin_transaction",
    ),
    Refused(
        14,
        "memory that is no mapping",
        _send(lambda: {"m": _foreign_memory(mmap.PAGESIZE)}),
        EncodeError,
        "SharedMemory.create",
    ),
    Refused(
        14,
        "a part of a mapping",
        _send(lambda: {"m": _part_of_a_mapping()}),
        EncodeError,
        "SharedMemory.create",
    ),
    Refused(17, "a key that is None", _send(lambda: {None: 1}), EncodeError, "key"),
    Refused(17, "a key that is bytes", _send(lambda: {b"k": 1}), EncodeError, "key"),
    Refused(
        20,
        "no endpoint",
        lambda b: Connection.to_endpoint("e"),  # type: ignore[arg-type]
        MisuseError,
        "Listener.endpoint",
    ),
    Refused(20, "a value of no XPC type", _send(lambda: {"v": object()}), EncodeError, "object"),
    Refused(
        21,
        "None as a name",
        lambda b: Connection.to_service(None),  # type: ignore[arg-type]
        MisuseError,
        "str",
    ),
    Refused(
        21,
        "None as an endpoint",
        lambda b: Connection.to_endpoint(None),  # type: ignore[arg-type]
        MisuseError,
        "endpoint",
    ),
    Refused(
        35,
        "a rule that this system's libxpc cannot hold",
        lambda b: Connection.to_endpoint(b.listener.endpoint(), rule=OTHER_RULE),
        ServiceConfigurationError,
        "rule",
    ),
    Refused(
        37, "a NUL in a name", lambda b: Connection.to_service("a\0b"),
        ServiceConfigurationError, "NUL",
    ),
    Refused(37, "a NUL in text", _send(lambda: {"t": "a\0b"}), EncodeError, "NUL"),
    Refused(37, "a NUL in a key", _send(lambda: {"a\0b": 1}), EncodeError, "NUL"),
    Refused(37, "a closed descriptor", _send(lambda: {"f": _closed()}), EncodeError, "closed"),
    Refused(38, "a cycle", _send(_cycle), EncodeError, "deep|itself"),
    Refused(38, "extreme nesting", _send(_deep), EncodeError, "deep"),
]  # fmt: skip

IMPOSSIBLE: Final = [
    Impossible(1, "over-release", ("retain",), "objects own their reference; __del__ gives it up"),
    Impossible(
        7, "set_target_queue after activation", ("queue",), "the bridge sets it, before activation"
    ),
    Impossible(
        9, "a reply on another connection", ("create_reply",), "a reply is a method of its request"
    ),
    Impossible(11, "a synchronous send in a handler", ("sync",), "requests are awaited"),
    Impossible(15, "mutation inside apply", ("apply",), "containers arrive as dict and list"),
    Impossible(18, "a length that does not fit", ("data_create",), "lengths come from objects"),
    Impossible(23, "a finalizer that touches its connection", ("finalizer", "context"), "hidden"),
    Impossible(26, "a block freed while libxpc has it", ("block",), "freed by its dispose helper"),
    Impossible(28, "xpc_main outside a bundled service", ("main",), "not bound"),
    Impossible(29, "an event stream handler twice", ("stream",), "not bound"),
    Impossible(31, "an inactive session used", ("session",), "not bound"),
    Impossible(32, "a session released uncancelled", ("session",), "not bound"),
    Impossible(33, "a session activated twice", ("session",), "not bound"),
    Impossible(34, "a session left without handler", ("session",), "not bound"),
]

ELSEWHERE: Final = {
    2: "test_x02_x03_connections_are_dropped_in_every_state",
    3: "test_x02_x03_connections_are_dropped_in_every_state",
    6: "test_x06_a_peer_that_is_not_accepted_is_cancelled",
    10: "test_x10_a_reply_is_sent_once",
    16: "test_x16_an_index_out_of_range_is_pythons_own_error",
    19: "test_x19_only_listeners_make_endpoints",
    22: "test_x22_errors_are_not_dictionaries",
    24: "test_x24_an_event_outlives_its_handler",
    25: "test_x25_a_connection_may_be_cancelled_before_it_is_used",
    27: "test_x27_an_exception_in_a_handler_stays_in_python",
    36: "test_x36_a_forked_child_is_told_to_spawn",
}


def test_every_row_of_the_contract_is_here() -> None:
    """38 rows, each refused, impossible, or a test below."""
    rows = {row.number for row in REFUSED} | {row.number for row in IMPOSSIBLE} | set(ELSEWHERE)
    assert rows == set(range(1, 39))
    assert all(name in globals() for name in ELSEWHERE.values())


@pytest.mark.parametrize("row", REFUSED, ids=[f"x{row.number:02} {row.title}" for row in REFUSED])
async def test_misuse_is_refused(row: Refused, listener: Listener) -> None:
    """The exception comes, says what to do, and the connection goes on."""
    pair = await pair_of(listener)
    with pytest.raises(row.error, match=row.match) as caught:
        row.act(Bench(listener, pair.client, XpcTransport.of_running_loop()))
    assert len(str(caught.value).split()) > 2, "words, please"
    pair.client.send({"still": "here"})
    served = Watch(pair.peer)
    await served.until_messages(1)
    assert served.values == [{"still": "here"}]
    pair.client.cancel()


@pytest.mark.parametrize(
    "row", IMPOSSIBLE, ids=[f"x{row.number:02} {row.title}" for row in IMPOSSIBLE]
)
def test_misuse_cannot_be_written(row: Impossible) -> None:
    """No such function in the extension, no such method in the raw layer."""
    names = [name.lower() for name in dir(lib)]
    for public in raw.__all__:
        names += [name.lower() for name in dir(getattr(raw, public)) if name[0] != "_"]
    for word in row.words:
        assert not [name for name in names if word in name.split("_") or f"_{word}" in name], (
            row.reason
        )


def test_x11_requests_are_coroutines() -> None:
    """X11: a handler cannot wait for an answer without letting the loop run."""
    assert inspect.iscoroutinefunction(Connection.request)


async def test_x02_x03_connections_are_dropped_in_every_state(listener: Listener) -> None:
    """X2, X3, C-60: inactive, active, suspended, cancelled, with sends and requests waiting."""
    transport = XpcTransport.of_running_loop()
    for suspends in (0, 1, 3):
        for state in ("made", "handler", "active", "sent", "asked", "cancelled"):
            connection = transport.connect_endpoint(listener.endpoint())
            step = ("made", "handler", "active", "sent", "asked", "cancelled").index(state)
            frame = b"\x42\x37\x13\x42\5\0\0\0\0\xf0\0\0\4\0\0\0\0\0\0\0"
            for _ in range(suspends):
                connection.suspend()
            if step >= 1:
                connection.set_event_handler(lambda event: None)
            if step >= 2:
                connection.activate()
            if step >= 3:
                connection.send(frame)
            if step >= 4:
                connection.request(frame, (), lambda event: None)
            if step >= 5:
                connection.cancel()
            del connection
            gc.collect()
    made = [transport.listen_anonymously() for _ in range(3)]
    made[1].endpoint()
    made[2].cancel()
    del made
    gc.collect()
    async with Listener.anonymous() as another:
        pair = await pair_of(another, "everything was dropped")
        pair.client.cancel()


async def test_x06_a_peer_that_is_not_accepted_is_cancelled() -> None:
    """X6, C-105."""
    made = XpcTransport.of_running_loop().listen_anonymously()
    made.activate(lambda peer: None, lambda error: None)
    async with Connection.to_endpoint(made.endpoint()) as client:
        assert await soon(outcome(client, {})) in ("INVALID", "INTERRUPTED")
    made.cancel()


async def test_x10_a_reply_is_sent_once(listener: Listener) -> None:
    """X10, C-133; after a drop it is too late as well."""
    pair = await pair_of(listener)
    served = Watch(pair.peer)
    first, second = await pair.ask({}, served), await pair.ask({}, served)
    served.messages[0].reply({})
    served.messages[1].drop()
    for message in served.messages:
        with pytest.raises(MisuseError, match="already"):
            message.reply({})
    assert [await soon(first), await soon(second)][0] == "reply"
    pair.client.cancel()


async def test_x16_an_index_out_of_range_is_pythons_own_error(listener: Listener) -> None:
    """X16: arrays arrive as lists."""
    pair = await pair_of(listener)
    served = Watch(pair.peer)
    pair.client.send({"array": [1]})
    array = (await served.until_messages(1))[0].values["array"]
    assert isinstance(array, list)
    with pytest.raises(IndexError):
        array[1]
    pair.client.cancel()


async def test_x19_only_listeners_make_endpoints(listener: Listener) -> None:
    """X19, C-150."""
    pair = await pair_of(listener)
    assert not hasattr(pair.client, "endpoint")
    assert not hasattr(pair.peer, "endpoint")
    pair.client.cancel()


async def test_x22_errors_are_not_dictionaries(listener: Listener) -> None:
    """X22, C-25: an error is an exception of Python; there is nothing to modify."""
    async with Connection.to_service("org.example.xpcrpc.nobody", rule=Anyone()) as client:
        with pytest.raises(ConnectionInvalidError) as caught:
            await client.request({}, timeout_s=LIMIT_S)
    assert not hasattr(caught.value, "__setitem__")


async def test_x24_an_event_outlives_its_handler(listener: Listener) -> None:
    """X24, C-66: what was received stays whole, after its connection too."""
    pair = await pair_of(listener)
    served = Watch(pair.peer)
    pair.client.send({"data": bytes(200_000), "text": "kept"})
    kept = (await served.until_messages(1))[0].values
    pair.client.cancel()
    await served.until("INVALID")
    gc.collect()
    assert kept == {"data": bytes(200_000), "text": "kept"}


async def test_x25_a_connection_may_be_cancelled_before_it_is_used(listener: Listener) -> None:
    """X25, OQ-10: and its end is told."""
    client = Connection.to_endpoint(listener.endpoint())
    client.cancel()
    heard = Watch(client)
    await heard.until("INVALID")
    assert await outcome(client, {}) == "INVALID"


async def test_x27_an_exception_in_a_handler_stays_in_python(listener: Listener) -> None:
    """X27: it goes to the loop's exception handler; the connection lives."""
    transport = XpcTransport.of_running_loop()
    client = transport.connect_endpoint(listener.endpoint())
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: reported.append(context.get("exception"))
    )

    def fail(event: object) -> None:
        raise ValueError("in a handler")

    client.set_event_handler(fail)
    client.activate()
    client.send(b"\x42\x37\x13\x42\5\0\0\0\0\xf0\0\0\4\0\0\0\0\0\0\0")
    peer = await soon(anext(listener))
    peer.send({})
    async with asyncio.timeout(LIMIT_S):
        while not reported:
            await asyncio.sleep(0.001)
    assert isinstance(reported[0], ValueError)
    served = Watch(peer)
    client.send(b"\x42\x37\x13\x42\5\0\0\0\0\xf0\0\0\4\0\0\0\0\0\0\0")
    await served.until_messages(2)
    client.set_event_handler(lambda event: None)
    client.cancel()


FORKING = """
import asyncio, os, sys
from xpcrpc.raw import Connection, Listener, terminate
from xpcrpc.errors import MisuseError

async def fresh():
    Listener.anonymous()

async def end():
    terminate()

def child(client, listener, endpoint):
    acts = [
        lambda: client.send({}),
        lambda: client.suspend(),
        lambda: client.cancel(),
        lambda: listener.endpoint(),
        lambda: asyncio.run(fresh()),
        lambda: asyncio.run(end()),
    ]
    told = 0
    for act in acts:
        try:
            act()
        except MisuseError as error:
            assert "spawn" in str(error), error
            told += 1
    client.peer, client.invalidation_reason
    return told == len(acts)

async def main():
    listener = Listener.anonymous()
    client = Connection.to_endpoint(listener.endpoint())
    client.send({})
    peer = await anext(listener)
    pid = os.fork()
    if pid == 0:
        asyncio.set_event_loop(None)
        asyncio._set_running_loop(None)
        os._exit(0 if child(client, listener, listener._listener) else 1)
    _, status = os.waitpid(pid, 0)
    client.send({"n": 2})
    await anext(peer)
    await anext(peer)
    print(os.waitstatus_to_exitcode(status))

asyncio.run(main())
"""


def test_x36_a_forked_child_is_told_to_spawn() -> None:
    """X36: old and new connections alike; the parent goes on."""
    run = subprocess.run(
        [sys.executable, "-c", FORKING],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, "0\n"), run.stderr
