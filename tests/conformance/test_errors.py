"""E1 to E12: for each cause, what the handler, the pending replies and later sends get."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.conformance.conftest import Observe
from tests.conformance.harness import (
    ABSENT,
    LIMIT_S,
    MACOS,
    OUR_OWN,
    Service,
    Watch,
    gone,
    outcome,
    pair_of,
    permitted,
    soon,
)
from xpcrpc.errors import ConnectionInvalidError
from xpcrpc.raw import Connection, Listener
from xpcrpc.rules import PeerRule, Requirement, Uid
from xpcrpc.values import Endpoint

NOBODY_MEETS: PeerRule = (
    Requirement('anchor apple and identifier "org.example.xpcrpc.nobody"') if MACOS else Uid(54321)
)
EITHER = ("INTERRUPTED", "INVALID")


@pytest.mark.launchd
async def test_e01_name_does_not_exist(observe: Observe) -> None:
    """INVALID to the handler, to pending and to later requests; sends are dropped."""
    client = Connection.to_service(ABSENT, rule=OUR_OWN)
    heard = Watch(client)
    pending = asyncio.ensure_future(outcome(client, {}))
    await heard.until("INVALID")
    client.send({"dropped": True})
    told = [await soon(pending), await soon(outcome(client, {}))]
    await heard.stays()
    observe("requests", told)
    assert told == ["INVALID", "INVALID"]


@pytest.mark.launchd
async def test_e02_service_dies(service: Service, observe: Observe) -> None:
    """INTERRUPTED to both; a later send starts it again, with a new peer."""
    async with service.connect() as client, service.connect() as other:
        heard = Watch(client)
        pending = asyncio.ensure_future(outcome(client, {"do": "hold"}))
        await client.request({}, timeout_s=LIMIT_S)
        await service.die(other)
        await heard.until("INTERRUPTED")
        told = [await soon(pending), await soon(outcome(client, {}))]
        observe("requests", told)
        observe("events", heard.names)
        assert told == ["INTERRUPTED", "reply"]


@pytest.mark.launchd
async def test_e03_server_cancels_the_peer_of_a_named_client(
    service: Service, observe: Observe
) -> None:
    """As E2, and the process stays."""
    async with service.connect() as client:
        heard = Watch(client)
        pid = (await client.request({}, timeout_s=LIMIT_S))["pid"]
        told = await soon(outcome(client, {"do": "cancel this peer"}))
        await heard.until("INTERRUPTED")
        assert (await client.request({}, timeout_s=LIMIT_S))["pid"] == pid
        observe("pending", told)
        assert told == "INTERRUPTED"


@pytest.mark.launchd
async def test_e04_job_unloaded(service: Service, observe: Observe) -> None:
    """INTERRUPTED, then INVALID, on Linux by the next send at the latest."""
    async with service.connect() as client:
        heard = Watch(client)
        pending = asyncio.ensure_future(outcome(client, {"do": "hold"}))
        await client.request({}, timeout_s=LIMIT_S)
        await asyncio.to_thread(service.unload)
        told = await soon(pending)
        later = await soon(outcome(client, {}))
        await heard.until("INTERRUPTED", "INVALID")
        observe("requests", [told, later])
        observe("events", heard.names)
        assert told == "INTERRUPTED"
        assert later == "INVALID"


@pytest.mark.launchd
async def test_e05_listening_process_of_an_endpoint_dies(
    service: Service, observe: Observe
) -> None:
    """INVALID; OQ-1 for the pending reply."""
    async with service.connect() as client:
        reply = await client.request({"do": "give an endpoint"}, timeout_s=LIMIT_S)
        endpoint = reply["endpoint"]
        assert isinstance(endpoint, Endpoint)
        async with Connection.to_endpoint(endpoint) as guest:
            heard = Watch(guest)
            pending = asyncio.ensure_future(outcome(guest, {"do": "hold"}))
            await guest.request({}, timeout_s=LIMIT_S)
            await service.die(client)
            told, later = await soon(pending), await soon(outcome(guest, {}))
            async with asyncio.timeout(LIMIT_S):
                while "INVALID" not in heard.names:
                    await asyncio.sleep(0.005)
            observe("pending", told)
            observe("events", heard.names)
            assert permitted(told, linux="INVALID", macos=EITHER)
            assert heard.names == ["INVALID"] or (MACOS and set(heard.names) == set(EITHER))
            assert later == "INVALID"


async def test_e06_server_cancels_the_peer_of_an_endpoint_client(
    listener: Listener, observe: Observe
) -> None:
    """INVALID; OQ-1 for the pending reply and an INTERRUPTED before."""
    pair = await pair_of(listener)
    served, heard = Watch(pair.peer), Watch(pair.client)
    pending = await pair.ask({}, served)
    pair.peer.cancel()
    told, later = await soon(pending), await soon(outcome(pair.client, {}))
    async with asyncio.timeout(LIMIT_S):
        while "INVALID" not in heard.names:
            await asyncio.sleep(0.005)
    observe("pending", told)
    observe("events", heard.names)
    assert permitted(told, linux="INVALID", macos=EITHER)
    assert heard.names == ["INVALID"] or (MACOS and heard.names == ["INTERRUPTED", "INVALID"])
    assert later == "INVALID"


async def test_e07_client_goes(listener: Listener, observe: Observe) -> None:
    """The peer: INVALID, and so for what it had asked its client."""
    pair = await pair_of(listener)
    served, heard = Watch(pair.peer), Watch(pair.client)
    pending = asyncio.ensure_future(outcome(pair.peer, {"client": "?"}))
    await heard.until_messages(1)
    pair.client.cancel()
    await served.until("INVALID")
    told = [await soon(pending), await soon(outcome(pair.peer, {}))]
    pair.peer.send({"dropped": True})
    observe("requests", told)
    assert told == ["INVALID", "INVALID"]


async def test_e08_local_cancel(listener: Listener, observe: Observe) -> None:
    """INVALID once, for all."""
    pair = await pair_of(listener)
    served, heard = Watch(pair.peer), Watch(pair.client)
    pending = await pair.ask({}, served)
    pair.client.cancel()
    pair.client.cancel()
    await heard.until("INVALID")
    told = [await soon(pending), await soon(outcome(pair.client, {}))]
    await heard.stays()
    observe("requests", told)
    assert told == ["INVALID", "INVALID"]


async def test_e09_request_dropped_unanswered(listener: Listener, observe: Observe) -> None:
    """Nothing to the handler; the requester is told; the connection is usable (OQ-2)."""
    pair = await pair_of(listener)
    served, heard = Watch(pair.peer), Watch(pair.client)
    pending = await pair.ask({}, served)
    served.messages.pop().drop()
    told = await soon(pending)
    await heard.stays()
    observe("pending", told)
    assert permitted(told, linux="INTERRUPTED", macos=EITHER)
    assert heard.names == []
    again = asyncio.ensure_future(outcome(pair.client, {}))
    (await served.until_messages(1))[0].reply({})
    assert await soon(again) == "reply"
    pair.client.cancel()


@pytest.mark.launchd
async def test_e10_process_asked_to_exit(service: Service, observe: Observe) -> None:
    """C-123, C-124: its peer is told once, and may still answer; then it is found again.

    On Linux the process tells its peers by `raw.terminate`; on a Mac that is launchd's to do.
    """
    async with service.connect() as client:
        heard = Watch(client)
        pid = (await client.request({}, timeout_s=LIMIT_S))["pid"]
        last = asyncio.ensure_future(
            client.request({"do": "hold until the end"}, timeout_s=LIMIT_S)
        )
        pending = asyncio.ensure_future(outcome(client, {"do": "hold"}))
        await client.request({}, timeout_s=LIMIT_S)
        assert isinstance(pid, int)
        os.kill(pid, signal.SIGTERM)
        words, told = await soon(last), await soon(pending)
        await heard.until("INTERRUPTED")
        await gone(pid)
        again = await client.request({}, timeout_s=LIMIT_S)
        observe("peer", words["errors"])
        observe("pending", told)
        assert words["pid"] == pid
        assert MACOS or words["errors"] == ["TerminationImminentError"]
        assert told == "INTERRUPTED"
        assert again["pid"] != pid
        assert again["errors"] == []


async def test_e11_reply_from_a_peer_that_fails_the_requirement(
    listener: Listener, observe: Observe
) -> None:
    """PEERREQ in place of the reply; on Linux the handler hears nothing (OQ-14)."""
    client = Connection.to_endpoint(listener.endpoint(), rule=NOBODY_MEETS)
    heard = Watch(client)
    request = asyncio.ensure_future(outcome(client, {"n": 0}))
    served = Watch(await soon(anext(listener)))
    (await served.until_messages(1))[0].reply({"secret": True})
    told = await soon(request)
    observe("reply", told)
    assert told == "PEERREQ"
    if not MACOS:  # where it is open whether the connection lives on
        again = asyncio.ensure_future(outcome(client, {"n": 1}))
        (await served.until_messages(2))[1].reply({"secret": True})
        assert await soon(again) == "PEERREQ"
    served.connection.send({"unasked": True})
    await heard.stays()
    observe("events", heard.names)
    assert MACOS or heard.names == []
    assert "message" not in heard.names
    client.cancel()


@pytest.mark.launchd
async def test_e12_name_owned_by_another(service: Service, observe: Observe) -> None:
    """The listener gets INVALID; whoever had the name serves on."""
    async with service.connect() as client:
        await client.request({}, timeout_s=LIMIT_S)
        intruder = Listener.named(service.name, rule=OUR_OWN)
        with pytest.raises(ConnectionInvalidError) as caught:
            await soon(anext(intruder))
        observe("reason given", bool(caught.value.reason))
        assert await soon(outcome(client, {})) == "reply"
