"""Messages that arrived over libxpc, and what a refused send means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ..errors import EncodeError, MisuseError, XpcRpcError
from ..native import ffi, lib
from ..values import Handle
from ._events import XpcReceived, XpcRequest, bind
from .base import Frame
from .xpc_handles import NO_TABLE, close_all, pack

__all__ = ["Process", "XpcReceived", "XpcRequest", "refusal"]


def _reply_slowly(message: XpcReceived, frame: Frame, handles: Sequence[Handle]) -> None:
    """Any reply but one of bytes without handles, and what is wrong with one."""
    if not isinstance(message, XpcRequest):
        raise MisuseError("nobody waits for a reply to this message; test expects_reply first")
    if not message.pending:
        raise MisuseError("this message was answered or dropped already; a message has one reply")
    message.process.check()
    data = frame if type(frame) is bytes else ffi.from_buffer(frame)
    table = NO_TABLE
    if handles:
        table, _alive = pack(handles)
    status = lib.xr_message_reply(message.pending, data, len(frame), table, len(handles))
    if status:
        raise refusal(status, len(frame), len(handles))
    message.answered()


def _address(function: str) -> int:
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, function)))


bind(
    _address("xr_message_reply"),
    _address("xr_message_release"),
    _address("xr_mailbox_drain"),
    _reply_slowly,
    close_all,
)


class Process:
    """Whether the transport still is in the process that made it (X36), and open."""

    __slots__ = ("closed", "forked", "over")

    was_used: ClassVar[bool] = False
    """Whether anything of libxpc was ever used here."""

    is_child: ClassVar[bool] = False
    """Whether this process was forked from one that used libxpc."""

    def __init__(self) -> None:
        Process.was_used = True
        self.forked = self.is_child
        self.closed = False
        self.over = self.forked
        """Whether either is so: what is looked at before every message."""

    def fork(self) -> None:
        """This is a child now."""
        self.forked = self.over = True

    def close(self) -> None:
        """The transport is at its end."""
        self.closed = self.over = True

    def check(self) -> None:
        """Refuse to go on in a forked child, or after the end.

        Raises:
            MisuseError: libxpc would end the process, or nobody would hear the answer.
        """
        if self.forked:
            raise MisuseError(
                "XPC cannot be used after a fork; start the child with multiprocessing's "
                '"spawn" method or subprocess, and make new connections there'
            )
        if self.closed:
            raise MisuseError(
                "the transport was closed with its event loop; use one of the running loop"
            )


def refusal(status: int, length: int, handles: int) -> XpcRpcError:
    """The exception for a status of the bridge (``enum xr_status``)."""
    if status == -1:
        return MisuseError("the frame is not in Apple's serialisation; write it with codec.frame")
    if status == -2:
        return MisuseError("the root of a message must be a dictionary (C-73)")
    if status == -7:
        return EncodeError.at(
            "", "a handle cannot be sent: closed, not shareable, or not the one its place says"
        )
    limit = lib.xr_message_limit()
    reasons: dict[int, Any] = {
        -3: "containers nest too deep; 256 levels, the message's own among them, are the limit",
        -4: f"the message has {length} bytes; {limit} are the limit. Send it in parts, as a "
        "descriptor or as shared memory",
        -5: "the message has more than 4194304 values; send it in parts",
        -6: f"the message has {handles} handles; {lib.xr_handle_limit()} are the limit",
    }
    return EncodeError.at("", reasons.get(status, f"the message was refused (status {status})"))
