"""What a client hears unasked: events, and calls of what it serves itself."""

from __future__ import annotations

import logging
from typing import Any, Final

from ..contract import Event, Protocol
from ..transport.base import ReceivedFrame
from .events import Subscriptions
from .link import Link
from .messages import Asked, close_handles, decode_event
from .readiness import Readiness
from .scope import Scope
from .server import Router, Server
from .serving import Serving
from .workers import Workers

_log: Final = logging.getLogger("xpcrpc.client")


class Inbound:
    """Sorts what comes from the server: events to subscriptions, calls to a served object."""

    def __init__(self, link: Link, protocol: Protocol, serving: Server[Any] | None) -> None:
        self.subscriptions = Subscriptions()
        self._link = link
        self._events: dict[str, Event[Any]] = {event.selector: event for event in protocol.events}
        self._workers = Workers(link.loop)
        self._serving: Serving | None = None
        if serving is not None:
            self._serving = Serving(Scope(self._workers), link, Router(serving))
        self.readiness: Readiness | None = None
        """Told when the connection is at its end."""
        link.on_request = self._request
        link.on_end = self._ended

    def _request(self, received: ReceivedFrame, asked: Asked) -> None:
        event = self._events.get(asked.selector)
        if event is not None and not received.expects_reply:
            try:
                payload = decode_event(event.payload, asked)
            except ValueError as error:
                _log.warning("the event %s does not decode: %s", event.name, error)
                close_handles(received)
            else:
                self.subscriptions.deliver(event.selector, payload)
        elif self._serving is not None:
            self._serving.request(received, asked)
        else:
            self._link.unserved(received, asked)

    def is_listened_to(self) -> bool:
        """Whether anybody waits for what the server sends unasked."""
        return self.subscriptions.any or self._serving is not None

    def _ended(self) -> None:
        link = self._link
        assert link.fault is not None
        if self.readiness is not None:
            self.readiness.close(link.fault, final=link.closed_here or link.again is None)
        self.subscriptions.end()
        self._workers.stop()
