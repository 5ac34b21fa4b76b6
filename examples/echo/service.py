"""What the service does, wherever it runs."""

from __future__ import annotations

from collections.abc import Callable

from generated.echo import EchoReply, EchoRequest, EchoServer, NoteRequest
from xpcrpc import CallContext


class EchoService(EchoServer):
    """Counts notes, repeats words, and stops when it is told to."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._notes = 0

    async def note(self, request: NoteRequest, context: CallContext) -> None:
        self._notes += 1
        print(f"note from pid {context.peer.pid}: {request.text!r}", flush=True)

    async def echo(self, request: EchoRequest, context: CallContext) -> EchoReply:
        return EchoReply(text=request.text, notes=self._notes)

    async def shutdown(self, context: CallContext) -> None:
        print(f"told to stop by pid {context.peer.pid}", flush=True)
        self._stop()
