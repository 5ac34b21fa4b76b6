"""T-1, T-2, T-3, T-7, T-10, T-20, T-23, T-24: a connection's life."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import weakref

import pytest

from tests.conformance.conftest import Observe
from tests.conformance.harness import (
    LIMIT_S,
    Service,
    Watch,
    name_of,
    outcome,
    pair_of,
    quiet,
    soon,
)
from xpcrpc.codec.frame import encode
from xpcrpc.errors import EncodeError, MisuseError, TransportError
from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.transport.base import ReceivedFrame
from xpcrpc.transport.xpc import XpcTransport

Heard = ReceivedFrame | TransportError


async def test_t01_lazy_peer(listener: Listener, observe: Observe) -> None:
    """C-63, C-103: the listener hears of a client with its first message, not before."""
    coming = asyncio.ensure_future(anext(listener))
    async with Connection.to_endpoint(listener.endpoint()) as client:
        await quiet()
        observe("peer before the first message", coming.done())
        assert not coming.done()
        client.send({"n": 1})
        peer = await soon(coming)
        served = Watch(peer)
        await served.until_messages(1)
        assert served.values == [{"n": 1}]
        another = asyncio.ensure_future(anext(listener))
        await quiet()
        assert not another.done()
        another.cancel()


async def test_t02_final_invalid_once(listener: Listener, observe: Observe) -> None:
    """C-88, C-89, C-91: cancel thrice, also inside the final handler call; one INVALID."""
    transport = XpcTransport.of_running_loop()
    client = transport.connect_endpoint(listener.endpoint())
    held = [client]
    events: list[str] = []
    ended = asyncio.Event()

    def handle(event: Heard) -> None:
        events.append(name_of(event))
        held[0].cancel()
        ended.set()

    client.set_event_handler(handle)
    client.activate()
    client.send(encode({}))
    peer = Watch(await soon(anext(listener)))
    await peer.until_messages(1)
    client.cancel()
    client.cancel()
    await soon(ended.wait())
    await quiet()
    client.cancel()
    await quiet()
    observe("events", events)
    assert events == ["INVALID"]
    del client
    held.clear()
    gc.collect()


async def test_t03_send_after_cancel(listener: Listener, observe: Observe) -> None:
    """C-78: dropped without a crash; a request gets INVALID once; the server sees nothing."""
    pair = await pair_of(listener)
    served = Watch(pair.peer)
    pair.client.cancel()
    pair.client.send({"into": "the void"})
    outcomes = [await outcome(pair.client, {}), await outcome(pair.client, {})]
    await served.until("INVALID")
    await served.stays()
    observe("requests", outcomes)
    assert outcomes == ["INVALID", "INVALID"]
    assert served.messages == []


async def test_t07_client_leaves_by_cancel(listener: Listener, observe: Observe) -> None:
    """C-109, E7: the peer gets INVALID once, never INTERRUPTED; the listener sees nothing."""
    pair = await pair_of(listener)
    served = Watch(pair.peer)
    another = asyncio.ensure_future(anext(listener))
    pair.client.cancel()
    await served.until("INVALID")
    await served.stays()
    observe("peer", served.names)
    assert served.names == ["INVALID"]
    assert not another.done()
    another.cancel()


async def test_t07_client_leaves_by_its_last_reference(
    listener: Listener, observe: Observe
) -> None:
    """C-61, C-109: dropping the last reference cancels."""
    pair = await pair_of(listener)
    served = Watch(pair.peer)
    del pair
    gc.collect()
    await served.until("INVALID")
    await served.stays()
    observe("peer", served.names)


CLIENT_THAT_EXITS = """
import asyncio, os, sys
from tests.conformance.harness import LIMIT_S, NAME, OUR_OWN
from xpcrpc.raw import Connection
async def main():
    client = Connection.to_service(NAME, rule=OUR_OWN)
    await client.request({}, timeout_s=LIMIT_S)
    os._exit(0)
asyncio.run(main())
"""


@pytest.mark.launchd
async def test_t07_client_leaves_by_exit(service: Service, observe: Observe) -> None:
    """C-109: as by cancel, for a process that ends without a word."""
    async with service.connect() as watcher:
        before = await watcher.request({}, timeout_s=LIMIT_S)
        run = await asyncio.create_subprocess_exec(sys.executable, "-c", CLIENT_THAT_EXITS)
        assert await soon(run.wait()) == 0
        async with asyncio.timeout(LIMIT_S):
            while (after := await watcher.request({}))["lost peers"] != 1:
                await asyncio.sleep(0.01)
        await quiet()
        after = await watcher.request({}, timeout_s=LIMIT_S)
        observe("lost peers", after["lost peers"])
        observe("errors", after["errors"])
        assert (before["lost peers"], after["lost peers"], after["errors"]) == (0, 1, [])


async def test_t10_pending_replies_on_cancel(listener: Listener, observe: Observe) -> None:
    """C-87, C-136: five requests held, then cancel: five times INVALID, one event."""
    pair = await pair_of(listener)
    served, heard = Watch(pair.peer), Watch(pair.client)
    requests = [await pair.ask({"n": n}, served) for n in range(5)]
    pair.client.cancel()
    outcomes = await soon(asyncio.gather(*requests))
    await heard.until("INVALID")
    for message in served.messages:
        message.reply({"too": "late"})
    await heard.stays()
    observe("outcomes", outcomes)
    assert outcomes == ["INVALID"] * 5


async def test_t20_state(listener: Listener, observe: Observe) -> None:
    """C-57, C-58, C-60, C-73: what kills a C program is an exception; the process lives."""
    transport = XpcTransport.of_running_loop()
    connection = transport.connect_endpoint(listener.endpoint())
    events: list[str] = []
    connection.set_event_handler(lambda event: events.append(name_of(event)))
    connection.activate()
    connection.activate()
    with pytest.raises(MisuseError, match="suspend"):
        connection.resume()
    connection.cancel()
    inactive = transport.connect_endpoint(listener.endpoint())
    with pytest.raises(MisuseError, match="suspend"):
        inactive.resume()
    suspended = transport.connect_endpoint(listener.endpoint())
    suspended.set_event_handler(lambda event: None)
    suspended.activate()
    suspended.suspend()
    suspended.suspend()
    del inactive, suspended
    gc.collect()
    with pytest.raises(EncodeError, match="dict"):
        Connection.to_endpoint(listener.endpoint()).send("a string")  # type: ignore[arg-type]
    while not events:
        await asyncio.sleep(0.001)
    observe("events of the one that was activated twice", events)
    assert events == ["INVALID"]


DYING = """
import asyncio, sys
from xpcrpc.raw import Connection, Listener
from xpcrpc.errors import XpcRpcError
async def main():
    listener = Listener.anonymous()
    {act}
    await asyncio.sleep(0)
    print("alive")
asyncio.run(main())
"""


@pytest.mark.parametrize(
    "act",
    [
        "Connection.to_endpoint(listener.endpoint())",
        "c = Connection.to_endpoint(listener.endpoint()); c.suspend(); del c",
        (
            "c = Connection.to_endpoint(listener.endpoint()); c.suspend(); c.resume()\n"
            "    try: c.resume()\n"
            "    except XpcRpcError: pass"
        ),
        (
            "c = Connection.to_endpoint(listener.endpoint())\n"
            "    try: c.send('text')\n"
            "    except XpcRpcError: pass"
        ),
    ],
    ids=["released inactive", "released suspended", "resumed twice", "sent a string"],
)
def test_t20_state_in_a_process_of_its_own(act: str) -> None:
    """X2 to X4, X8: each kills a C program; the Python process ends by itself."""
    run = subprocess.run(
        [sys.executable, "-c", DYING.format(act=act)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, "alive\n"), run.stderr


async def test_t23_credentials(listener: Listener, observe: Observe) -> None:
    """C-98, C-99: nothing before traffic; right on the peer at once, on the client by a reply."""
    client = Connection.to_endpoint(listener.endpoint())
    before = client.peer
    observe("before", [before.pid, before.euid, before.egid, before.asid])
    assert (before.pid, before.euid, before.egid, before.asid) == (0, *[2**32 - 1] * 3)
    request = asyncio.ensure_future(client.request({}, timeout_s=LIMIT_S))
    peer = await soon(anext(listener))
    own = (os.getpid(), os.geteuid(), os.getegid())
    observe("right on the peer", (peer.peer.pid, peer.peer.euid, peer.peer.egid) == own)
    assert (peer.peer.pid, peer.peer.euid, peer.peer.egid) == own
    message = await soon(anext(peer))
    assert isinstance(message, ReceivedMessage)
    assert (message.sender.pid, message.sender.euid, message.sender.egid) == own
    message.reply({})
    await request
    assert (client.peer.pid, client.peer.euid, client.peer.egid) == own
    client.cancel()


async def test_t24_last_release_in_handler(listener: Listener, observe: Observe) -> None:
    """C-70, C-96, C-102: the handler may drop what it runs for; the end comes after it."""
    transport = XpcTransport.of_running_loop()
    held = [transport.connect_endpoint(listener.endpoint())]
    order: list[str] = []
    reasons = [held[0].reason()]
    ended = asyncio.Event()
    weakref.finalize(held[0], order.append, "finalised")

    def handle(event: Heard) -> None:
        reasons.append(held[0].reason())
        held.clear()
        gc.collect()
        order.append("handled")
        asyncio.get_running_loop().call_soon(ended.set)

    held[0].set_event_handler(handle)
    held[0].activate()
    held[0].cancel()
    await soon(ended.wait())
    gc.collect()
    observe("order", order)
    observe("reasons", [reason is not None for reason in reasons])
    assert order == ["handled", "finalised"]
    assert reasons[0] is None
    assert reasons[1]


async def test_a_request_after_the_end_is_told_even_while_suspended(listener: Listener) -> None:
    """C-78, C-121: an ended connection holds nothing back."""
    pair = await pair_of(listener)
    served = Watch(pair.peer)
    pair.client.cancel()
    await served.until("INVALID")
    pair.peer.suspend()
    assert await soon(outcome(pair.peer, {})) == "INVALID"
    pair.peer.resume()
    with pytest.raises(MisuseError, match="suspend"):
        pair.peer.resume()
