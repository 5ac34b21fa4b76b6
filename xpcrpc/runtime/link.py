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
from .deadlines import Deadlines
from .messages import (
    Asked,
    PlainItems,
    close_handles,
    decode_message,
    encode_failure,
    encode_message,
    read_plain_items,
    read_plain_request,
    read_request,
)

if TYPE_CHECKING:
    from .inbound import Inbound

_log: Final = logging.getLogger("xpcrpc.link")
_OURS: Final = frozenset({keys.SELECTOR, keys.CALL, keys.DRAIN, keys.READY})
"""A message without any of these is a foreign program's, not a broken signal."""


class Link:
    """A connection, the table of its calls, and their deadlines."""

    def __init__(self, connection: Connection, *, initiator: bool) -> None:
        self.connection = connection
        self.loop = asyncio.get_running_loop()
        self.session = Session(initiator=initiator)
        self.deadlines = Deadlines(self.loop)
        self.closed = False
        """Whether the connection is at its end."""
        self.fault: TransportError | None = None
        """Why it is."""
        self.peer_draining = False
        """Whether the peer refuses new calls."""
        self.on_request: Callable[[ReceivedFrame, Asked], None] | None = None
        """Serves what the peer asks for; nothing is served without it."""
        self.inbound: Inbound | None = None
        """What a client hears unasked."""
        self.on_end: Callable[[], None] | None = None
        """Told once, when the connection is at its end."""
        self.on_interruption: Callable[[], None] | None = None
        """Told when a named service went away; the connection can be used again."""
        connection.set_event_handler(self._event)

    def activate(self) -> None:
        """Begin."""
        self.connection.activate()

    def close(self) -> None:
        """End the connection and whatever runs on it."""
        if not self.closed:
            self.connection.cancel()
            self._end(ConnectionInvalidError(self.connection.name, "it was closed here"))

    def say(self, signal: signals.Signal) -> None:
        """Send a signal, unless the connection is at its end."""
        if not self.closed:
            self.connection.send(*encode_message(signals.write(signal)))

    # -- what arrives -----------------------------------------------------------

    def _event(self, event: ReceivedFrame | TransportError) -> None:
        if isinstance(event, TransportError):
            self._fault(event)
            return
        asked = read_plain_request(event)
        try:
            if asked is None:
                plain = None if event.expects_reply else read_plain_items(event)
                if plain is not None:
                    self._plain_items(plain, event)
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
            if self.on_request is None:
                self.unserved(event, asked)
            else:
                self.on_request(event, asked)

    def _plain_items(self, plain: PlainItems, received: ReceivedFrame) -> None:
        state = self.session.hear_items(plain.call, plain.count)
        if state is not None:
            state.owner.plain_items(plain)
        close_handles(received)  # what nobody took

    def _signal(self, signal: signals.Signal) -> None:
        if isinstance(signal, signals.Drain):
            self.peer_draining = True
            return
        if isinstance(signal, signals.Ready):
            return  # it was said to be seen
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
        _log.warning("refused a message of pid %d: %s", received.sender.pid, error)
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
            return
        if fault.retryable:
            self._abandon(fault)
            self.peer_draining = False
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
