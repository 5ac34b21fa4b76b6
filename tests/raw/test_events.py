"""What arrives, as the extension makes it and hands it over."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from tests.refcounts import drift
from xpcrpc import ConnectionInterruptedError, MisuseError
from xpcrpc.codec import frame
from xpcrpc.transport import _events
from xpcrpc.transport.base import PeerIdentity, ReceivedFrame
from xpcrpc.transport.xpc import XpcTransport
from xpcrpc.transport.xpc_connection import XpcConnection
from xpcrpc.transport.xpc_message import Process, XpcReceived, XpcRequest

EMPTY = frame.encode({})


class Pair:
    """A client and its server peer in one process, and what each has heard."""

    def __init__(self) -> None:
        transport = XpcTransport.of_running_loop()
        self.peers: list[Any] = []
        self.heard: list[Any] = []
        self.listener = transport.listen_anonymously()
        self.listener.activate(self._on_peer, lambda _: None)
        self.client = transport.connect_endpoint(self.listener.endpoint())
        self.client.set_event_handler(lambda _: None)
        self.client.activate()

    def _on_peer(self, peer: Any) -> None:
        self.peers.append(peer)
        peer.set_event_handler(self.on_event)
        peer.activate()

    def on_event(self, event: Any) -> None:
        if isinstance(event, XpcReceived):
            self.heard.append(event)

    async def request(self) -> tuple[Any, list[Any]]:
        """A request that was heard, and what its sender is told, as it comes."""
        told: list[Any] = []
        before = len(self.heard)
        self.client.request(EMPTY, (), told.append)
        await until(lambda: len(self.heard) > before)
        return self.heard.pop(), told


async def until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture
async def pair() -> Pair:
    return Pair()


async def test_a_request_and_its_reply_are_messages_of_their_senders(pair: Pair) -> None:
    request, told = await pair.request()
    assert type(request) is XpcRequest
    assert (request.expects_reply, bool(request.pending)) == (True, True)
    assert request.sender is pair.peers[0].peer
    assert (request.frame, request.handles) == (EMPTY, ())
    request.reply(EMPTY, [])
    assert not request.pending
    await until(lambda: told)
    assert type(told[0]) is XpcReceived
    assert not told[0].expects_reply
    assert told[0].sender is pair.client.peer
    with pytest.raises(MisuseError, match="nobody waits"):
        told[0].reply(EMPTY)
    with pytest.raises(MisuseError, match="answered or dropped already"):
        request.reply(EMPTY)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
async def test_a_reply_may_be_any_bytes(pair: Pair, kind: type) -> None:
    request, told = await pair.request()
    request.reply(kind(EMPTY))
    await until(lambda: told)
    assert told[0].frame == EMPTY


async def test_a_refused_reply_can_be_given_again(pair: Pair) -> None:
    request, told = await pair.request()
    for wrong in (b"", b"no frame", frame.encode([])):
        with pytest.raises(MisuseError):
            request.reply(wrong, [])
    assert request.pending
    request.reply(EMPTY, ())
    await until(lambda: told)
    assert told[0].frame == EMPTY


@pytest.mark.parametrize("how", ["drop", "discard", "forget", "garbage"])
async def test_a_requester_hears_of_a_request_that_nobody_will_answer(pair: Pair, how: str) -> None:
    request, told = await pair.request()
    if how == "garbage":
        request.handles = [request]
    elif how != "forget":
        getattr(request, how)()
        getattr(request, how)()  # changes nothing
    del request
    gc.collect()
    await until(lambda: told)
    assert isinstance(told[0], ConnectionInterruptedError)


async def test_a_failing_handler_hides_nothing_from_the_next(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    numbers: list[int] = []
    failures: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, facts: failures.append(facts))

    def on_event(event: ReceivedFrame | Exception) -> None:
        assert isinstance(event, XpcReceived)
        message: Any = frame.decode(event.frame)
        number: int = message["number"]
        numbers.append(number)
        if number % 2:
            raise ValueError(number)

    await pair.request()
    pair.peers[0].set_event_handler(on_event)
    for number in range(6):
        pair.client.send(frame.encode({"number": number}))
    await until(lambda: len(numbers) == 6)
    assert [str(each["exception"]) for each in failures] == ["1", "3", "5"]
    assert failures[0]["exception"].__traceback__ is not None


async def test_messages_and_events_keep_the_count_of_what_they_hold(pair: Pair) -> None:
    await pair.request()
    watched = [pair.client, pair.peers[0], pair.client.peer, XpcReceived, XpcRequest]

    async def work() -> None:
        request, told = await pair.request()
        request.reply(EMPTY, [])
        await until(lambda: told)
        request, told = await pair.request()
        del request
        await until(lambda: told)

    assert await drift(work, watched, times=100) == []


# -- made by hand -----------------------------------------------------------------------------

SENDER = PeerIdentity(1, 2, 3, 4)


def test_a_message_holds_what_it_was_given() -> None:
    handles: list[Any] = []
    message = XpcReceived(EMPTY, handles, SENDER)
    assert message.frame is EMPTY
    assert message.handles is handles
    assert message.sender is SENDER
    message.handles = ()
    assert message.handles == ()
    message.drop()
    message.discard()


def arguments() -> Iterator[tuple[Any, ...]]:
    good: list[Any] = [0, bytearray(64), {}, {}, XpcConnection, None, int, print, print]
    for place, wrong in ((0, "box"), (1, b"read only"), (1, None), (2, []), (3, [])):
        yield (*good[:place], wrong, *good[place + 1 :])
    yield tuple(good[:-1])


@pytest.mark.parametrize("wrong", list(arguments()))
def test_events_are_made_of_a_mailbox_and_its_tables(wrong: tuple[Any, ...]) -> None:
    with pytest.raises((TypeError, BufferError)):
        _events.Events(*wrong)


def test_closed_events_are_drained_no_more() -> None:
    process: Any = Process()
    events = _events.Events(0, bytearray(64), {}, {}, XpcConnection, process, int, print, print)
    with pytest.raises(ValueError, match="closed"):
        events.drain()
    events.on_readable()
    events.close()


def test_events_that_are_garbage_go_with_what_they_lead_to() -> None:
    class Owner:
        def do(self, _: object) -> Any: ...

    owner: Any = Owner()
    owner.events = _events.Events(
        0, bytearray(64), {}, {}, XpcConnection, owner, owner.do, owner.do, owner.do
    )
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None
