"""Faults on purpose: each one does what its row says, to the message it names."""

from __future__ import annotations

import asyncio

import pytest

from tests.testing.counter import Counter, CounterService
from tests.testing.world import Doorman, Event, Spy, World, answer, kinds, settle
from xpcrpc import (
    ConnectionInterruptedError,
    ConnectionInvalidError,
    DeadlineExceededError,
    MisuseError,
    TransportError,
)
from xpcrpc.codec import frame as frames
from xpcrpc.testing import (
    TO_CLIENT,
    TO_SERVER,
    Cut,
    Delay,
    Drop,
    Duplicate,
    Fault,
    FaultPlan,
    Hold,
    Kill,
    Latch,
    Late,
    Match,
    MemoryNetwork,
    MemoryTransport,
    Slow,
    connected_pair,
    message,
    random_plan,
    reply,
    request,
    served,
)
from xpcrpc.testing.matches import selector_of
from xpcrpc.transport.memory import Kind, Passage


async def pair(plan: FaultPlan, *, named: bool = True) -> tuple[Spy, Spy, Doorman]:
    """A client and its peer, where the plan comes into force once they know each other."""
    network = MemoryNetwork()
    ends = await World(MemoryTransport(network)).pair(named=named)
    network.interceptor = plan
    return ends


async def test_a_plan_without_rows_changes_nothing() -> None:
    plan = FaultPlan()
    async with connected_pair(Counter, faults=plan) as client:
        assert [await client.add(1), await client.add(2)] == [1, 3]
    assert plan.fired == []


async def test_an_interruption_before_the_reply_loses_the_reply_alone() -> None:
    counter = Counter()
    plan = FaultPlan({reply(1): Cut()})
    async with connected_pair(counter, faults=plan) as client:
        with pytest.raises(ConnectionInterruptedError):
            await client.add(5)
        assert counter.sum == 5
        assert await client.add(1) == 6


async def test_an_interruption_after_the_request_delivers_it_and_loses_the_answer() -> None:
    client, peer, _ = await pair(FaultPlan({request(1): Cut(after=True)}))
    peer.connection.set_event_handler(
        lambda event: (
            peer.take(event) if isinstance(event, TransportError) else answer(event, {"at": "once"})
        )
    )
    answers = client.request({})
    await settle()
    assert kinds(answers) == client.errors == [ConnectionInterruptedError]
    assert peer.errors == [ConnectionInvalidError]


async def test_a_call_whose_request_arrived_is_interrupted_too() -> None:
    plan = FaultPlan({request(1): Cut(after=True)})
    async with connected_pair(Counter, faults=plan) as client:
        with pytest.raises(ConnectionInterruptedError):
            await client.add(5)
        assert await client.total() in {0, 5}  # whether it was carried out is unknown


async def test_an_interruption_instead_of_the_request_keeps_it_from_the_handler() -> None:
    counter = Counter()
    plan = FaultPlan({request(1): Cut()})
    async with connected_pair(counter, faults=plan) as client:
        with pytest.raises(ConnectionInterruptedError):
            await client.add(5)
        assert counter.sum == 0


async def test_an_interruption_after_the_reply_spares_the_reply() -> None:
    plan = FaultPlan({reply(1): Cut(after=True)})
    client, peer, doorman = await pair(plan)
    answers = client.request({})
    await settle()
    answer(peer.received[0], {"ok": True})
    await settle()
    assert answers == [{"ok": True}]
    assert client.errors == [ConnectionInterruptedError]
    assert peer.errors == [ConnectionInvalidError]
    client.send({"again": True})
    await settle()
    assert doorman.peers[1].events == [{"again": True}]


async def test_an_idempotent_call_survives_one_interruption() -> None:
    """The runtime sends it again, once."""
    plan = FaultPlan({reply(1, selector="total"): Cut()})
    async with connected_pair(Counter, faults=plan) as client:
        await client.add(7)
        assert await client.total() == 7
    assert plan.unused == []


async def test_a_cut_ends_a_client_of_an_endpoint_for_good() -> None:
    plan = FaultPlan({request(2): Cut()})
    async with connected_pair(Counter, faults=plan, named=False) as client:
        assert await client.add(1) == 1
        for _ in range(2):
            with pytest.raises(ConnectionInvalidError):
                await client.add(1)


async def test_a_dropped_request_ends_by_its_deadline() -> None:
    counter = Counter()
    plan = FaultPlan({request(selector="add"): Drop()})
    async with connected_pair(counter, faults=plan) as client:
        with pytest.raises(DeadlineExceededError):
            await client.add(1, timeout_s=0.001)
        assert await client.total() == 0


async def test_a_duplicate_request_is_carried_out_twice_and_answered_once() -> None:
    counter = Counter()
    plan = FaultPlan({request(1): Duplicate()})
    client, peer, _ = await pair(plan)
    answers = client.request({})
    await settle()
    assert len(peer.received) == 2
    answer(peer.received[1], {"second": True})
    answer(peer.received[0], {"first": True})
    await settle()
    assert answers == [{"second": True}] and client.events == []
    assert counter.sum == 0


async def test_the_end_of_a_duplicate_is_not_the_requests() -> None:
    client, peer, _ = await pair(FaultPlan({request(1): Duplicate(times=3)}))
    answers = client.request({})
    await settle()
    for spare in peer.received[1:]:
        spare.drop()
    await settle()
    assert answers == []
    peer.received[0].drop()
    await settle()
    assert kinds(answers) == [ConnectionInterruptedError]


async def test_a_delayed_message_holds_back_those_behind_it() -> None:
    """C-75: the stream keeps its order."""
    plan = FaultPlan({message(1): Delay(seconds=5)})
    client, peer, _ = await pair(plan)
    client.send({"n": 1})
    client.send({"n": 2})
    await settle()
    plan.clock.advance(4.9)
    await settle()
    assert peer.events == []
    plan.clock.advance(0.1)
    await settle()
    assert peer.events == [{"n": 1}, {"n": 2}]


async def test_replies_pass_a_delayed_message() -> None:
    """C-79."""
    plan = FaultPlan({message(1, TO_CLIENT): Hold(latch := Latch())})
    client, peer, _ = await pair(plan)
    answers = client.request({})
    await settle()
    peer.send({"n": 1})
    answer(peer.received[0], {"ok": True})
    await settle()
    assert answers == [{"ok": True}] and client.events == []
    latch.open()
    await settle()
    assert client.events == [{"n": 1}]


async def test_a_delay_by_turns_needs_no_clock() -> None:
    plan = FaultPlan({message(1): Delay(turns=10)})
    client, peer, _ = await pair(plan)
    client.send({"n": 1})
    for _ in range(8):
        await asyncio.sleep(0)
        assert peer.events == []
    await settle()
    assert peer.events == [{"n": 1}]


async def test_a_late_reply_is_overtaken_by_messages() -> None:
    order: list[str] = []
    plan = FaultPlan({reply(1): Late(after=2)})
    client, peer, _ = await pair(plan)
    client.connection.set_event_handler(lambda event: order.append("message"))
    client.connection.request(
        b"B7\x13B\x05\0\0\0\0\xf0\0\0\x04\0\0\0\0\0\0\0", (), lambda _: order.append("reply")
    )
    await settle()
    answer(peer.received[0], {})
    for number in range(3):
        peer.send({"n": number})
    await settle()
    assert order == ["message", "message", "message", "reply"]


async def test_a_late_reply_comes_though_nothing_overtakes_it() -> None:
    async with connected_pair(Counter, faults=FaultPlan({reply(): Late(after=5)})) as client:
        assert await client.add(1) == 1


async def test_only_replies_can_be_late() -> None:
    client, _, _ = await pair(FaultPlan({message(): Late()}))
    with pytest.raises(MisuseError):
        client.send({})


async def test_the_end_waits_for_what_is_delayed_before_it() -> None:
    """C-129."""
    plan = FaultPlan({message(1): Delay(seconds=1), reply(1): Hold(latch := Latch())})
    client, peer, _ = await pair(plan)
    answers = client.request({})
    await settle()
    peer.send({"n": 1})
    answer(peer.received[0], {"ok": True})
    peer.connection.cancel()
    await settle()
    assert client.events == answers == []
    plan.clock.advance(1)
    await settle()
    assert client.events == [{"n": 1}] and answers == []
    latch.open()
    await settle()
    assert answers == [{"ok": True}] and client.errors == [ConnectionInterruptedError]


async def test_of_several_copies_of_a_reply_the_first_counts() -> None:
    client, peer, _ = await pair(FaultPlan({reply(1): Duplicate(times=3)}))
    answers = client.request({})
    await settle()
    answer(peer.received[0], {"ok": True})
    await settle()
    assert answers == [{"ok": True}] and client.events == []


async def test_a_slow_reader_is_suspended_and_loses_nothing() -> None:
    plan = FaultPlan({message(2, TO_SERVER): Slow(seconds=1)})
    client, peer, _ = await pair(plan)
    for number in range(5):
        client.send({"n": number})
    await settle()
    assert peer.events == [{"n": 0}, {"n": 1}]
    plan.clock.advance(1)
    await settle()
    assert peer.events == [{"n": number} for number in range(5)]


async def test_a_slow_reader_that_is_cancelled_meanwhile_is_left_alone() -> None:
    plan = FaultPlan({message(1): Slow(seconds=1)})
    client, peer, _ = await pair(plan)
    client.send({})
    await settle()
    peer.connection.cancel()
    await settle()
    plan.clock.advance(1)
    assert peer.errors == [ConnectionInvalidError]


async def test_a_stream_cut_in_the_middle_keeps_what_arrived() -> None:
    plan = FaultPlan({message(2, TO_CLIENT): Cut(after=True)})
    got: list[int] = []
    async with connected_pair(Counter, faults=plan) as client:
        with pytest.raises(TransportError):
            async with client.count(40) as numbers:
                async for number in numbers:
                    got.append(number)
    assert got == list(range(len(got))) and 0 < len(got) < 40


async def test_a_killed_service_is_found_again_by_its_name() -> None:
    """E2, C-118."""
    plan = FaultPlan({request(2): Kill()})
    first, second = Counter(), Counter()
    async with (
        served(CounterService, first, faults=plan) as running,
        await running.connect() as client,
    ):
        assert await client.add(1) == 1
        with pytest.raises(ConnectionInterruptedError):
            await client.add(1)
        await running.restart(second)
        assert await client.add(10) == 10
    assert first.added == [1] and second.added == [10]


async def test_a_service_killed_after_the_request_has_done_the_work() -> None:
    plan = FaultPlan({request(1): Kill(after=True)})
    counter = Counter()
    async with (
        served(CounterService, counter, faults=plan) as running,
        await running.connect() as client,
    ):
        with pytest.raises(ConnectionInterruptedError):
            await client.add(1)
    assert counter.added == [1]


async def test_nobody_is_found_after_a_kill_without_restart() -> None:
    plan = FaultPlan({request(1): Kill()})
    async with (
        served(CounterService, Counter(), faults=plan) as running,
        await running.connect() as client,
    ):
        with pytest.raises(ConnectionInterruptedError):
            await client.add(1)
        with pytest.raises(ConnectionInvalidError):
            await client.add(1)


async def test_faults_of_several_rows_add_up() -> None:
    plan = FaultPlan({message(1): (Delay(seconds=1), Duplicate())}) | FaultPlan(
        {message(direction=TO_SERVER): Slow(seconds=1)}
    )
    client, peer, _ = await pair(plan)
    client.send({"n": 1})
    client.send({"n": 2})
    await settle()
    assert peer.events == []
    plan.clock.advance(1)
    await settle()
    assert peer.events == [{"n": 1}] * 2
    plan.clock.advance(1)
    await settle()
    assert peer.events == [{"n": 1}, {"n": 1}, {"n": 2}]


async def test_a_predicate_chooses_messages() -> None:
    plan = FaultPlan({Match(when=lambda passage: len(passage.frame) > 100): Drop()})
    client, peer, _ = await pair(plan)
    client.send({"text": "x" * 200})
    client.send({"text": "short"})
    await settle()
    assert peer.events == [{"text": "short"}]


async def test_a_row_of_one_method_counts_that_methods_messages() -> None:
    plan = FaultPlan({reply(2, selector="add"): Cut()})
    async with connected_pair(Counter, faults=plan) as client:
        await client.add(1)
        await client.total()
        await client.total()
        with pytest.raises(ConnectionInterruptedError):
            await client.add(1)


async def test_a_plan_says_what_it_did_and_what_it_did_not() -> None:
    plan = FaultPlan({request(1): Duplicate(), request(9): Drop()})
    client, _, _ = await pair(plan)
    client.request({})
    await settle()
    assert [each.match for each in plan.fired] == [request(1)]
    assert plan.unused == [request(9)]
    assert str(plan).splitlines() == [
        "planned:",
        "  request 1 to the server: Duplicate(times=2)",
        "  request 9 to the server: Drop()",
        "happened:",
        "  request 1 to the server: (Duplicate(times=2),)",
    ]


async def test_a_seed_makes_the_same_faults_again() -> None:
    async def arrived(seed: int) -> list[Event]:
        chances: dict[Fault, float] = {Drop(): 0.2, Duplicate(): 0.2, Delay(turns=2): 0.3}
        client, peer, _ = await pair(random_plan(seed, chances, of=message()))
        for number in range(60):
            client.send({"n": number})
        for _ in range(10):
            await settle()
        return peer.events

    first, again, other = await arrived(1), await arrived(1), await arrived(2)
    assert first == again != other
    numbers = [event["n"] for event in first if isinstance(event, dict)]
    assert numbers == sorted(numbers)  # type: ignore[type-var]  # order survives any delay
    assert 20 < len(set(map(str, numbers))) < 60 and len(numbers) > len(set(map(str, numbers)))


async def test_the_runtimes_own_calls_are_not_counted_unless_they_are_meant() -> None:
    plan = FaultPlan({request(1): Cut()})
    async with connected_pair(Counter, faults=plan) as client:
        with pytest.raises(ConnectionInterruptedError):
            await client.add(1)
    assert [selector_of(each.passage) for each in plan.fired] == ["add"]
    own = Passage("any", TO_SERVER, Kind.REQUEST, frames.encode({"$selector": "xpcrpc.any"}))
    assert not request().selects(own)
    assert Match(own_calls=True).selects(own) and request(selector="xpcrpc.any").selects(own)
