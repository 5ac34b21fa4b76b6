"""Streams and crowded calls, beside grpc.aio and the least that asyncio can do.

Two processes, rounds interleaved; compare ratios, not figures:

* a server stream of 20,000 small items (a number, a 12-character string), in order,
  with flow control: ours, and grpc.aio over a Unix socket;
* 64 calls in flight, one small item there and back: ours, grpc.aio, and *bare*
  (`add_reader` over a SOCK_SEQPACKET socket, see ``roundtrip.py``).

gRPC is optional: ``pip install grpcio grpcio-tools``. Its stubs are made from
``streams.proto`` at each run. Run it as ``python benchmarks/streams.py``.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib.util
import os
import platform
import socket
import statistics
import sys
import tempfile
import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, ClassVar, Final

from attrs import define

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.roundtrip import (  # noqa: E402
    IN_FLIGHT,
    BareClient,
    BareEcho,
    many_at_a_time,
    second_process,
    use_core,
)
from xpcrpc import (  # noqa: E402
    I64,
    CallContext,
    Client,
    Host,
    Method,
    Protocol,
    Server,
    Service,
    Stream,
    rules,
)

ITEMS: Final = 20_000
TEXT: Final = "twelve chars"
HAS_GRPC: Final = all(importlib.util.find_spec(name) for name in ("grpc", "grpc_tools"))


# -- ours -------------------------------------------------------------------------


@define(kw_only=True)
class Work:
    """How many items."""

    count: I64


@define(kw_only=True)
class Item:
    """One small item."""

    number: I64
    text: str


POUR: Final[Method[Work, None]] = Method(
    name="pour", selector="pour", request=Work, items_out=Item, window=1024
)
ECHO: Final[Method[Item, Item]] = Method(name="echo", selector="echo", request=Item, reply=Item)
STREAMS: Final = Protocol(
    name="org.example.bench.Streams", package=__name__, version="1.0", methods=(POUR, ECHO)
)


class StreamsClient(Client):
    """The client's stub."""

    protocol: ClassVar[Protocol] = STREAMS

    def pour(self, *, count: int) -> Stream[Item]:
        return self._stream(POUR, Work(count=count), None)

    async def echo(self, *, number: int, text: str) -> Item:
        return await self._call(ECHO, Item(number=number, text=text), None)


class StreamsServer(Server[StreamsClient]):
    """The server's stub."""

    protocol: ClassVar[Protocol] = STREAMS

    @abstractmethod
    def pour(self, request: Work, context: CallContext) -> AsyncIterator[Item]: ...

    @abstractmethod
    async def echo(self, request: Item, context: CallContext) -> Item: ...


class Pourer(StreamsServer):
    """Makes items, and sends back what comes."""

    async def pour(self, request: Work, context: CallContext) -> AsyncIterator[Item]:
        for number in range(request.count):
            yield Item(number=number, text=TEXT)

    async def echo(self, request: Item, context: CallContext) -> Item:
        return request


SERVICE: Final = Service(
    name="org.example.bench.streams",
    protocol=STREAMS,
    server=StreamsServer,  # type: ignore[type-abstract]
    client=StreamsClient,
    peer_linux=rules.Uid("self"),
    peer_macos=rules.Uid("self"),
)
StreamsClient.service = SERVICE


# -- grpc.aio ---------------------------------------------------------------------


def grpc_stubs(folder: str) -> tuple[Any, Any]:
    """The generated modules of ``streams.proto``."""
    protoc = importlib.import_module("grpc_tools.protoc")

    here = str(Path(__file__).parent)
    words = ["protoc", f"-I{here}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
    if protoc.main([*words, str(Path(here, "streams.proto"))]):
        raise SystemExit("protoc failed")
    sys.path.insert(0, folder)
    return importlib.import_module("streams_pb2"), importlib.import_module("streams_pb2_grpc")


async def serve_grpc(path: str, folder: str) -> Any:
    """A grpc.aio server on a Unix socket."""
    grpc = importlib.import_module("grpc.aio")

    messages, stubs = grpc_stubs(folder)

    class Servicer(stubs.StreamsServicer):  # type: ignore[misc,name-defined]
        async def Pour(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
            for number in range(request.count):
                yield messages.Item(number=number, text=TEXT)

        async def Echo(self, request: Any, context: Any) -> Any:  # noqa: N802
            return request

    server = grpc.server()
    stubs.add_StreamsServicer_to_server(Servicer(), server)
    server.add_insecure_port(f"unix:{path}")
    await server.start()
    return server


# -- the two processes --------------------------------------------------------------


async def serve(bare_fd: int, path: str, *, pinned: bool) -> None:
    """The second process: every server in one event loop, until stdin ends."""
    if pinned:
        use_core(1)
    BareEcho(bare_fd, batch=IN_FLIGHT)
    with tempfile.TemporaryDirectory() as folder:
        theirs = await serve_grpc(path, folder) if HAS_GRPC else None
        async with Host() as host:
            host.serve(SERVICE, Pourer())
            print("ready", flush=True)
            await asyncio.to_thread(sys.stdin.read)
        if theirs is not None:
            await theirs.stop(None)


async def read_all(stream: Any) -> float:
    """Items a second."""
    began, expected = time.perf_counter(), 0
    async for item in stream:
        if item.number != expected:
            raise AssertionError(f"item {item.number}, not {expected}")
        expected += 1
    if expected != ITEMS:
        raise AssertionError(f"{expected} items")
    return expected / (time.perf_counter() - began)


async def compare(
    end: socket.socket, path: str, *, rounds: int, calls: int, pinned: bool
) -> dict[str, list[float]]:
    """The first process: every client; the figures of each round."""
    if pinned:
        use_core(0)
    rates: dict[str, list[float]] = {}
    bare = BareClient(end, batch=IN_FLIGHT)
    with tempfile.TemporaryDirectory() as folder:
        channel: Any = None
        crowds: dict[str, Callable[[], Awaitable[Any]]] = {"bare calls": bare.call}
        streams: dict[str, Callable[[], Any]] = {}
        if HAS_GRPC:
            grpc = importlib.import_module("grpc.aio")

            messages, stubs = grpc_stubs(folder)
            channel = grpc.insecure_channel(f"unix:{path}")
            stub = stubs.StreamsStub(channel)
            item = messages.Item(number=7, text=TEXT)
            streams["grpc.aio stream"] = lambda: stub.Pour(messages.Work(count=ITEMS))
            crowds["grpc.aio calls"] = lambda: stub.Echo(item)
        async with await StreamsClient.connect() as client:
            streams["xpcrpc stream"] = lambda: client.pour(count=ITEMS)
            crowds["xpcrpc calls"] = lambda: client.echo(number=7, text=TEXT)
            for number in range(rounds + 1):
                found = {name: await read_all(make()) for name, make in streams.items()}
                for name, call in crowds.items():
                    # gRPC's calls are awaitables, not coroutines; all are awaited alike.
                    found[name] = await many_at_a_time(call, calls)
                if number:  # the first round warms up
                    for name, rate in found.items():
                        rates.setdefault(name, []).append(rate)
        if channel is not None:
            await channel.close()
    return rates


def run(*, rounds: int, calls: int, pinned: bool) -> dict[str, list[float]]:
    """Start the second process and compare."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with tempfile.TemporaryDirectory(prefix="xpcrpc-") as directory, ours, theirs:
        os.environ["XPCRPC_BOOTSTRAP_DIR"] = directory
        path = f"{directory}/grpc"
        fd = theirs.fileno()
        words = [str(fd), path, *(["--pin"] if pinned else [])]
        with second_process(__file__, words, [fd]):
            gc.collect()
            return asyncio.run(compare(ours, path, rounds=rounds, calls=calls, pinned=pinned))


def table(rates: dict[str, list[float]]) -> str:
    """The figures as a Markdown table: medians, and medians of each round's ratios."""
    lines = ["| what | a second | on bare calls | on grpc.aio |", "|---|--:|--:|--:|"]
    for name, mine in rates.items():
        words = []
        for other in ("bare calls", f"grpc.aio {name.split()[-1]}"):
            theirs = rates.get(other)
            words.append(
                "–"
                if theirs is None
                else f"{statistics.median(a / b for a, b in zip(mine, theirs, strict=True)):.2f} ×"
            )
        lines.append(f"| {name} | {statistics.median(mine):,.0f} | {' | '.join(words)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Streams and calls beside grpc.aio.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=6400, help="calls a round, 64 in flight")
    parser.add_argument(
        "--pin",
        action="store_true",
        help="a core for each process; hard on gRPC, which has threads of its own",
    )
    parser.add_argument("--serve", nargs=2, metavar=("FD", "PATH"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        asyncio.run(serve(int(arguments.serve[0]), arguments.serve[1], pinned=arguments.pin))
        return
    rates = run(rounds=arguments.rounds, calls=arguments.calls, pinned=arguments.pin)
    print(f"Python {platform.python_version()}, {platform.system()} {platform.release()},", end=" ")
    print(f"{os.cpu_count()} cores, {arguments.rounds} rounds,", end=" ")
    print("a core for each process\n" if arguments.pin else "no process bound to a core\n")
    print(table(rates))
    if not HAS_GRPC:
        print("\ngrpc.aio was skipped: pip install grpcio grpcio-tools")


if __name__ == "__main__":
    main()
