"""Events, interceptors, metadata, method rules, limits: what is around calls."""

from __future__ import annotations

import asyncio
import gc
import os
import tempfile
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar, Final

import pytest
from attrs import define

from tests.streams.ticker import CountRequest, Tick, Ticker, TickerClient
from xpcrpc import (
    I64,
    CallContext,
    CallInfo,
    Client,
    ConnectionInvalidError,
    Event,
    Events,
    EventSender,
    HandlerFailedError,
    Host,
    Method,
    NotPermittedError,
    Protocol,
    ServedInfo,
    Server,
    TooManyCallsError,
    rules,
)
from xpcrpc.runtime.interceptors import Proceed

pytestmark = pytest.mark.usefixtures("transport")


@define(kw_only=True)
class Number:
    """A number."""

    value: I64


ADD: Final[Method[Number, Number]] = Method(
    name="add", selector="add", request=Number, reply=Number
)
ONLY_NOBODY: Final[Method[Number, Number]] = Method(
    name="only_nobody",
    selector="onlyNobody",
    request=Number,
    reply=Number,
    requires=rules.AnyOf((rules.Uid(4_000_000_000), rules.Gid(4_000_000_000))),
)
ONLY_SELF: Final[Method[Number, Number]] = Method(
    name="only_self",
    selector="onlySelf",
    request=Number,
    reply=Number,
    requires=rules.All((rules.Uid("self"), rules.Gid("self"))),
)
HOLD: Final[Method[Number, Number]] = Method(
    name="hold", selector="hold", request=Number, reply=Number
)
ASK_BACK: Final[Method[Number, Number]] = Method(
    name="ask_back", selector="askBack", request=Number, reply=Number
)
CHANGED: Final[Event[Number]] = Event(name="changed", selector="changed", payload=Number)
SUMS: Final = Protocol(
    name="org.example.sums.Sums",
    package=__name__,
    version="1.0",
    methods=(ADD, ONLY_NOBODY, ONLY_SELF, HOLD, ASK_BACK),
    events=(CHANGED,),
)
HALVE: Final[Method[Number, Number]] = Method(
    name="halve", selector="halve", request=Number, reply=Number
)
HELPER: Final = Protocol(
    name="org.example.sums.Helper", package=__name__, version="1.0", methods=(HALVE,)
)


class HelperClient(Client):
    """Served by the client of Sums."""

    protocol: ClassVar[Protocol] = HELPER

    async def halve(self, *, value: int) -> Number:
        return await self._call(HALVE, Number(value=value), None)


class HelperServer(Server[HelperClient]):
    """Served by the client of Sums."""

    protocol: ClassVar[Protocol] = HELPER

    @abstractmethod
    async def halve(self, request: Number, context: CallContext) -> Number: ...


class Halver(HelperServer):
    """Halves, and tells in which process."""

    async def halve(self, request: Number, context: CallContext) -> Number:
        return Number(value=request.value // 2)


class SumsClient(Client):
    """The client's stub."""

    protocol: ClassVar[Protocol] = SUMS

    async def add(self, *, value: int, timeout_s: float | None = None) -> Number:
        return await self._call(ADD, Number(value=value), timeout_s)

    async def only_nobody(self) -> Number:
        return await self._call(ONLY_NOBODY, Number(value=0), None)

    async def only_self(self) -> Number:
        return await self._call(ONLY_SELF, Number(value=0), None)

    async def hold(self) -> Number:
        return await self._call(HOLD, Number(value=0), None)

    async def ask_back(self, *, value: int) -> Number:
        return await self._call(ASK_BACK, Number(value=value), None)

    def changed(self) -> Events[Number]:
        return self._events(CHANGED)


class SumsEvents(EventSender):
    """The server's sender of events."""

    def changed(self, *, value: int) -> None:
        self._emit(CHANGED, Number(value=value))


class Sums(Server[SumsClient]):
    """Adds up, tells everybody."""

    protocol: ClassVar[Protocol] = SUMS

    def __init__(self) -> None:
        self.sum = 0
        self.release = asyncio.Event()
        self.holding = 0

    async def add(self, request: Number, context: CallContext) -> Number:
        self.sum += request.value
        SumsEvents(self).changed(value=self.sum)
        if context.metadata.get("want") == "twice":
            SumsEvents(context).changed(value=-self.sum)
            context.reply_metadata["told"] = "twice"
        return Number(value=self.sum)

    async def only_nobody(self, request: Number, context: CallContext) -> Number:
        raise AssertionError("nobody may run this")

    async def only_self(self, request: Number, context: CallContext) -> Number:
        return request

    async def hold(self, request: Number, context: CallContext) -> Number:
        self.holding += 1
        await self.release.wait()
        return request

    async def ask_back(self, request: Number, context: CallContext) -> Number:
        return await context.client(HelperClient).halve(value=request.value)


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
    async with Host(drain_s=1.0, max_calls=5) as host:
        yield host


async def test_every_client_hears_an_event_and_the_caller_one_of_its_own(host: Host) -> None:
    end = host.offer(Sums())
    async with await SumsClient.from_end(end) as one, await SumsClient.from_end(end) as two:
        heard_one, heard_two = one.changed(), two.changed()
        await two.only_self()  # a server sees a client with its first message
        assert (await one.with_metadata(want="twice").add(value=5)).value == 5
        assert [(await anext(heard_one)).value, (await anext(heard_one)).value] == [5, -5]
        assert (await anext(heard_two)).value == 5
        await two.add(value=1)
        assert (await anext(heard_two)).value == 6


async def test_a_subscription_ends_with_the_connection(host: Host) -> None:
    async with await SumsClient.from_end(host.offer(Sums())) as client:
        events = client.changed()
        reader = asyncio.create_task(anext(events))
        await asyncio.sleep(0)
    with pytest.raises(ConnectionInvalidError):
        await reader


async def test_a_reader_that_falls_behind_loses_the_oldest_and_can_tell(host: Host) -> None:
    async with await SumsClient.from_end(host.offer(Sums())) as client:
        events = client.changed()
        for _ in range(1030):
            await client.add(value=1)
        assert (await anext(events)).value == 7
        assert events.dropped == 6


async def test_a_subscription_that_is_dropped_costs_nothing(host: Host) -> None:
    async with await SumsClient.from_end(host.offer(Sums())) as client:
        events = client.changed()
        assert client._link.inbound is not None
        assert len(client._link.inbound.subscriptions._readers["changed"]) == 1
        del events
        gc.collect()
        assert not client._link.inbound.subscriptions._readers["changed"]


async def test_a_method_that_asks_for_more_is_refused(host: Host) -> None:
    async with await SumsClient.from_end(host.offer(Sums())) as client:
        with pytest.raises(NotPermittedError):
            await client.only_nobody()
        assert (await client.only_self()).value == 0


async def test_more_calls_than_the_limit_are_refused_and_the_others_go_on(host: Host) -> None:
    sums = Sums()
    async with await SumsClient.from_end(host.offer(sums)) as client:
        calls = [asyncio.create_task(client.hold()) for _ in range(5)]
        while sums.holding < 5:
            await asyncio.sleep(0)
        with pytest.raises(TooManyCallsError):
            await client.add(value=1)
        sums.release.set()
        await asyncio.gather(*calls)
        assert (await client.add(value=1)).value == 1


async def test_a_server_calls_what_its_client_serves(host: Host) -> None:
    end = host.offer(Sums())
    async with await SumsClient.from_end(end, serving=Halver()) as client:
        assert (await client.ask_back(value=84)).value == 42
    async with await SumsClient.from_end(end) as client:
        with pytest.raises(HandlerFailedError):
            await client.ask_back(value=84)


async def test_interceptors_see_both_sides_and_the_first_is_outermost() -> None:
    seen: list[str] = []

    def server_side(name: str) -> Any:
        async def intercept(call: ServedInfo, proceed: Proceed) -> Any:
            seen.append(f"{name} {call.method.name} {call.metadata.get('by')} {call.peer.pid}")
            assert 0 < call.remaining_s <= 30
            call.reply_metadata[name] = "was here"
            result = await proceed()
            seen.append(f"{name} done")
            return result

        return intercept

    async def client_side(call: CallInfo, proceed: Proceed) -> Any:
        call.metadata["by"] = "test"
        result = await proceed()
        seen.append(f"client {sorted(call.reply_metadata)}")
        return result

    async with Host(interceptors=[server_side("outer"), server_side("inner")]) as host:
        end = host.offer(Sums())
        async with await SumsClient.from_end(end, interceptors=[client_side]) as client:
            assert (await client.add(value=2)).value == 2
    pid = os.getpid()
    assert seen == [
        f"outer add test {pid}",
        f"inner add test {pid}",
        "inner done",
        "outer done",
        "client ['inner', 'outer']",
    ]


async def test_an_interceptor_may_refuse_and_the_handler_never_runs() -> None:
    async def refuse(call: ServedInfo, proceed: Proceed) -> Any:
        raise NotPermittedError("not today")

    sums = Sums()
    async with (
        Host(interceptors=[refuse]) as host,
        await SumsClient.from_end(host.offer(sums)) as client,
    ):
        with pytest.raises(NotPermittedError, match="not today"):
            await client.add(value=1)
        assert sums.sum == 0


async def test_interceptors_wrap_a_whole_stream_on_both_sides() -> None:
    seen: list[str] = []

    async def served(call: ServedInfo, proceed: Proceed) -> Any:
        seen.append("server begins")
        result = await proceed()
        seen.append("server ends")
        return result

    async def called(call: CallInfo, proceed: Proceed) -> Any:
        seen.append("client begins")
        result = await proceed()
        seen.append("client ends")
        return result

    async with Host(interceptors=[served]) as host:
        end = host.offer(Ticker())
        async with await TickerClient.from_end(end, interceptors=[called]) as client:
            assert [tick.number async for tick in client.count(count=3)] == [0, 1, 2]
            while len(seen) < 4:
                await asyncio.sleep(0)
    assert seen == ["client begins", "server begins", "server ends", "client ends"]


async def test_a_clients_interceptor_may_refuse_a_stream_before_it_is_sent(host: Host) -> None:
    async def refuse(call: CallInfo, proceed: Proceed) -> Any:
        raise PermissionError("offline")

    ticker = Ticker()
    async with await TickerClient.from_end(host.offer(ticker), interceptors=[refuse]) as client:
        with pytest.raises(PermissionError, match="offline"):
            async for _ in client.count(count=3):
                raise AssertionError("nothing was sent")
    assert ticker.made == 0


async def test_unasked_items_end_the_connection_of_their_sender_only(host: Host) -> None:
    end = host.offer(Sums())
    async with await SumsClient.from_end(end) as good, await SumsClient.from_end(end) as bad:
        from xpcrpc.protocol import signals

        assert (await bad.add(value=1)).value == 1
        bad._link.say(signals.Items(77, [1]))
        with pytest.raises(ConnectionInvalidError):
            while True:
                await bad.add(value=1)
        assert (await good.add(value=1)).value >= 2


def test_items_are_what_their_class_says() -> None:
    assert Tick(number=1) == Tick(number=1)
    assert CountRequest(count=1).fail_after is None


async def test_whoever_gets_a_server_end_serves_its_maker(host: Host) -> None:
    """Both ends are in one process here; the end travels as any endpoint does."""
    async with HelperClient.expect() as expected:
        host.serve_end(expected.end, Halver())
        client = await expected.client()
        assert (await client.halve(value=10)).value == 5


async def test_a_server_end_is_served_once(host: Host) -> None:
    async with HelperClient.expect() as expected:
        host.serve_end(expected.end, Halver())
        client = await expected.client()
        host.serve_end(expected.end, Halver())
        assert await expected.client() is client
        assert (await client.halve(value=10)).value == 5
