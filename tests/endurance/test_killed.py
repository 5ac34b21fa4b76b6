"""kill -9 at any moment: every call ends with a typed error, and nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import signal
import threading

from tests.endurance.children import FULL, PATIENCE_S, Nursery, gone
from tests.endurance.nursery import mixed
from tests.streams.mill import Mill, MillClient, MillService
from xpcrpc import Host, TransportError

ROUNDS = 250 if FULL else 20
"""Kills of each side."""

SEED = int(os.environ.get("XPCRPC_ENDURANCE_SEED", "1"))


def inventory() -> tuple[int, int]:
    """Descriptors and threads."""
    gc.collect()
    return len(os.listdir("/dev/fd")), threading.active_count()


async def moment(choice: random.Random) -> None:
    """Any time between at once and some milliseconds."""
    if choice.random() < 0.5:
        for _ in range(choice.randrange(200)):
            await asyncio.sleep(0)
    else:
        await asyncio.sleep(choice.random() * 0.02)


async def test_a_server_that_is_killed_at_any_moment_ends_every_call(nursery: Nursery) -> None:
    choice = random.Random(SEED)
    server = await nursery.serving()
    client = await MillClient.connect()
    await client.echo(count=1)
    here = asyncio.all_tasks()
    before = inventory()
    for number in range(ROUNDS):
        calls = [asyncio.create_task(mixed(client, choice)) for _ in range(8)]
        await moment(choice)
        os.kill(server, signal.SIGKILL)
        await gone(server)
        if choice.random() < 0.5:
            # Nobody has the name for a while: what is repeated meanwhile finds nobody.
            await moment(choice)
        server = await nursery.serving()
        _, stuck = await asyncio.wait(calls, timeout=PATIENCE_S)
        assert not stuck, f"seed {SEED}, round {number}: {stuck} did not end"
        wrong = [
            end
            for end in await asyncio.gather(*calls, return_exceptions=True)
            if isinstance(end, BaseException) and not isinstance(end, TransportError)
        ]
        assert wrong == [], f"seed {SEED}, round {number}"
        assert client._link.session.own == client._link.session.theirs == 0
        assert await client.again(count=number)
    assert asyncio.all_tasks() <= here
    assert inventory() == before
    await client.close()


async def test_a_client_that_is_killed_at_any_moment_stops_its_handlers(nursery: Nursery) -> None:
    choice = random.Random(SEED)
    mill = Mill()
    async with Host() as host:
        host.serve(MillService, mill)
        async with await MillClient.connect() as client:
            await client.echo(count=1)
        async with asyncio.timeout(PATIENCE_S):
            while mill.links:
                await asyncio.sleep(0)
        before = inventory()
        for number in range(ROUNDS):
            victim = await nursery.start("chaos", number + SEED)
            await nursery.line(f"{victim} calling")
            await moment(choice)
            os.kill(victim, signal.SIGKILL)
            await gone(victim)
            async with asyncio.timeout(PATIENCE_S):
                while mill.links or mill.running or host.workers.busy:
                    await asyncio.sleep(0)
        assert inventory() == before
        async with await MillClient.connect() as client:
            assert (await client.echo(count=7)).number == 7
