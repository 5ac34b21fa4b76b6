"""``python -m examples.network_extension.host_app``: the app that controls the extension."""

from __future__ import annotations

import asyncio
import os
from uuid import UUID, uuid4

from examples.timing import median_round_trip
from generated.tproxy import (
    Config,
    InspectorClient,
    Mode,
    NoSuchFlow,
    StartRefused,
    TproxyClient,
)
from xpcrpc import FileDescriptor


async def main() -> None:
    """Configure, start, look at what happens, hand a flow to the inspector, stop."""
    config = Config(mode=Mode.INSPECT, exclude_domains=["bank.example"])
    async with await TproxyClient.connect() as proxy:
        status = await proxy.apply(config)
        print(f"applied: mode {status.config.mode}, running: {status.running}")
        print(f"round trip: {await median_round_trip(lambda: proxy.apply(config))}")

        reading, writing = os.pipe()
        log = await _pipe_reader(reading)
        with FileDescriptor(writing) as end:
            status = await proxy.start(config=config, log=end)
        print(f"started, running: {status.running}; the log is a pipe of ours")
        print(f"log: {await _line(log)}")
        flow = UUID((found := await _line(log)).split()[1])
        print(f"log: {found}")

        await _watch(proxy)
        await _is_refused(proxy, config)
        await _hand_over(proxy, flow)

        await proxy.stop()
        print(f"log: {await _line(log)}")
        print(f"log ended: {await _line(log) == ''}")


async def _pipe_reader(fd: int) -> asyncio.StreamReader:
    """The reading end of a pipe, for the event loop; it owns the descriptor."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb")
    )
    return reader


async def _line(log: asyncio.StreamReader) -> str:
    """The next line of the log; empty at its end."""
    return (await log.readline()).decode().rstrip("\n")


async def _watch(proxy: TproxyClient) -> None:
    """A stream has no end of its own here; leaving the loop stops the other side."""
    seen = []
    async for event in proxy.telemetry(min_bytes=5_000):
        seen.append(event.bytes_in)
        if len(seen) == 5:
            break
    print(f"telemetry: {event.app} received {seen} bytes so far")


async def _is_refused(proxy: TproxyClient, config: Config) -> None:
    """Errors of the contract arrive as exceptions with their fields."""
    with FileDescriptor(os.open(os.devnull, os.O_WRONLY)) as end:
        try:
            await proxy.start(config=config, log=end)
        except StartRefused as refusal:
            print(f"a second start is refused: {refusal.reason}")
    try:
        await proxy.tap(flow=(unknown := uuid4()))
    except NoSuchFlow as refusal:
        print(f"an unknown flow is refused: {refusal.flow == unknown}")


async def _hand_over(proxy: TproxyClient, flow: UUID) -> None:
    """Give the right to read one flow to a program that could not find it."""
    tap = await proxy.tap(flow=flow)
    async with await InspectorClient.connect() as inspector:
        reply = await inspector.attach(tap=tap)
    print(f"the inspector read {reply.bytes_seen} bytes of {reply.app}")


if __name__ == "__main__":
    asyncio.run(main())
