"""Thousands of idle connections, then mixed calls while clients and servers are killed.

Run it as ``python benchmarks/soak.py [--connections 5000] [--seconds 60]``. A service
under `xpcrpc.testing.launcher` starts on demand and again whenever it is killed.

1. Idle: one service process, several client processes that hold the connections.
   The growth of private memory on both sides, per connection, is printed.
2. Storm: worker processes call (small, large, with descriptors and shared memory,
   dropped, held, abandoned at a deadline) while now the service, now a worker, is
   killed with SIGKILL. Every call must end: with its reply or with an error.
3. After: every idle connection asks once more and must be answered, by the service
   that runs then. They are closed; it must hold as many descriptors as a fresh one,
   and no mapping of anybody's memory, and must serve. Its memory is printed.

Exit status 0: every call ended and nothing leaked; 1: not so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from xpcrpc.errors import DeadlineExceededError, TransportError  # noqa: E402
from xpcrpc.raw import Connection, Listener, ReceivedMessage  # noqa: E402
from xpcrpc.rules import Uid  # noqa: E402
from xpcrpc.testing.launcher import Launcher  # noqa: E402
from xpcrpc.values import FileDescriptor, Message, SharedMemory  # noqa: E402

NAME: Final = "org.example.soak"
PER_PROCESS: Final = 1250
"""Idle connections of one client process."""
WORKERS: Final = 3
IN_FLIGHT: Final = 8
"""Calls that one worker has under way."""
STUCK_S: Final = 60.0
"""A call that has not ended after so many seconds never will."""


def mappings() -> int:
    """Memory of other processes that this one has mapped."""
    return Path("/proc/self/maps").read_text(encoding="utf-8").count("memfd:")


def private_bytes(pid: int | str = "self") -> int:
    """Memory that is a process's own."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    lines = (line.split() for line in text.splitlines() if line.startswith("Private_"))
    return sum(int(parts[1]) for parts in lines) * 1024


# -- the service


async def serve(peer: Connection, held: list[ReceivedMessage]) -> None:
    """One client, to its end."""
    async for event in peer:
        if not isinstance(event, ReceivedMessage):
            continue
        match event.values.get("do"):
            case "drop":
                event.drop()
            case "hold":
                held.append(event)
                del held[:-100]
            case "report":
                fds = len(os.listdir("/proc/self/fd"))
                event.reply({"pid": os.getpid(), "fds": fds, "mappings": mappings()})
            case _ if event.expects_reply:
                event.reply(event.values)
        del event


async def service() -> None:
    """Serve the name until killed."""
    held: list[ReceivedMessage] = []
    tasks: set[asyncio.Task[None]] = set()
    async for peer in Listener.named(NAME, rule=Uid("self")):
        task = asyncio.create_task(serve(peer, held))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


# -- clients


def say(**facts: object) -> None:
    """One line for the process that directs all this."""
    print(json.dumps(facts), flush=True)


async def idle(count: int) -> None:
    """Hold connections, each heard once, and once more for each line of standard input."""
    connections = []
    before = private_bytes()
    for _ in range(count):
        connection = Connection.to_service(NAME, rule=Uid("self"))
        await connection.request({}, timeout_s=STUCK_S)
        connections.append(connection)
    say(connections=count, bytes=private_bytes() - before)
    while await asyncio.to_thread(sys.stdin.readline):
        say(answered=sum([await answers(connection) for connection in connections]))
    for connection in connections:
        connection.cancel()


async def answers(connection: Connection) -> bool:
    """Whether it can be used still, or again."""
    for _ in range(2):  # the first may be the one that hears of a death
        try:
            return await connection.request({"n": 1}, timeout_s=STUCK_S) == {"n": 1}
        except TransportError:
            pass
    return False


def message(chance: random.Random) -> tuple[Message, float | None]:
    """Something to ask, and how long to wait for it."""
    kind = chance.choice(("small",) * 6 + ("large", "file", "memory", "drop", "hold", "hurry"))
    if kind == "large":
        return {"data": bytes(chance.choice((100_000, 1_000_000, 6_000_000)))}, None
    if kind == "file":
        return {"file": FileDescriptor(os.open(os.devnull, os.O_RDONLY))}, None
    if kind == "memory":
        return {"memory": SharedMemory.create(65_536)}, None
    if kind == "drop":
        return {"do": "drop"}, None
    if kind == "hold":
        return {"do": "hold"}, 0.5
    return {"text": "hello", "n": 1}, 0.0005 if kind == "hurry" else None


async def caller(chance: random.Random, until: float, ends: Counter[str]) -> None:
    """One call after the other, on connections that are replaced now and then."""
    connection = Connection.to_service(NAME, rule=Uid("self"))
    while time.monotonic() < until:
        if chance.random() < 0.02:
            connection.cancel()
            connection = Connection.to_service(NAME, rule=Uid("self"))
        values, timeout_s = message(chance)
        try:
            await connection.request(values, timeout_s=timeout_s or STUCK_S)
        except DeadlineExceededError:
            ends["deadline" if timeout_s else "stuck"] += 1
        except TransportError as error:
            ends[type(error).__name__] += 1
        else:
            ends["reply"] += 1
    connection.cancel()


async def worker(seconds: float, seed: int) -> None:
    """Call for some time; reports each second, as it may be killed."""
    ends: Counter[str] = Counter()
    until = time.monotonic() + seconds
    callers = [
        asyncio.create_task(caller(random.Random(seed * 100 + n), until, ends))
        for n in range(IN_FLIGHT)
    ]
    while not all(each.done() for each in callers):
        await asyncio.wait(callers, timeout=0.25)
        say(ends=dict(ends), done=all(each.done() for each in callers))
    for each in callers:
        each.result()


# -- the director


class Child:
    """A process of this program in another role."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, *arguments: object) -> Child:
        """Begin."""
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable, __file__, *map(str, arguments),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )
        )  # fmt: skip

    async def hear(self) -> dict[str, Any]:
        """Its next line; empty at its end."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), 2 * STUCK_S)
        return json.loads(line) if line.endswith(b"\n") else {}

    async def again(self) -> int:
        """Have it use all its connections; how many were answered."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"again\n")
        return int((await self.hear()).get("answered", 0))

    async def end(self) -> int:
        """Let it go."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return await asyncio.wait_for(self.process.wait(), 2 * STUCK_S)


async def report() -> dict[str, Any]:
    """What the service says of itself."""
    async with Connection.to_service(NAME, rule=Uid("self")) as client:
        while True:
            try:
                return dict(await client.request({"do": "report"}, timeout_s=STUCK_S))
            except TransportError:
                await asyncio.sleep(0.05)


async def fill(count: int) -> tuple[list[Child], dict[str, float]]:
    """The idle connections, and what each takes."""
    pid = (await report())["pid"]
    before = private_bytes(pid)
    began = time.monotonic()
    children, client_bytes = [], 0
    for first in range(0, count, PER_PROCESS):
        child = await Child.start("idle", min(PER_PROCESS, count - first))
        client_bytes += (await child.hear())["bytes"]
        children.append(child)
    took = time.monotonic() - began
    service_bytes = private_bytes(pid) - before
    return children, {
        "connections": count,
        "descriptors of the service then": (await report())["fds"],
        "seconds to connect": round(took, 1),
        "service, KiB per connection": round(service_bytes / count / 1024, 1),
        "client, KiB per connection": round(client_bytes / count / 1024, 1),
    }


async def watch(seconds: float, seed: int, ends: Counter[str]) -> bool:
    """One worker to its end; whether it came to it by itself."""
    child = await Child.start("worker", seconds, seed)
    last: dict[str, Any] = {}
    while line := await child.hear():
        if not last:
            children.append(child)  # from now on it may be killed
        last = line
    ends.update(last.get("ends", {}))
    await child.end()
    if child in children:
        children.remove(child)
    return bool(last.get("done"))


children: list[Child] = []
"""Workers that may be killed."""


async def storm(seconds: float, launcher: Launcher, seed: int) -> dict[str, Any]:
    """Mixed calls, and sudden deaths."""
    chance = random.Random(seed)
    ends: Counter[str] = Counter()
    deaths: Counter[str] = Counter()
    until = time.monotonic() + seconds
    unfinished = 0

    async def keep_calling(number: int) -> None:
        nonlocal unfinished
        while (left := until - time.monotonic()) > 0.5:
            if not await watch(left, number, ends):
                unfinished += 1
            number += WORKERS

    workers = [asyncio.create_task(keep_calling(seed + n)) for n in range(WORKERS)]
    while time.monotonic() < until - 1:
        await asyncio.sleep(chance.uniform(0.5, 2.0))
        if chance.random() < 0.7 and launcher.pid is not None:
            await asyncio.to_thread(launcher.kill)
            deaths["service"] += 1
        elif len(children) > 1:
            victim = chance.choice(children)
            if victim.process.returncode is None:
                victim.process.send_signal(signal.SIGKILL)
                deaths["workers"] += 1
    await asyncio.gather(*workers)
    return {
        "ends of calls": dict(sorted(ends.items())),
        "killed": dict(sorted(deaths.items())),
        "workers that did not end": unfinished - deaths["workers"],
    }


async def settled(expected: int) -> dict[str, Any]:
    """The service's report, once clients that left are forgotten."""
    for _ in range(200):
        found = await report()
        if found["fds"] <= expected and not found["mappings"]:
            break
        await asyncio.sleep(0.05)
    return found


async def direct(connections: int, seconds: float, seed: int) -> dict[str, Any]:
    """All of it; the facts."""
    with tempfile.TemporaryDirectory(prefix="xr") as folder:
        os.environ["XPCRPC_BOOTSTRAP_DIR"] = folder
        command = [sys.executable, __file__, "service"]
        with Launcher(NAME, command, directory=folder) as launcher:
            first = await report()
            fresh_bytes = private_bytes(first["pid"])
            idlers, facts = await fill(connections)
            storm_facts = await storm(seconds, launcher, seed)
            answered = sum([await child.again() for child in idlers])
            statuses = [await child.end() for child in idlers]
            last = await settled(first["fds"])
            return {
                **facts,
                **storm_facts,
                "service started": launcher.starts,
                "idle connections answered after it": answered,
                "idle clients that failed": sum(status != 0 for status in statuses),
                "descriptors of a fresh service": first["fds"],
                "descriptors at the end": last["fds"],
                "mappings at the end": last["mappings"],
                "private MiB of a fresh service": round(fresh_bytes / 2**20, 1),
                "private MiB at the end": round(private_bytes(last["pid"]) / 2**20, 1),
            }


def main() -> int:
    """Play the part that the arguments name."""
    if sys.argv[1:2] == ["service"]:
        raise_limit()
        asyncio.run(service())
    elif sys.argv[1:2] == ["idle"]:
        raise_limit()
        asyncio.run(idle(int(sys.argv[2])))
    elif sys.argv[1:2] == ["worker"]:
        asyncio.run(worker(float(sys.argv[2]), int(sys.argv[3])))
    else:
        return run()
    return 0


def raise_limit() -> None:
    """As many descriptors as may be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def run() -> int:
    """Direct, print the facts, judge them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--connections", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    facts = asyncio.run(direct(options.connections, options.seconds, options.seed))
    print(json.dumps(facts, indent=2))
    good = (
        not facts["ends of calls"].get("stuck")
        and facts["workers that did not end"] == 0
        and facts["idle connections answered after it"] == facts["connections"]
        and facts["idle clients that failed"] == 0
        and facts["mappings at the end"] == 0
        and facts["descriptors at the end"] <= facts["descriptors of a fresh service"]
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
