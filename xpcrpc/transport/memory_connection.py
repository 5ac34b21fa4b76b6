"""Connections in memory: what clients and server peers have in common."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..errors import (
    ConnectionInterruptedError,
    ConnectionInvalidError,
    MisuseError,
    PeerRequirementError,
    TransportError,
)
from ..rules import PeerRule
from ..values import Handle
from .base import EventHandler, Frame, PeerIdentity, ReplyHandler
from .memory_link import Link
from .memory_received import MemoryReceived
from .memory_rules import UNKNOWN, meets
from .memory_wire import Direction, Kind, Parcel, Pending

if TYPE_CHECKING:
    from .memory import MemoryTransport

_log: Final = logging.getLogger("xpcrpc.memory")


class MemoryConnection:
    """One end in memory; see `xpcrpc.transport.base.Connection`."""

    sends: ClassVar[Direction]

    def __init__(self, process: MemoryTransport, name: str, rule: PeerRule | None) -> None:
        self.process = process
        self._name = name
        self._rule = rule
        self._loop = asyncio.get_running_loop()
        self._pid = os.getpid()
        self._handler: EventHandler | None = None
        self._link: Link | None = None
        self._peer: PeerIdentity = UNKNOWN
        self._outbox: deque[tuple[Link | None, Parcel]] = deque()
        self._pending: dict[Pending, None] = {}
        self._barriers: list[tuple[int, Callable[[], None]]] = []
        """How many of the outbox are before each, and what to call."""
        self._active = False
        self._suspended = 0
        self._cancelled = False

    # -- what the program calls ---------------------------------------------------

    @property
    def named(self) -> bool:
        """Whether it is a client of a name."""
        return False

    @property
    def name(self) -> str:
        """The service's name, or words that describe the peer; for people."""
        return self._name

    @property
    def peer(self) -> PeerIdentity:
        """Whoever sent the most recent message."""
        return self._peer

    def set_event_handler(self, handler: EventHandler) -> None:
        """Hand over what arrives outside replies; may be replaced at any time (C-69)."""
        self._handler = handler

    def activate(self) -> None:
        """Begin; doing so again changes nothing (C-57).

        Raises:
            MisuseError: there is no event handler (C-55).
        """
        if self._active or self._cancelled:
            return
        if self._handler is None:
            raise MisuseError("call set_event_handler before activate")
        self._active = True
        # Alive from here to the final event, whoever forgets it.
        self.process.connections.add(self)
        self._wake()

    def suspend(self) -> None:
        """Stop events and sends until `resume`; nests (C-59)."""
        self._suspended += 1

    def resume(self) -> None:
        """Undo one `suspend`; `cancel` has undone all before it.

        Raises:
            MisuseError: it is not suspended (C-58).
        """
        if not self._suspended:
            raise MisuseError("the connection is not suspended; resume undoes one suspend")
        self._suspended -= 1
        self._wake()

    def cancel(self) -> None:
        """End it; one final `ConnectionInvalidError` follows. Doing so again changes nothing."""
        if not self._cancelled:
            self._shut_down()
            self._soon(self._say_invalid, "it was cancelled by this process")

    def send(self, frame: Frame, handles: Sequence[Handle] = ()) -> None:
        """Send without waiting; order is kept (C-75). Silently dropped once cancelled (C-78).

        Raises:
            EncodeError: the message is too large, or has too many handles or a closed one.
            MisuseError: the connection was made in another process (fork).
        """
        self._submit(Kind.MESSAGE, frame, handles, None)

    def request(self, frame: Frame, handles: Sequence[Handle], on_reply: ReplyHandler) -> None:
        """Send; ``on_reply`` is called exactly once, with the reply or why none came (C-136).

        Raises:
            EncodeError, MisuseError: as `send`; ``on_reply`` is not called then.
        """
        self._submit(Kind.REQUEST, frame, handles, Pending(on_reply))

    def barrier(self, on_run: Callable[[], None]) -> None:
        """See `base.Connection.barrier`: what is sent is handed over at once, unless it waits
        for this end to be ready."""
        if self._cancelled or not self._outbox:
            self._soon(on_run)
        else:
            self._barriers.append((len(self._outbox), on_run))

    def __del__(self) -> None:
        # Never activated, as the process keeps active ones: a client takes what it
        # wanted to send with it, a peer that nobody kept is turned away (C-105).
        try:
            if not self._cancelled and not self._loop.is_closed():
                lost = list(self._pending)
                self._shut_down()
                for pending in lost:
                    error = ConnectionInvalidError(self._name, "its last reference was dropped")
                    self._loop.call_soon(pending.on_reply, error)
        except (AttributeError, RuntimeError):
            pass  # the constructor failed, or the loop is closing

    # -- sending --------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether messages may come and go."""
        return self._active and not self._suspended and not self._cancelled

    def _submit(
        self, kind: Kind, frame: Frame, handles: Sequence[Handle], pending: Pending | None
    ) -> None:
        if self._pid != os.getpid():
            raise MisuseError("this connection belongs to the parent process; make one after fork")
        if self._cancelled:
            if pending is not None:
                self._soon(pending.on_reply, ConnectionInvalidError(self._name, "it was cancelled"))
            return
        parcel = Parcel.packed(kind, frame, handles, self.process.party, pending)
        if pending is not None:
            self._pending[pending] = None
        self._outbox.append((None, parcel))
        self._flush()
        if len(self._outbox) > self.process.network.max_waiting:
            _log.warning("%s: %d messages wait to be sent", self._name, len(self._outbox))
            self._drop_unsent()
            self._soon(self._lose, "too many messages waited to be sent")

    def send_reply(self, link: Link, parcel: Parcel) -> None:
        """Send a reply the way its request came."""
        if self._cancelled:
            parcel.close()
            return
        self._outbox.append((link, parcel))
        self._flush()

    def abandon(self, link: Link, pending: Pending) -> None:
        """Tell the requester at once that no reply will come."""
        if not self._cancelled:
            link.abandon(self.sends, pending)

    def _flush(self) -> None:
        while self._outbox and self.ready:
            link = self._outbox[0][0] or self._link or self._connect()
            if link is None:
                return
            link.push(self.sends, self._outbox.popleft()[1])
            if self._barriers:
                self._pass_barriers(1)

    def _pass_barriers(self, gone: int) -> None:
        """So many of the outbox have left it."""
        ahead = [(before - gone, on_run) for before, on_run in self._barriers]
        self._barriers = [each for each in ahead if each[0] > 0]
        for before, on_run in ahead:
            if before <= 0:
                self._soon(on_run)

    def _connect(self) -> Link | None:
        """Find the other side; clients alone can."""
        return None

    def _drop_unsent(self) -> None:
        gone = len(self._outbox)
        while self._outbox:
            self._outbox.popleft()[1].close()
        self._pass_barriers(gone)

    # -- receiving: called by a lane, from a callback of the loop ---------------------

    def take(self, link: Link, parcel: Parcel, *, first: bool) -> None:
        """One message or reply, or a further copy of it."""
        if self._cancelled:
            parcel.close()  # its handler cancelled between two copies (C-90)
            return
        if parcel.kind is Kind.REPLY:
            self._take_reply(link, parcel)
            return
        received = MemoryReceived(parcel, self, link, parcel.pending, spare=not first)
        if self._rule is not None and not meets(parcel.sender, self._rule):
            _log.warning("%s sent a message but does not meet %s", self._name, self._rule)
            parcel.close()
            return
        self._peer = parcel.sender.identity
        if self._handler is not None:
            self._guard(self._handler, received)

    def _take_reply(self, link: Link, parcel: Parcel) -> None:
        pending = parcel.pending
        if pending is None or pending not in self._pending:
            parcel.close()  # given twice, or too late
            return
        del self._pending[pending]
        if self._rule is not None and not meets(parcel.sender, self._rule):
            parcel.close()
            self._guard(pending.on_reply, PeerRequirementError(self._name))  # E11
            return
        self._peer = parcel.sender.identity
        self._guard(pending.on_reply, MemoryReceived(parcel, self, link, None))

    def take_abandoned(self, pending: Pending) -> None:
        """A request was dropped unanswered (E9)."""
        if pending in self._pending:
            del self._pending[pending]
            self._guard(pending.on_reply, ConnectionInterruptedError(self._name))

    def take_gone(self, link: Link) -> None:
        """The other side has ended."""
        if link is self._link:
            self._lose("the other side has gone")

    # -- ending ---------------------------------------------------------------------

    def _lose(self, reason: str) -> None:
        """The other side is lost: for good, but for a client of a name."""
        if not self._cancelled:
            self._shut_down()
            self._say_invalid(reason)

    def _shut_down(self) -> None:
        self._cancelled = True
        self._suspended = 0
        self._drop_unsent()
        self._unlink()

    def _unlink(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close(self.sends)

    def _say_invalid(self, reason: str) -> None:
        self.process.connections.discard(self)
        self._fail_pending(lambda: ConnectionInvalidError(self._name, reason))
        handler, self._handler = self._handler, None
        if handler is not None:
            self._guard(handler, ConnectionInvalidError(self._name, reason))

    def _fail_pending(self, error: Callable[[], TransportError]) -> None:
        pending, self._pending = self._pending, {}
        for each in pending:
            self._guard(each.on_reply, error())

    def die(self) -> None:
        """Its process was killed: no handler will ever be called again."""
        self._handler = None
        self._pending = {}
        self._barriers = []
        self._cancelled = True
        self._suspended = 0
        self._drop_unsent()
        self._link = None

    # -- the loop -------------------------------------------------------------------

    def _wake(self) -> None:
        """It may be ready now."""
        if self.ready:
            self._flush()
            if self._link is not None:
                self._link.lane(self.sends.back).wake()

    def _soon(self, call: Callable[..., object], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon(self._guard, call, *arguments)

    def _guard(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Call a handler; what it raises is the loop's to report, and harms nobody else."""
        try:
            call(*arguments)
        except Exception as error:
            self._loop.call_exception_handler(
                {"message": f"a handler of {self._name} raised", "exception": error}
            )
