"""The transport over libxpc: Apple's on macOS, the portable one on Linux.

One mailbox per event loop. libxpc's handlers put events into it, its descriptor
wakes the loop, and one C call moves all that waits into one buffer. No Python
runs on another thread.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
from collections.abc import AsyncGenerator, Callable
from time import monotonic
from typing import Any, Final, Self

from ..errors import ConnectionInvalidError, MisuseError
from ..native import ffi, lib
from ..rules import PeerRule
from ..values import Endpoint, Handle
from . import xpc_records as records
from ._events import Events
from .base import Frame, ReplyHandler
from .xpc_connection import NOBODY, XpcConnection, XpcListener, XpcPeer
from .xpc_failures import failure_of, service_name
from .xpc_handles import endpoint_pointer, unpack
from .xpc_message import Process, XpcReceived, XpcRequest

BUFFER_BYTES: Final = 128 * 1024
"""One drain's events. A message that does not fit gets a buffer of its own."""

KEPT_BYTES: Final = 4 * 1024 * 1024
"""The largest such buffer that is used again, where nobody keeps what came in it: making the
pages of a fresh one takes longer than the copy."""

TURN_S: Final = 0.005
"""How long events are handled before other callbacks of the loop have their turn, in seconds.
One drain more, of up to 256 events, may come on top of that."""

_log: Final = logging.getLogger("xpcrpc.transport")
_transports: dict[asyncio.AbstractEventLoop, XpcTransport] = {}
_open: set[XpcTransport] = set()


class XpcTransport:
    """libxpc for one event loop; see `base.Transport`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, capacity: int = 0) -> None:
        """Watch a new mailbox; ``capacity`` 0 is ``XR_MAILBOX_EVENTS``.

        Raises:
            OSError: out of descriptors or memory.
            MisuseError: the process was forked from one that used libxpc (X36).
        """
        self.process = Process()
        self.process.check()
        box = lib.xr_mailbox_create(capacity)
        if box == ffi.NULL:
            raise OSError(ffi.errno, os.strerror(ffi.errno))
        self._loop = loop
        self._box = box
        self._buffer = bytearray(BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._large = bytearray()
        self._kept: dict[int, XpcPeer] = {}
        self.calls: dict[int, tuple[ReplyHandler, XpcConnection]] = {}
        """Requests that await their reply, by number."""
        self._events = Events(
            int(ffi.cast("uintptr_t", box)),
            self._buffer,
            self.calls,
            self._kept,
            XpcConnection,
            self.process,
            self._take_general,
            self._failed,
            self._go_on,
        )
        self._barriers: dict[int, Callable[[], None]] = {}
        self.last_call = 0
        """The number of the latest request or barrier."""
        self._transactions = 0
        self.guard: AsyncGenerator[None, None] | None = None
        self._fd = lib.xr_mailbox_fd(box)
        loop.add_reader(self._fd, self._events.on_readable)
        _open.add(self)

    @classmethod
    def of_running_loop(cls) -> XpcTransport:
        """The running loop's own, made at its first use; it ends with the loop."""
        loop = asyncio.get_running_loop()
        transport = _transports.get(loop)
        if transport is None or transport.process.closed:
            for other in [each for each in _transports if each.is_closed()]:
                _transports.pop(other).close()
            _transports[loop] = transport = cls(loop)
            _close_with_the_loop(transport)
        return transport

    # -- base.Transport

    def connect(
        self, name: str, *, privileged: bool = False, rule: PeerRule | None = None
    ) -> XpcConnection:
        """See `base.Transport.connect`."""
        self.process.check()
        pointer = lib.xr_connection_to_service(self._box, service_name(name), privileged)
        connection = XpcConnection(self, _made(pointer), name, named=True)
        connection.require(rule)
        return connection

    def connect_endpoint(
        self, endpoint: Endpoint, *, rule: PeerRule | None = None
    ) -> XpcConnection:
        """See `base.Transport.connect_endpoint`."""
        self.process.check()
        pointer = lib.xr_connection_to_endpoint(self._box, endpoint_pointer(endpoint))
        connection = XpcConnection(self, _made(pointer), "an endpoint")
        connection.require(rule)
        return connection

    def listen(
        self, name: str, *, privileged: bool = False, rule: PeerRule | None = None
    ) -> XpcListener:
        """See `base.Transport.listen`."""
        self.process.check()
        pointer = lib.xr_listener_named(self._box, service_name(name), privileged)
        listener = XpcListener(self, _made(pointer), name)
        listener.require(rule)
        return listener

    def listen_anonymously(self, *, rule: PeerRule | None = None) -> XpcListener:
        """See `base.Transport.listen_anonymously`."""
        self.process.check()
        listener = XpcListener(
            self, _made(lib.xr_listener_anonymous(self._box)), "an anonymous listener"
        )
        listener.require(rule)
        return listener

    def begin_transaction(self) -> None:
        """See `base.Transport.begin_transaction`."""
        self._transactions += 1
        lib.xr_transaction_begin()

    def end_transaction(self) -> None:
        """See `base.Transport.end_transaction`.

        Raises:
            MisuseError: none has begun (X30).
        """
        if not self._transactions:
            raise MisuseError("no transaction has begun; call begin_transaction first")
        self._transactions -= 1
        lib.xr_transaction_end()

    def terminate(self) -> int:
        """Tell all listeners' peers, those of other loops too, that the process ends (C-123)."""
        self.process.check()
        return lib.xr_terminate()

    # -- for connections

    def keep(self, peer: XpcPeer) -> None:
        """Hold it until its final event."""
        self._kept[peer.token] = peer

    def expect_barrier(self, on_run: Callable[[], None]) -> int:
        """A number for a new barrier."""
        self.last_call += 1
        self._barriers[self.last_call] = on_run
        return self.last_call

    def write_log(self) -> None:
        """Say what libxpc has to say: of peers that it dropped, their fault, and of
        directories that it will not use; so these are warnings."""
        line = ffi.new("char[]", lib.XR_LOG_LINE)
        while lib.xr_log_take(line):
            _log.warning("%s", ffi.string(line).decode("utf-8", "replace"))

    def run_soon(self, call: Callable[[], None]) -> None:
        """From a callback of the loop, if there is one yet."""
        if not self._loop.is_closed():
            self._loop.call_soon(call)

    # -- events

    def _go_on(self, more: int) -> None:
        """Do what is left after one buffer of events, for a while."""
        enough = monotonic() + TURN_S
        while self._do(more):
            if monotonic() >= enough:
                # What waits in the mailbox does not show on the descriptor.
                self._loop.call_soon(self._events.on_readable)
                return
            if self.process.over:
                return
            more = self._events.drain()

    def _do(self, more: int) -> bool:
        """What a drain could not; whether there are more events."""
        if more & records.MORE_LARGE:
            more = self._drain_large(self._events.needed)
        if more & records.MORE_LOG:
            self.write_log()
        return bool(more & records.MORE_EVENTS)

    def _drain_large(self, needed: int) -> int:
        """Handle the message of so many bytes; what more there is."""
        large = self._large_buffer(needed)
        view = memoryview(large)
        lib.xr_mailbox_drain(self._box, ffi.from_buffer(large), len(large))
        count, more, _ = records.BATCH.unpack_from(view)
        offset = records.BATCH.size
        for _ in range(count):
            offset = self._take(view, offset, own=True)
        return int(more)

    def _take_general(self, offset: int) -> int:
        return self._take(self._view, offset, own=False)

    def _failed(self, failure: Exception) -> None:
        words = "a handler of an XPC connection failed"
        self._loop.call_exception_handler({"message": words, "exception": failure})

    def _large_buffer(self, needed: int) -> bytearray:
        """A buffer for a message of so many bytes, which slices of it may outlive."""
        large = self._large
        try:
            large.append(0)  # refused as long as anybody has a slice
            large.pop()
        except BufferError:
            return bytearray(needed)
        if not large:
            # glibc keeps as much free memory at hand as the largest block that it got back,
            # twice over; else it returns the pages of one message to fetch them for the next.
            bytearray(KEPT_BYTES)
        if not needed <= len(large) <= 4 * needed:
            large = bytearray(needed)
            if needed <= KEPT_BYTES:
                self._large = large
        return large

    def _take(self, view: memoryview, offset: int, *, own: bool) -> int:
        """Handle the record at ``offset``; returns the next one's. ``own``: keep slices of it."""
        kind, error, token, call, pointer, length, handle_count, ids, _ = (
            records.RECORD.unpack_from(view, offset)
        )
        start = offset + records.RECORD.size
        end: int = start + length
        after = (end + 7) & ~7
        frame: Frame = view[start:end] if own else bytes(view[start:end])
        handles: tuple[Handle, ...] = ()
        if handle_count:
            handles = unpack(view, after, handle_count)
            after += handle_count * records.HANDLE.size
        try:
            if kind == records.REPLY:
                on_reply, connection = self.calls.pop(call)
                if error:
                    on_reply(failure_of(error, frame, connection))
                elif pointer:  # a reply that wants one itself (C-135)
                    sender = connection.sender(ids)
                    on_reply(XpcRequest(frame, handles, sender, pointer, self.process))
                else:
                    on_reply(XpcReceived(frame, handles, connection.sender(ids)))
            elif kind == records.MESSAGE:
                peer = self._kept.get(token)
                handler = peer.handler if type(peer) is XpcConnection else None
                sender = NOBODY if handler is None else peer.sender(ids)  # type: ignore[union-attr]
                message = (
                    XpcRequest(frame, handles, sender, pointer, self.process)
                    if pointer
                    else XpcReceived(frame, handles, sender)
                )
                if handler is None:
                    message.discard()
                else:
                    handler(message)
            elif kind == records.PEER:
                self._on_peer(token, pointer)
            elif kind == records.ERROR:
                self._on_error(token, error, frame)
            else:
                self._barriers.pop(call)()
        except Exception as failure:
            self._failed(failure)
        return after

    def _on_peer(self, token: int, pointer: int) -> None:
        listener = self._kept.get(token)
        peer = XpcConnection(self, ffi.cast("xr_connection *", pointer), "a peer")
        peer.name = f"the peer with process id {peer.peer.pid}"
        # Whatever `on_peer` does not keep is disposed of with the last reference.
        if isinstance(listener, XpcListener) and listener.on_peer is not None:
            listener.on_peer(peer)

    def _on_error(self, token: int, error: int, frame: Frame) -> None:
        final = error == records.INVALID
        peer = self._kept.pop(token, None) if final else self._kept.get(token)
        if peer is None:
            return
        failure = failure_of(error, frame, peer)
        if isinstance(peer, XpcListener):
            on_end = peer.on_end
            if final:
                peer.on_peer = peer.on_end = None  # breaks cycles, as libxpc does (C-71)
                if on_end is not None:
                    on_end(failure)
        elif isinstance(peer, XpcConnection) and peer.handler is not None:
            handler = peer.handler
            if final:
                peer.forget_handler()  # nothing more comes; breaks cycles, as libxpc does (C-71)
            handler(failure)

    # -- the end

    def close(self) -> None:
        """End every connection; doing so again changes nothing.

        Requests under way end with `ConnectionInvalidError`.
        """
        if self.process.over:
            return
        calls, kept = self.calls.copy(), self._kept.copy()
        self.calls.clear()
        self._kept.clear()
        barriers, self._barriers = self._barriers, {}
        alive = not self._loop.is_closed()
        if alive:
            self._loop.remove_reader(self._fd)
        self.process.close()
        _open.discard(self)
        for peer in [*kept.values(), *(connection for _, connection in calls.values())]:
            peer.dispose()
        self._events.close()
        lib.xr_mailbox_close(self._box)
        if alive:
            for on_run in barriers.values():
                on_run()
            for on_reply, connection in calls.values():
                on_reply(ConnectionInvalidError(connection.name, "its event loop ended"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _made(pointer: Any) -> Any:
    if pointer == ffi.NULL:
        raise OSError(ffi.errno, "the connection could not be made: out of memory or descriptors")
    return pointer


async def _guard(transport: XpcTransport) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        _transports.pop(transport._loop, None)
        transport.close()


def _close_with_the_loop(transport: XpcTransport) -> None:
    """Asyncio tells nobody that a loop ends, but for its asynchronous generators."""
    guard = _guard(transport)
    transport.guard = guard
    try:
        guard.__anext__().send(None)
    except StopIteration:
        pass  # it runs up to its yield, without waiting


def _after_fork() -> None:
    Process.is_child = Process.was_used
    for transport in _open:
        transport.process.fork()
    _open.clear()
    _transports.clear()


def _at_exit() -> None:
    for transport in list(_open):
        transport.close()
    _transports.clear()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
