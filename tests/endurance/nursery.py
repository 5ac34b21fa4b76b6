"""A process that has imported everything and forks on demand: a new one costs milliseconds.

Run as a program, it reads lines such as ``server 1.5`` and answers ``pid 4711``;
its children write lines that begin with their own process id.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

from attrs import evolve

from tests.streams.mill import Grain, Mill, MillClient, MillService
from xpcrpc import Host, XpcRpcError, serve
from xpcrpc.runtime.client import libxpc

FRONT: Final = "org.example.mill.front"


def say(words: str) -> None:
    """Write a line to the test."""
    os.write(1, f"{os.getpid()} {words}\n".encode())


class Announced(Mill):
    """A mill that tells how far it is."""

    async def soak(self, request: Any, items: Any, context: Any) -> Grain:
        return await count_items(items, request.count)


async def count_items(items: Any, count: int) -> Grain:
    """Read all of them, and say when a tenth is there, and when all is."""
    number = 0
    async for item in items:
        if item.number != number:
            raise AssertionError(f"item {item.number} after {number} items")
        number += 1
        if number == count // 10:
            say("a tenth")
    say(f"read {number}")
    return Grain(number=number)


async def server(idle_exit_s: str = "-", drain_s: str = "5") -> None:
    """Serve by the name."""
    task = asyncio.ensure_future(
        serve(
            MillService,
            Announced(),
            idle_exit_s=float(idle_exit_s) if idle_exit_s != "-" else None,
            drain_s=float(drain_s),
        )
    )
    await asyncio.sleep(0)
    say("serving")
    await task
    say("ended")


async def front() -> None:
    """Serve by another name, and ask the usual one."""
    async with await MillClient.connect() as below, Host() as host:
        host.serve(evolve(MillService, name=FRONT), Mill(below=below))
        say("serving")
        await host.wait()


async def reader(count: str) -> None:
    """Read a long stream."""
    async with await MillClient.connect() as client:
        await count_items(client.flood(count=int(count)), int(count))


async def grains(count: int) -> AsyncIterator[Grain]:
    """So many items."""
    for number in range(count):
        yield Grain(number=number)


async def writer(count: str) -> None:
    """Write a long stream."""
    async with await MillClient.connect() as client:
        await client.soak(grains(int(count)), count=int(count))
        await asyncio.Event().wait()  # until killed: what it used is yet to be looked at


async def mixed(client: MillClient, choice: random.Random) -> None:
    """One call of any kind."""
    timeout_s = 60.0
    kind = choice.randrange(6)
    if kind == 0:
        await client.echo(count=1, timeout_s=timeout_s)
    elif kind == 1:
        await client.hold(count=1, timeout_s=timeout_s)
    elif kind == 2:
        async for _ in client.pour(count=10**9, timeout_s=timeout_s):
            pass
    elif kind == 3:
        await client.fill(grains(10**9), count=0, timeout_s=timeout_s)
    elif kind == 4:
        async for _ in client.grind(grains(10**9), count=0, timeout_s=timeout_s):
            pass
    else:
        await client.again(count=1, timeout_s=timeout_s)


async def chaos(seed: str) -> None:
    """Calls of all kinds, until killed."""
    choice = random.Random(int(seed))
    async with await MillClient.connect() as client:
        calls = [asyncio.create_task(mixed(client, choice)) for _ in range(8)]
        say("calling")
        ends = await asyncio.gather(*calls, return_exceptions=True)
        say(f"ended {[end for end in ends if not isinstance(end, XpcRpcError)]}")


ROLES: Final[dict[str, Callable[..., Coroutine[Any, Any, None]]]] = {
    role.__name__: role for role in (server, front, reader, writer, chaos)
}


def main() -> None:
    """Fork whatever standard input asks for."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    libxpc_is_loaded: Any = libxpc
    for line in sys.stdin:
        role, *words = line.split()
        pid = os.fork()
        if pid:
            os.write(1, f"pid {pid}\n".encode())
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        status = 1
        try:
            assert libxpc_is_loaded
            asyncio.run(ROLES[role](*words))
            status = 0
        except Exception as error:
            say(f"failed {error!r}")
        finally:
            os._exit(status)


if __name__ == "__main__":
    main()
