"""Services that go, come back, stay silent, or end with work in hand."""

from __future__ import annotations

import asyncio
import itertools
import os
from typing import Any

import pytest

from tests.streams.odd import Ask, Blob, OddClient, Odds, OddService
from tests.streams.test_around_calls import SUMS, Number, Sums, SumsClient, SumsEvents
from tests.streams.virtual import VirtualLoop
from xpcrpc import (
    CallContext,
    ClientEnd,
    ConnectionInvalidError,
    DeadlineExceededError,
    Host,
    Service,
    TerminationImminentError,
    TransportError,
    UnavailableError,
    rules,
)
from xpcrpc.codec import frame as frames
from xpcrpc.testing import Cut, Drop, FaultPlan, Hold, reply, request, served
from xpcrpc.testing.pairs import Over
from xpcrpc.transport.base import Connection, ReceivedFrame
from xpcrpc.transport.memory import MemoryNetwork, MemoryTransport

PATIENCE_S = 60.0
SUM = Service(
    name="org.example.sum",
    protocol=SUMS,
    server=Sums,
    client=SumsClient,
    peer_linux=rules.Uid("self"),
    peer_macos=rules.Uid("self"),
)


# -- greetings and hooks ----------------------------------------------------------------


@pytest.mark.parametrize("how", ["gather", "wait_for", "TaskGroup", "plainly", "stream"])
async def test_a_hook_may_call_from_tasks_of_its_own(how: str) -> None:
    async def say(client: OddClient) -> None:
        match how:
            case "gather":
                await asyncio.gather(client.call(), client.call())
            case "wait_for":
                await asyncio.wait_for(client.call(), PATIENCE_S)
            case "TaskGroup":
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(client.call())
            case "plainly":
                await client.call()
            case "stream":
                assert [item async for item in client.items(count=2)] != []
        said.append(how)

    said: list[str] = []
    network = MemoryNetwork()
    there, here = MemoryTransport(network), MemoryTransport(network)
    async with Host(transport=there) as host:
        host.serve(Odds, OddService())
        async with OddClient.on(here.connect(Odds.name), on_reconnect=say) as client:
            await client.call()
            assert said == []  # nothing was lost yet
            there.kill()
            host.serve(Odds, OddService())
            await asyncio.sleep(0.01)  # the loss is noticed
            for _ in range(2):
                assert (await client.call(count=2, timeout_s=PATIENCE_S)).number == 2
            assert said == [how]


class Foreign:
    """A service that knows one method, and does to others what it is told."""

    def __init__(self, transport: MemoryTransport, *, answers: bool) -> None:
        self._keeps: list[Any] = []
        self._answers = answers
        self.listener = transport.listen(Odds.name)
        self.listener.activate(self._accept, lambda error: None)

    def _accept(self, peer: Connection) -> None:
        def event(event: ReceivedFrame | TransportError) -> None:
            if isinstance(event, TransportError):
                return
            message = frames.decode(event.frame)
            assert isinstance(message, dict)
            if message["$selector"] == "call":
                event.reply(frames.encode({"$result": {"number": 7}}))
            elif self._answers:
                event.drop()
            else:
                self._keeps.append(event)

        self._keeps.append(peer)
        peer.set_event_handler(event)
        peer.activate()


@pytest.mark.parametrize("answers", [False, True], ids=["keeps", "drops"])
def test_a_service_that_keeps_or_drops_what_it_does_not_know_can_be_called(answers: bool) -> None:
    async def main() -> None:
        network = MemoryNetwork()
        foreign = Foreign(MemoryTransport(network), answers=answers)
        async with OddClient.on(MemoryTransport(network).connect(Odds.name)) as client:
            for _ in range(2):
                assert (await client.call(timeout_s=PATIENCE_S)).number == 7
            assert client.server_version is None
        foreign.listener.cancel()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())


def test_a_call_that_waited_in_vain_for_the_greeting_was_not_sent() -> None:
    async def main() -> None:
        faults = FaultPlan({request(selector="xpcrpc.hello"): Hold()})
        async with served(Odds, OddService(), faults=faults) as running:
            async with await running.connect() as client:
                with pytest.raises(DeadlineExceededError, match="was not sent") as caught:
                    await client.call(timeout_s=1.0)
                assert caught.value.timeout_s == 1.0

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())


# -- events ------------------------------------------------------------------------------


async def test_a_subscriber_that_makes_no_call_is_told(named_over: Over) -> None:
    sums = Sums()
    async with served(SUM, sums, over=named_over) as running, await running.connect() as client:
        events = client.changed()
        async with asyncio.timeout(PATIENCE_S):
            while not sums.links:
                await asyncio.sleep(0)
            SumsEvents(sums).changed(value=7)
            assert await anext(events) == Number(value=7)


async def test_a_subscriber_is_told_by_the_service_that_comes_after(named_over: Over) -> None:
    hooks: list[int] = []
    async with served(SUM, Sums(), over=named_over) as running:

        async def hook(client: SumsClient) -> None:
            hooks.append((await client.add(value=1)).value)

        connect = running.transport.connect
        async with SumsClient.on(connect(running.name), on_reconnect=hook) as client:
            events = client.changed()
            await client.add(value=1)
            for number in range(2):
                sums = Sums()
                await running.stop()
                await running.start(sums)
                async with asyncio.timeout(PATIENCE_S):
                    while not hooks[number:]:
                        await asyncio.sleep(0.01)
                    SumsEvents(sums).changed(value=70 + number)
                    while (await anext(events)).value != 70 + number:
                        pass  # of the hook's own call


async def test_a_client_that_does_not_read_its_events_costs_little(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sums = Sums()
    async with served(SUM, sums, over="libxpc") as running:
        async with await running.connect() as lazy, await running.connect() as other:
            heard = other.changed()
            await lazy.add(value=1)
            await other.add(value=1)
            lazy._link.connection.suspend()
            sender = SumsEvents(sums)
            (link,) = [link for link in sums.links if link is not await own_link(sums, other)]
            for number in range(60_000):
                sender.changed(value=number)
                if number % 500 == 0:
                    await asyncio.sleep(0)
                    await anext(heard)
            assert link.events_lost > 10_000
            assert "does not read its events" in caplog.text
            assert len(caplog.records) < 40
            lazy._link.connection.resume()
            while link.backlog.clogged:
                await asyncio.sleep(0.01)
            assert (await lazy.add(value=1)).value


async def own_link(sums: Sums, client: SumsClient) -> Any:
    """The server's end of a client's connection."""
    before = {link: link.session._last_theirs for link in sums.links}
    await client.add(value=0)
    (found,) = [link for link, last in before.items() if link.session._last_theirs != last]
    return found


# -- the end ------------------------------------------------------------------------------


async def test_what_was_refused_by_a_service_that_ends_is_done_by_the_next(
    named_over: Over,
) -> None:
    """Of every method, as it was not begun."""
    release = asyncio.Event()

    async def hold(asked: Ask, context: CallContext) -> Blob:
        await release.wait()
        return Blob(number=asked.count)

    async with served(Odds, OddService(handler=hold), over=named_over) as running:
        async with await running.connect() as client:
            held = asyncio.ensure_future(client.call(count=1))
            await client.items(count=0).result()  # it has arrived
            stopping = asyncio.ensure_future(running.stop())
            await asyncio.sleep(0.02)
            late = [
                asyncio.ensure_future(client.call(count=2)),
                asyncio.ensure_future(client.again(count=3)),
            ]
            told = asyncio.ensure_future(client.tell(count=4))
            await asyncio.sleep(0.02)
            assert not any(each.done() for each in late)
            successor = Successor()
            started = asyncio.ensure_future(start_when_free(running, stopping, successor))
            release.set()
            async with asyncio.timeout(PATIENCE_S):
                assert (await held).number == 1
                answers = await asyncio.gather(*late, return_exceptions=True)
                await asyncio.gather(told, started, return_exceptions=True)
        # Whether the successor has the name before they look for it is the system's affair.
        for answer in answers:
            if isinstance(answer, BaseException):
                assert isinstance(answer, ConnectionInvalidError) and not answer.may_have_run
            else:
                assert answer.number in (2, 3)


class Successor(OddService):
    """The next instance."""


async def start_when_free(running: Any, stopping: Any, server: OddService) -> None:
    await stopping
    await running.start(server)


async def test_a_reply_that_refuses_is_followed_by_another_attempt() -> None:
    """The client does not know yet that the service drains: code 5 tells it."""
    network = MemoryNetwork()
    there, here = MemoryTransport(network), MemoryTransport(network)
    hold = asyncio.Event()

    async def handler(asked: Ask, context: CallContext) -> Blob:
        if asked.count == 0:
            await hold.wait()
        return Blob(number=asked.count)

    host = Host(transport=there)
    host.serve(Odds, OddService(handler=handler))
    async with OddClient.on(here.connect(Odds.name)) as client:
        held = asyncio.ensure_future(client.call())
        await client.call(count=1)
        closing = asyncio.ensure_future(host.close())
        call = asyncio.ensure_future(client.call(count=2))  # crosses the drain
        await asyncio.sleep(0.01)
        assert not call.done()
        hold.set()
        await held
        await closing
        async with Host(transport=there) as successor:
            successor.serve(Odds, OddService(handler=handler))
            assert (await call).number == 2


async def test_an_endpoints_client_is_refused_at_once_by_a_service_that_ends() -> None:
    network = MemoryNetwork()
    there, here = MemoryTransport(network), MemoryTransport(network)
    hold = asyncio.Event()

    async def handler(asked: Ask, context: CallContext) -> Blob:
        await hold.wait()
        return Blob(number=asked.count)

    host = Host(transport=there)
    end = host.offer(OddService(handler=handler))
    async with await OddClient.from_end(end, transport=here) as client:
        held = asyncio.ensure_future(client.call())
        await client.items(count=0).result()
        closing = asyncio.ensure_future(host.close())
        await asyncio.sleep(0.01)
        with pytest.raises(UnavailableError) as caught:
            await client.call()
        assert not caught.value.may_have_run
        hold.set()
        await asyncio.gather(held, closing)


async def test_no_answer_is_lost_in_a_drain(named_over: Over) -> None:
    """Replies wait in the connection while their requester is busy."""

    begun = 0

    async def handler(asked: Ask, context: CallContext) -> Blob:
        nonlocal begun
        begun += 1
        await asyncio.sleep(0.1)
        return Blob(number=asked.count, data=bytes(5000))

    async with served(Odds, OddService(handler=handler), over=named_over) as running:
        async with await running.connect() as client:
            await client.call()
            calls = [asyncio.ensure_future(client.call(count=number)) for number in range(200)]
            while begun < 201:
                await asyncio.sleep(0)
            client._link.connection.suspend()
            asyncio.get_running_loop().call_later(0.3, client._link.connection.resume)
            await running.stop()
            answers = await asyncio.gather(*calls)
            assert [answer.number for answer in answers] == list(range(200))


async def test_what_needs_a_peer_that_is_not_heard_any_more_ends() -> None:
    """TERMINATION: nothing further is received, though sending goes on (C-123)."""
    network = MemoryNetwork()
    there, here = MemoryTransport(network), MemoryTransport(network)

    async def endless(asked: Ask, context: CallContext) -> Any:
        for number in itertools.count():
            yield Blob(number=number)

    async def items() -> Any:
        yield Blob(number=0)
        await asyncio.Event().wait()

    host = Host(transport=there, drain_s=PATIENCE_S)
    host.serve(Odds, OddService(maker=endless))
    async with OddClient.on(here.connect(Odds.name)) as client:
        taking = asyncio.ensure_future(client.take(items()))
        stream = client.items()
        await anext(stream)
        await client.call()
        (link,) = host._links
        link._event(TerminationImminentError())
        await asyncio.wait_for(host.wait(), PATIENCE_S)  # it is told to end
        async with asyncio.timeout(PATIENCE_S / 2):
            await host.close()
        with pytest.raises(UnavailableError, match="told to end"):
            await taking
        with pytest.raises(UnavailableError, match="told to end"):
            async for _ in stream:
                pass


# -- offers --------------------------------------------------------------------------------


def open_files() -> int:
    return len(os.listdir("/dev/fd"))


async def test_an_offer_for_one_client_is_gone_when_it_has_come(named_over: Over) -> None:
    """And one that is withdrawn, or the descriptors would run out."""
    ends: list[ClientEnd[Any]] = []

    async def handler(asked: Ask, context: CallContext) -> Blob:
        match asked.count:
            case 0:
                ends.append(context.offer(OddService(), clients=1))
            case 1:
                ends.append(context.offer(OddService()))
            case 2:
                context.withdraw(ends[-1])
                context.withdraw(ends[-1])  # changes nothing
        return Blob(number=asked.count)

    async with served(Odds, OddService(handler=handler), over=named_over) as running:
        async with await running.connect() as client:
            await client.call(count=9)
            before = open_files()
            for _ in range(50):
                await client.call(count=0)
                first = await OddClient.from_end(ends[-1], transport=running.transport)
                second = await OddClient.from_end(ends[-1], transport=running.transport)
                async with first, second:
                    assert (await first.call(count=5)).number == 5
                    with pytest.raises(TransportError):
                        await second.call()
                    assert (await first.call(count=6)).number == 6  # is served on
                ends.clear()
            for _ in range(50):
                await client.call(count=1)
                await client.call(count=2)
                ends.clear()
            await asyncio.sleep(0.05)
            assert open_files() <= before + 4


# -- interruptions ---------------------------------------------------------------------------


async def test_words_about_calls_of_the_process_before_are_late_not_wrong() -> None:
    """As launchd keeps the port, what is sent before the loss is noticed may reach the next."""
    from xpcrpc.errors import RemoteProtocolError
    from xpcrpc.protocol.call import Shape
    from xpcrpc.protocol.session import Session
    from xpcrpc.protocol.signals import Cancel

    fresh = Session(initiator=False)
    assert fresh.hear(Cancel(5)) is None
    assert fresh.late == 1
    fresh.accept(9, Shape.UNARY, window=1, credit=0)
    assert fresh.hear(Cancel(7)) is None
    with pytest.raises(RemoteProtocolError):
        fresh.hear(Cancel(11))


async def test_an_interrupted_idempotent_call_is_made_once_more_and_no_more() -> None:
    faults = FaultPlan({reply(1): Cut(), reply(2): Cut()})
    runs = 0

    async def handler(asked: Ask, context: CallContext) -> Blob:
        nonlocal runs
        runs += 1
        return Blob(number=runs)

    async with served(Odds, OddService(handler=handler), faults=faults) as running:
        async with await running.connect() as client:
            with pytest.raises(TransportError) as caught:
                await client.again()
            assert caught.value.may_have_run
            assert runs == 2
            assert (await client.again()).number == 3


def test_nothing_is_lost_without_a_deadline() -> None:
    """What XPC never does, a peer may: each call ends all the same."""

    async def main() -> None:
        faults = FaultPlan({reply(): Drop()})
        async with served(Odds, OddService(), faults=faults) as running:
            async with await running.connect() as client:
                with pytest.raises(DeadlineExceededError):
                    await client.call()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())
