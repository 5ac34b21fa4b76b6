"""Any transport, with what is said on it written into a transcript."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..errors import TransportError
from ..rules import PeerRule
from ..transport.base import (
    Connection,
    EventHandler,
    Frame,
    Listener,
    PeerIdentity,
    ReceivedFrame,
    ReplyHandler,
    Transport,
)
from ..values import Endpoint, Handle

if TYPE_CHECKING:
    from .record import Transcript


class RecordedTransport:
    """A transport that is listened to."""

    def __init__(self, transport: Transport, transcript: Transcript) -> None:
        self._transport = transport
        self._transcript = transcript

    def connect(
        self, name: str, *, privileged: bool = False, rule: PeerRule | None = None
    ) -> Connection:
        """See `xpcrpc.transport.base.Transport.connect`."""
        connection = self._transport.connect(name, privileged=privileged, rule=rule)
        return self._client(connection, name)

    def connect_endpoint(self, endpoint: Endpoint, *, rule: PeerRule | None = None) -> Connection:
        """See `xpcrpc.transport.base.Transport.connect_endpoint`."""
        connection = self._transport.connect_endpoint(endpoint, rule=rule)
        return self._client(connection, "an endpoint")

    def listen(
        self, name: str, *, privileged: bool = False, rule: PeerRule | None = None
    ) -> Listener:
        """See `xpcrpc.transport.base.Transport.listen`."""
        listener = self._transport.listen(name, privileged=privileged, rule=rule)
        return RecordedListener(listener, self._transcript, name)

    def listen_anonymously(self, *, rule: PeerRule | None = None) -> Listener:
        """See `xpcrpc.transport.base.Transport.listen_anonymously`."""
        listener = self._transport.listen_anonymously(rule=rule)
        return RecordedListener(listener, self._transcript, "an endpoint")

    def begin_transaction(self) -> None:
        """See `xpcrpc.transport.base.Transport.begin_transaction`."""
        self._transport.begin_transaction()

    def end_transaction(self) -> None:
        """See `xpcrpc.transport.base.Transport.end_transaction`."""
        self._transport.end_transaction()

    def _client(self, connection: Connection, name: str) -> Connection:
        who = self._transcript.next_of("client")
        return RecordedConnection(connection, self._transcript, who, name)


class RecordedListener:
    """A listener that is listened to."""

    def __init__(self, listener: Listener, transcript: Transcript, name: str) -> None:
        self._listener = listener
        self._transcript = transcript
        self._name = name

    def activate(
        self, on_peer: Callable[[Connection], None], on_end: Callable[[TransportError], None]
    ) -> None:
        """See `xpcrpc.transport.base.Listener.activate`."""
        transcript = self._transcript

        def accept(peer: Connection) -> None:
            who = transcript.next_of("server")
            on_peer(RecordedConnection(peer, transcript, who, "its client"))

        def end(error: TransportError) -> None:
            transcript.fault(f"the listener of {self._name}", error)
            on_end(error)

        self._listener.activate(accept, end)
        transcript.served.add(self._name)
        transcript.note(f"listening on {self._name}", "")

    def endpoint(self) -> Endpoint:
        """See `xpcrpc.transport.base.Listener.endpoint`."""
        return self._listener.endpoint()

    def cancel(self) -> None:
        """See `xpcrpc.transport.base.Listener.cancel`."""
        self._listener.cancel()


class RecordedConnection:
    """A connection that is listened to."""

    def __init__(
        self, connection: Connection, transcript: Transcript, who: str, other: str
    ) -> None:
        self._connection = connection
        self._transcript = transcript
        self.who = who
        self._other = other

    @property
    def name(self) -> str:
        """See `xpcrpc.transport.base.Connection.name`."""
        return self._connection.name

    @property
    def named(self) -> bool:
        """See `xpcrpc.transport.base.Connection.named`."""
        return self._connection.named

    @property
    def peer(self) -> PeerIdentity:
        """See `xpcrpc.transport.base.Connection.peer`."""
        return self._connection.peer

    def set_event_handler(self, handler: EventHandler) -> None:
        """See `xpcrpc.transport.base.Connection.set_event_handler`."""

        def take(event: ReceivedFrame | TransportError) -> None:
            if isinstance(event, TransportError):
                self._transcript.fault(self.who, event)
                handler(event)
                return
            line = self._transcript.heard(self.who, self._other, event.frame, tuple(event.handles))
            if self._other == "its client":
                self._other = line.who  # now it is known which one
            number = line.number
            if number is None and event.expects_reply and not line.hidden:
                line.number = number = self._transcript.next_request()
            handler(RecordedFrame(event, self, number, hidden=line.hidden))

        self._connection.set_event_handler(take)

    def activate(self) -> None:
        """See `xpcrpc.transport.base.Connection.activate`."""
        self._connection.activate()

    def suspend(self) -> None:
        """See `xpcrpc.transport.base.Connection.suspend`."""
        self._transcript.note(self.who, "suspends")
        self._connection.suspend()

    def resume(self) -> None:
        """See `xpcrpc.transport.base.Connection.resume`."""
        self._connection.resume()
        self._transcript.note(self.who, "resumes")

    def cancel(self) -> None:
        """See `xpcrpc.transport.base.Connection.cancel`."""
        self._transcript.note(self.who, "cancels")
        self._connection.cancel()

    def send(self, frame: Frame, handles: Sequence[Handle] = ()) -> None:
        """See `xpcrpc.transport.base.Connection.send`."""
        self._connection.send(frame, handles)
        self.say(frame, handles, None)

    def request(self, frame: Frame, handles: Sequence[Handle], on_reply: ReplyHandler) -> None:
        """See `xpcrpc.transport.base.Connection.request`."""
        number = self._transcript.number_of(frame, tuple(handles))

        def answered(reply: ReceivedFrame | TransportError) -> None:
            if isinstance(reply, TransportError):
                self._transcript.fault(self.who, reply, number)
            else:
                table = tuple(reply.handles)
                hidden = number is None
                self._transcript.heard(
                    self.who, self._other, reply.frame, table, number, hidden=hidden
                )
            on_reply(reply)

        self._connection.request(frame, handles, answered)
        self.say(frame, handles, number)

    def barrier(self, on_run: Callable[[], None]) -> None:
        """See `xpcrpc.transport.base.Connection.barrier`."""
        self._connection.barrier(on_run)

    def say(
        self,
        frame: Frame,
        handles: Sequence[Handle],
        number: int | None,
        *,
        hidden: bool = False,
    ) -> None:
        """Write down what this end says."""
        transcript = self._transcript
        # Its arrival shows where the other end is recorded too.
        watched = self._other in transcript.served or self._other.startswith("client ")
        table = tuple(handles)
        transcript.said(self.who, self._other, frame, table, number, watched=watched, hidden=hidden)

    def note(self, what: str, number: int | None) -> None:
        """Write down what this end does."""
        self._transcript.note(self.who, what, number)


class RecordedFrame:
    """A message that arrived, and whose answer is listened to."""

    def __init__(
        self,
        received: ReceivedFrame,
        connection: RecordedConnection,
        number: int | None,
        *,
        hidden: bool,
    ) -> None:
        self._received = received
        self._connection = connection
        self._number = number
        self._hidden = hidden
        self.frame = received.frame
        self.handles = received.handles
        self.sender = received.sender
        self.expects_reply = received.expects_reply

    def reply(self, frame: Frame, handles: Sequence[Handle] = ()) -> None:
        """See `xpcrpc.transport.base.ReceivedFrame.reply`."""
        self._received.reply(frame, handles)
        self._connection.say(frame, handles, self._number, hidden=self._hidden)

    def drop(self) -> None:
        """See `xpcrpc.transport.base.ReceivedFrame.drop`."""
        if self.expects_reply:
            self._connection.note("drops the request", self._number)
        self._received.drop()
