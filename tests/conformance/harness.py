"""What the conformance tests look through: events with names, patience, tolerance."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from xpcrpc.errors import (
    ConnectionInterruptedError,
    ConnectionInvalidError,
    PeerRequirementError,
    TerminationImminentError,
    TransportError,
)
from xpcrpc.raw import Connection, Event, Listener, ReceivedMessage
from xpcrpc.rules import Anyone, PeerRule, Uid
from xpcrpc.values import Message, Value

MACOS: Final = sys.platform == "darwin"
LIMIT_S: Final = 60.0 if MACOS else 20.0
"""How long something that must come may take; launchd throttles a relaunch by 10 s."""
SANITIZED: Final = "XPCRPC_TESTS_SANITIZED" in os.environ
"""Whether this is `make sanitize`: four times slower, so repetition is left to `make test`."""

QUIET_S: Final = 0.3
"""The contract's "quiet": no further event for so long."""

NAME: Final = "org.example.xpcrpc.conformance"
ABSENT: Final = "org.example.xpcrpc.nobody"
OUR_OWN: Final[PeerRule] = Anyone() if MACOS else Uid("self")

_T = TypeVar("_T")

NAMES: Final[dict[type[TransportError], str]] = {
    ConnectionInterruptedError: "INTERRUPTED",
    ConnectionInvalidError: "INVALID",
    TerminationImminentError: "TERMINATION",
    PeerRequirementError: "PEERREQ",
}


def name_of(event: object) -> str:
    """How the contract calls an event or an outcome."""
    if isinstance(event, TransportError):
        return NAMES.get(type(event), type(event).__name__)
    return "reply" if isinstance(event, dict) else "message"


async def soon(awaitable: Awaitable[_T]) -> _T:
    """It must come, within `LIMIT_S`."""
    return await asyncio.wait_for(awaitable, LIMIT_S)


async def quiet() -> None:
    """Let the contract's 300 ms go by."""
    await asyncio.sleep(QUIET_S)


class Service:
    """The named service, and how to take it away."""

    def __init__(self, name: str, unload: Callable[[], None]) -> None:
        self.name = name
        self.unload = unload
        """Remove the job, which ends the process."""

    def connect(self) -> Connection:
        """A new client."""
        return Connection.to_service(self.name, rule=OUR_OWN)

    async def die(self, client: Connection) -> None:
        """Kill the instance that serves this client, and wait until it is gone."""
        report = await client.request({}, timeout_s=LIMIT_S)
        pid = report["pid"]
        assert isinstance(pid, int)
        os.kill(pid, signal.SIGKILL)
        await gone(pid)


async def gone(pid: int) -> None:
    """Wait until no such process is left."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return
            await asyncio.sleep(0.005)


class Watch:
    """All events of one connection, in order, by the contract's names.

    The end of iteration is INVALID: xpcrpc says so for a connection that this
    side cancelled, and for a peer whose client went.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.names: list[str] = []
        self.messages: list[ReceivedMessage] = []
        self._changed = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            async for event in self.connection:
                self._take(event)
        except ConnectionInvalidError as error:
            self._take(error)
        else:
            self._take(ConnectionInvalidError())

    def _take(self, event: Event) -> None:
        self.names.append(name_of(event))
        if isinstance(event, ReceivedMessage):
            self.messages.append(event)
        self._changed.set()

    @property
    def errors(self) -> list[str]:
        """The events that are no messages."""
        return [name for name in self.names if name != "message"]

    @property
    def values(self) -> list[Message]:
        """What the messages say."""
        return [message.values for message in self.messages]

    async def until(self, *names: str) -> None:
        """Wait until the errors are these, in this order."""
        while self.errors != list(names):
            assert self.errors == list(names)[: len(self.errors)], self.errors
            self._changed.clear()
            await soon(self._changed.wait())

    async def until_messages(self, count: int) -> list[ReceivedMessage]:
        """Wait until so many messages came."""
        while len(self.messages) < count:
            self._changed.clear()
            await soon(self._changed.wait())
        return self.messages

    async def stays(self) -> None:
        """No further event for the quiet time."""
        before = list(self.names)
        await quiet()
        assert self.names == before


async def outcome(connection: Connection, values: Message) -> str:
    """What a request comes to: ``reply`` or the name of the error."""
    try:
        return name_of(await connection.request(values, timeout_s=LIMIT_S))
    except TransportError as error:
        return name_of(error)


class Pair:
    """An anonymous listener, a client of it, and the peer, both having been heard."""

    def __init__(self, listener: Listener, client: Connection, peer: Connection) -> None:
        self.listener = listener
        self.client = client
        self.peer = peer

    async def ask(self, values: Message, served: Watch) -> asyncio.Task[str]:
        """A request that has reached the peer, which holds it."""
        count = len(served.messages)
        task = asyncio.get_running_loop().create_task(outcome(self.client, values))
        await served.until_messages(count + 1)
        return task


async def pair_of(listener: Listener, first: Value = "first") -> Pair:
    """A new client of the listener, and its peer, after one message."""
    client = Connection.to_endpoint(listener.endpoint())
    client.send({"hello": first})
    peer = await soon(anext(listener))
    event = await soon(anext(peer))
    assert isinstance(event, ReceivedMessage)
    assert event.values == {"hello": first}
    return Pair(listener, client, peer)


def permitted(observed: str, *, linux: str, macos: tuple[str, ...]) -> bool:
    """Exact here, tolerant there, as the contract's open questions say."""
    return observed in macos if MACOS else observed == linux
