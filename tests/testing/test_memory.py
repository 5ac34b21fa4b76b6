"""What the transport in memory has beyond the interface: processes, identities, bounds."""

from __future__ import annotations

import logging
import os
import select

import pytest

from tests.testing.world import Doorman, Spy, World, answer, kinds, settle
from xpcrpc import (
    ConnectionInterruptedError,
    ConnectionInvalidError,
    FileDescriptor,
    MisuseError,
    PeerIdentity,
    TransportError,
    rules,
)
from xpcrpc.transport.base import ReceivedFrame
from xpcrpc.transport.memory import MemoryNetwork, MemoryTransport, Passage, Verdict
from xpcrpc.transport.memory_rules import own_identity

STRANGER = PeerIdentity(pid=4711, euid=54_321, egid=54_321, asid=7)


def serve(transport: MemoryTransport, name: str = "org.example.one") -> Doorman:
    """Serve a name."""
    return Doorman(transport.listen(name))


async def test_a_killed_process_interrupts_clients_of_its_names() -> None:
    """E2, T-4: the next message reaches the next listener."""
    network = MemoryNetwork()
    service, application = MemoryTransport(network), MemoryTransport(network)
    first = serve(service)
    client = Spy(application.connect("org.example.one"))
    answers = client.request({})
    await settle()
    first.peers[0].send({"last": "words"})
    service.kill()
    await settle()
    assert client.events[0] == {"last": "words"}
    assert client.errors == kinds(answers) == [ConnectionInterruptedError]
    second = serve(service)
    client.send({"again": True})
    await settle()
    assert second.peers[0].events == [{"again": True}]


async def test_a_killed_process_ends_clients_of_its_endpoints() -> None:
    """E5, T-8."""
    network = MemoryNetwork()
    service, application = MemoryTransport(network), MemoryTransport(network)
    doorman = Doorman(service.listen_anonymously())
    endpoint = doorman.endpoint
    client = Spy(application.connect_endpoint(endpoint))
    answers = client.request({})
    await settle()
    service.kill()
    late = Spy(application.connect_endpoint(endpoint))
    await settle()
    assert client.errors == late.errors == kinds(answers) == [ConnectionInvalidError]


async def test_a_killed_client_ends_its_peer() -> None:
    """E7, T-7: as an exit does."""
    network = MemoryNetwork()
    service, application = MemoryTransport(network), MemoryTransport(network)
    doorman = serve(service)
    client = Spy(application.connect("org.example.one"))
    client.send({"last": "words"})
    await settle()
    application.kill()
    await settle()
    (peer,) = doorman.peers
    assert peer.events[0] == {"last": "words"} and peer.errors == [ConnectionInvalidError]
    assert client.events == []


async def test_in_a_killed_process_no_handler_is_called_again() -> None:
    network = MemoryNetwork()
    service, application = MemoryTransport(network), MemoryTransport(network)
    doorman = serve(service)
    client = Spy(application.connect("org.example.one"))
    client.request({})
    await settle()
    (peer,) = doorman.peers
    of_peer = peer.request({})
    before = len(peer.events)
    service.kill()
    answer(peer.received[0], {"too": "late"})
    peer.send({"too": "late"})
    client.send({})
    await settle()
    assert len(peer.events) == before and of_peer == [] and doorman.ends == []
    assert client.messages == [{}]  # what was sent before


async def test_a_privileged_client_looks_among_the_systems_names_alone() -> None:
    """C-49."""
    transport = MemoryTransport()
    users, systems = (
        Doorman(transport.listen("org.example.one")),
        Doorman(transport.listen("org.example.two", privileged=True)),
    )
    clients = [
        Spy(transport.connect(name, privileged=privileged))
        for name in ("org.example.one", "org.example.two")
        for privileged in (False, True)
    ]
    for client in clients:
        client.send({})
    await settle()
    assert [client.errors for client in clients] == [[], [ConnectionInvalidError], [], []]
    assert (len(users.peers), len(systems.peers)) == (1, 2)


async def test_transports_of_other_networks_do_not_meet() -> None:
    serve(MemoryTransport())
    client = Spy(MemoryTransport().connect("org.example.one"))
    await settle()
    assert client.errors == [ConnectionInvalidError]


async def test_a_peer_is_who_its_transport_says() -> None:
    """C-99, C-163: so that rules can be tested."""
    network = MemoryNetwork()
    service = MemoryTransport(network)
    admits = Doorman(service.listen("org.example.one", rule=rules.Uid(54_321)))
    refuses = Doorman(service.listen("org.example.two", rule=rules.Uid("self")))
    stranger = MemoryTransport(network, identity=STRANGER)
    clients = [Spy(stranger.connect(f"org.example.{name}")) for name in ("one", "two")]
    for client in clients:
        client.send({})
    await settle()
    assert [peer.connection.peer for peer in admits.peers] == [STRANGER]
    assert admits.peers[0].received[0].sender == STRANGER
    assert refuses.peers == [] and clients[1].errors == [ConnectionInterruptedError]


async def test_a_client_learns_who_answered() -> None:
    """C-98, C-100."""
    network = MemoryNetwork()
    doorman = serve(MemoryTransport(network, identity=STRANGER))
    client = Spy(MemoryTransport(network).connect("org.example.one"))
    client.request({})
    await settle()
    answer(doorman.peers[0].received[0], {})
    await settle()
    assert client.connection.peer == STRANGER


@pytest.mark.parametrize("rule", [rules.Team("ABCDE12345"), rules.Executable("/bin/true")])
async def test_what_an_identity_cannot_show_is_met_only_if_it_is_said(
    rule: rules.PeerRule,
) -> None:
    """C-164."""
    network = MemoryNetwork()
    doorman = Doorman(MemoryTransport(network).listen("org.example.one", rule=rule))
    Spy(MemoryTransport(network).connect("org.example.one")).send({"who": "unknown"})
    Spy(MemoryTransport(network, meets=(rule,)).connect("org.example.one")).send({"who": "known"})
    await settle()
    assert [peer.messages for peer in doorman.peers] == [[{"who": "known"}]]


def test_our_own_identity_is_the_systems() -> None:
    """C-99."""
    own = own_identity()
    assert (own.pid, own.euid, own.egid) == (os.getpid(), os.geteuid(), os.getegid())


@pytest.mark.parametrize("named", [True, False])
async def test_a_receiver_that_never_reads_is_taken_for_dead(
    caplog: pytest.LogCaptureFixture, *, named: bool
) -> None:
    """OQ-30: bounded, with one line in the log."""
    transport = MemoryTransport(MemoryNetwork(max_waiting=10))
    client, peer, _ = await World(transport).pair(named=named)
    peer.connection.suspend()
    with caplog.at_level(logging.WARNING):
        for number in range(11):
            client.send({"n": number})
        await settle()
    assert client.errors == [ConnectionInterruptedError if named else ConnectionInvalidError]
    assert [record.name for record in caplog.records] == ["xpcrpc.memory"]
    peer.connection.resume()
    await settle()
    assert peer.events[-1:] and peer.errors == [ConnectionInvalidError]


async def test_too_much_sent_while_suspended_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    """OQ-30."""
    transport = MemoryTransport(MemoryNetwork(max_waiting=10))
    client, peer, _ = await World(transport).pair()
    client.connection.suspend()
    answers = client.request({})
    with caplog.at_level(logging.WARNING):
        for number in range(10):
            client.send({"n": number})
    await settle()
    assert client.errors == kinds(answers) == [ConnectionInterruptedError]
    assert len(caplog.records) == 1
    client.connection.resume()
    client.send({"again": True})
    await settle()
    assert peer.messages == []


async def test_the_interceptor_sees_every_message_before_it_travels() -> None:
    network = MemoryNetwork()
    client, peer, _ = await World(MemoryTransport(network)).pair()
    seen: list[Passage] = []

    def look(passage: Passage) -> Verdict:
        seen.append(passage)
        return Verdict()

    network.interceptor = look
    client.request({})
    client.send({})
    await settle()
    answer(peer.received[0], {})
    peer.send({})
    assert [(each.direction.name, each.kind.name) for each in seen] == [
        ("TO_SERVER", "REQUEST"),
        ("TO_SERVER", "MESSAGE"),
        ("TO_CLIENT", "REPLY"),
        ("TO_CLIENT", "MESSAGE"),
    ]
    assert seen[2].answers is seen[0] and seen[3].answers is None


async def test_each_copy_of_a_message_has_descriptors_of_its_own() -> None:
    """C-21."""
    network = MemoryNetwork()
    client, peer, _ = await World(MemoryTransport(network)).pair()
    network.interceptor = lambda passage: Verdict(copies=3)
    reading, writing = os.pipe()
    with FileDescriptor(writing) as sent:
        client.send({"fd": sent})
    await settle()
    arrived = [message["fd"] for message in peer.messages]
    assert len(arrived) == 3
    for descriptor in arrived:
        assert isinstance(descriptor, FileDescriptor)
        assert select.select([reading], [], [], 0)[0] == []  # somebody can still write
        descriptor.close()
    assert os.read(reading, 1) == b""
    os.close(reading)


async def test_a_lost_message_closes_its_descriptors() -> None:
    network = MemoryNetwork(interceptor=lambda passage: Verdict(copies=0))
    transport = MemoryTransport(network)
    serve(transport)
    client = Spy(transport.connect("org.example.one"))
    reading, writing = os.pipe()
    with FileDescriptor(writing) as sent:
        client.send({"fd": sent})
    await settle()
    assert os.read(reading, 1) == b""
    os.close(reading)


async def test_a_child_of_fork_cannot_send(monkeypatch: pytest.MonkeyPatch) -> None:
    """X36."""
    client, _, _ = await World(MemoryTransport()).pair()
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(MisuseError):
        client.send({})


async def test_a_handler_that_cancels_sees_no_further_copy() -> None:
    """C-90."""
    network = MemoryNetwork()
    client, peer, _ = await World(MemoryTransport(network)).pair()
    network.interceptor = lambda passage: Verdict(copies=2)

    def take(event: ReceivedFrame | TransportError) -> None:
        peer.take(event)
        peer.connection.cancel()

    peer.connection.set_event_handler(take)
    client.send({})
    await settle()
    assert peer.messages == [{}] and peer.errors == [ConnectionInvalidError]
