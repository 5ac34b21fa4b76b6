"""Typed calls between two processes."""

from __future__ import annotations

import asyncio
import os

from tests.runtime.probe import Colour, Mode, NestClient, Parcel, ProbeClient
from tests.runtime.processes import ServerProcess
from xpcrpc import FileDescriptor


async def test_a_request_comes_back_as_it_was_sent(client: ProbeClient) -> None:
    sent = Parcel(
        text="Grüße, 🌍", number=-(2**31), small=255, mode=Mode.INSPECT, colour=Colour.GREEN,
        label="12345678",
    )  # fmt: skip
    assert await client.echo(sent) == sent


async def test_an_unknown_case_of_an_open_enum_is_kept(client: ProbeClient) -> None:
    reply = await client.echo(Parcel(mode=Mode("teleport")))
    assert reply.mode == Mode("teleport")
    assert not reply.mode.known


async def test_one_way_messages_arrive_in_order_and_before_a_later_request(
    client: ProbeClient,
) -> None:
    before = await client.notes()
    for number in range(50):
        await client.note(text=str(number))
    assert (await client.notes())[len(before) :] == [str(number) for number in range(50)]


async def test_sixty_four_calls_share_one_connection_and_keep_their_answers(
    client: ProbeClient,
) -> None:
    parcels = [Parcel(number=number) for number in range(64)]
    assert await asyncio.gather(*map(client.echo, parcels)) == parcels


async def test_calls_are_answered_in_whatever_order_they_finish(client: ProbeClient) -> None:
    first = asyncio.create_task(client.hold(key="first"))
    second = asyncio.create_task(client.hold(key="second"))
    await client.release(key="second")
    assert await second == "second"
    assert not first.done()
    await client.release(key="first")
    assert await first == "first"


async def test_calls_of_a_serial_method_run_one_after_another(client: ProbeClient) -> None:
    await client.held()  # greets
    calls = [asyncio.create_task(client.queue(key="queue")) for _ in range(3)]
    await asyncio.sleep(0)  # all three are sent, and so received before the release
    await client.release(key="queue")
    assert await asyncio.gather(*calls) == [1, 1, 1]


async def test_the_caller_is_known_by_the_kernels_word(
    client: ProbeClient, shared_server: ServerProcess
) -> None:
    identity = await client.who()
    assert identity.caller_pid == os.getpid()
    assert identity.caller_uid == os.geteuid()
    assert identity.server_pid == shared_server.pid


async def test_a_descriptor_is_read_by_the_other_process(client: ProbeClient) -> None:
    reading, writing = os.pipe()
    with FileDescriptor(reading) as file, FileDescriptor(writing) as end:
        os.write(end.fileno(), b"through a pipe")
        assert await client.read(file=file) == b"through a pipe"
        assert not file.closed


async def test_an_end_leads_to_its_server_and_can_be_used_twice(client: ProbeClient) -> None:
    end = await client.link()
    async with await NestClient.from_end(end) as one, await NestClient.from_end(end) as other:
        assert await one.add(Parcel(number=2)) == 2
        assert await other.add(Parcel(number=3)) == 5


async def test_two_ends_lead_to_two_servers(client: ProbeClient) -> None:
    async with (
        await NestClient.from_end(await client.link()) as one,
        await NestClient.from_end(await client.link()) as other,
    ):
        assert await one.add(Parcel(number=2)) == 2
        assert await other.add(Parcel(number=3)) == 3


async def test_asyncio_timeout_works_in_a_handler(client: ProbeClient) -> None:
    assert await asyncio.gather(*(client.limited() for _ in range(5))) == ["timed out"] * 5
