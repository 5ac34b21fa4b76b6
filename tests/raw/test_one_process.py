"""Raw connections within one process: states, order, replies, misuse."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator

import pytest

from xpcrpc import raw
from xpcrpc.errors import (
    ConnectionInterruptedError,
    ConnectionInvalidError,
    EncodeError,
    MisuseError,
    PeerRequirementError,
    ServiceConfigurationError,
)
from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.rules import All, Anyone, Team, Uid
from xpcrpc.transport.base import ReceivedFrame
from xpcrpc.transport.xpc import XpcTransport
from xpcrpc.values import Endpoint, FileDescriptor, MachSend

LIMIT_S = 60


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with Listener.anonymous() as made:
        yield made


@pytest.fixture
async def pair(listener: Listener) -> AsyncIterator[tuple[Connection, Connection]]:
    """A client and its peer, each having heard of the other."""
    async with Connection.to_endpoint(listener.endpoint()) as client:
        client.send({"first": True})
        async with await anext(listener) as peer:
            await message(peer)
            yield client, peer


async def message(connection: Connection) -> ReceivedMessage:
    event = await asyncio.wait_for(anext(connection), LIMIT_S)
    assert isinstance(event, ReceivedMessage), event
    return event


async def test_nothing_reaches_the_listener_before_the_first_message(listener: Listener) -> None:
    async with Connection.to_endpoint(listener.endpoint()) as client:
        coming = asyncio.ensure_future(anext(listener))
        done, _ = await asyncio.wait([coming], timeout=0.05)
        assert not done
        client.send({"n": 1})
        peer = await asyncio.wait_for(coming, LIMIT_S)
        assert (await message(peer)).values == {"n": 1}


async def test_order_is_kept_and_messages_wait_for_the_reader(
    pair: tuple[Connection, Connection],
) -> None:
    client, peer = pair
    for n in range(3000):
        client.send({"n": n})
    assert [(await message(peer)).values["n"] for _ in range(3000)] == list(range(3000))


async def test_a_reply_after_cancel_is_lost_without_harm(
    pair: tuple[Connection, Connection],
) -> None:
    client, peer = pair
    request = asyncio.ensure_future(client.request({}))
    received = await message(peer)
    client.cancel()
    with pytest.raises(ConnectionInvalidError):
        await request
    received.reply({"too": "late"})
    peer.cancel()
    with pytest.raises(MisuseError, match="already"):
        received.reply({})


async def test_a_message_has_one_reply(pair: tuple[Connection, Connection]) -> None:
    client, peer = pair
    request = asyncio.ensure_future(client.request({}))
    received = await message(peer)
    with pytest.raises(EncodeError):
        received.reply({"a": 2**70})
    received.reply({"b": 1})
    with pytest.raises(MisuseError, match="one reply"):
        received.reply({"c": 2})
    assert await request == {"b": 1}
    client.send({})
    with pytest.raises(MisuseError, match="nobody waits"):
        (await message(peer)).reply({})


async def test_a_request_that_is_forgotten_is_told_at_once(
    pair: tuple[Connection, Connection],
) -> None:
    client, peer = pair
    request = asyncio.ensure_future(client.request({}, timeout_s=LIMIT_S))
    await message(peer)  # and dropped
    with pytest.raises((ConnectionInterruptedError, ConnectionInvalidError)):
        await request
    again = asyncio.ensure_future(client.request({}, timeout_s=LIMIT_S))
    (await message(peer)).reply({"again": True})
    assert await again == {"again": True}


async def test_the_late_reply_to_a_cancelled_request_is_closed(
    pair: tuple[Connection, Connection],
) -> None:
    client, peer = pair
    before = len(os.listdir("/dev/fd"))
    request = asyncio.ensure_future(client.request({}))
    received = await message(peer)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    with FileDescriptor(os.open(os.devnull, os.O_RDONLY)) as file:
        received.reply({"file": file})
    next_one = asyncio.ensure_future(client.request({}))
    (await message(peer)).reply({})
    await next_one
    assert len(os.listdir("/dev/fd")) == before


async def test_suspend_nests_and_resume_is_balanced(pair: tuple[Connection, Connection]) -> None:
    client, peer = pair
    peer.suspend()
    peer.suspend()
    client.send({"n": 1})
    coming = asyncio.ensure_future(anext(peer))
    peer.resume()
    done, _ = await asyncio.wait([coming], timeout=0.05)
    assert not done
    peer.resume()
    event = await asyncio.wait_for(coming, LIMIT_S)
    assert isinstance(event, ReceivedMessage)
    with pytest.raises(MisuseError, match="suspend"):
        peer.resume()


async def test_cancel_may_be_repeated_and_ends_iteration(
    pair: tuple[Connection, Connection],
) -> None:
    client, peer = pair
    client.suspend()
    client.cancel()
    client.cancel()
    assert [event async for event in client] == []
    assert [event async for event in peer] == []  # its client has gone
    client.send({"into": "the void"})
    with pytest.raises(ConnectionInvalidError):
        await client.request({}, timeout_s=LIMIT_S)


async def test_pending_requests_end_when_this_side_cancels(
    pair: tuple[Connection, Connection],
) -> None:
    client, peer = pair
    requests = [asyncio.ensure_future(client.request({"n": n})) for n in range(5)]
    held = [await message(peer) for _ in requests]
    client.cancel()
    results = await asyncio.wait_for(asyncio.gather(*requests, return_exceptions=True), LIMIT_S)
    assert [type(result) for result in results] == [ConnectionInvalidError] * 5
    del held


async def test_a_dropped_connection_is_cancelled(listener: Listener) -> None:
    client = Connection.to_endpoint(listener.endpoint())
    client.send({})
    peer = await asyncio.wait_for(anext(listener), LIMIT_S)
    await message(peer)
    del client
    gc.collect()
    assert [event async for event in peer] == []


async def test_connections_may_be_dropped_in_any_state(listener: Listener) -> None:
    before = len(os.listdir("/dev/fd"))
    for _ in range(50):
        Connection.to_service("org.example.never")
        suspended = Connection.to_endpoint(listener.endpoint())
        suspended.suspend()
        suspended.send({})
        del suspended
        Listener.anonymous()
    gc.collect()
    async with Connection.to_endpoint(listener.endpoint()) as client:
        client.send({"after": 1})
        await anext(listener)
    assert len(os.listdir("/dev/fd")) <= before + 4


async def test_an_endpoint_travels_and_leads_back(pair: tuple[Connection, Connection]) -> None:
    client, peer = pair
    async with Listener.anonymous() as other:
        endpoint = other.endpoint()
        client.send({"end": endpoint, "again": other.endpoint()})
        values = (await message(peer)).values
        received = values["end"]
        assert isinstance(received, Endpoint)
        assert received == values["again"] == endpoint
        assert hash(received) == hash(endpoint)
        async with Connection.to_endpoint(received) as second:
            second.send({"by": "endpoint"})
            assert (await message(await anext(other))).values == {"by": "endpoint"}


async def test_an_endpoint_of_a_cancelled_listener_is_invalid() -> None:
    listener = Listener.anonymous()
    endpoint = listener.endpoint()
    listener.cancel()
    async with Connection.to_endpoint(endpoint) as client:
        with pytest.raises(ConnectionInvalidError):
            await client.request({}, timeout_s=LIMIT_S)


async def test_accepted_peers_survive_their_listener(
    listener: Listener, pair: tuple[Connection, Connection]
) -> None:
    client, peer = pair
    listener.cancel()
    with pytest.raises(StopAsyncIteration):
        await anext(listener)
    request = asyncio.ensure_future(client.request({}, timeout_s=LIMIT_S))
    (await message(peer)).reply({"still": "here"})
    assert await request == {"still": "here"}


async def test_a_peer_that_is_not_kept_is_cancelled() -> None:
    transport = XpcTransport.of_running_loop()
    listener = transport.listen_anonymously()
    listener.activate(lambda peer: None, lambda error: None)
    async with Connection.to_endpoint(listener.endpoint()) as client:
        with pytest.raises((ConnectionInvalidError, ConnectionInterruptedError)):
            await client.request({}, timeout_s=LIMIT_S)
    listener.cancel()


async def test_a_full_mailbox_loses_nothing() -> None:
    with XpcTransport(asyncio.get_running_loop(), capacity=4) as transport:
        listener = transport.listen_anonymously()
        taken: list[int] = []
        all_came = asyncio.Event()

        def on_event(event: object) -> None:
            taken.append(len(taken))
            if len(taken) == 1000:
                all_came.set()

        def on_peer(peer: object) -> None:
            peer.set_event_handler(on_event)  # type: ignore[attr-defined]
            peer.activate()  # type: ignore[attr-defined]

        listener.activate(on_peer, lambda error: None)
        clients = [transport.connect_endpoint(listener.endpoint()) for _ in range(10)]
        frame = raw._encode({"n": 1})[0]
        for client in clients:
            client.set_event_handler(lambda event: None)
            client.activate()
            for _ in range(100):
                client.send(frame)
        await asyncio.wait_for(all_came.wait(), LIMIT_S)


async def test_too_many_unread_messages_suspend_the_sender_until_they_are_read(
    pair: tuple[Connection, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw, "MAX_WAITING", 8)
    client, peer = pair
    for n in range(100):
        client.send({"n": n})
    assert (await message(peer)).values == {"n": 0}
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(peer._events.waiting) < 50
    assert [(await message(peer)).values["n"] for _ in range(99)] == list(range(1, 100))


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (b"", MisuseError),
        (b"\x42\x37\x13\x42\x05\0\0\0\0\x30\0\0" + b"\0" * 8, MisuseError),
        (b"\x42\x37\x13\x42\x05\0\0\0\0\xf0\0\0\xff\0\0\0\x01\0\0\0", MisuseError),
        (
            b"\x42\x37\x13\x42\x05\0\0\0\0\xf0\0\0\x0c\0\0\0\x01\0\0\0a\0\0\0\0\xb0\0\0",
            EncodeError,
        ),
    ],
)
async def test_a_frame_that_is_no_message_is_refused(
    frame: bytes, complaint: type[Exception], pair: tuple[Connection, Connection]
) -> None:
    client, _ = pair
    with pytest.raises(complaint):
        client._connection.send(frame)


async def test_a_peer_that_fails_the_rule_is_not_shown() -> None:
    async with Listener.anonymous(rule=Uid(os.geteuid() + 1)) as listener:
        coming = asyncio.ensure_future(anext(listener))
        async with Connection.to_endpoint(listener.endpoint()) as client:
            with pytest.raises((ConnectionInvalidError, ConnectionInterruptedError)):
                await client.request({}, timeout_s=LIMIT_S)
        assert not coming.done()
        coming.cancel()


async def test_the_reply_of_a_service_that_fails_the_rule_is_withheld(listener: Listener) -> None:
    async with Connection.to_endpoint(listener.endpoint(), rule=Uid(os.geteuid() + 1)) as client:
        request = asyncio.ensure_future(client.request({}, timeout_s=LIMIT_S))
        peer = await asyncio.wait_for(anext(listener), LIMIT_S)
        (await message(peer)).reply({"secret": 1})
        with pytest.raises(PeerRequirementError):
            await request


async def test_a_rule_that_cannot_be_held_refuses_the_listener() -> None:
    for rule in (Team("ABCDE12345"), All(()), All((Anyone(), Team("self")))):
        with pytest.raises(ServiceConfigurationError):
            Listener.named("org.example.ruled", rule=rule)


async def test_two_readers_at_once_are_misuse(listener: Listener) -> None:
    first = asyncio.ensure_future(anext(listener))
    await asyncio.sleep(0)
    with pytest.raises(MisuseError, match="two tasks"):
        await anext(listener)
    first.cancel()


@pytest.mark.parametrize("name", ["", "a\0b", "n" * 128])
async def test_a_name_that_no_service_can_have_is_refused(name: str) -> None:
    with pytest.raises(ServiceConfigurationError):
        Connection.to_service(name)


async def test_a_forked_child_is_refused_and_the_parent_goes_on(
    pair: tuple[Connection, Connection],
) -> None:
    client, peer = pair
    child = os.fork()
    if child == 0:
        status = 1
        try:
            client.send({})
        except MisuseError:
            client.cancel = lambda: None  # type: ignore[method-assign]
            status = 0
        finally:
            os._exit(status)
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    client.send({"still": "here"})
    assert (await message(peer)).values == {"still": "here"}


async def test_activating_without_a_handler_is_misuse() -> None:
    connection = XpcTransport.of_running_loop().connect("org.example.none")
    with pytest.raises(MisuseError, match="handler"):
        connection.activate()


async def test_a_failing_handler_is_reported_and_others_go_on(
    pair: tuple[Connection, Connection],
) -> None:
    client, peer = pair
    reported: list[dict[str, object]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: reported.append(context))
    answered: asyncio.Future[object] = loop.create_future()

    def fail(event: object) -> None:
        raise RuntimeError("a bug of the program")

    def take(event: ReceivedFrame | Exception) -> None:
        answered.set_result(event)

    frame = raw._encode({})[0]
    client._connection.request(frame, (), fail)
    client._connection.request(frame, (), take)
    for _ in range(2):
        (await message(peer)).reply({})
    await asyncio.wait_for(answered, LIMIT_S)
    assert [str(each["exception"]) for each in reported] == ["a bug of the program"]


def test_a_loop_that_ends_ends_its_connections() -> None:
    async def leave_behind() -> Connection:
        listener = Listener.anonymous()
        client = Connection.to_endpoint(listener.endpoint())
        client.send({})
        await anext(listener)
        return client

    gc.collect()
    before = len(os.listdir("/dev/fd"))
    left = [asyncio.run(leave_behind()) for _ in range(5)]
    with pytest.raises(MisuseError, match="event loop"):
        left[0].send({})
    left.clear()
    gc.collect()
    assert len(os.listdir("/dev/fd")) == before


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan")])
async def test_a_timeout_is_above_zero(
    pair: tuple[Connection, Connection], timeout_s: float
) -> None:
    with pytest.raises(MisuseError, match="above 0"):
        await pair[0].request({}, timeout_s=timeout_s)


async def test_a_name_is_not_served_to_anybody_by_oversight() -> None:
    with pytest.raises(MisuseError, match=r"or Anyone\(\)"):
        Listener.named("org.example.raw.unruled", rule=None)  # type: ignore[arg-type]


async def test_a_program_that_never_reads_loses_its_connection(
    pair: tuple[Connection, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a request is under way its connection cannot be suspended, so that is all there is."""
    monkeypatch.setattr(raw, "MAX_WAITING", 4)
    monkeypatch.setattr(raw, "MAX_UNREAD", 16)
    client, peer = pair
    asked = asyncio.ensure_future(client.request({"held": True}))
    held = await message(peer)
    for number in range(30):
        peer.send({"n": number})
    with pytest.raises(ConnectionInvalidError):
        await asyncio.wait_for(asked, LIMIT_S)
    with pytest.raises(ConnectionInvalidError, match="16 messages waited unread"):
        async for _ in client:
            pass
    held.drop()


@pytest.mark.parametrize("rule", ["anyone", 0, Uid])
async def test_a_rule_is_one_of_ours(rule: object) -> None:
    with pytest.raises(MisuseError, match="one of xpcrpc"):
        Listener.named("org.example.raw.ruled", rule=rule)  # type: ignore[arg-type]


async def test_a_mach_port_of_captured_bytes_cannot_be_sent(
    pair: tuple[Connection, Connection],
) -> None:
    with pytest.raises(MisuseError, match="MachSend is no endpoint"):
        pair[0].send({"port": MachSend()})  # type: ignore[dict-item]
