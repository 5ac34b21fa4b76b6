"""The probe's server, as a program: ``python -m tests.runtime.probe_server [SERVICE]``."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections import defaultdict

from tests.runtime import probe
from xpcrpc import CallContext, ClientEnd, Duration, serve


class Nest(probe.NestServer):
    """Adds up."""

    def __init__(self) -> None:
        self._sum = 0

    async def add(self, request: probe.Parcel, context: CallContext) -> int:
        self._sum += request.number
        return self._sum


class _Key:
    """Where two calls meet."""

    def __init__(self) -> None:
        self.taken = asyncio.Event()
        self.released = asyncio.Event()
        self.cancelled = asyncio.Event()


class Implementation(probe.ProbeServer):
    """Does what the contract's words say."""

    def __init__(self) -> None:
        self._notes: list[str] = []
        self._keys: defaultdict[str, _Key] = defaultdict(_Key)
        self._queued = 0

    async def echo(self, request: probe.Parcel, context: CallContext) -> probe.Parcel:
        return request

    async def note(self, request: probe.TextRequest, context: CallContext) -> None:
        self._notes.append(request.text)

    async def notes(self, context: CallContext) -> list[str]:
        return self._notes

    async def refuse(self, request: probe.TextRequest, context: CallContext) -> None:
        raise probe.Refused(reason=request.text, retry_after=Duration(ns=7))

    async def unlisted(self, context: CallContext) -> None:
        raise probe.Unlisted(secret="in the log only")

    async def crash(self, context: CallContext) -> None:
        raise RuntimeError("in the log only")

    async def misreply(self, context: CallContext) -> str:
        return 7  # type: ignore[return-value]  # that is the point

    async def hold(self, request: probe.KeyRequest, context: CallContext) -> str:
        key = self._keys[request.key]
        key.taken.set()
        print(f"holding {request.key}", file=sys.stderr, flush=True)
        try:
            await key.released.wait()
        except asyncio.CancelledError:
            key.cancelled.set()
            raise
        return request.key

    async def release(self, request: probe.KeyRequest, context: CallContext) -> None:
        key = self._keys[request.key]
        await key.taken.wait()
        key.released.set()

    async def held(self, context: CallContext) -> list[str]:
        return [
            name
            for name, key in self._keys.items()
            if key.taken.is_set() and not (key.released.is_set() or key.cancelled.is_set())
        ]

    async def await_cancelled(self, request: probe.KeyRequest, context: CallContext) -> None:
        await self._keys[request.key].cancelled.wait()

    async def limited(self, context: CallContext) -> str:
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            return "timed out"
        return "went on"

    async def read(self, request: probe.FileRequest, context: CallContext) -> bytes:
        with request.file as file:
            return os.read(file.fileno(), 4096)

    async def who(self, context: CallContext) -> probe.IdentityReply:
        return probe.IdentityReply(
            caller_pid=context.peer.pid, caller_uid=context.peer.euid, server_pid=os.getpid()
        )

    async def open_files(self, context: CallContext) -> int:
        return len(os.listdir("/dev/fd"))

    async def link(self, context: CallContext) -> ClientEnd[probe.NestClient]:
        return context.offer(Nest())

    async def queue(self, request: probe.KeyRequest, context: CallContext) -> int:
        self._queued += 1
        key = self._keys[request.key]
        key.taken.set()
        await key.released.wait()
        together, self._queued = self._queued, self._queued - 1
        return together

    async def survive(self, request: probe.KeyRequest, context: CallContext) -> probe.IdentityReply:
        if "PROBE_SURVIVES" not in os.environ:
            await self.hold(request, context)
        return await self.who(context)


async def _main(service: str) -> None:
    await serve(probe.SERVICES[service], Implementation())


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    asyncio.run(_main(sys.argv[1] if len(sys.argv) > 1 else "probe"))
