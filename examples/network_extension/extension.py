"""``python -m examples.network_extension.extension``: the network extension, which is the server.

The flows are made up; everything around them is real: the name, the peer rule, the log's
descriptor, and the ends that lead to one flow each.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from typing import Final

from examples.network_extension.flow import Flow
from generated.tproxy import (
    Config,
    ControlServer,
    FlowEvent,
    FlowTapClient,
    FlowTapServer,
    NoSuchFlow,
    ReadRequest,
    StartRefused,
    StartRequest,
    Status,
    TapRequest,
    TelemetryRequest,
    Tproxy,
)
from xpcrpc import CallContext, ClientEnd, Date, FileDescriptor, serve

TELEMETRY_S: Final = 0.01
"""Between two reports of a flow, in seconds."""

PROGRESS_BYTES: Final = 1_000
"""How much a flow seems to receive between two reports."""

CHUNK_BYTES: Final = 65_536
"""What one item of a tap's stream holds at most."""


class Tap(FlowTapServer):
    """One flow, read from its beginning by whoever holds the end."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._position = 0

    async def summary(self, context: CallContext) -> FlowEvent:
        logging.info("the tap is in the hands of pid %d", context.peer.pid)
        flow = self._flow
        return FlowEvent(flow=flow.id, at=flow.began, app=flow.app, bytes_in=len(flow.content))

    async def read(self, request: ReadRequest, context: CallContext) -> bytes:
        chunk = self._flow.content[self._position : self._position + request.at_most]
        self._position += len(chunk)
        return chunk

    async def bytes_(self, context: CallContext) -> AsyncIterator[bytes]:
        while chunk := self._flow.content[self._position : self._position + CHUNK_BYTES]:
            self._position += len(chunk)
            yield chunk

    async def close_(self, context: CallContext) -> None:
        logging.info("the tap was let go after %d bytes", self._position)


class Extension(ControlServer):
    """Takes flows between start and stop, and writes about them to the log it was given."""

    def __init__(self) -> None:
        self._config = Config()
        self._log: FileDescriptor | None = None
        self._since: Date | None = None
        self._flows: dict[str, Flow] = {}

    async def apply(self, request: Config, context: CallContext) -> Status:
        self._config = request
        return self._status()

    async def start(self, request: StartRequest, context: CallContext) -> Status:
        if self._log is not None:
            request.log.close()
            raise StartRefused(reason="it runs already")
        self._config, self._log, self._since = request.config, request.log, Date.now()
        self._write(f"started in mode {self._config.mode} by pid {os.getpid()}")
        flow = Flow(app="org.example.browser")
        self._flows[str(flow.id)] = flow
        self._write(f"flow {flow.id} of {flow.app}")
        return self._status()

    async def stop(self, context: CallContext) -> None:
        if self._log is None:
            return
        self._write("stopped")
        self._log.close()
        self._log = self._since = None
        self._flows.clear()

    async def telemetry(
        self, request: TelemetryRequest, context: CallContext
    ) -> AsyncIterator[FlowEvent]:
        logging.info("telemetry for pid %d begins", context.peer.pid)
        seen = 0
        try:
            while True:  # until the reader leaves: that ends this generator
                seen += PROGRESS_BYTES
                for flow in list(self._flows.values()):
                    if seen >= request.min_bytes:
                        yield FlowEvent(flow=flow.id, at=Date.now(), app=flow.app, bytes_in=seen)
                await asyncio.sleep(TELEMETRY_S)
        finally:
            logging.info("telemetry for pid %d ends", context.peer.pid)

    async def tap(self, request: TapRequest, context: CallContext) -> ClientEnd[FlowTapClient]:
        flow = self._flows.get(str(request.flow))
        if flow is None:
            raise NoSuchFlow(flow=request.flow)
        return context.offer(Tap(flow), clients=1)

    def _status(self) -> Status:
        return Status(running=self._log is not None, since=self._since, config=self._config)

    def _write(self, line: str) -> None:
        assert self._log is not None
        os.write(self._log.fileno(), f"{line}\n".encode())


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(serve(Tproxy, Extension()))
