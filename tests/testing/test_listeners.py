"""Listeners, peers, endpoints, identity, rules. One rule a test, over each transport."""

from __future__ import annotations

import gc
import os

import pytest

from tests.testing.world import Doorman, Spy, World, answer, kinds, settle
from xpcrpc import (
    ConnectionInterruptedError,
    ConnectionInvalidError,
    Endpoint,
    MisuseError,
    PeerIdentity,
    PeerRequirementError,
    ServiceConfigurationError,
    rules,
)
from xpcrpc.transport.base import Connection

NOBODY = PeerIdentity(pid=0, euid=2**32 - 1, egid=2**32 - 1, asid=2**32 - 1)
STRANGER = rules.Uid(54_321)


async def test_a_server_that_cancels_a_peer_interrupts_its_named_client(world: World) -> None:
    """C-118, E3, T-6: the next message makes a new peer."""
    client, peer, doorman = await world.pair()
    answers = client.request({})
    await settle()
    peer.connection.cancel()
    await settle()
    assert peer.errors == [ConnectionInvalidError]
    assert client.errors == kinds(answers) == [ConnectionInterruptedError]
    client.send({"again": True})
    await settle()
    assert len(doorman.peers) == 2
    assert doorman.peers[1].events == [{"again": True}]
    assert doorman.ends == []


async def test_a_server_that_cancels_a_peer_ends_a_client_of_an_endpoint(world: World) -> None:
    """E6, OQ-1, C-156."""
    client, peer, doorman = await world.pair(named=False)
    answers = client.request({})
    await settle()
    peer.connection.cancel()
    await settle()
    later = client.request({})
    await settle()
    assert client.errors == kinds(answers) == kinds(later) == [ConnectionInvalidError]
    assert len(doorman.peers) == 1


@pytest.mark.parametrize("named", [True, False])
async def test_a_client_that_leaves_ends_its_peer_once(world: World, *, named: bool) -> None:
    """C-109, E7, T-7: never INTERRUPTED, and nothing at the listener."""
    client, peer, doorman = await world.pair(named=named)
    client.send({"last": True})
    client.connection.cancel()
    await settle()
    assert peer.events[0] == {"last": True}
    assert peer.errors == [ConnectionInvalidError]
    assert doorman.ends == [] and len(doorman.peers) == 1


async def test_every_client_has_a_peer_of_its_own(world: World) -> None:
    """C-64."""
    name = world.new_name()
    doorman = world.serve(name)
    clients = [world.client(name) for _ in range(3)]
    for number, client in enumerate(clients):
        client.send({"n": number})
    await settle()
    assert len({id(peer.connection) for peer in doorman.peers}) == 3
    for peer in doorman.peers:
        peer.send({"yours": peer.messages[0]["n"]})
    await settle()
    assert [client.events for client in clients] == [[{"yours": n}] for n in range(3)]


async def test_a_taken_name_ends_the_second_listener_alone(world: World) -> None:
    """C-110, C-111, E12, T-21."""
    name = world.new_name()
    first = world.serve(name)
    await settle()
    second = world.serve(name)
    assert second.ends == []
    await settle()
    assert [type(end) for end in second.ends] == [ConnectionInvalidError]
    client = world.client(name)
    client.send({})
    await settle()
    assert len(first.peers) == 1 and first.ends == [] and second.peers == []


async def test_the_name_of_a_cancelled_listener_can_be_taken_again(world: World) -> None:
    """C-93, C-111."""
    name = world.new_name()
    first = world.serve(name)
    first.listener.cancel()
    first.listener.cancel()
    second = world.serve(name)
    client = world.client(name)
    client.send({})
    await settle()
    assert [type(end) for end in first.ends] == [ConnectionInvalidError]
    assert first.peers == [] and len(second.peers) == 1 and second.ends == []


@pytest.mark.parametrize("named", [True, False])
async def test_accepted_peers_outlive_their_listener(world: World, *, named: bool) -> None:
    """C-114, OQ-32, T-9."""
    client, peer, doorman = await world.pair(named=named)
    doorman.listener.cancel()
    await settle()
    answers = client.request({})
    await settle()
    answer(peer.received[0], {"ok": True})
    await settle()
    assert answers == [{"ok": True}] and client.events == []
    assert [type(end) for end in doorman.ends] == [ConnectionInvalidError]


async def test_an_endpoint_of_a_cancelled_listener_leads_nowhere(world: World) -> None:
    """C-155, E5, T-9."""
    doorman = world.serve_anonymously()
    endpoint = doorman.endpoint
    doorman.listener.cancel()
    await settle()
    client = world.client_of(endpoint)
    answers = client.request({})
    await settle()
    assert client.errors == kinds(answers) == [ConnectionInvalidError]
    assert doorman.peers == []


async def test_a_peer_neither_activated_nor_kept_is_cancelled(world: World) -> None:
    """C-105, X6."""
    name = world.new_name()
    Doorman(world.transport.listen(name), accept=lambda peer: None)
    client = world.client(name)
    answers = client.request({})
    await settle()
    gc.collect()
    await settle()
    assert client.errors == kinds(answers) == [ConnectionInterruptedError]


async def test_an_active_peer_lives_though_nobody_keeps_it(world: World) -> None:
    """C-107."""
    got: list[object] = []

    def accept(peer: Connection) -> None:
        peer.set_event_handler(got.append)
        peer.activate()

    name = world.new_name()
    Doorman(world.transport.listen(name), accept=accept)
    client = world.client(name)
    client.send({})
    await settle()
    gc.collect()
    client.send({})
    await settle()
    assert len(got) == 2 and client.events == []


async def test_a_rejected_peer_interrupts_its_client(world: World) -> None:
    """C-104."""
    name = world.new_name()
    Doorman(world.transport.listen(name), accept=lambda peer: peer.cancel())
    client = world.client(name)
    answers = client.request({})
    await settle()
    assert client.errors == kinds(answers) == [ConnectionInterruptedError]


async def test_a_kept_peer_may_be_accepted_later(world: World) -> None:
    """C-106: its messages wait."""
    kept: list[Connection] = []
    doorman = Doorman(world.transport.listen_anonymously(), accept=kept.append)
    client = world.client_of(doorman.endpoint)
    client.send({"n": 1})
    client.send({"n": 2})
    await settle()
    assert client.events == []
    peer = Spy(kept.pop())
    await settle()
    assert peer.events == [{"n": 1}, {"n": 2}]


async def test_an_endpoint_may_be_made_before_the_listener_is_active(world: World) -> None:
    """C-151, C-153, OQ-24, T-22."""
    doorman = world.serve_anonymously(activate=False)
    clients = [world.client_of(doorman.endpoint) for _ in range(2)]
    for client in clients:
        client.send({})
    await settle()
    assert doorman.peers == [] and all(client.events == [] for client in clients)
    doorman.activate()
    await settle()
    assert len(doorman.peers) == 2


async def test_endpoints_of_one_listener_are_equal(world: World) -> None:
    """C-157, OQ-16."""
    one, other = world.serve_anonymously(), world.serve_anonymously()
    assert one.endpoint == one.endpoint and hash(one.endpoint) == hash(one.endpoint)
    assert one.endpoint != other.endpoint


async def test_an_endpoint_of_another_transport_is_refused(world: World) -> None:
    """X19."""
    foreign = Endpoint(object())
    with pytest.raises(MisuseError):
        world.transport.connect_endpoint(foreign)
    client, _, _ = await world.pair()
    with pytest.raises(MisuseError):
        client.send({"endpoint": foreign})


async def test_a_client_knows_its_peer_after_the_first_answer_only(world: World) -> None:
    """C-98, C-99, T-23."""
    name = world.new_name()
    seen: list[PeerIdentity] = []
    peers: list[Spy] = []

    def accept(peer: Connection) -> None:
        seen.append(peer.peer)
        peers.append(Spy(peer))

    Doorman(world.transport.listen(name), accept=accept)
    client = world.client(name)
    await settle()
    assert client.connection.peer == NOBODY
    client.request({})
    await settle()
    (received,) = peers[0].received
    answer(received, {})
    await settle()
    for identity in (seen[0], received.sender, client.connection.peer):
        assert identity.pid == os.getpid()
        assert (identity.euid, identity.egid) == (os.geteuid(), os.getegid())


async def test_a_stranger_is_not_shown_and_interrupted(world: World) -> None:
    """C-164, C-166, OQ-18."""
    name = world.new_name()
    doorman = world.serve(name, rule=STRANGER)
    client = world.client(name)
    answers = client.request({})
    await settle()
    assert doorman.peers == [] and doorman.ends == []
    assert client.errors == kinds(answers) == [ConnectionInterruptedError]


async def test_a_stranger_with_an_endpoint_is_turned_away_for_good(world: World) -> None:
    """C-164, OQ-18."""
    doorman = world.serve_anonymously(rule=STRANGER)
    client = world.client_of(doorman.endpoint)
    answers = client.request({})
    await settle()
    assert doorman.peers == []
    assert client.errors == kinds(answers) == [ConnectionInvalidError]


@pytest.mark.parametrize(
    "rule",
    [
        rules.Anyone(),
        rules.Uid("self"),
        rules.Gid(os.getegid()),
        rules.All((rules.Uid("self"), rules.Gid("self"))),
        rules.AnyOf((STRANGER, rules.Uid(os.geteuid()))),
    ],
    ids=str,
)
async def test_whoever_meets_the_rule_is_served(world: World, rule: rules.PeerRule) -> None:
    """C-163."""
    name = world.new_name()
    doorman = world.serve(name, rule=rule)
    client = world.client(name, rule=rule)
    answers = client.request({})
    await settle()
    answer(doorman.peers[0].received[0], {"ok": True})
    await settle()
    assert answers == [{"ok": True}]


@pytest.mark.parametrize(
    "rule", [rules.All((rules.Uid("self"), STRANGER)), rules.Gid(54_321)], ids=str
)
async def test_whoever_fails_one_of_all_rules_is_not_served(
    world: World, rule: rules.PeerRule
) -> None:
    """C-164."""
    name = world.new_name()
    doorman = world.serve(name, rule=rule)
    client = world.client(name)
    client.send({})
    await settle()
    assert doorman.peers == []


async def test_an_answer_of_a_stranger_is_withheld(world: World) -> None:
    """C-165, E11, OQ-14: the connection stays usable."""
    name = world.new_name()
    doorman = world.serve(name)
    client = world.client(name, rule=STRANGER)
    for number in range(2):
        answers = client.request({"n": number})
        await settle()
        answer(doorman.peers[0].received[number], {"secret": True})
        await settle()
        assert kinds(answers) == [PeerRequirementError]
    doorman.peers[0].send({"unasked": True})
    await settle()
    assert client.messages == []


@pytest.mark.parametrize("rule", [rules.All(()), rules.AnyOf(()), rules.User("no such user")])
async def test_a_rule_that_says_nothing_is_refused(world: World, rule: rules.PeerRule) -> None:
    """C-160: told at the call."""
    with pytest.raises(ServiceConfigurationError):
        world.transport.listen(world.new_name(), rule=rule)
    with pytest.raises(ServiceConfigurationError):
        world.transport.connect(world.new_name(), rule=rule)


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 128])
async def test_a_name_that_cannot_be_is_refused(world: World, name: str) -> None:
    """launchd's limits."""
    with pytest.raises(ServiceConfigurationError):
        world.transport.listen(name)
    with pytest.raises(ServiceConfigurationError):
        world.transport.connect(name)


async def test_a_listener_is_activated_once(world: World) -> None:
    """transport.base."""
    doorman = world.serve_anonymously()
    with pytest.raises(MisuseError):
        doorman.activate()
