"""The service that is attacked; it answers requests with what it holds."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import sys

from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.rules import Uid


async def serve(peer: Connection) -> None:
    """Answer."""
    async for event in peer:
        if isinstance(event, ReceivedMessage) and event.expects_reply:
            event.reply(
                {
                    "pid": os.getpid(),
                    "sender": event.sender.pid,
                    "descriptors": len(os.listdir("/proc/self/fd")),
                    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                }
            )
        del event


async def accept(name: str) -> None:
    """Everybody that the rule admits."""
    async with Listener.named(name, rule=Uid("self")) as listener, asyncio.TaskGroup() as tasks:
        print("serving", name, file=sys.stderr, flush=True)
        async for peer in listener:
            tasks.create_task(serve(peer))
            del peer


async def main(name: str) -> None:
    """Until SIGTERM."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s %(levelname)s %(message)s")
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    accepting = asyncio.create_task(accept(name))
    await ended.wait()
    accepting.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
