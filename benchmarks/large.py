"""What large messages cost, beside the least that asyncio can do.

Two processes, rounds interleaved; compare ratios, not figures:

* **bare**: 1 MiB there and back over a SOCK_STREAM socket, each side into one buffer that
  was made for it beforehand; no format, no object.
* **typed**: 1 MiB of `bytes` in a generated class, there and back.
* **shared**: 64 MiB that are shared memory already, handed over with a request whose reply
  is empty; whoever gets them looks at one byte. **private**: the same request without them.

Run it as ``python benchmarks/large.py``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from attrs import evolve  # noqa: E402

from benchmarks.roundtrip import SMALL, TypedEcho, second_process, use_core  # noqa: E402
from generated import bench  # noqa: E402
from xpcrpc import Host, rules  # noqa: E402
from xpcrpc.raw import Connection, Listener, ReceivedMessage  # noqa: E402
from xpcrpc.values import SharedMemory  # noqa: E402

MIB: Final = 1 << 20
SHARED_MIB: Final = 64
RAW_NAME: Final = "org.example.bench.large"
WAYS: Final = ("bare", "typed", "shared", "private")


async def receive(end: socket.socket, buffer: bytearray) -> None:
    """Fill the buffer."""
    loop = asyncio.get_running_loop()
    view, got = memoryview(buffer), 0
    while got < len(buffer):
        count = await loop.sock_recv_into(end, view[got:])
        if not count:
            raise ConnectionError("the other process has ended")
        got += count


# -- the second process


async def bare_echo(end: socket.socket) -> None:
    """Send back what comes, 1 MiB at a time."""
    loop = asyncio.get_running_loop()
    buffer = bytearray(MIB)
    while True:
        try:
            await receive(end, buffer)
        except ConnectionError:
            return
        await loop.sock_sendall(end, buffer)


async def look_at_memory() -> None:
    """Answer requests, after a look at the memory that they bring, if any."""
    async with Listener.named(RAW_NAME, rule=rules.Uid("self")) as listener:
        async for peer in listener:
            async for event in peer:
                if isinstance(event, ReceivedMessage):
                    memory = event.values.get("memory")
                    if isinstance(memory, SharedMemory):
                        with memory:
                            assert memory.buffer[-1] == 1
                    event.reply({})
                del event


async def serve(fd: int) -> None:
    """Every echo in one event loop, until stdin ends."""
    use_core(1)
    end = socket.socket(fileno=fd)
    end.setblocking(False)
    tasks = [asyncio.create_task(bare_echo(end)), asyncio.create_task(look_at_memory())]
    async with Host() as host:
        host.serve(bench.Bench, TypedEcho())
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()


# -- the first process


async def measure(end: socket.socket, *, rounds: int, calls: int) -> dict[str, list[float]]:
    """Each round's median of each way, in µs; the first round warms up and does not count."""
    use_core(0)
    loop = asyncio.get_running_loop()
    buffer, payload = bytearray(MIB), os.urandom(MIB)
    large = evolve(SMALL, blob=payload)
    raw = Connection.to_service(RAW_NAME)
    memory = SharedMemory.create(SHARED_MIB * MIB)
    memory.buffer[-1] = 1

    async def bare() -> None:
        receiving = asyncio.create_task(receive(end, buffer))
        await loop.sock_sendall(end, payload)
        await receiving

    async def shared() -> None:
        await raw.request({"memory": memory})

    async def private() -> None:
        await raw.request({})

    found: dict[str, list[float]] = {way: [] for way in WAYS}
    async with await bench.BenchClient.connect() as client:

        async def typed() -> None:
            await client.echo(large)

        assert (await client.echo(large)).blob == payload
        subjects: dict[str, Callable[[], Awaitable[None]]] = {
            "bare": bare, "typed": typed, "shared": shared, "private": private,
        }  # fmt: skip
        for number in range(rounds + 1):
            for way, subject in subjects.items():
                took = []
                for _ in range(calls):
                    began = time.perf_counter_ns()
                    await subject()
                    took.append((time.perf_counter_ns() - began) / 1000)
                if number:
                    found[way].append(statistics.median(took))
    raw.cancel()
    return found


def run(*, rounds: int, calls: int) -> dict[str, list[float]]:
    """Start the second process and measure."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.setblocking(False)
    with tempfile.TemporaryDirectory(prefix="xpcrpc-") as directory:
        os.environ["XPCRPC_BOOTSTRAP_DIR"] = directory
        fd = theirs.fileno()
        with second_process(__file__, [str(fd)], [fd]):
            theirs.close()
            return asyncio.run(measure(ours, rounds=rounds, calls=calls))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Large messages beside bare asyncio.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=100, help="calls a round")
    parser.add_argument("--serve", type=int, metavar="FD", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve is not None:
        asyncio.run(serve(arguments.serve))
        return
    found = run(rounds=arguments.rounds, calls=arguments.calls)
    typed, shared = (
        statistics.median(mine / base for mine, base in zip(found[way], found[least], strict=True))
        for way, least in (("typed", "bare"), ("shared", "private"))
    )
    middle = {way: statistics.median(medians) for way, medians in found.items()}
    print(f"Python {platform.python_version()}, {platform.system()} {platform.release()},", end=" ")
    print(f"{os.cpu_count()} cores, {arguments.rounds} rounds of {arguments.calls} calls\n")
    print("| there and back | p50 µs | on the least |\n|---|--:|--:|")
    print(f"| 1 MiB, bare, into one buffer | {middle['bare']:.0f} | 1.00 × |")
    print(f"| 1 MiB of a typed message | {middle['typed']:.0f} | {typed:.2f} × |")
    print(f"| an empty raw message | {middle['private']:.0f} | 1.00 × |")
    print(f"| the same with {SHARED_MIB} MiB of shared memory | {middle['shared']:.0f} |", end=" ")
    print(f"{shared:.2f} × |")


if __name__ == "__main__":
    main()
