"""Connections and listeners over libxpc; made by `XpcTransport`."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..codec.frame import encode
from ..errors import MisuseError, ServiceConfigurationError, TransportError
from ..native import ffi, lib
from ..rules import PeerRule, is_rule
from ..values import Endpoint, Handle
from . import xpc_records as records
from .base import Connection, EventHandler, Frame, PeerIdentity, ReplyHandler
from .xpc_handles import NO_TABLE, XpcObject, pack
from .xpc_message import refusal
from .xpc_requirement import macos_call
from .xpc_rules import linux_rule

if TYPE_CHECKING:
    from .xpc import XpcTransport

# Looked up once, as each is used for every message.
_send: Final = lib.xr_connection_send
_request: Final = lib.xr_connection_request


class XpcPeer:
    """What connections and listeners share: one ``xr_connection`` of the bridge.

    The transport keeps it alive from its activation to its final event. Before,
    the program does: one that is dropped unused is disposed of (X2, C-105).
    """

    __slots__ = ("__weakref__", "_c", "_process", "_ruled", "_transport", "active", "name", "token")

    def __init__(self, transport: XpcTransport, pointer: Any, name: str) -> None:
        self._transport = transport
        self._process = transport.process
        self._c = pointer
        self.name = name
        self.token = lib.xr_connection_token(pointer)
        self.active = False
        self._ruled = False

    def require(self, rule: PeerRule | None) -> None:
        """Let in only peers that meet the rule; once, before activation (C-160 to C-162).

        Raises:
            ServiceConfigurationError: the rule cannot be stated on this system.
            MisuseError: there is a rule already, or it is too late for one.
        """
        if rule is not None:
            self._process.check()
            if not is_rule(rule):
                raise MisuseError(
                    f"a peer rule is one of xpcrpc.rules, such as Anyone(), not {rule!r}"
                )
            if self._ruled or self.active:  # X12, OQ-17
                raise MisuseError(
                    "a connection has one peer rule, given before it is activated; combine "
                    "rules with All and AnyOf"
                )
            self._ruled = True
            error = _set_rule(self._c, rule)
            if error:
                raise ServiceConfigurationError(_rule_refused(rule, error))

    def _activate(self) -> None:
        self._process.check()
        if not self.active:
            self.active = True
            self._transport.keep(self)
            lib.xr_connection_activate(self._c)

    def cancel(self) -> None:
        """End it; one final event follows. Doing so again changes nothing (C-89)."""
        if self._c is None:  # disposed of: garbage is finalised in any order
            return
        self._process.check()
        if not self.active:
            self.active = True
            self._transport.keep(self)
        lib.xr_connection_cancel(self._c)

    def reason(self) -> str | None:
        """libxpc's words for why it is invalid; for people."""
        if self._c is None or self._process.forked:
            return None
        text = lib.xr_connection_copy_reason(self._c)
        if text == ffi.NULL:
            return None
        try:
            return ffi.string(text).decode("utf-8", "replace")
        finally:
            lib.xr_text_free(text)

    def dispose(self) -> None:
        """Cancel without further events, and let go of it; doing so again changes nothing."""
        pointer, self._c = self._c, None
        if pointer is not None and not self._process.forked:
            lib.xr_connection_close(pointer)

    def __del__(self) -> None:
        if getattr(self, "_c", None) is not None:
            self.dispose()


class XpcConnection(XpcPeer):
    """A client, or a listener's peer; see `base.Connection`."""

    __slots__ = ("_ended", "_idle_suspends", "handler", "ids", "known", "named")

    def __init__(
        self, transport: XpcTransport, pointer: Any, name: str, *, named: bool = False
    ) -> None:
        super().__init__(transport, pointer, name)
        self.named = named
        self.handler: EventHandler | None = None
        """Whoever is handed what arrives."""
        self._ended = False
        self._idle_suspends = 0
        self.known: PeerIdentity | None = None
        """Whoever sent the most recent message."""
        self.ids = b""
        """The same, as `records.IDS`."""

    @property
    def peer(self) -> PeerIdentity:
        """Whoever sent the most recent message."""
        if self.known is None and self._c is not None and not self._process.forked:
            ids = ffi.new("int32_t[2]"), ffi.new("uint32_t[2]")
            signed, unsigned = ids
            lib.xr_connection_peer(self._c, signed, unsigned, unsigned + 1, signed + 1)
            return PeerIdentity(signed[0], unsigned[0], unsigned[1], signed[1] % 2**32)
        return self.known or NOBODY

    def sender(self, ids: bytes) -> PeerIdentity:
        """The identity in a record; the same object as long as nothing changes."""
        peer = self.known
        if peer is None or ids != self.ids:
            pid, euid, egid, asid = records.IDS.unpack(ids)
            self.ids = ids
            self.known = peer = PeerIdentity(pid, euid, egid, asid % 2**32)
        return peer

    def set_event_handler(self, handler: EventHandler) -> None:
        """See `base.Connection.set_event_handler`."""
        self.handler = handler

    def forget_handler(self) -> None:
        """Its final event was taken."""
        self.handler = None
        self._ended = True

    def activate(self) -> None:
        """Begin; doing so again changes nothing (C-57)."""
        if self.handler is None and not self.active:
            raise MisuseError("set an event handler before activate: events would be lost (X5)")
        self._activate()

    def suspend(self) -> None:
        """Stop events and sends until `resume`; nests (C-59)."""
        self._process.check()
        if self._ended:  # nothing to hold back but the errors of requests
            self._idle_suspends += 1
        else:
            lib.xr_connection_suspend(self._c)

    def resume(self) -> None:
        """Undo one `suspend`."""
        self._process.check()
        if self._idle_suspends:
            self._idle_suspends -= 1
        elif not lib.xr_connection_resume(self._c):
            raise MisuseError("resume without a suspend: each resume undoes one suspend (X4)")

    def send(self, frame: Frame, handles: Sequence[Handle] = ()) -> None:
        """See `base.Connection.send`."""
        if self._process.over:
            self._process.check()
        data = frame if type(frame) is bytes else ffi.from_buffer(frame)
        table = NO_TABLE
        if handles:
            table, _alive = pack(handles)
        status = _send(self._c, data, len(frame), table, len(handles))
        if status:
            raise refusal(status, len(frame), len(handles))

    def request(self, frame: Frame, handles: Sequence[Handle], on_reply: ReplyHandler) -> None:
        """See `base.Connection.request`."""
        if self._process.over:
            self._process.check()
        data = frame if type(frame) is bytes else ffi.from_buffer(frame)
        table = NO_TABLE
        if handles:
            table, _alive = pack(handles)
        transport = self._transport
        call = transport.last_call = transport.last_call + 1
        transport.calls[call] = on_reply, self
        status = _request(self._c, data, len(frame), table, len(handles), call)
        if status:
            del transport.calls[call]
            raise refusal(status, len(frame), len(handles))

    def barrier(self, on_run: Callable[[], None]) -> None:
        """See `base.Connection.barrier`."""
        if self._process.closed:  # with its event loop: there is nothing to wait for (C-86)
            self._transport.run_soon(on_run)
            return
        self._process.check()
        lib.xr_connection_barrier(self._c, self._transport.expect_barrier(on_run))


class XpcListener(XpcPeer):
    """Takes connections; see `base.Listener`."""

    __slots__ = ("on_end", "on_peer")

    def __init__(self, transport: XpcTransport, pointer: Any, name: str) -> None:
        super().__init__(transport, pointer, name)
        self.on_peer: Callable[[Connection], None] | None = None
        self.on_end: Callable[[TransportError], None] | None = None

    def activate(
        self, on_peer: Callable[[Connection], None], on_end: Callable[[TransportError], None]
    ) -> None:
        """See `base.Listener.activate`."""
        if self.active:
            raise MisuseError("the listener was activated or cancelled already; make a new one")
        self.on_peer, self.on_end = on_peer, on_end
        self._activate()
        self._transport.write_log()  # why its name is elsewhere; nothing may happen for long

    def endpoint(self) -> Endpoint:
        """The right to connect; as often as wanted, active or not (C-151)."""
        self._process.check()
        pointer = lib.xr_listener_endpoint(self._c)
        if pointer == ffi.NULL:
            raise OSError(errno.EMFILE, "no endpoint could be made: out of descriptors?")
        return Endpoint(XpcObject(pointer))


NOBODY: Final = PeerIdentity(0, 2**32 - 1, 2**32 - 1, 2**32 - 1)
"""Before anything was exchanged (C-98)."""


def _set_rule(pointer: Any, rule: PeerRule) -> int:
    """Hand the rule to libxpc: 0 or an errno value."""
    darwin = os.uname().sysname == "Darwin"
    carried = macos_call(rule) if darwin else linux_rule(rule)
    if carried is None:
        return 0
    frame = encode(carried)
    return lib.xr_connection_set_peer_rule(pointer, frame, len(frame))


def _rule_refused(rule: PeerRule, error: int) -> str:
    if error == errno.ENOTSUP:
        return f"this version of the system cannot hold peers to {rule!r}; state another rule"
    return f"libxpc refuses the peer rule {rule!r} ({os.strerror(error)}); correct it"
