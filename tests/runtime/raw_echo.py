"""Sends every message back: ``python -m tests.runtime.raw_echo``."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Final

from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.rules import Uid

NAME: Final = "org.example.raw_echo"


async def _answer(peer: Connection) -> None:
    async for event in peer:
        if isinstance(event, ReceivedMessage) and event.expects_reply:
            event.reply(event.values)


async def _main() -> None:
    async with Listener.named(NAME, rule=Uid("self")) as listener, asyncio.TaskGroup() as peers:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, listener.cancel)
        print(f"serving {NAME}", file=sys.stderr, flush=True)
        async for peer in listener:
            peers.create_task(_answer(peer))


if __name__ == "__main__":
    asyncio.run(_main())
