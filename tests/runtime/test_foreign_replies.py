"""What a generated client makes of answers that no generated server would give."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.runtime.probe import Parcel, ProtocolClient, Refused
from xpcrpc import (
    CallError,
    ClientEnd,
    DecodeError,
    FileDescriptor,
    HandlerFailedError,
    InvalidMessageError,
    TransportError,
    UInt64,
    UnknownSelectorError,
)
from xpcrpc.codec import frame as frames
from xpcrpc.transport.base import Connection, ReceivedFrame
from xpcrpc.transport.xpc import XpcTransport
from xpcrpc.values import Handle

WHOLE = {"text": "", "number": 1, "small": UInt64(0), "mode": "direct", "colour": "red"}


class Foreigner:
    """A server without a contract: it answers every request with `answer`."""

    def __init__(self) -> None:
        self.answer: Any = None
        self.held: asyncio.Queue[ReceivedFrame] | None = None
        self.peers: list[Connection] = []
        self.listener = XpcTransport.of_running_loop().listen_anonymously()
        self.listener.activate(self._accept, lambda error: None)

    def _accept(self, peer: Connection) -> None:
        self.peers.append(peer)
        peer.set_event_handler(self._event)
        peer.activate()

    def _event(self, event: ReceivedFrame | TransportError) -> None:
        if isinstance(event, TransportError) or not event.expects_reply:
            return
        if self.held is not None:
            self.held.put_nowait(event)
        elif self.answer is None:
            event.drop()
        else:
            self.give(event)

    def give(self, event: ReceivedFrame) -> None:
        """Answer a request."""
        handles: list[Handle] = []
        event.reply(frames.encode(self.answer, handles=handles), handles)


@pytest.fixture
async def foreigner() -> AsyncIterator[Foreigner]:
    """A server that answers as it likes."""
    server = Foreigner()
    yield server
    for peer in server.peers:
        peer.cancel()
    server.listener.cancel()


@pytest.fixture
async def caller(foreigner: Foreigner) -> AsyncIterator[ProtocolClient]:
    """A generated client of it."""
    end: ClientEnd[ProtocolClient] = ClientEnd(foreigner.listener.endpoint())
    async with await ProtocolClient.from_end(end, greet=False) as connected:
        yield connected


async def test_a_failure_wins_over_a_result_beside_it(
    foreigner: Foreigner, caller: ProtocolClient
) -> None:
    foreigner.answer = {"$result": WHOLE, "$error": {"code": 3, "message": "no"}}
    with pytest.raises(HandlerFailedError, match="no"):
        await caller.echo(Parcel())


@pytest.mark.parametrize("error", [None, "text", 7, [], True])
async def test_an_error_that_is_no_dictionary_is_no_failure(
    foreigner: Foreigner, caller: ProtocolClient, error: Any
) -> None:
    foreigner.answer = {"$result": WHOLE, "$error": error}
    assert await caller.echo(Parcel()) == Parcel(number=1)


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ({"code": 1, "message": "m"}, UnknownSelectorError, 1),
        ({"code": UInt64(2), "message": "m"}, InvalidMessageError, 2),
        ({"code": UInt64(2**63 + 5), "message": "m"}, CallError, 2**63 - 1),
        ({"message": "m"}, CallError, 0),
        ({"code": "1", "message": "m"}, CallError, 0),
        ({"code": 9}, CallError, 9),
        ({"code": 9, "message": 7}, CallError, 9),
        ({"code": -5, "message": "m"}, CallError, -5),
        ({}, CallError, 0),
    ],
)
async def test_failures_are_read_leniently(
    foreigner: Foreigner,
    caller: ProtocolClient,
    body: dict[str, Any],
    kind: type[CallError],
    code: int,
) -> None:
    foreigner.answer = {"$error": body}
    with pytest.raises(CallError) as caught:
        await caller.echo(Parcel())
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert caught.value.message == (body.get("message") if body.get("message") == "m" else "")


async def test_a_declared_code_without_its_fields_is_a_plain_call_error(
    foreigner: Foreigner, caller: ProtocolClient
) -> None:
    foreigner.answer = {"$error": {"code": Refused.code, "message": "an older peer"}}
    with pytest.raises(CallError, match="an older peer") as caught:
        await caller.refuse(text="x")
    assert type(caught.value) is CallError
    assert caught.value.code == Refused.code


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"result": WHOLE},
        {"$result": None},
        {"$result": "text"},
        {"$result": {**WHOLE, "colour": "blue"}},
        {"$result": {**WHOLE, "number": 2**40}},
        {"$result": [WHOLE]},
    ],
    ids=repr,
)
async def test_a_reply_that_does_not_decode_is_a_decode_error(
    foreigner: Foreigner, caller: ProtocolClient, answer: dict[str, Any]
) -> None:
    foreigner.answer = answer
    with pytest.raises(DecodeError):
        await caller.echo(Parcel())


async def test_unknown_fields_of_a_reply_are_ignored(
    foreigner: Foreigner, caller: ProtocolClient
) -> None:
    foreigner.answer = {"$result": {**WHOLE, "newer": 1}, "$newer": 2}
    assert await caller.echo(Parcel()) == Parcel(number=1)


async def test_a_method_without_result_takes_any_result(
    foreigner: Foreigner, caller: ProtocolClient
) -> None:
    results: list[Any] = [None, 7, {}]
    for result in results:
        foreigner.answer = {"$result": result}
        await caller.crash()


async def test_a_request_that_is_dropped_ends_at_once(
    foreigner: Foreigner, caller: ProtocolClient
) -> None:
    with pytest.raises(TransportError):
        await caller.echo(Parcel())


async def test_a_reply_after_a_cancelled_call_is_dropped_with_its_descriptors(
    foreigner: Foreigner, caller: ProtocolClient
) -> None:
    foreigner.held = asyncio.Queue()
    call = asyncio.create_task(caller.echo(Parcel()))
    request = await foreigner.held.get()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    with FileDescriptor(os.open(os.devnull, os.O_RDONLY)) as file:
        gc.collect()
        before = len(os.listdir("/dev/fd"))
        foreigner.answer = {"$result": {**WHOLE, "file": file}}
        foreigner.give(request)
        foreigner.held, foreigner.answer = None, {"$result": WHOLE}
        assert await caller.echo(Parcel()) == Parcel(number=1)
        gc.collect()
        assert len(os.listdir("/dev/fd")) == before


async def test_messages_that_nobody_asked_for_are_dropped_with_a_warning(
    foreigner: Foreigner, caller: ProtocolClient, caplog: pytest.LogCaptureFixture
) -> None:
    foreigner.answer = {"$result": WHOLE}
    await caller.echo(Parcel())
    unasked: Callable[[], bytes] = lambda: frames.encode({"hello": 1}, handles=[])  # noqa: E731
    for _ in range(3):
        foreigner.peers[0].send(unasked())
    while caplog.text.count("nobody asked for") < 3:
        await caller.echo(Parcel())
    assert await caller.echo(Parcel()) == Parcel(number=1)
