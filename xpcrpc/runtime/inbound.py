"""What a client hears unasked: events, and calls of what it serves itself."""

from __future__ import annotations

import logging
from typing import Any, Final

from ..contract import Event, Protocol
from ..transport.base import ReceivedFrame
from .events import Subscriptions
from .link import Link
from .messages import Asked, close_handles, decode_event
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

    def _ended(self) -> None:
        self.subscriptions.end()
        self._workers.stop()
