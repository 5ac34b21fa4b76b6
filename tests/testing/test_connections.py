"""Connections: activation, order, suspension, cancellation. One rule a test."""

from __future__ import annotations

import asyncio

import pytest

from tests.testing.world import Event, Spy, World, answer, kinds, settle
from xpcrpc import (
    ConnectionInterruptedError,
    ConnectionInvalidError,
    EncodeError,
    FileDescriptor,
    MisuseError,
    TransportError,
)
from xpcrpc.codec import frame as frames
from xpcrpc.codec import words
from xpcrpc.transport.base import ReceivedFrame
from xpcrpc.values import MAX_HANDLES


async def test_a_listener_sees_a_peer_only_with_its_first_message(world: World) -> None:
    """C-63, C-103, T-1."""
    doorman = world.serve_anonymously()
    client = world.client_of(doorman.endpoint)
    await settle()
    assert doorman.peers == []
    client.send({"first": 1})
    await settle()
    (peer,) = doorman.peers
    assert peer.events == [{"first": 1}]
    assert client.events == []


async def test_a_name_that_nobody_serves_is_told_later_and_once(world: World) -> None:
    """C-51, E1, T-21."""
    client = world.client(world.new_name())
    answers = client.request({})
    assert client.events == [] and answers == []
    await settle()
    assert client.errors == [ConnectionInvalidError]
    assert kinds(answers) == [ConnectionInvalidError]


async def test_an_unknown_name_shows_without_a_message(world: World) -> None:
    """E1: looked up when it is activated."""
    client = world.client(world.new_name())
    await settle()
    assert client.errors == [ConnectionInvalidError]


async def test_what_is_sent_before_activation_is_sent_by_it_in_order(world: World) -> None:
    """C-53, C-62."""
    name = world.new_name()
    doorman = world.serve(name)
    client = world.client(name, activate=False)
    for number in range(3):
        client.send({"n": number})
    await settle()
    assert doorman.peers == []
    client.connection.activate()
    await settle()
    assert doorman.peers[0].events == [{"n": 0}, {"n": 1}, {"n": 2}]


async def test_activating_again_changes_nothing(world: World) -> None:
    """C-57."""
    client, peer, _ = await world.pair()
    client.connection.activate()
    peer.connection.activate()
    client.send({"n": 1})
    await settle()
    assert peer.events == [{"n": 1}]


async def test_activation_needs_an_event_handler(world: World) -> None:
    """C-55, X5."""
    connection = world.transport.connect(world.new_name())
    with pytest.raises(MisuseError):
        connection.activate()


async def test_messages_keep_their_order_both_ways(world: World) -> None:
    """C-75."""
    client, peer, _ = await world.pair()
    for number in range(200):
        client.send({"n": number})
        peer.send({"n": -number})
    await settle()
    assert peer.events == [{"n": number} for number in range(200)]
    assert client.events == [{"n": -number} for number in range(200)]


async def test_a_message_is_copied_when_it_is_sent(world: World) -> None:
    """C-74, T-14."""
    client, peer, _ = await world.pair()
    frame = bytearray(frames.encode({"text": "before"}))
    client.connection.suspend()
    client.connection.send(frame)
    frame[-8:-2] = b"afterw"
    client.connection.resume()
    await settle()
    assert peer.events == [{"text": "before"}]


async def test_handlers_run_in_the_loop_outside_any_task_and_never_inside_a_call(
    world: World,
) -> None:
    """transport.base: what a handler may rely on."""
    client, peer, doorman = await world.pair()
    ran: list[asyncio.Task[None] | None] = []
    client.connection.request(frames.encode({}), (), lambda _: ran.append(asyncio.current_task()))
    client.send({})
    peer.send({})
    assert peer.events == [] and client.events == [] and ran == []
    await settle()
    answer(peer.received[0], {})
    assert ran == []
    client.connection.cancel()
    assert client.events == [{}]
    await settle()
    assert len(ran) == 1 and client.errors == [ConnectionInvalidError]
    assert {*ran, *client.inside, *peer.inside, *doorman.inside} == {None}


async def test_a_message_sent_by_a_handler_arrives_after_the_handler(world: World) -> None:
    """C-67, C-77."""
    client, peer, _ = await world.pair()
    order: list[str] = []

    def at_peer(event: ReceivedFrame | TransportError) -> None:
        order.append("peer begins")
        peer.send({})
        order.append("peer ends")

    peer.connection.set_event_handler(at_peer)
    client.connection.set_event_handler(lambda _: order.append("client"))
    client.send({})
    await settle()
    assert order == ["peer begins", "peer ends", "client"]


async def test_a_replaced_handler_gets_what_comes_next(world: World) -> None:
    """C-69, T-18."""
    client, peer, _ = await world.pair()
    first: list[ReceivedFrame | TransportError] = []

    def take(event: ReceivedFrame | TransportError) -> None:
        first.append(event)
        peer.connection.set_event_handler(peer.take)

    peer.connection.set_event_handler(take)
    for number in range(3):
        client.send({"n": number})
    client.connection.cancel()
    await settle()
    assert len(first) == 1
    assert peer.events[:2] == [{"n": 1}, {"n": 2}]
    assert peer.errors == [ConnectionInvalidError]


async def test_a_handler_that_raises_harms_nobody(world: World) -> None:
    """X27: the loop reports it."""
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: reported.append(context["exception"])
    )
    client, peer, _ = await world.pair()
    wrong = ValueError("a handler's own")

    def take(event: ReceivedFrame | TransportError) -> None:
        peer.connection.set_event_handler(peer.take)
        raise wrong

    peer.connection.set_event_handler(take)
    client.send({"n": 1})
    client.send({"n": 2})
    await settle()
    assert reported == [wrong]
    assert peer.events == [{"n": 2}]


async def test_suspension_nests_and_holds_back_both_ways(world: World) -> None:
    """C-59, T-19."""
    client, peer, _ = await world.pair()
    client.connection.suspend()
    client.connection.suspend()
    peer.send({"n": 1})
    peer.send({"n": 2})
    client.send({"n": 3})
    await settle()
    client.connection.resume()
    await settle()
    assert client.events == [] and peer.events == []
    client.connection.resume()
    await settle()
    assert client.events == [{"n": 1}, {"n": 2}] and peer.events == [{"n": 3}]


async def test_a_reply_waits_for_its_requester_to_resume(world: World) -> None:
    """C-59: no handler runs."""
    client, peer, _ = await world.pair()
    answers = client.request({})
    await settle()
    client.connection.suspend()
    answer(peer.received[0], {"ok": True})
    await settle()
    assert answers == []
    client.connection.resume()
    await settle()
    assert answers == [{"ok": True}]


async def test_resuming_what_is_not_suspended_is_misuse(world: World) -> None:
    """C-58, X4."""
    client, _, _ = await world.pair()
    client.connection.suspend()
    client.connection.resume()
    with pytest.raises(MisuseError):
        client.connection.resume()


async def test_cancelling_gives_one_final_error_however_often(world: World) -> None:
    """C-88, C-89, E8, T-2."""
    client, _, _ = await world.pair()

    def take(event: ReceivedFrame | TransportError) -> None:
        client.take(event)
        client.connection.cancel()

    client.connection.set_event_handler(take)
    for _ in range(3):
        client.connection.cancel()
    assert client.events == []
    await settle()
    assert client.errors == [ConnectionInvalidError]
    client.connection.cancel()
    await settle()
    assert len(client.events) == 1


async def test_a_cancelled_connection_sends_nothing_and_answers_with_invalid(world: World) -> None:
    """C-78, T-3."""
    client, peer, _ = await world.pair()
    client.connection.cancel()
    client.send({"late": True})
    at_once = client.request({})
    assert at_once == []
    await settle()
    later = client.request({})
    await settle()
    assert kinds(at_once) == kinds(later) == [ConnectionInvalidError]
    assert peer.messages == []


async def test_cancelling_ends_every_pending_request_once(world: World) -> None:
    """C-87, C-136, E8, T-10."""
    client, peer, _ = await world.pair()
    answers: list[list[Event]] = [client.request({"n": number}) for number in range(5)]
    await settle()
    client.connection.cancel()
    await settle()
    for received in peer.received:
        answer(received, {})
    await settle()
    assert [kinds(each) for each in answers] == [[ConnectionInvalidError]] * 5
    assert client.errors == [ConnectionInvalidError]


async def test_cancelling_while_suspended_ends_it_all_the_same(world: World) -> None:
    """OQ-11: it is resumed first."""
    client, peer, _ = await world.pair()
    client.connection.suspend()
    client.connection.cancel()
    await settle()
    assert client.errors == peer.errors == [ConnectionInvalidError]


async def test_cancelling_what_was_never_active_ends_it_all_the_same(world: World) -> None:
    """OQ-10, X25."""
    client = world.client(world.new_name(), activate=False)
    answers = client.request({})
    client.connection.cancel()
    await settle()
    assert client.errors == [ConnectionInvalidError]
    assert kinds(answers) == [ConnectionInvalidError]


async def test_cancelling_what_was_never_active_sends_nothing(world: World) -> None:
    """C-87: what is unsent is discarded."""
    name = world.new_name()
    doorman = world.serve(name)
    client = world.client(name, activate=False)
    client.send({"never": True})
    client.connection.cancel()
    await settle()
    assert doorman.peers == []


async def test_only_dictionaries_are_messages(world: World) -> None:
    """C-73, X8."""
    client, peer, _ = await world.pair()
    for frame in (frames.encode([1, 2]), b"", b"nonsense", frames.encode({"a": 1})[:-4]):
        with pytest.raises(MisuseError):
            client.connection.send(frame)
        with pytest.raises(MisuseError):
            client.connection.request(frame, (), lambda _: pytest.fail("answered"))
    await settle()
    assert peer.events == []


async def test_too_many_handles_are_refused(world: World) -> None:
    """OQ-27."""
    client, peer, _ = await world.pair()
    with FileDescriptor.duplicate(0) as one:
        # The codec would refuse it first; a descriptor's place is one word, as null is.
        frame = frames.encode({"fds": [None] * (MAX_HANDLES + 1)})
        frame = frame.replace(words.NULL.to_bytes(4, "little"), words.FD.to_bytes(4, "little"))
        with pytest.raises(EncodeError):
            client.connection.send(frame, [one] * (MAX_HANDLES + 1))
    client.send({"next": True})
    await settle()
    assert peer.events == [{"next": True}]


async def test_an_interruption_loses_what_is_queued(world: World) -> None:
    """C-119, T-5: nothing is sent again."""
    client, peer, doorman = await world.pair()
    in_flight = client.request({"n": 0})
    await settle()
    client.connection.suspend()
    for number in range(3):
        client.send({"lost": number})
    queued = client.request({"lost": 3})
    peer.connection.cancel()
    await settle()
    assert client.events == []
    client.connection.resume()
    await settle()
    assert client.errors == [ConnectionInterruptedError]
    assert kinds(in_flight) == kinds(queued) == [ConnectionInterruptedError]
    client.send({"fresh": True})
    await settle()
    assert [spy.messages for spy in doorman.peers] == [[{"n": 0}], [{"fresh": True}]]


async def test_what_was_sent_before_the_end_arrives_before_the_end(world: World) -> None:
    """C-129."""
    client, peer, _ = await world.pair()
    answers = client.request({})
    await settle()
    peer.send({"n": 1})
    answer(peer.received[0], {"ok": True})
    peer.send({"n": 2})
    peer.connection.cancel()
    await settle()
    assert answers == [{"ok": True}]
    assert client.events[:2] == [{"n": 1}, {"n": 2}]
    assert client.errors == [ConnectionInterruptedError]


async def test_a_client_is_kept_alive_by_its_activation(world: World) -> None:
    """transport.base: dropping the object is no cancel."""
    name = world.new_name()
    doorman = world.serve(name)
    answers = Spy(world.transport.connect(name)).request({"n": 1})
    await settle()
    answer(doorman.peers[0].received[0], {"ok": True})
    await settle()
    assert answers == [{"ok": True}]


async def test_a_barrier_runs_once_what_was_sent_before_it_is_handed_over(world: World) -> None:
    """C-82."""
    client, _, _ = await world.pair()
    ran: list[str] = []
    client.connection.suspend()
    client.send({"n": 1})
    client.connection.barrier(lambda: ran.append("first"))
    client.send({"n": 2})
    client.connection.barrier(lambda: ran.append("second"))
    await settle()
    assert ran == []
    client.connection.resume()
    await settle()
    assert ran == ["first", "second"]


async def test_a_barrier_runs_though_its_connection_has_ended(world: World) -> None:
    """Every one of them runs exactly once (C-86)."""
    client, _, _ = await world.pair()
    ran: list[str] = []
    client.connection.suspend()
    client.send({"n": 1})
    client.connection.barrier(lambda: ran.append("before"))
    client.connection.cancel()
    client.connection.barrier(lambda: ran.append("after"))
    await settle()
    assert sorted(ran) == ["after", "before"]


async def test_clients_of_names_alone_are_named(world: World) -> None:
    client, peer, _ = await world.pair()
    anonymous = world.transport.listen_anonymously()
    by_endpoint = world.transport.connect_endpoint(anonymous.endpoint())
    assert [each.connection.named for each in (client, peer)] == [True, False]
    assert not by_endpoint.named
