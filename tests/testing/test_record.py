"""Transcripts: what a person reads when a test has failed."""

from __future__ import annotations

import os
import re

import pytest

from tests.testing.counter import Counter, CounterService, TooMuch
from tests.testing.world import Doorman, Spy, World, answer, settle
from xpcrpc import ConnectionInterruptedError, FileDescriptor, SharedMemory
from xpcrpc.testing import (
    Cut,
    Drop,
    Duplicate,
    FaultPlan,
    MemoryNetwork,
    MemoryTransport,
    Transcript,
    connected_pair,
    message,
    record,
    reply,
    served,
)
from xpcrpc.testing.pairs import Over
from xpcrpc.testing.wording import of_message, of_value

EXPECTED = """\
1  listening on org.example.counter
2  client 1 → org.example.counter  #1 add({'number': 3})
3  server 1 → client 1             #1 = 3
4  client 1 → org.example.counter  #2 add({'number': 98})
5  server 1 → client 1             #2 refused, code 100: TooMuch(most=97) {'most': 97}
6  client 1 → org.example.counter  reset()
7  client 1 → org.example.counter  #3 total()
8  server 1 → client 1             #3 = 0"""


def lines(transcript: Transcript) -> list[str]:
    """The transcript's lines without their numbers."""
    return [line.split("  ", 1)[1].rstrip() for line in str(transcript).splitlines()]


@pytest.mark.parametrize("over", ["memory", "libxpc"])
async def test_a_transcript_tells_calls_answers_and_refusals_in_order(over: Over) -> None:
    transcript = Transcript()
    async with (
        served(CounterService, Counter(), over=over, transcript=transcript) as running,
        await running.connect() as client,
    ):
        await client.add(3)
        with pytest.raises(TooMuch):
            await client.add(98)
        await client.reset()
        assert await client.total() == 0
        assert re.sub(r" \[call \d+]", "", str(transcript)) == EXPECTED


async def test_a_transcript_shows_what_never_arrived() -> None:
    transcript = Transcript()
    plan = FaultPlan({message(1): Drop(), message(2): Duplicate()})
    client, _, _ = await recorded_pair(transcript, plan)
    client.send({"lost": 1})
    client.send({"twice": 1})
    client.send({"once": 1})
    await settle()
    assert [line.split("  ")[-1].strip() for line in lines(transcript)[-3:]] == [
        "(never arrived)",
        "(arrived 2 times)",
        "{'once': 1}",
    ]


async def test_a_transcript_shows_interruptions_and_ends() -> None:
    transcript = Transcript()
    plan = FaultPlan({reply(1): Cut()})
    async with connected_pair(Counter, faults=plan, transcript=transcript) as client:
        with pytest.raises(ConnectionInterruptedError):
            await client.add(1)
        await settle()
    said = lines(transcript)
    assert next(line.split()[-2:] for line in said if line.startswith("client 1  ")) == [
        "#1",
        "interrupted",
    ]
    assert any(line.startswith("server 1  ") and "invalid" in line for line in said)
    assert any(line.startswith("client 1  ") and line.endswith("cancels") for line in said)


async def test_a_failing_block_takes_its_transcript_along() -> None:
    async def failing() -> None:
        with record() as transcript:
            async with connected_pair(Counter, transcript=transcript) as client:
                await client.add(1)
                raise ValueError("the test's own")

    with pytest.raises(ValueError, match="the test's own") as caught:
        await failing()
    (note,) = caught.value.__notes__
    assert note.startswith("what was said:\n") and "add({'number': 1})" in note


async def test_a_block_that_succeeds_says_nothing() -> None:
    with record() as transcript:
        pass
    assert str(transcript) == ""


async def test_handles_are_named_by_what_they_are() -> None:
    reading, writing = os.pipe()
    doorman = World(MemoryTransport()).serve_anonymously()
    with (
        FileDescriptor(reading) as pipe,
        FileDescriptor(writing),
        SharedMemory.create(4096) as memory,
    ):
        shown = of_value([pipe, memory, doorman.endpoint])
    assert shown == "[<descriptor: pipe>, <shared memory: 4096 bytes>, <endpoint>]"
    assert of_value(pipe) == "<descriptor: closed>"


def test_long_values_are_shortened() -> None:
    assert of_value(b"x" * 1000) == "<1000 bytes>"
    assert of_value("x" * 1000) == f"{'x' * 80!r}… (1000 characters)"
    assert of_value(list(range(20))) == f"[{', '.join(map(str, range(16)))}, … 20 in all]"


def test_signals_of_a_stream_are_told_in_words() -> None:
    assert of_message({"$call": 7, "$items": [1, 2]}) == "items [1, 2] [call 7]"
    assert of_message({"$call": 7, "$credit": 4}) == "credit 4 [call 7]"
    assert of_message({"$drain": True}) == "drain"
    assert of_message({"$result": None, "$items": 3}) == "= None after 3 items"
    assert of_message({"plain": True}) == "{'plain': True}"


async def test_a_transcript_listens_to_any_transport(world: World) -> None:
    transcript = Transcript()
    client, peer, _ = await World(transcript.over(world.transport)).pair()
    answers = client.request({"ping": 1})
    peer.send({"news": 2})
    await settle()
    answer(peer.received[0], {"pong": 1})
    await settle()
    assert answers == [{"pong": 1}] and client.events == [{"news": 2}]
    assert [line.rpartition("  ")[2] for line in lines(transcript)[-3:]] == [
        "#2 {'ping': 1}",
        "{'news': 2}",
        "#2 {'pong': 1}",
    ]
    assert "never" not in str(transcript)


async def test_one_side_alone_tells_what_it_hears() -> None:
    """The other process is not recorded."""
    network = MemoryNetwork()
    transcript = Transcript()
    name = "org.example.one"
    doorman = World(transcript.over(MemoryTransport(network))).serve(name)
    client = World(MemoryTransport(network)).client(name)
    client.request({"ask": 1})
    await settle()
    answer(doorman.peers[0].received[0], {"answer": 1})
    await settle()
    heard = lines(transcript)
    assert heard[1].split("  ") == ["its client → server 1", "#1 {'ask': 1}"]
    assert heard[2].rpartition("  ")[2] == "#1 {'answer': 1}"


async def recorded_pair(transcript: Transcript, plan: FaultPlan) -> tuple[Spy, Spy, Doorman]:
    """A recorded client, its peer, their listener; the plan begins once they have met."""
    network = MemoryNetwork()
    ends = await World(transcript.over(MemoryTransport(network))).pair()
    network.interceptor = plan
    return ends


async def test_a_dropped_request_shows_who_dropped_it() -> None:
    transcript = Transcript()
    client, peer, _ = await World(transcript.over(MemoryTransport())).pair()
    client.request({"n": 1})
    await settle()
    peer.received[0].drop()
    await settle()
    assert [line.split("  ")[0] for line in lines(transcript)[-2:]] == ["server 1", "client 1"]
    assert "drops the request" in str(transcript) and "interrupted" in str(transcript)
