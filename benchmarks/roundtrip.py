"""What a call costs, beside the least that asyncio can do.

Two processes, one message there and back, three ways side by side:

* **bare**: bytes over a SOCK_SEQPACKET socket, ``add_reader``, a future; no format, no
  errors, no deadlines. What any asyncio library has below it.
* **raw**: dictionaries over `xpcrpc.raw`, without a contract.
* **typed**: a generated client and server.

Rounds are interleaved, so that whatever else the machine does falls on all of
them; compare ratios, not microseconds. Run it as ``python benchmarks/roundtrip.py``.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import math
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from attrs import define, field

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from generated import bench  # noqa: E402
from xpcrpc import CallContext, Host, Message, rules  # noqa: E402
from xpcrpc.codec import frame as frames  # noqa: E402
from xpcrpc.raw import Connection, Listener, ReceivedMessage  # noqa: E402

IN_FLIGHT: Final = 64
RAW_NAME: Final = "org.example.bench.raw"
SMALL: Final = bench.Small(
    name="twelve chars", number=123_456, first=True, second=False, third=True, blob=bytes(64)
)
DICTIONARY: Final[Message] = {
    "name": SMALL.name,
    "number": SMALL.number,
    "first": SMALL.first,
    "second": SMALL.second,
    "third": SMALL.third,
    "blob": SMALL.blob,
}
PAYLOAD: Final = frames.encode({"$selector": "echo", "$arguments": [DICTIONARY]}, handles=[])
"""What the bare sockets carry: as many bytes as a typed request has."""


class Subject(Protocol):
    """One way to go there and back."""

    async def call(self) -> None:
        """Once there and back."""


# -- bare -----------------------------------------------------------------------


class BareEcho:
    """Sends back what comes; ``batch`` messages at most in one turn of the loop."""

    def __init__(self, fd: int, batch: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(False)
        self._batch = batch
        asyncio.get_running_loop().add_reader(self._socket, self._readable)

    def _readable(self) -> None:
        try:
            for _ in range(self._batch):
                received = self._socket.recv(65536)
                if not received:
                    asyncio.get_running_loop().remove_reader(self._socket)
                    return
                self._socket.send(received)
        except BlockingIOError:
            pass


class BareClient:
    """A future for each message; answers come in the order of the questions."""

    def __init__(self, end: socket.socket, batch: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = end
        self._batch = batch
        self._waiting: deque[asyncio.Future[bytes]] = deque()
        end.setblocking(False)
        self._loop.add_reader(end, self._readable)

    def _readable(self) -> None:
        for _ in range(min(self._batch, len(self._waiting))):
            try:
                received = self._socket.recv(65536)
            except BlockingIOError:
                return
            if not received:
                self._loop.remove_reader(self._socket)
                raise ConnectionError("the second process has ended")
            self._waiting.popleft().set_result(received)

    async def call(self) -> None:
        future: asyncio.Future[bytes] = self._loop.create_future()
        self._waiting.append(future)
        self._socket.send(PAYLOAD)
        await future


# -- raw ------------------------------------------------------------------------


async def raw_echo() -> None:
    """Send every dictionary back, until cancelled."""

    async def answer(peer: Connection) -> None:
        async for event in peer:
            if isinstance(event, ReceivedMessage):
                event.reply(event.values)

    async with (
        Listener.named(RAW_NAME, rule=rules.Uid("self")) as listener,
        asyncio.TaskGroup() as peers,
    ):
        async for peer in listener:
            peers.create_task(answer(peer))


class RawClient:
    """A dictionary there and back."""

    def __init__(self) -> None:
        self._connection = Connection.to_service(RAW_NAME)

    async def call(self) -> None:
        await self._connection.request(DICTIONARY, timeout_s=30)


# -- typed ----------------------------------------------------------------------


class TypedEcho(bench.BenchServer):
    """Sends back the object."""

    async def echo(self, request: bench.Small, context: CallContext) -> bench.Small:
        return request


class TypedClient:
    """A generated client."""

    def __init__(self, client: bench.BenchClient) -> None:
        self._client = client

    async def call(self) -> None:
        await self._client.echo(SMALL)


# -- measuring ------------------------------------------------------------------


@define
class Figures:
    """What one way was measured at."""

    latencies_ns: list[int] = field(factory=list)
    round_p50_ns: list[float] = field(factory=list)
    cpu_ns: list[float] = field(factory=list)
    """Processor time of a call, both processes together; for each round."""
    calls_per_s: list[float] = field(factory=list)

    @property
    def p50_us(self) -> float:
        """The median of the rounds' medians."""
        return statistics.median(self.round_p50_ns) / 1000

    @property
    def p99_us(self) -> float:
        """Over all calls of all rounds."""
        return statistics.quantiles(self.latencies_ns, n=100)[98] / 1000

    @property
    def cpu_us(self) -> float:
        """The median of the rounds' processor time a call; NaN where it is not known."""
        return statistics.median(self.cpu_ns) / 1000

    @property
    def throughput(self) -> float:
        """The median of the rounds' calls a second."""
        return statistics.median(self.calls_per_s)


async def one_at_a_time(call: Callable[[], Awaitable[None]], calls: int) -> list[int]:
    """The duration of each of so many calls, in ns."""
    clock = time.perf_counter_ns
    durations = []
    for _ in range(calls):
        began = clock()
        await call()
        durations.append(clock() - began)
    return durations


async def many_at_a_time(call: Callable[[], Awaitable[None]], calls: int) -> float:
    """Calls a second with `IN_FLIGHT` of them under way."""

    async def lane() -> None:
        for _ in range(calls // IN_FLIGHT):
            await call()

    began = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(IN_FLIGHT)))
    return (calls // IN_FLIGHT) * IN_FLIGHT / (time.perf_counter() - began)


def cpu_ns(pids: Sequence[int]) -> float:
    """Processor time that the main threads of these processes have used; NaN if unknown."""
    try:
        return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids)
    except FileNotFoundError:
        return math.nan


async def measure(
    single: dict[str, Subject],
    crowded: dict[str, Subject],
    *,
    pids: Sequence[int],
    rounds: int,
    calls: int,
) -> dict[str, Figures]:
    """Every way in every round; the first round warms up and does not count."""
    figures = {name: Figures() for name in single}
    for round_number in range(rounds + 1):
        for name, subject in single.items():
            before = cpu_ns(pids)
            durations = await one_at_a_time(subject.call, calls)
            if round_number:
                figures[name].cpu_ns.append((cpu_ns(pids) - before) / calls)
                figures[name].latencies_ns += durations
                figures[name].round_p50_ns.append(statistics.median(durations))
        for name, subject in crowded.items():
            rate = await many_at_a_time(subject.call, calls * 4)
            if round_number:
                figures[name].calls_per_s.append(rate)
    return figures


# -- the two processes ----------------------------------------------------------


async def serve(single_fd: int, crowded_fd: int, *, same_core: bool) -> None:
    """The second process: every echo at once, in one event loop, until stdin ends."""
    use_core(0 if same_core else 1)
    BareEcho(single_fd, batch=1)
    BareEcho(crowded_fd, batch=IN_FLIGHT)
    raw = asyncio.create_task(raw_echo())
    async with Host() as host:
        host.serve(bench.Bench, TypedEcho())
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
    raw.cancel()


async def compare(
    ends: list[socket.socket], server_pid: int, *, rounds: int, calls: int
) -> dict[str, Figures]:
    """The first process: every client."""
    use_core(0)
    raw = RawClient()
    async with await bench.BenchClient.connect() as client:
        typed = TypedClient(client)
        single: dict[str, Subject] = {
            "bare": BareClient(ends[0], batch=1), "raw": raw, "typed": typed,
        }  # fmt: skip
        crowded = {**single, "bare": BareClient(ends[1], batch=IN_FLIGHT)}
        pids = [os.getpid(), server_pid]
        return await measure(single, crowded, pids=pids, rounds=rounds, calls=calls)


def use_core(number: int) -> None:
    """Keep to one core, where the system can do that and has so many."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})


@contextmanager
def second_process(program: str, words: Sequence[str], fds: Sequence[int]) -> Iterator[int]:
    """Runs ``program --serve words`` until the end of the block; its process id.

    It says that it is ready, and ends with its stdin.
    """
    with subprocess.Popen(
        [sys.executable, program, "--serve", *words],
        pass_fds=fds,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None and server.stdout is not None
        try:
            if server.stdout.readline() != "ready\n":
                raise SystemExit("the second process did not start")
            yield server.pid
        finally:
            server.stdin.close()
            server.wait(30)


def run(*, rounds: int, calls: int, same_core: bool) -> dict[str, Figures]:
    """Start the second process and compare."""
    with tempfile.TemporaryDirectory(prefix="xpcrpc-") as directory:
        os.environ["XPCRPC_BOOTSTRAP_DIR"] = directory
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2)]
        theirs = [pair[1].fileno() for pair in pairs]
        words = [*map(str, theirs), *(["--same-core"] if same_core else [])]
        with second_process(__file__, words, theirs) as pid:
            gc.collect()
            return asyncio.run(
                compare([pair[0] for pair in pairs], pid, rounds=rounds, calls=calls)
            )


def table(figures: dict[str, Figures]) -> str:
    """The figures as a Markdown table."""
    bare = figures["bare"]
    heads = (
        "way",
        "p50 µs",
        "p99 µs",
        "p50, on bare",
        "CPU µs",
        f"{IN_FLIGHT} in flight, calls/s",
        "on bare",
    )
    lines = [f"| {' | '.join(heads)} |", f"|---|{'--:|' * (len(heads) - 1)}"]
    for name, found in figures.items():
        ratio = statistics.median(
            mine / theirs
            for mine, theirs in zip(found.round_p50_ns, bare.round_p50_ns, strict=True)
        )
        share = statistics.median(
            mine / theirs for mine, theirs in zip(found.calls_per_s, bare.calls_per_s, strict=True)
        )
        lines.append(
            f"| {name} | {found.p50_us:.1f} | {found.p99_us:.1f} | {ratio:.2f} × "
            f"| {found.cpu_us:.1f} | {found.throughput:,.0f} | {share:.2f} × |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Round trips beside bare asyncio.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=3000, help="calls a round, one at a time")
    parser.add_argument(
        "--same-core",
        action="store_true",
        help="both processes on one core: no core has to be woken, so this is all software",
    )
    parser.add_argument("--json", action="store_true", help="print figures for programs")
    parser.add_argument("--serve", nargs=2, type=int, metavar="FD", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        asyncio.run(serve(*arguments.serve, same_core=arguments.same_core))
        return
    figures = run(rounds=arguments.rounds, calls=arguments.calls, same_core=arguments.same_core)
    if arguments.json:
        print(
            json.dumps(
                {
                    name: {
                        "p50_us": f.p50_us,
                        "p99_us": f.p99_us,
                        "cpu_us": f.cpu_us,
                        "calls_per_s": f.throughput,
                    }
                    for name, f in figures.items()
                }
            )
        )
        return
    print(f"Python {platform.python_version()}, {platform.system()} {platform.release()},", end=" ")
    print(f"{os.cpu_count()} cores, {len(PAYLOAD)} bytes each way,", end=" ")
    print(f"{arguments.rounds} rounds of {arguments.calls} calls,", end=" ")
    print("both processes on one core\n" if arguments.same_core else "a core for each process\n")
    print(table(figures))


if __name__ == "__main__":
    main()
