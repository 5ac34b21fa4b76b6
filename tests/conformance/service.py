"""The named service of the suite; ``do`` in a message says what becomes of it.

Started by launchd, or on Linux by `xpcrpc.testing.launcher`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from xpcrpc.raw import Connection, Listener, ReceivedMessage, terminate
from xpcrpc.rules import Anyone, Uid
from xpcrpc.values import Message

RULE = Anyone() if sys.platform == "darwin" else Uid("self")


class Service:
    """What one instance of the service remembers."""

    def __init__(self) -> None:
        self.held: list[ReceivedMessage] = []
        self.last_words: list[ReceivedMessage] = []
        self.told = asyncio.Event()
        self.notes: list[object] = []
        self.peers = 0
        self.lost_peers = 0
        self.errors: list[str] = []
        self.others: list[Listener] = []
        self.tasks: set[asyncio.Task[None]] = set()

    def answer(self, message: ReceivedMessage, peer: Connection) -> None:
        """Do what one message says."""
        match message.values.get("do"):
            case "hold":
                self.held.append(message)
            case "hold until the end":
                self.last_words.append(message)
            case "drop":
                message.drop()
            case "note":
                self.notes.append(message.values["n"])
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "cancel this peer":
                self.held.append(message)
                peer.cancel()
            case "send":
                for n in range(3):
                    peer.send({"n": n})
                message.reply({"sent": 3})
            case "send and die":
                for n in range(3):
                    peer.send({"n": n})
                self.spawn(self.die_after(peer))
            case "give an endpoint":
                other = Listener.anonymous()
                self.others.append(other)
                self.spawn(self.accept(other))
                message.reply({"endpoint": other.endpoint()})
            case "listen to the same name":
                self.spawn(self.listen_again(message))
            case _ if message.expects_reply:
                message.reply(self.report())

    def report(self) -> Message:
        """What a request without ``do`` is answered with."""
        return {
            "pid": os.getpid(),
            "notes": [str(note) for note in self.notes],
            "peers": self.peers,
            "lost peers": self.lost_peers,
            "errors": list(self.errors),
        }

    async def die_after(self, peer: Connection) -> None:
        """Die once everything was handed to the system."""
        await peer.barrier()
        os.kill(os.getpid(), signal.SIGKILL)

    async def listen_again(self, message: ReceivedMessage) -> None:
        """Ask for the name that this process serves already."""
        try:
            async for _ in Listener.named(sys.argv[1], rule=RULE):
                pass
        except ConnectionError as error:
            message.reply({"error": type(error).__name__})

    async def serve(self, peer: Connection) -> None:
        """One peer, to its end."""
        async for event in peer:
            if isinstance(event, ReceivedMessage):
                self.answer(event, peer)
            else:
                self.errors.append(type(event).__name__)
                self.told.set()
        self.lost_peers += 1

    async def accept(self, listener: Listener) -> None:
        """All peers of one listener."""
        async for peer in listener:
            self.peers += 1
            self.spawn(self.serve(peer))

    async def end(self) -> None:
        """Tell the peers, let them hear of it, and answer what was kept for now (C-124)."""
        if terminate():
            await self.told.wait()
        for message in self.last_words:
            message.reply(self.report())

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it beside the rest."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


async def main(name: str) -> None:
    """Serve until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    service = Service()
    service.spawn(service.accept(Listener.named(name, rule=RULE)))
    await ended.wait()
    await service.end()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
