"""What the calls that one side serves have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from ..contract import ClientEnd, ServerEnd
from ..errors import MisuseError
from ..protocol.session import MAX_CALLS, MAX_STREAMS
from .workers import Workers

if TYPE_CHECKING:
    from .interceptors import ServerInterceptor
    from .server import Server


def _nothing() -> None:
    """Where nobody ends the process for being idle."""


def _no_offers(_: Server[Any], *, clients: int | None = None) -> ClientEnd[Any]:
    raise MisuseError("only what a Host serves can offer; serve the object by one")


def _no_ends(_: ServerEnd[Any], __: Server[Any]) -> None:
    raise MisuseError("only what a Host serves can serve an end; serve the object by one")


def _no_ends_to_withdraw(_: ClientEnd[Any]) -> None:
    """Nothing was offered."""


class Offers(Protocol):
    """Makes ends; see `Host.offer`."""

    def __call__(self, server: Server[Any], /, *, clients: int | None = None) -> ClientEnd[Any]:
        """Serve whoever gets the end."""


class Scope:
    """The tasks, the rules and the end that served calls share."""

    def __init__(
        self,
        workers: Workers,
        *,
        interceptors: tuple[ServerInterceptor, ...] = (),
        max_calls: int = MAX_CALLS,
        max_streams: int = MAX_STREAMS,
        begin_transaction: Callable[[], None] = _nothing,
        end_transaction: Callable[[], None] = _nothing,
        offer: Offers = _no_offers,
        withdraw: Callable[[ClientEnd[Any]], None] = _no_ends_to_withdraw,
        serve_end: Callable[[ServerEnd[Any], Server[Any]], None] = _no_ends,
    ) -> None:
        self.workers = workers
        self.interceptors = interceptors
        self.max_calls = max_calls
        """Calls under way that each connection may have."""
        self.max_streams = max_streams
        """Those of them that may have streams."""
        self.draining = False
        """Whether new calls are refused, since the end is near."""
        self.begin_transaction = begin_transaction
        """Work begins that no request stands for; see `transport.base.Transport`."""
        self.end_transaction = end_transaction
        self.offer = offer
        self.withdraw = withdraw
        self.serve_end = serve_end
