"""One connection and all calls on it, ours and the peer's.

A client is a link that made its connection, a server's peer one that accepted
it; either may call, and either may serve. What arrives is told apart here and
given to `caller` (our calls) or `serving` (the peer's).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ..errors import (
    ConnectionInvalidError,
    InvalidMessageError,
    RemoteProtocolError,
    TerminationImminentError,
    TransportError,
    UnknownSelectorError,
)
from ..protocol import keys, signals
from ..protocol.session import Session
from ..transport.base import Connection, ReceivedFrame
from .backlog import Backlog
from .deadlines import Deadlines
from .layouts import BEGIN, READ_REQUEST, Request
from .messages import (
    Asked,
    PlainItems,
    asked_plainly,
    close_handles,
    decode_message,
    encode_failure,
    encode_message,
    read_plain_items,
    read_request,
)

if TYPE_CHECKING:
    from .inbound import Inbound

_log: Final = logging.getLogger("xpcrpc.link")
_read_request: Final = READ_REQUEST.read
_OURS: Final = frozenset({keys.SELECTOR, keys.CALL, keys.DRAIN, keys.READY})
"""A message without any of these is a foreign program's, not a broken signal."""


class Link:
    """A connection, the table of its calls, and their deadlines."""

    def __init__(self, connection: Connection, *, initiator: bool) -> None:
        self.connection = connection
        self.loop = asyncio.get_running_loop()
        self.session = Session(initiator=initiator)
        self.deadlines = Deadlines(self.loop)
        self.backlog = Backlog(connection)
        self.closed = False
        """Whether the connection is at its end."""
        self.events_lost = 0
        """Events that were not sent, as the peer did not read."""
        self.closed_here = False
        """Whether it was this side that ended it."""
        self.fault: TransportError | None = None
        """Why it is."""
        self.on_request: Callable[[ReceivedFrame, Asked], None] | None = None
        """Serves what the peer asks for; nothing is served without it."""
        self.on_plain_request: Callable[[ReceivedFrame, Request], None] | None = None
        """The same for requests in the usual form, where that can be done faster."""
        self.inbound: Inbound | None = None
        """What a client hears unasked."""
        self.on_end: Callable[[], None] | None = None
        """Told once, when the connection is at its end."""
        self.on_interruption: Callable[[], None] | None = None
        """Told when a named service went away; the connection can be used again."""
        self.again: Callable[[], Connection] | None = None
        """Makes a new connection to the same service, where it has a name."""
        self.on_revival: Callable[[], None] | None = None
        """Told when that was done."""
        self.on_termination: Callable[[], None] | None = None
        """Told when the system asks this process to end; nothing more will be heard (C-123)."""
        connection.set_event_handler(self._event)

    def activate(self) -> None:
        """Begin."""
        self.connection.activate()

    def revive(self) -> bool:
        """Connect anew where the last connection could not find its service any more.

        libxpc's connections end with a failed look-up (E1); a service that was away for a
        while, as while it is updated, is looked up again by the next call.
        """
        if self.again is None or self.closed_here:
            return False
        self.connection = self.again()
        self.backlog = Backlog(self.connection)
        self.closed = False
        self.fault = None
        self.connection.set_event_handler(self._event)
        if self.on_revival is not None:
            self.on_revival()
        self.activate()
        return True

    def close(self) -> None:
        """End the connection and whatever runs on it."""
        if not self.closed:
            self.closed_here = True
            self.connection.cancel()
            self._end(ConnectionInvalidError(self.connection.name, "it was closed here"))

    def lose_event(self) -> None:
        """An event was not sent, as the peer does not read what it was sent before."""
        self.events_lost += 1
        if self.events_lost.bit_count() == 1:  # now and then, as there may be many
            _log.warning(
                "%s does not read its events: %d are lost", self.connection.name, self.events_lost
            )

    async def flush(self, timeout_s: float) -> None:
        """Wait until what was sent has been handed over, at most so many seconds."""
        if self.closed:
            return
        passed: asyncio.Future[None] = self.loop.create_future()

        def on_run() -> None:
            if not passed.done():
                passed.set_result(None)

        self.connection.barrier(on_run)
        await asyncio.wait({passed}, timeout=timeout_s)

    def say(self, signal: signals.Signal) -> None:
        """Send a signal, unless the connection is at its end."""
        if not self.closed:
            self.connection.send(*encode_message(signals.write(signal)))

    # -- what arrives -----------------------------------------------------------

    def _event(self, event: ReceivedFrame | TransportError) -> None:
        if isinstance(event, TransportError):
            self._fault(event)
            return
        plain = _read_request(event.frame, BEGIN)
        if plain is not None:
            if self.on_plain_request is not None:
                self.on_plain_request(event, plain)
            else:
                self.requested(event, asked_plainly(plain))
            return
        try:
            items = None if event.expects_reply else read_plain_items(event)
            if items is not None:
                self._plain_items(items, event)
                return
            message = decode_message(event)
            if not event.expects_reply and _OURS.isdisjoint(message):
                _log.warning(
                    "%s sent a message that nobody asked for; dropped", self.connection.name
                )
                close_handles(event)
                return
            # What wants a reply is a request; without a selector it is refused as one.
            signal = None if event.expects_reply else signals.read(message)
            if signal is not None:
                self._signal(signal)
                return
            asked = read_request(message)
        except InvalidMessageError as error:
            self.refuse(event, error)
        except RemoteProtocolError as error:
            self.violated(error)
            close_handles(event)
        else:
            self.requested(event, asked)

    def requested(self, received: ReceivedFrame, asked: Asked) -> None:
        """Have a request served, or refuse it."""
        if self.on_request is None:
            self.unserved(received, asked)
        else:
            self.on_request(received, asked)

    def _plain_items(self, plain: PlainItems, received: ReceivedFrame) -> None:
        state = self.session.hear_items(plain.call, plain.count)
        if state is not None:
            state.owner.plain_items(plain)
        close_handles(received)  # what nobody took

    def _signal(self, signal: signals.Heard) -> None:
        if isinstance(signal, signals.Drain):
            self.session.hear_drain()
            return
        if isinstance(signal, signals.Ready | signals.Unknown):
            return  # said to be seen; or of a later version of the protocol
        state = self.session.hear(signal)
        if state is None:
            return
        match signal:
            case signals.Items(items=items):
                state.owner.items(items)
            case signals.Credit():
                state.owner.credited()
            case signals.End():
                state.owner.ended()
            case signals.Cancel():
                state.owner.cancelled()

    def drop_late(self, reply: ReceivedFrame) -> None:
        """A reply to a call that is over, with what it holds."""
        self.session.late += 1
        close_handles(reply)

    def unserved(self, received: ReceivedFrame, asked: Asked) -> None:
        """Refuse what nothing here serves."""
        error = UnknownSelectorError("nothing is served on this side")
        self.refuse(received, error, asked.call)

    def refuse(self, received: ReceivedFrame, error: Any, call: int | None = None) -> None:
        """Answer a request with a failure, and close what came with it.

        ``call`` is its number if it was not admitted: the peer may speak of it yet.
        """
        if call is not None:
            try:
                self.session.refuse(call)
            except RemoteProtocolError as violation:
                self.violated(violation)
        _log.warning(
            "refused a message of pid %d: %s",
            received.sender.pid,
            error,
            extra={"xpc_peer_pid": received.sender.pid, "xpc_peer": self.connection.name},
        )
        close_handles(received)
        if received.expects_reply:
            received.reply(*encode_failure(error))

    def violated(self, error: RemoteProtocolError) -> None:
        """The peer broke the protocol: its connection ends, others go on."""
        _log.warning("%s broke the protocol: %s; dropped", self.connection.name, error)
        self.close()

    # -- ends -------------------------------------------------------------------

    def _fault(self, fault: TransportError) -> None:
        if isinstance(fault, TerminationImminentError):
            if self.on_termination is not None:
                self.on_termination()
            return
        if fault.retryable:
            self._abandon(fault)
            if self.on_interruption is not None:
                self.on_interruption()
            return
        self._end(fault)

    def _abandon(self, fault: TransportError) -> None:
        for state in self.session.renew():
            if state.owner is not None:  # one's end may have ended another
                state.owner.lost(fault)

    def _end(self, fault: TransportError) -> None:
        if self.closed:
            return
        self.closed = True
        self.fault = fault
        self._abandon(fault)
        self.deadlines.close()
        if self.on_end is not None:
            self.on_end()
        if self.closed_here or self.again is None:
            self._let_go()

    def _let_go(self) -> None:
        """Nothing comes any more: no cycle keeps the connection, which has descriptors."""
        self.inbound = None
        self.on_request = self.on_plain_request = None
        self.on_end = self.on_interruption = self.on_revival = self.on_termination = None
        self.again = None
