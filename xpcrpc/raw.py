"""XPC without a contract: listeners, connections, dictionaries, on asyncio.

    listener = Listener.named("org.example.echo", rule=Uid("self"))
    async for peer in listener:             # a Connection for each client
        async for event in peer:
            if isinstance(event, ReceivedMessage) and event.expects_reply:
                event.reply(event.values)

    async with Connection.to_service("org.example.echo") as connection:
        reply = await connection.request({"text": "hello"}, timeout_s=5)

A message is a dictionary of `xpcrpc.values`. Connections are lazy: nothing
reaches the service before the first message (C-63).

One module, somewhat long, as it is one public page: what a program without a
contract needs, and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from types import TracebackType
from typing import Final, Generic, Self, TypeAlias, TypeVar

from .codec import frame as frames
from .errors import (
    ConnectionInvalidError,
    DeadlineExceededError,
    DecodeError,
    EncodeError,
    FrameError,
    MisuseError,
    TransportError,
    XpcRpcError,
)
from .rules import PeerRule
from .transport import base
from .transport.base import PeerIdentity
from .transport.xpc import XpcTransport
from .transport.xpc_connection import XpcConnection
from .values import Endpoint, FileDescriptor, Handle, Message, SharedMemory

__all__ = ["Connection", "Event", "Listener", "ReceivedMessage", "terminate"]

MAX_WAITING: Final = 1024
"""Events that may wait for the program. Then the connection is suspended, so that the
peer waits, unless a request is under way whose reply that would hold back."""

MAX_UNREAD: Final = 64 * MAX_WAITING
"""Events that wait while requests are under way; one more cancels the connection."""

_log: Final = logging.getLogger("xpcrpc.raw")
_T = TypeVar("_T")


class ReceivedMessage:
    """A message that arrived outside replies. One that is dropped unanswered tells the
    requester at once that no reply will come (C-139)."""

    __slots__ = ("_received", "values")

    def __init__(self, received: base.ReceivedFrame, values: Message) -> None:
        self._received = received
        self.values = values
        """The dictionary; its descriptors and shared memory are the receiver's to close."""

    @property
    def sender(self) -> PeerIdentity:
        """Who sent it, by the kernel's word."""
        return self._received.sender

    @property
    def expects_reply(self) -> bool:
        """Whether somebody waits for `reply`."""
        return self._received.expects_reply

    def reply(self, values: Message) -> None:
        """Answer, once; lost without harm if the peer is gone (C-142).

        Raises:
            EncodeError: the answer cannot be sent; nothing was sent, try another.
            MisuseError: nobody waits for a reply, or it was given already.
        """
        frame, handles = _encode(values)
        self._received.reply(frame, handles)

    def drop(self) -> None:
        """Say that no reply will come; the requester hears of it at once."""
        self._received.drop()


Event: TypeAlias = ReceivedMessage | TransportError
"""What iteration over a connection gives. An error is a value there when the connection
goes on after it: `ConnectionInterruptedError`, `TerminationImminentError` and the like."""


class _Inbox(Generic[_T]):
    """What waits for the one who iterates."""

    def __init__(self) -> None:
        self.waiting: deque[_T] = deque()
        self.end: ConnectionInvalidError | None = None
        self._reader: asyncio.Future[None] | None = None

    def put(self, item: _T) -> None:
        self.waiting.append(item)
        self._wake()

    def close(self, end: ConnectionInvalidError) -> None:
        self.end = self.end or end  # the first one is the cause
        self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> _T | ConnectionInvalidError:
        """The next item, or why there is none any more."""
        while not self.waiting:
            if self.end is not None:
                return self.end
            if self._reader is not None:
                raise MisuseError("two tasks iterate at once; one reads and hands on")
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self.waiting.popleft()


class _Events(_Inbox["base.ReceivedFrame | TransportError"]):
    """A connection's events; it suspends the connection while too many wait."""

    def __init__(self, connection: base.Connection) -> None:
        super().__init__()
        self._connection = connection
        self.requests = 0
        self.held = False

    def handle(self, event: base.ReceivedFrame | TransportError) -> None:
        """The connection's event handler; it must not know the `Connection`, so that
        dropping that one ends the connection."""
        if isinstance(event, ConnectionInvalidError):
            self.close(event)
            return
        self.put(event)
        if len(self.waiting) >= MAX_UNREAD:
            self.close(
                ConnectionInvalidError(
                    self._connection.name,
                    f"{MAX_UNREAD} messages waited unread; iterate over the connection",
                )
            )
            self._connection.cancel()
        elif len(self.waiting) >= MAX_WAITING and not self.held and not self.requests:
            self.held = True
            self._connection.suspend()

    def let_go(self) -> None:
        """Resume what `handle` suspended."""
        if self.held:
            self.held = False
            self._connection.resume()


class Connection:
    """One connection: to a service, to an endpoint, or a listener's peer.

    Iterating gives the messages that the other side sends, as `Event`; it ends when
    this side cancels, and for a listener's peer when the client is gone. For a
    client it raises `ConnectionInvalidError` when the connection is at its end.
    A connection that is dropped is cancelled.
    """

    def __init__(self, connection: base.Connection, *, is_peer: bool = False) -> None:
        """Wrap a transport's connection; see `to_service` and `to_endpoint`."""
        self._connection = connection
        self._is_peer = is_peer
        self._active = self._cancelled = False
        self._suspends = 0
        self._events = _Events(connection)
        connection.set_event_handler(self._events.handle)

    @classmethod
    def to_service(
        cls, name: str, *, privileged: bool = False, rule: PeerRule | None = None
    ) -> Self:
        """A client of a named service; that the name is unknown shows at first use (C-51).

        ``privileged`` looks among the system's services only. With a ``rule``, answers
        of a service that does not meet it are withheld (`PeerRequirementError`).

        Raises:
            ServiceConfigurationError: no such name can be, or the rule cannot be stated here.
        """
        transport = XpcTransport.of_running_loop()
        return cls(transport.connect(name, privileged=privileged, rule=rule))

    @classmethod
    def to_endpoint(cls, endpoint: Endpoint, *, rule: PeerRule | None = None) -> Self:
        """A client of whoever made the endpoint; it cannot be found again when lost (C-156)."""
        return cls(XpcTransport.of_running_loop().connect_endpoint(endpoint, rule=rule))

    @property
    def name(self) -> str:
        """The service's name, or words that describe the peer."""
        return self._connection.name

    @property
    def peer(self) -> PeerIdentity:
        """Whoever sent the most recent message; process id 0 before any did (C-98)."""
        return self._connection.peer

    @property
    def invalidation_reason(self) -> str | None:
        """libxpc's words for why it ended; None while it has not, and before macOS 12.
        For people, never to be parsed (C-102)."""
        return self._of_libxpc().reason()

    def send(self, values: Message) -> None:
        """Send without waiting, in order (C-75). Silently dropped once cancelled (C-78).

        Raises:
            EncodeError: a value cannot be sent, or the message is too large.
        """
        frame, handles = _encode(values)
        self._activate()
        self._connection.send(frame, handles)

    async def request(self, values: Message, *, timeout_s: float | None = None) -> Message:
        """Send, and wait for the reply, at most ``timeout_s`` seconds.

        Cancelling is safe: a late reply is dropped and its descriptors closed. The
        other side may still carry the request out.

        Raises:
            EncodeError: a value cannot be sent, or the message is too large.
            MisuseError: ``timeout_s`` is not above 0.
            DeadlineExceededError: no reply came in time.
            TransportError: no reply will come.
            DecodeError: the reply cannot be read.
        """
        if timeout_s is not None and not timeout_s > 0:
            raise MisuseError(f"timeout_s must be above 0, not {timeout_s}; None waits for ever")
        frame, handles = _encode(values)
        self._activate()
        self._events.let_go()
        future: asyncio.Future[base.ReceivedFrame | TransportError]
        future = asyncio.get_running_loop().create_future()

        def on_reply(event: base.ReceivedFrame | TransportError) -> None:
            if not future.done():
                future.set_result(event)
            elif not isinstance(event, TransportError):
                _discard(event)

        self._events.requests += 1
        try:
            self._connection.request(frame, handles, on_reply)
            async with asyncio.timeout(timeout_s):
                event = await future
        except TimeoutError:
            assert timeout_s is not None
            raise DeadlineExceededError(f"a request to {self.name}", timeout_s) from None
        finally:
            self._events.requests -= 1
        if isinstance(event, TransportError):
            raise event
        try:
            return _decode(event)
        except FrameError as error:
            raise DecodeError.at("the reply", str(error)) from error

    async def barrier(self) -> None:
        """Wait until everything sent before has been handed to the system and its memory
        freed, or dropped as the connection ended (C-82, C-86). It says nothing about
        the other side (C-83); awaiting it now and then keeps a queue of sends short."""
        self._activate()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def on_run() -> None:
            if not done.done():
                done.set_result(None)

        self._of_libxpc().barrier(on_run)
        await done

    def suspend(self) -> None:
        """Stop events and sends, replies too, until `resume`; nests (C-59)."""
        self._activate()
        self._connection.suspend()
        self._suspends += 1

    def resume(self) -> None:
        """Undo one `suspend`.

        Raises:
            MisuseError: it is not suspended.
        """
        if self._suspends == 0:
            raise MisuseError("resume without a suspend: each resume undoes one suspend (X4)")
        self._suspends -= 1
        if not self._cancelled:  # which resumed all of them
            self._connection.resume()

    def cancel(self) -> None:
        """End it; requests under way get `ConnectionInvalidError`. May be repeated (C-89)."""
        if not self._cancelled:
            self._cancelled = True
            self._events.held = False
            self._connection.cancel()

    def _of_libxpc(self) -> XpcConnection:
        assert isinstance(self._connection, XpcConnection), "raw connections are libxpc's"
        return self._connection

    def _activate(self) -> None:
        if not self._active:
            self._active = True
            if not self._cancelled:
                self._connection.activate()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        self._activate()
        while True:
            event = await self._events.get()
            if isinstance(event, ConnectionInvalidError):
                if self._cancelled or self._is_peer:
                    raise StopAsyncIteration
                raise event
            if len(self._events.waiting) <= MAX_WAITING // 2:
                self._events.let_go()
            if isinstance(event, TransportError):
                return event
            try:
                return ReceivedMessage(event, _decode(event))
            except FrameError as error:
                _log.warning("a message of %s cannot be read and is dropped: %s", self.name, error)
                _discard(event)

    async def __aenter__(self) -> Self:
        self._activate()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cancel()

    def __del__(self) -> None:
        if hasattr(self, "_events"):
            try:
                self.cancel()
            except XpcRpcError:
                pass  # the loop or the process it belonged to is gone, and it with them


class Listener:
    """Takes connections: iterate over it to accept them.

    A peer that was not reached by iteration stays unaccepted, and what it sends
    waits. Iteration ends when the listener is cancelled here, and raises
    `ConnectionInvalidError` when it cannot serve, such as when its name is taken.
    """

    def __init__(self, listener: base.Listener) -> None:
        """Wrap a transport's listener; see `named` and `anonymous`."""
        self._listener = listener
        self._peers: _Inbox[base.Connection] = _Inbox()
        self._cancelled = False
        peers = self._peers

        def on_peer(peer: base.Connection) -> None:
            if len(peers.waiting) < MAX_WAITING:
                peers.put(peer)
            else:
                _log.warning("%d peers wait to be accepted; one more is refused", MAX_WAITING)

        def on_end(error: TransportError) -> None:
            if isinstance(error, ConnectionInvalidError):
                peers.close(error)

        listener.activate(on_peer, on_end)

    @classmethod
    def named(cls, name: str, *, rule: PeerRule, privileged: bool = False) -> Self:
        """Serve a name, for peers that meet the rule; ``Anyone()`` has to be said.

        Raises:
            ServiceConfigurationError: no such name can be, or the rule cannot be stated here.
            MisuseError: there is no rule.
        """
        if rule is None:  # from a program without a type checker
            raise MisuseError(
                f"{name} would serve anybody; give the rule that peers must meet, or Anyone()"
            )
        transport = XpcTransport.of_running_loop()
        return cls(transport.listen(name, privileged=privileged, rule=rule))

    @classmethod
    def anonymous(cls, *, rule: PeerRule | None = None) -> Self:
        """Serve whoever gets the `endpoint` (C-113), and meets the rule if there is one."""
        return cls(XpcTransport.of_running_loop().listen_anonymously(rule=rule))

    def endpoint(self) -> Endpoint:
        """The right to connect, to be sent in a message; as often as wanted."""
        return self._listener.endpoint()

    def cancel(self) -> None:
        """Accept nobody further; accepted peers live on (OQ-32). May be repeated."""
        if not self._cancelled:
            self._cancelled = True
            self._peers.waiting.clear()
            self._listener.cancel()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Connection:
        peer = await self._peers.get()
        if isinstance(peer, ConnectionInvalidError):
            if self._cancelled:
                raise StopAsyncIteration
            raise peer
        connection = Connection(peer, is_peer=True)
        connection._activate()
        return connection

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cancel()

    def __del__(self) -> None:
        if hasattr(self, "_peers"):
            try:
                self.cancel()
            except XpcRpcError:
                pass  # as for a connection


def terminate() -> int:
    """Tell every listener's peer that this process is about to end (C-123); for a SIGTERM handler.

    Each peer gets `TerminationImminentError` as an event, once, after what it had received.
    It hears nothing more but the end of its client; what it sends, replies among it, still
    goes out. Listeners are left alone: cancel them.

    Returns:
        How many peers are told. On macOS none: there launchd asks a process to end, and
        libxpc tells the peers by itself.
    """
    return XpcTransport.of_running_loop().terminate()


def _encode(values: Message) -> tuple[bytes, list[Handle]]:
    if not isinstance(values, dict):
        raise EncodeError.at("", f"a message is a dict, not {type(values).__name__}; use keys")
    handles: list[Handle] = []
    return frames.encode(values, handles=handles), handles


def _decode(received: base.ReceivedFrame) -> Message:
    values = frames.decode(received.frame, received.handles)
    if not isinstance(values, dict):
        raise FrameError("the message is not a dictionary", offset=0)
    received.handles = ()  # the values own them now
    return values


def _discard(received: base.ReceivedFrame) -> None:
    received.drop()
    for handle in received.handles:
        if isinstance(handle, FileDescriptor | SharedMemory):
            handle.close()
