"""Rows of the table of misuse that take more than one act: dropping, answering, forking."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Final

import pytest

from tests.conformance.harness import ABSENT, LIMIT_S, Watch, outcome, pair_of, soon
from xpcrpc.codec.frame import encode
from xpcrpc.errors import ConnectionInvalidError, MisuseError
from xpcrpc.raw import Connection, Listener
from xpcrpc.rules import Anyone
from xpcrpc.transport.xpc import XpcTransport
from xpcrpc.values import FileDescriptor

EMPTY: Final = encode({})


def test_x11_requests_are_coroutines() -> None:
    """X11: a handler cannot wait for an answer without letting the loop run."""
    assert inspect.iscoroutinefunction(Connection.request)


def _sent(connection: Connection) -> None:
    with FileDescriptor.duplicate(0) as file:
        connection.send({"file": file, "data": bytes(300_000)})
        connection.send({"file": file, "data": bytes(5_000_000)})


def _suspended(connection: Connection) -> None:
    for _ in range(3):
        connection.suspend()


def _asked(connection: Connection) -> asyncio.Future[str]:
    return asyncio.ensure_future(outcome(connection, {"never": "answered"}))


def _waiting(connection: Connection) -> asyncio.Future[None]:
    return asyncio.ensure_future(connection.barrier())


def _read(connection: Connection) -> asyncio.Future[object]:
    return asyncio.ensure_future(anext(connection))


def _cancelled(connection: Connection) -> None:
    connection.cancel()


Act = Callable[[Connection], object]
STATES: Final[dict[str, tuple[Act, ...]]] = {
    "unused": (),
    "read from": (_read,),
    "sent": (_sent,),
    "asked": (_asked,),
    "sent, asked and waited for": (_sent, _asked, _waiting, _read),
    "suspended": (_suspended,),
    "suspended, then sent": (_suspended, _sent),
    "suspended, then asked": (_suspended, _asked, _waiting),
    "sent and asked, then suspended": (_sent, _asked, _suspended),
    "cancelled": (_cancelled, _cancelled),
    "cancelled, then sent": (_cancelled, _sent, _asked),
    "suspended, then cancelled": (_suspended, _sent, _cancelled),
    "asked, then cancelled": (_sent, _asked, _waiting, _cancelled),
}


def _descriptors() -> int:
    """How many are open."""
    return len(os.listdir("/dev/fd"))


async def _quiescent() -> int:
    """How many are open once none has gone for a while."""
    found, rounds = _descriptors(), 0
    while rounds < 5:
        gc.collect()
        await asyncio.sleep(0.005)
        now = _descriptors()
        rounds = 0 if now < found else rounds + 1
        found = now
    return found


async def _come_down_to(expected: int) -> None:
    """Wait until so few are open."""
    async with asyncio.timeout(LIMIT_S):
        while _descriptors() > expected:
            gc.collect()
            await asyncio.sleep(0.005)


async def _through(connection: Connection, acts: tuple[Act, ...]) -> None:
    """Do them, and give up whatever waits: a task that waits would hold the connection."""
    tasks = [made for act in acts if isinstance(made := act(connection), asyncio.Future)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("state", STATES)
async def test_x02_x03_connections_are_dropped_in_every_state(state: str) -> None:
    """X2, X3, C-60, C-61: clients of endpoints and of names, peers; nothing of them is left."""
    acts = STATES[state]
    async with Listener.anonymous() as listener:  # what a loop makes once is there from now on
        (await pair_of(listener)).client.cancel()
    before = await _quiescent()
    async with Listener.anonymous() as listener:
        await _through(Connection.to_endpoint(listener.endpoint()), acts)
        await _through(Connection.to_service(ABSENT, rule=Anyone()), acts)
    async with Listener.anonymous() as listener:
        client = Connection.to_endpoint(listener.endpoint())
        client.send({})
        await _through(await soon(anext(listener)), acts)
        gc.collect()
        heard = Watch(client)
        async with asyncio.timeout(LIMIT_S):
            while "INVALID" not in heard.names:  # C-61: the last reference was the peer's end
                await asyncio.sleep(0.001)
        del client, heard
    del listener
    await _come_down_to(before)
    async with Listener.anonymous() as another:
        (await pair_of(another, "everything was dropped")).client.cancel()


async def test_x02_x03_listeners_are_dropped_in_every_state() -> None:
    """X2: made, activated, asked for an endpoint, cancelled, with clients that wait."""
    transport = XpcTransport.of_running_loop()
    made = [transport.listen_anonymously() for _ in range(3)]
    made[1].endpoint()
    made[2].cancel()
    listeners = [Listener.anonymous() for _ in range(3)]
    waiting = Connection.to_endpoint(listeners[1].endpoint())
    waiting.send({"nobody": "accepts"})
    listeners[2].cancel()
    del made, listeners
    gc.collect()
    assert await soon(outcome(waiting, {})) in ("INVALID", "INTERRUPTED")
    async with Listener.anonymous() as another:
        (await pair_of(another, "everything was dropped")).client.cancel()


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
    client.send(EMPTY)
    peer = await soon(anext(listener))
    peer.send({})
    async with asyncio.timeout(LIMIT_S):
        while not reported:
            await asyncio.sleep(0.001)
    assert isinstance(reported[0], ValueError)
    served = Watch(peer)
    client.send(EMPTY)
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


FORKING_TO_END = """
import asyncio, gc, multiprocessing, os, sys, warnings
from xpcrpc.raw import Connection, Listener
from xpcrpc.values import FileDescriptor, SharedMemory

kept = {}

async def main():
    kept["listener"] = listener = Listener.anonymous()
    kept["client"] = client = Connection.to_endpoint(listener.endpoint())
    kept["memory"] = SharedMemory.create(4096)
    kept["pending"] = asyncio.ensure_future(client.request({"end": listener.endpoint()}))
    client.send({"memory": kept["memory"]})
    kept["peer"] = peer = await anext(listener)
    kept["events"] = [await anext(peer), await anext(peer)]
    client.suspend()
    client.send({"waits": True})

def work(drops):
    if drops:
        kept.clear()
        gc.collect()
    sys.exit(7)

warnings.simplefilter("ignore")  # that a process with threads forks, which this one has not
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
for drops in (True, False):
    child = os.fork()
    if not child:
        work(drops)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    process = multiprocessing.get_context("fork").Process(target=work, args=(drops,))
    process.start()
    process.join()
    print(process.exitcode, flush=True)

async def go_on():
    kept["client"].resume()
    print((await anext(kept["peer"])).values, flush=True)
    [each.reply({}) for each in kept["events"] if each.expects_reply]
    print(await kept["pending"], flush=True)

loop.run_until_complete(go_on())
"""


def _run(program: str) -> tuple[int, str, str]:
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return run.returncode, run.stdout, run.stderr


def test_x36_a_forked_child_is_told_to_spawn() -> None:
    """X36: old and new connections alike; the parent goes on."""
    status, said, errors = _run(FORKING)
    assert (status, said) == (0, "0\n"), errors


def test_x36_a_forked_child_ends_as_it_wants_and_harms_nobody() -> None:
    """Everything of its parent's is finalised there, at once or with the interpreter."""
    status, said, errors = _run(FORKING_TO_END)
    assert status == 0, errors
    assert said.splitlines() == ["7"] * 4 + ["{'waits': True}", "{}"], errors
    assert "Exception ignored" not in errors
