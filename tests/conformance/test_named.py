"""T-4, T-5, T-6, T-8, T-21: named services that die, drop peers, or do not exist."""

from __future__ import annotations

import asyncio

import pytest

from tests.conformance.conftest import Observe
from tests.conformance.harness import (
    ABSENT,
    LIMIT_S,
    MACOS,
    OUR_OWN,
    Service,
    Watch,
    outcome,
    permitted,
    soon,
)
from xpcrpc.errors import ConnectionInvalidError
from xpcrpc.raw import Connection, Listener
from xpcrpc.values import Endpoint

pytestmark = pytest.mark.launchd


async def test_t04_relaunch(service: Service, observe: Observe) -> None:
    """C-118: one INTERRUPTED, no INVALID; the next request is answered by a new process."""
    async with service.connect() as client:
        heard = Watch(client)
        first = await client.request({}, timeout_s=LIMIT_S)
        await service.die(client)
        await heard.until("INTERRUPTED")
        second = await client.request({}, timeout_s=LIMIT_S)
        await heard.stays()
        observe("events", heard.names)
        observe("another process", first["pid"] != second["pid"])
        assert heard.names == ["INTERRUPTED"]
        assert first["pid"] != second["pid"]


async def test_t05_interrupted_empties_the_queue(service: Service, observe: Observe) -> None:
    """C-119: replies INTERRUPTED, each once; what had no reply is gone; nothing goes again."""
    async with service.connect() as client, service.connect() as other:
        heard = Watch(client)
        in_flight = asyncio.ensure_future(outcome(client, {"do": "hold"}))
        await client.request({}, timeout_s=LIMIT_S)  # in order: the one before has arrived
        client.suspend()
        for n in range(3):
            client.send({"do": "note", "n": n})
        queued = asyncio.ensure_future(outcome(client, {}))
        await asyncio.sleep(0)
        await service.die(other)
        client.resume()
        outcomes = [await soon(in_flight), await soon(queued)]
        observe("outcomes", outcomes)
        await heard.until("INTERRUPTED")
        report = await client.request({}, timeout_s=LIMIT_S)
        observe("notes", report["notes"])
        if not MACOS:  # advisory there
            assert outcomes == ["INTERRUPTED", "INTERRUPTED"]
            assert report["notes"] == []


async def test_t06_server_drops_peer(service: Service, observe: Observe) -> None:
    """E3, C-88: INTERRUPTED, not INVALID; the next send makes a new peer."""
    async with service.connect() as client:
        heard = Watch(client)
        before = await client.request({}, timeout_s=LIMIT_S)
        told = await soon(outcome(client, {"do": "cancel this peer"}))
        await heard.until("INTERRUPTED")
        async with asyncio.timeout(LIMIT_S):
            while (after := await client.request({}))["lost peers"] != 1:
                await asyncio.sleep(0.01)
        observe("request", told)
        observe("events", heard.names)
        observe("same process", before["pid"] == after["pid"])
        observe("peers", after["peers"])
        assert told == "INTERRUPTED"
        assert heard.names == ["INTERRUPTED"]
        assert (before["pid"], before["peers"]) == (after["pid"], 1)
        assert after["peers"] == 2


async def test_t08_endpoint_listener_dies(service: Service, observe: Observe) -> None:
    """E5, C-156: INVALID on the client, and it never reconnects."""
    async with service.connect() as client:
        reply = await client.request({"do": "give an endpoint"}, timeout_s=LIMIT_S)
        endpoint = reply["endpoint"]
        assert isinstance(endpoint, Endpoint)
        async with Connection.to_endpoint(endpoint) as guest:
            heard = Watch(guest)
            assert await soon(outcome(guest, {})) == "reply"
            held = asyncio.ensure_future(outcome(guest, {"do": "hold"}))
            await guest.request({}, timeout_s=LIMIT_S)
            await service.die(client)
            told = await soon(held)
            async with asyncio.timeout(LIMIT_S):
                while "INVALID" not in heard.names:
                    await asyncio.sleep(0.01)
            await heard.stays()
            observe("pending", told)
            observe("events", heard.names)
            assert permitted(told, linux="INVALID", macos=("INVALID", "INTERRUPTED"))
            assert heard.names == ["INVALID"] or (  # OQ-1
                MACOS and heard.names == ["INTERRUPTED", "INVALID"]
            )
            assert await soon(outcome(guest, {})) == "INVALID"
        assert await soon(outcome(client, {})) == "reply"  # by a new instance
        async with Connection.to_endpoint(endpoint) as late:
            assert await soon(outcome(late, {})) == "INVALID"


async def test_t21_missing_name(observe: Observe) -> None:
    """C-51: made all the same; then one INVALID, for pending requests too."""
    client = Connection.to_service(ABSENT, rule=OUR_OWN)
    heard = Watch(client)
    outcomes = await soon(asyncio.gather(*(outcome(client, {"n": n}) for n in range(3))))
    await heard.until("INVALID")
    await heard.stays()
    observe("requests", outcomes)
    observe("events", heard.names)
    assert outcomes == ["INVALID"] * 3


@pytest.mark.skipif(not MACOS, reason="on Linux whoever may write the directory has its names")
async def test_t21_listener_of_a_missing_name(observe: Observe) -> None:
    """C-110, OQ-12: one INVALID, and no trap."""
    listener = Listener.named(ABSENT, rule=OUR_OWN)
    with pytest.raises(ConnectionInvalidError) as caught:
        await soon(anext(listener))
    observe("reason given", bool(caught.value.reason))


async def test_t21_taken_name(service: Service, observe: Observe) -> None:
    """C-110, C-111: a second listener gets one INVALID; the first one serves on."""
    async with service.connect() as client:
        before = await client.request({}, timeout_s=LIMIT_S)
        again = await client.request({"do": "listen to the same name"}, timeout_s=LIMIT_S)
        observe("in the same process", again["error"])
        assert again == {"error": "ConnectionInvalidError"}
        intruder = Listener.named(service.name, rule=OUR_OWN)
        with pytest.raises(ConnectionInvalidError):
            await soon(anext(intruder))
        with pytest.raises(ConnectionInvalidError):
            await soon(anext(intruder))
        after = await client.request({}, timeout_s=LIMIT_S)
        assert before["pid"] == after["pid"]


async def test_what_was_sent_before_death_arrives_before_the_error(
    service: Service, observe: Observe
) -> None:
    """C-129."""
    async with service.connect() as client:
        heard = Watch(client)
        await client.request({}, timeout_s=LIMIT_S)
        client.send({"do": "send and die"})
        await heard.until("INTERRUPTED")
        observe("events", heard.names)
        assert heard.names == ["message"] * 3 + ["INTERRUPTED"]
