"""A transport under test, and spies at the ends of its connections."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from xpcrpc import TransportError
from xpcrpc.codec import frame as frames
from xpcrpc.rules import PeerRule
from xpcrpc.transport.base import Connection, Listener, ReceivedFrame, Transport
from xpcrpc.values import Endpoint, Handle, Message

TURNS: Final = 40
"""Turns of the loop in which everything that is under way arrives. Both transports
move a message within a few turns, and nothing in them waits for a clock."""

_numbers = itertools.count(1)

Event: TypeAlias = "Message | TransportError"


async def settle() -> None:
    """Let everything arrive that is under way."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


class Spy:
    """One end: keeps what arrives, sends what it is told."""

    def __init__(self, connection: Connection, *, activate: bool = True) -> None:
        self.connection = connection
        self.events: list[Event] = []
        self.received: list[ReceivedFrame] = []
        self.inside: list[asyncio.Task[Any] | None] = []
        """The task that was running in each call of the handler."""
        connection.set_event_handler(self.take)
        if activate:
            connection.activate()

    def take(self, event: ReceivedFrame | TransportError) -> None:
        """The event handler."""
        self.inside.append(asyncio.current_task())
        self.events.append(opened(event))
        if not isinstance(event, TransportError):
            self.received.append(event)

    def send(self, message: Message, *handles: Handle) -> None:
        """Send; handles are found in the message."""
        table: list[Handle] = []
        self.connection.send(frames.encode(message, handles=table), table)

    def request(self, message: Message) -> list[Event]:
        """Send a request; its answers are appended to the list."""
        answers: list[Event] = []
        table: list[Handle] = []
        self.connection.request(
            frames.encode(message, handles=table),
            table,
            lambda reply: answers.append(opened(reply)),
        )
        return answers

    def forget(self) -> None:
        """Drop the messages received so far, and with them their requests."""
        self.received.clear()

    @property
    def messages(self) -> list[Message]:
        """The messages among the events."""
        return [event for event in self.events if not isinstance(event, TransportError)]

    @property
    def errors(self) -> list[type[TransportError]]:
        """The kinds of the errors among the events."""
        return [type(event) for event in self.events if isinstance(event, TransportError)]


def opened(event: ReceivedFrame | TransportError) -> Event:
    """The dictionary of a message, or the error."""
    if isinstance(event, TransportError):
        return event
    message = frames.decode(event.frame, event.handles)
    assert isinstance(message, dict)
    return message


def answer(received: ReceivedFrame, message: Message) -> None:
    """Reply to a request."""
    table: list[Handle] = []
    received.reply(frames.encode(message, handles=table), table)


def kinds(events: list[Event]) -> list[type[Any]]:
    """The types of events: ``dict`` for a message."""
    return [type(event) for event in events]


class Doorman:
    """A listener that accepts everybody, unless told otherwise."""

    def __init__(
        self,
        listener: Listener,
        *,
        activate: bool = True,
        accept: Callable[[Connection], None] | None = None,
    ) -> None:
        self.listener = listener
        self.peers: list[Spy] = []
        self.ends: list[TransportError] = []
        self.inside: list[asyncio.Task[Any] | None] = []
        self._accept = accept or (lambda peer: self.peers.append(Spy(peer)))
        if activate:
            self.activate()

    def activate(self) -> None:
        """Begin to accept."""
        self.listener.activate(self._on_peer, self.ends.append)

    def _on_peer(self, peer: Connection) -> None:
        self.inside.append(asyncio.current_task())
        self._accept(peer)

    @property
    def endpoint(self) -> Endpoint:
        """The right to connect to it."""
        return self.listener.endpoint()


class World:
    """One transport, and names that nobody else uses."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def new_name(self) -> str:
        """A name that nobody has taken."""
        return f"org.example.conformance.{next(_numbers)}"

    def serve(self, name: str, *, rule: PeerRule | None = None) -> Doorman:
        """Serve a name."""
        return Doorman(self.transport.listen(name, rule=rule))

    def serve_anonymously(self, *, rule: PeerRule | None = None, activate: bool = True) -> Doorman:
        """Serve whoever gets the endpoint."""
        return Doorman(self.transport.listen_anonymously(rule=rule), activate=activate)

    def client(self, name: str, *, rule: PeerRule | None = None, activate: bool = True) -> Spy:
        """A client of a name."""
        return Spy(self.transport.connect(name, rule=rule), activate=activate)

    def client_of(self, endpoint: Endpoint, *, rule: PeerRule | None = None) -> Spy:
        """A client of an endpoint."""
        return Spy(self.transport.connect_endpoint(endpoint, rule=rule))

    async def pair(self, *, named: bool = True) -> tuple[Spy, Spy, Doorman]:
        """A client, its server peer and the listener, after a first message each way."""
        if named:
            name = self.new_name()
            doorman = self.serve(name)
            client = self.client(name)
        else:
            doorman = self.serve_anonymously()
            client = self.client_of(doorman.endpoint)
        answers = client.request({"hello": True})
        await settle()
        (peer,) = doorman.peers
        answer(peer.received.pop(), {"hello": True})
        await settle()
        assert answers == [{"hello": True}]
        for spy in (client, peer):
            spy.events.clear()
        return client, peer, doorman
