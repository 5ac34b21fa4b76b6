"""Interpreters that end while messages are in flight; run by `test_exits`.

This process imports everything and uses nothing of libxpc, so on Linux it may fork:
each child is an interpreter that does its work and then ends by itself, all of its
finalisation included. Apple's libraries cannot be trusted in a child that did not exec
(X36), so on a Mac each starts anew. Prints one line for each: how it was to end, how it did.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import subprocess
import sys

from tests.conformance.harness import MACOS, NAME, OUR_OWN
from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.values import FileDescriptor, SharedMemory

ENDS = {"return": 0, "exit": 3, "raise": 1, "abandon": 0, "at once": 5}
"""How an interpreter ends, and the status it must have."""

kept: list[object] = []
"""What lives until the module itself is torn down."""


async def busy(end: str, seed: int) -> None:
    """Leave as much as possible unfinished."""
    chance = random.Random(seed)
    listener = Listener.anonymous()
    service = Connection.to_service(NAME, rule=OUR_OWN)
    client = Connection.to_endpoint(listener.endpoint())
    kept.extend((listener, client, service))
    pending = [
        asyncio.ensure_future(service.request({"do": "hold"})),
        asyncio.ensure_future(service.request({})),
        asyncio.ensure_future(client.request({"data": bytes(chance.choice((10, 200_000)))})),
    ]
    await asyncio.sleep(0)
    peer = await anext(listener)
    event = await anext(peer)
    assert isinstance(event, ReceivedMessage)
    kept.extend((peer, event))
    file = FileDescriptor(os.open(os.devnull, os.O_RDONLY))
    memory = SharedMemory.create(4096)
    for _ in range(chance.randrange(12)):
        client.send({"file": file, "memory": memory, "end": listener.endpoint()})
        service.send({"do": "note", "n": 1})
        peer.send({"to": "the client"})
    if chance.random() < 0.5:
        kept.append(pending)
    if chance.random() < 0.3:
        client.suspend()
        peer.suspend()
        kept.append(asyncio.ensure_future(client.barrier()))
    for _ in range(chance.randrange(4)):
        await asyncio.sleep(0)
    if chance.random() < 0.3:
        peer.cancel()
    if end == "exit":
        sys.exit(ENDS[end])
    if end == "raise":
        raise RuntimeError("as planned")
    if end == "at once":
        os._exit(ENDS[end])


def run(end: str, seed: int) -> None:
    """One interpreter's work."""
    sys.stderr = open(os.devnull, "w") if end == "raise" else sys.stderr  # noqa: SIM115
    if end == "abandon":
        loop = asyncio.new_event_loop()
        kept.append(loop)
        loop.run_until_complete(busy(end, seed))
    else:
        asyncio.run(busy(end, seed))


def forked(end: str, seed: int) -> int | None:
    """The status of a child that ended; None in the child, which is to end now."""
    child = os.fork()
    if child == 0:
        run(end, seed)
        return None
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def spawned(end: str, seed: int) -> int:
    """The status of an interpreter of its own."""
    command = [sys.executable, "-m", "tests.conformance.exits", end, str(seed)]
    return subprocess.run(command, check=False).returncode


def main(first: int, count: int) -> None:
    """One after the other, and a report on each."""
    for seed in range(first, first + count):
        end = tuple(ENDS)[seed % len(ENDS)]
        status = spawned(end, seed) if MACOS else forked(end, seed)
        if status is None:
            return  # and through the interpreter's whole end
        print(f"{end}: {status}", flush=True)


if __name__ == "__main__":
    logging.disable()  # requests that nobody awaits any more would be reported
    if sys.argv[1] in ENDS:
        run(sys.argv[1], int(sys.argv[2]))
    else:
        main(int(sys.argv[1]), int(sys.argv[2]))
