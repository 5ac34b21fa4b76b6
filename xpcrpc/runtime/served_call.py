"""One call of the peer's, as it is under way."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import (
    CallCancelledError,
    CallError,
    DecodeError,
    HandlerFailedError,
    TransportError,
    UnavailableError,
)
from ..protocol import signals
from ..protocol.session import CallState
from ..transport.base import ReceivedFrame
from ..values import Message, Value
from .inbox import Inbox
from .interceptors import Metadata
from .messages import NOT_READ, Encoded, PlainItems, decode_items, encode_items
from .outbox import Outbox
from .server import Target

if TYPE_CHECKING:
    from .serving import Serving


class ServedCall:
    """One call of the peer's: how it may be stopped, and by what."""

    # Defaults in the class: one is made for every call, and most of this is never set.
    state: CallState | None = None
    """Of a call that streams, or that a usual request did not begin."""
    deadline = math.inf
    inbox: Inbox[Any] | None = None
    outbox: Outbox | None = None
    task: asyncio.Task[Any] | None = None
    over = False
    """Whether it has ended."""
    stopped = False
    why: CallError | None = None
    """Why it was stopped, for the answer; None if nobody waits for one."""
    sent_metadata: Metadata | None = None

    message: Message = NOT_READ
    """What surrounds its argument, where that was not in the usual form."""

    def __init__(
        self,
        serving: Serving,
        target: Target,
        received: ReceivedFrame,
        number: int | None,
    ) -> None:
        self.serving = serving
        self.link = serving.link
        self.target = target
        self.route = target.route
        self.received = received
        self.number = number
        """By which the peer speaks of it; None for rama's calls."""
        self.request: Any = None

    @property
    def facts(self) -> dict[str, object]:
        """What a line in the log says of it, beside its words."""
        return {
            "xpc_method": self.route.method.name,
            "xpc_call": self.number,
            "xpc_peer_pid": self.received.sender.pid,
        }

    @property
    def reply_metadata(self) -> Metadata:
        """What goes beside the reply."""
        if self.sent_metadata is None:
            self.sent_metadata = {}
        return self.sent_metadata

    def stop(self, why: CallError | None) -> None:
        """Cancel the handler."""
        self.stopped = True
        self.why = self.why or why
        if self.task is not None:
            self.task.cancel()

    # -- what the link and the clock tell -------------------------------------------

    def expire(self) -> None:
        """Its deadline has come."""
        self.stop(CallCancelledError(f"{self.route.method.name} did not end within its deadline"))

    def cancelled(self) -> None:
        """The requester wants no answer any more."""
        self.stop(CallCancelledError(f"{self.route.method.name} was cancelled by its caller"))

    def lost(self, fault: TransportError) -> None:
        """The requester is gone."""
        self.stop(None)

    def deafen(self) -> None:
        """Nothing more will be heard of the requester (C-123): whoever waits for its items, or
        for its leave to send, waits in vain."""
        error = UnavailableError("the service is told to end; nothing more is heard here")
        if self.inbox is not None:
            self.inbox.end(error)
        if self.outbox is not None:
            self.outbox.deafen(error)

    def unsendable(self, error: Exception) -> None:
        """An item of ours cannot be sent."""
        if self.task is not asyncio.current_task():  # else its maker is told by the exception
            name = self.route.method.name
            self.stop(HandlerFailedError(f"an item of {name} cannot be sent: {error}"))

    def items(self, values: list[Value]) -> None:
        """Items of the requester have arrived."""
        self._take(partial(decode_items, self.route.item_in, values))

    def plain_items(self, plain: PlainItems) -> None:
        """Items of the requester have arrived, as bytes."""
        self._take(partial(plain.decode, self.route.decode_items_in))

    def _take(self, decode: Callable[[], list[Any]]) -> None:
        assert self.inbox is not None and self.state is not None
        try:
            items = decode()
        except DecodeError as error:
            self.inbox.end(HandlerFailedError(f"an item does not decode: {error}"))
            return
        self.inbox.put(items)
        self._check_end()

    def ended(self) -> None:
        """The requester's items are over."""
        self._check_end()

    def _check_end(self) -> None:
        assert self.inbox is not None
        assert self.state is not None and self.state.inflow is not None
        if self.state.inflow.finished:
            self.inbox.end()

    def credited(self) -> None:
        """Further items may be sent."""
        if self.outbox is not None:
            self.outbox.credited()

    # -- our items ------------------------------------------------------------------

    def send_items(self, batch: list[Encoded]) -> int:
        """Send a batch; its size in bytes."""
        assert self.state is not None
        if self.link.closed:
            return 0
        frame, handles = encode_items(self.state.id, batch)
        self.link.connection.send(frame, handles)
        return len(frame)

    def grant(self, credit: int) -> None:
        """Let the requester send more."""
        assert self.state is not None
        self.link.say(signals.Credit(self.state.id, credit))
