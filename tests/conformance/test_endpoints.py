"""T-9 and T-22: anonymous listeners and the endpoints that lead to them."""

from __future__ import annotations

import asyncio

import pytest

from tests.conformance.conftest import Observe
from tests.conformance.harness import LIMIT_S, MACOS, Watch, name_of, outcome, pair_of, quiet, soon
from xpcrpc.codec.frame import decode, encode
from xpcrpc.errors import MisuseError, TransportError
from xpcrpc.raw import Connection, Listener
from xpcrpc.transport.base import ReceivedFrame
from xpcrpc.transport.xpc import XpcTransport
from xpcrpc.transport.xpc_connection import XpcConnection
from xpcrpc.values import Endpoint


async def test_t09_listener_cancelled(listener: Listener, observe: Observe) -> None:
    """C-93, C-114, OQ-32: nobody further; accepted peers go on, or end once."""
    pair = await pair_of(listener)
    served, heard = Watch(pair.peer), Watch(pair.client)
    endpoint = listener.endpoint()
    listener.cancel()
    with pytest.raises(StopAsyncIteration):
        await soon(anext(listener))
    async with Connection.to_endpoint(endpoint) as newcomer:
        told = await soon(outcome(newcomer, {}))
        observe("new client", told)
        assert told == "INVALID"
    request = asyncio.ensure_future(outcome(pair.client, {}))
    if not MACOS or (await _first(served, request)) == "message":
        (await served.until_messages(1))[0].reply({})
        assert await soon(request) == "reply"
        observe("old client", "lives")
        pair.client.cancel()
        await served.until("INVALID")
    else:
        assert await soon(request) in ("INVALID", "INTERRUPTED")
        observe("old client", "ends")
    await heard.until("INVALID")


async def _first(served: Watch, request: asyncio.Future[str]) -> str:
    message = asyncio.ensure_future(served.until_messages(1))
    async with asyncio.timeout(LIMIT_S):
        while not (message.done() or request.done()):
            await asyncio.sleep(0.005)
    came = message.done()
    message.cancel()
    return "message" if came else "end"


async def test_t22_endpoints(observe: Observe) -> None:
    """C-151, C-153, C-45: made before activation, twice, sent; each client its own peer."""
    transport = XpcTransport.of_running_loop()
    made = transport.listen_anonymously()
    first, second = made.endpoint(), made.endpoint()
    assert first == second
    assert hash(first) == hash(second)
    carried = await _send_to_myself(first)
    assert carried == first
    clients = [
        Connection.to_endpoint(endpoint) for endpoint in (first, second, carried) for _ in range(2)
    ]
    for n, client in enumerate(clients):
        client.send({"client": n})
    silent = Connection.to_endpoint(first)
    peers: list[XpcConnection] = []
    said: dict[int, object] = {}
    all_came = asyncio.Event()

    def on_peer(peer: object) -> None:
        assert isinstance(peer, XpcConnection)
        number = len(peers)
        peers.append(peer)

        def handle(event: ReceivedFrame | TransportError) -> None:
            if name_of(event) == "INVALID":
                return
            assert not isinstance(event, TransportError)
            values = decode(event.frame)
            assert isinstance(values, dict)
            said[number] = values["client"]
            if len(said) == len(clients):
                all_came.set()

        peer.set_event_handler(handle)
        peer.activate()

    made.activate(on_peer, lambda error: None)
    await soon(all_came.wait())
    await quiet()
    observe("peers", len(peers))
    assert len(peers) == len(clients)
    assert sorted(str(n) for n in said.values()) == [str(n) for n in range(len(clients))]
    for connection in [*clients, silent]:
        connection.cancel()
    made.cancel()


async def _send_to_myself(endpoint: Endpoint) -> Endpoint:
    async with Listener.anonymous() as listener:
        pair = await pair_of(listener)
        served = Watch(pair.peer)
        pair.client.send({"endpoint": endpoint})
        await served.until_messages(1)
        carried = served.values[0]["endpoint"]
        assert isinstance(carried, Endpoint)
        pair.client.cancel()
        return carried


async def test_t22_no_connection_to_what_is_no_endpoint() -> None:
    """C-45, X20: refused before the call."""
    with pytest.raises((MisuseError, TypeError), match="endpoint"):
        Connection.to_endpoint("an endpoint")  # type: ignore[arg-type]


async def test_an_endpoint_keeps_its_listener_neither_alive_nor_open(observe: Observe) -> None:
    """C-155: its clients get INVALID when the listener is gone."""
    listener = Listener.anonymous()
    endpoint = listener.endpoint()
    listener.cancel()
    client = XpcTransport.of_running_loop().connect_endpoint(endpoint)
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    client.set_event_handler(lambda event: ended.set_result(name_of(event)))
    client.activate()
    client.send(encode({}))
    observe("event", await soon(ended))
    assert ended.result() == "INVALID"
