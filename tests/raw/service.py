"""A service in a process of its own; `do` in a message says what becomes of it.

Prints a line when it listens. Ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.rules import Uid
from xpcrpc.values import FileDescriptor

kept: list[ReceivedMessage] = []
"""Requests held unanswered."""


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def answer(message: ReceivedMessage, peer: Connection) -> None:
    what = message.values.get("do")
    if what == "hold":
        kept.append(message)
    elif what == "drop":
        message.drop()
    elif what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "cancel the peer":
        kept.append(message)
        peer.cancel()
    elif what == "count descriptors":
        message.reply({"count": descriptors()})
    elif what == "write":
        file = message.values["file"]
        assert isinstance(file, FileDescriptor)
        with file:
            os.write(file.fileno(), b"written by the service")
        message.reply({})
    elif what == "call back":
        kept.append(message)
        peer.send({"back": message.values["text"]})
    elif message.expects_reply:
        message.reply(message.values)


async def serve(peer: Connection) -> None:
    async for event in peer:
        if isinstance(event, ReceivedMessage):
            answer(event, peer)


async def accept(name: str) -> None:
    async with Listener.named(name, rule=Uid("self")) as listener, asyncio.TaskGroup() as tasks:
        print("listening", flush=True)
        async for peer in listener:
            tasks.create_task(serve(peer))


async def main(name: str) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    accepting = asyncio.create_task(accept(name))
    await reader.read()
    accepting.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
