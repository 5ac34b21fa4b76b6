"""Requests and replies, and messages both ways. One rule a test, over each transport."""

from __future__ import annotations

import gc

import pytest

from tests.testing.world import Event, Spy, World, answer, kinds, opened, settle
from xpcrpc import ConnectionInterruptedError, ConnectionInvalidError, MisuseError, TransportError
from xpcrpc.codec import frame as frames
from xpcrpc.transport.base import ReceivedFrame


async def test_a_request_gets_its_own_reply(world: World) -> None:
    """C-130, C-136."""
    client, peer, _ = await world.pair()
    answers = [client.request({"n": number}) for number in range(5)]
    await settle()
    for number in (3, 0, 4, 1, 2):
        answer(peer.received[number], {"of": number})
    await settle()
    assert answers == [[{"of": number}] for number in range(5)]
    assert client.events == []


async def test_a_reply_arrives_once_and_never_at_the_event_handler(world: World) -> None:
    """C-79, T-13."""
    client, peer, _ = await world.pair()
    answers = client.request({})
    await settle()
    peer.send({"stream": "a"})
    peer.send({"stream": "b"})
    answer(peer.received[0], {"reply": True})
    peer.send({"stream": "c"})
    await settle()
    assert client.events == [{"stream": "a"}, {"stream": "b"}, {"stream": "c"}]
    assert answers == [{"reply": True}]


async def test_a_plain_message_has_no_reply(world: World) -> None:
    """C-130, C-131, T-12."""
    client, peer, _ = await world.pair()
    client.send({})
    await settle()
    (received,) = peer.received
    assert not received.expects_reply
    with pytest.raises(MisuseError):
        received.reply(frames.encode({}))
    received.drop()


async def test_a_reply_is_given_once(world: World) -> None:
    """C-133, X10."""
    client, peer, _ = await world.pair()
    answers = client.request({})
    await settle()
    (received,) = peer.received
    assert received.expects_reply
    answer(received, {"first": True})
    with pytest.raises(MisuseError):
        answer(received, {"second": True})
    received.drop()
    await settle()
    assert answers == [{"first": True}]


async def test_a_reply_has_no_reply(world: World) -> None:
    """transport.base: replies expect none."""
    client, peer, _ = await world.pair()
    replies: list[ReceivedFrame | TransportError] = []
    client.connection.request(frames.encode({}), (), replies.append)
    await settle()
    answer(peer.received[0], {})
    await settle()
    (reply,) = replies
    assert not isinstance(reply, TransportError)
    assert not reply.expects_reply
    with pytest.raises(MisuseError):
        reply.reply(frames.encode({}))


async def test_a_reply_that_cannot_be_sent_leaves_the_request_open(world: World) -> None:
    """C-73."""
    client, peer, _ = await world.pair()
    answers = client.request({})
    await settle()
    (received,) = peer.received
    with pytest.raises(MisuseError):
        received.reply(frames.encode(["no dictionary"]))
    answer(received, {"ok": True})
    await settle()
    assert answers == [{"ok": True}]


@pytest.mark.parametrize("named", [True, False])
async def test_a_dropped_request_is_told_at_once_and_the_connection_survives(
    world: World, *, named: bool
) -> None:
    """C-139, E9, T-11; OQ-2: INTERRUPTED on endpoints too."""
    client, peer, _ = await world.pair(named=named)
    answers = client.request({})
    await settle()
    peer.received[0].drop()
    with pytest.raises(MisuseError):
        answer(peer.received[0], {})
    await settle()
    assert kinds(answers) == [ConnectionInterruptedError]
    assert client.events == []
    again = client.request({})
    await settle()
    answer(peer.received[1], {"ok": True})
    await settle()
    assert again == [{"ok": True}]


async def test_the_last_reference_to_a_request_drops_it(world: World) -> None:
    """C-139, C-140: held, it stays open without bound."""
    client, peer, _ = await world.pair()
    answers = client.request({})
    await settle()
    assert answers == []
    peer.forget()
    gc.collect()
    await settle()
    assert kinds(answers) == [ConnectionInterruptedError]


async def test_a_reply_to_whoever_has_gone_is_lost_without_harm(world: World) -> None:
    """C-142."""
    client, peer, _ = await world.pair()
    answers = client.request({"n": 1})
    await settle()
    client.connection.cancel()
    await settle()
    answer(peer.received[0], {"late": True})
    await settle()
    assert kinds(answers) == client.errors == [ConnectionInvalidError]


async def test_a_reply_on_a_cancelled_peer_is_lost_and_its_requester_interrupted(
    world: World,
) -> None:
    """C-142, E3."""
    client, peer, _ = await world.pair()
    answers = client.request({})
    await settle()
    peer.connection.cancel()
    answer(peer.received[0], {"late": True})
    await settle()
    assert kinds(answers) == [ConnectionInterruptedError]


async def test_a_server_peer_sends_to_its_client_at_any_time(world: World) -> None:
    """C-108, C-65: outside requests."""
    client, peer, _ = await world.pair()
    peer.send({"news": 1})
    await settle()
    peer.send({"news": 2})
    client.send({"talk": 1})
    await settle()
    assert client.events == [{"news": 1}, {"news": 2}]
    assert peer.events == [{"talk": 1}]


async def test_both_sides_ask_and_answer_on_one_connection(world: World) -> None:
    """C-143."""
    client, peer, _ = await world.pair()
    of_client = [client.request({"client": number}) for number in range(3)]
    of_peer = [peer.request({"peer": number}) for number in range(3)]
    await settle()
    for spy in (client, peer):
        for received, message in zip(spy.received, spy.messages, strict=True):
            answer(received, {"echo": message})
    await settle()
    assert of_client == [[{"echo": {"client": number}}] for number in range(3)]
    assert of_peer == [[{"echo": {"peer": number}}] for number in range(3)]


async def test_a_stream_flows_both_ways_while_a_request_is_open(world: World) -> None:
    """C-75, C-79, C-143: what streams are made of."""
    client, peer, _ = await world.pair()
    opening = client.request({"open": 1})
    await settle()
    for number in range(50):
        peer.send({"item": number})
        client.send({"credit": number})
        if number % 10 == 9:
            await settle()
    answer(peer.received[0], {"end": True})
    await settle()
    assert client.events == [{"item": number} for number in range(50)]
    assert peer.messages[1:] == [{"credit": number} for number in range(50)]
    assert opening == [{"end": True}]


async def test_the_peers_requests_end_with_its_client(world: World) -> None:
    """E7."""
    client, peer, _ = await world.pair()
    answers = peer.request({})
    await settle()
    client.connection.cancel()
    await settle()
    assert kinds(answers) == peer.errors == [ConnectionInvalidError]


async def test_a_handler_may_ask_again_as_soon_as_it_was_interrupted(world: World) -> None:
    """C-118: the connection stays usable, also from inside the reply handler."""
    client, peer, doorman = await world.pair()
    second: list[Event] = []

    def again(reply: ReceivedFrame | TransportError) -> None:
        assert isinstance(reply, ConnectionInterruptedError)
        client.connection.request(
            frames.encode({"n": 2}), (), lambda reply: second.append(opened(reply))
        )

    client.connection.request(frames.encode({"n": 1}), (), again)
    await settle()
    peer.connection.cancel()
    await settle()
    fresh: Spy = doorman.peers[-1]
    assert fresh.messages == [{"n": 2}]
    answer(fresh.received[0], {"ok": True})
    await settle()
    assert second == [{"ok": True}]
    assert client.errors == [ConnectionInterruptedError]
