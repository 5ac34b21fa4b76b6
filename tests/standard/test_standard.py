"""Hello, health, describe: what every service answers beside its own protocol."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from attrs import evolve

from tests.streams.test_around_calls import ADD, HOLD, SUMS, Sums, SumsClient
from tests.streams.ticker import Ticker, TickerClient
from xpcrpc import (
    Host,
    Method,
    TransportError,
    VersionMismatchError,
)
from xpcrpc.codec import frame as frames
from xpcrpc.protocol import keys
from xpcrpc.runtime.describe import describe
from xpcrpc.standard import StandardClient
from xpcrpc.transport.base import Connection, ReceivedFrame
from xpcrpc.transport.xpc import XpcTransport


@pytest.fixture(autouse=True)
def bootstrap() -> Iterator[None]:
    with (
        tempfile.TemporaryDirectory(prefix="xpcrpc-") as directory,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("XPCRPC_BOOTSTRAP_DIR", directory)
        yield


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with Host(drain_s=1.0) as host:
        yield host


LATER: Method[Any, Any] = evolve(ADD, name="later", selector="later")


class NewerClient(SumsClient):
    """A client of 1.1, which has one method more."""

    protocol = evolve(SUMS, version="1.1", methods=(*SUMS.methods, LATER))

    async def later(self) -> Any:
        from tests.streams.test_around_calls import Number

        return await self._call(LATER, Number(value=1), None)


class NextClient(SumsClient):
    """A client of 2.0."""

    protocol = evolve(SUMS, version="2.0")


async def test_a_newer_client_is_told_both_versions_and_what_is_missing(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "xpcrpc.client")
    async with await NewerClient.from_end(host.offer(Sums())) as client:  # type: ignore[arg-type]
        with pytest.raises(VersionMismatchError) as caught:
            await client.later()
        assert (caught.value.client, caught.value.server) == ("1.1", "1.0")
        assert caught.value.missing == ("later",)
        assert "1.1" in caplog.text
        assert (await client.add(value=2)).value == 2  # what both have works
        assert client.server_version == "1.0"


async def test_another_major_version_is_refused_before_the_first_call(host: Host) -> None:
    sums = Sums()
    async with await NextClient.from_end(host.offer(sums)) as client:  # type: ignore[arg-type]
        with pytest.raises(VersionMismatchError, match=r"2\.0"):
            await client.add(value=1)
    assert sums.sum == 0


async def test_equal_contracts_say_nothing(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "xpcrpc")
    async with await SumsClient.from_end(host.offer(Sums())) as client:
        await client.add(value=1)
    assert not caplog.records


async def test_a_stream_of_a_service_that_has_none_is_refused_at_once(host: Host) -> None:
    async with await TickerClient.from_end(host.offer(Sums())) as client:  # type: ignore[arg-type]
        with pytest.raises(VersionMismatchError):
            async for _ in client.count(count=1):
                raise AssertionError("there are no items")


async def test_many_first_calls_say_hello_once(host: Host) -> None:
    async with await SumsClient.from_end(host.offer(Sums())) as client:
        await asyncio.gather(*(client.add(value=1) for _ in range(20)))
        assert client._link.session._last_own == 2 * 21 - 1


async def test_a_service_that_knows_no_hello_is_taken_as_it_is() -> None:
    """What rama answers to a selector that it does not know is code 1."""
    peers: list[Connection] = []
    asked: list[Any] = []

    def accept(peer: Connection) -> None:
        def event(event: ReceivedFrame | TransportError) -> None:
            if isinstance(event, TransportError):
                return
            message = frames.decode(event.frame)
            assert isinstance(message, dict)
            asked.append(message[keys.SELECTOR])
            if message[keys.SELECTOR] == "add":
                event.reply(frames.encode({"$result": {"value": 7}}))
            else:
                event.reply(frames.encode({"$error": {"code": 1, "message": "unknown"}}))

        peers.append(peer)
        peer.set_event_handler(event)
        peer.activate()

    from xpcrpc import ClientEnd

    listener = XpcTransport.of_running_loop().listen_anonymously()
    listener.activate(accept, lambda error: None)
    async with await SumsClient.from_end(ClientEnd(listener.endpoint())) as client:
        assert (await client.add(value=1)).value == 7
        with pytest.raises(VersionMismatchError, match="does not tell what it serves") as caught:
            await client.only_self()
        assert (caught.value.server, caught.value.missing) == (None, ("only_self",))
        assert client.server_version is None
    assert asked == ["xpcrpc.hello", "add", "onlySelf"]


async def test_health_counts_the_calls_under_way(host: Host) -> None:
    sums = Sums()
    end: Any = host.offer(sums)
    async with (
        await SumsClient.from_end(end) as client,
        await StandardClient.from_end(end) as probe,
    ):
        held = asyncio.create_task(client.hold())
        while not sums.holding:
            await asyncio.sleep(0)
        health = await probe.health()
        assert (health.serving, health.calls) == (True, 1)
        assert health.uptime.ns > 0
        sums.release.set()
        await held


async def test_a_service_describes_itself(host: Host) -> None:
    end: Any = host.offer(Ticker())
    async with await StandardClient.from_end(end) as probe:
        found = await probe.describe()
    assert found == describe(Ticker.protocol)
    signatures = {method.name: method.signature for method in found.methods}
    assert signatures["count"] == "count(CountRequest) -> stream of Tick ! TooMany"
    assert signatures["total"] == "total(CountRequest, stream of Tick) -> Total ! TooMany"
    assert {kind.name: kind.fields for kind in found.types}["Tick"] == [
        "number: i64",
        "text: string = …",
    ]


def test_the_fingerprint_changes_with_whatever_shows_on_the_wire_and_with_nothing_else() -> None:
    def fingerprint(protocol: Any) -> str:
        return describe(protocol).identity.fingerprint

    base = fingerprint(SUMS)
    assert fingerprint(evolve(SUMS, version="9.9", name="renamed")) == base
    assert fingerprint(evolve(SUMS, methods=SUMS.methods[1:])) != base
    assert fingerprint(evolve(SUMS, methods=tuple(reversed(SUMS.methods)))) == base
    renamed = (evolve(HOLD, selector="other"), *SUMS.methods[:-1])
    assert fingerprint(evolve(SUMS, methods=renamed)) != base
