"""Events: what a server tells its clients unasked."""

from __future__ import annotations

import logging
import weakref
from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

from ..codec.passes import MakeFrame, framing
from ..contract import Event
from ..errors import ConnectionInvalidError, MisuseError
from ..values import Handle
from . import layouts
from .waiter import Waiter

if TYPE_CHECKING:
    from .context import CallContext
    from .link import Link
    from .server import Server

T = TypeVar("T")

MAX_UNREAD: Final = 1024
"""Events that a subscription keeps for its reader; beyond, the oldest is dropped."""

_log: Final = logging.getLogger("xpcrpc.client")


class Events(Generic[T]):
    """A subscription, as an async iterator: every event of one kind from now on.

    It has no end but the connection's. A reader that falls behind by more than
    `MAX_UNREAD` events loses the oldest; `dropped` counts them.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._unread: deque[T] = deque()
        self._waiter: Waiter[None] | None = None
        self.dropped = 0
        """Events that came faster than they were read, and are lost."""

    def put(self, event: T) -> None:
        """An event has arrived. Called by the loop, with no task running."""
        if len(self._unread) >= MAX_UNREAD:
            self._unread.popleft()
            self.dropped += 1
            if self.dropped == 1:
                _log.warning("a subscription is not read fast enough; its oldest events are lost")
        self._unread.append(event)
        if self._waiter is not None:
            self._waiter.wake(None)

    def end(self) -> None:
        """The connection ended."""
        if self._waiter is not None:
            self._waiter.wake_soon(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._unread:
            if self._link.closed:
                raise ConnectionInvalidError(self._link.connection.name, "no further events")
            if self._waiter is not None:
                raise MisuseError(
                    "another task reads these events; ask for a subscription of your own"
                )
            self._waiter = Waiter(self._link.loop)
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._unread.popleft()


class Subscriptions:
    """Who reads which event of one connection. A subscription nobody holds is forgotten."""

    def __init__(self) -> None:
        self._readers: dict[str, weakref.WeakSet[Events[Any]]] = {}

    def add(self, selector: str, reader: Events[Any]) -> None:
        """Deliver events of this selector to the reader."""
        self._readers.setdefault(selector, weakref.WeakSet()).add(reader)

    @property
    def any(self) -> bool:
        """Whether there is a reader."""
        return any(len(readers) for readers in self._readers.values())

    def deliver(self, selector: str, payload: Any) -> None:
        """Give an event to everybody who reads its kind."""
        for reader in list(self._readers.get(selector, ())):
            reader.put(payload)

    def end(self) -> None:
        """Tell every reader that the connection ended."""
        for readers in self._readers.values():
            for reader in list(readers):
                reader.end()


@lru_cache(maxsize=4096)
def _framer_of(event: Event[Any]) -> MakeFrame:
    template = layouts.RequestLayout(event.selector).one_way
    return framing(event.payload, template, depth=2).frame


class EventSender:
    """What generated senders inherit. Made with a call's context, it tells that caller;
    made with a server object, it tells every client that is connected to it."""

    def __init__(self, to: CallContext | Server[Any]) -> None:
        self._to = to

    def _emit(self, event: Event[T], payload: T) -> None:
        """Send without waiting; clients that have gone are passed over.

        One that does not read, with 1 MiB waiting for it, misses the event.

        Raises:
            EncodeError: the payload does not fit its type.
        """
        handles: list[Handle] = []
        frame = _framer_of(event)(payload, handles)
        for link in self._links():
            if link.closed:
                continue
            if link.backlog.clogged:
                link.lose_event()
                continue
            link.connection.send(frame, handles)
            link.backlog.sent(len(frame))

    def _links(self) -> Iterable[Link]:
        return list(self._to.links)
