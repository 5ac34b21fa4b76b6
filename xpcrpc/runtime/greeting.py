"""The first words on a connection: does the service have what this client will ask for?"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from ..contract import Method, Protocol
from ..errors import CallError, DecodeError, UnavailableError, VersionMismatchError
from .describe import identity_of
from .messages import Route, route_of

if TYPE_CHECKING:
    from ..standard import HelloReply

_log: Final = logging.getLogger("xpcrpc.client")


class Greeting:
    """What is known of the service at the other end of a connection."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._reply: HelloReply | None = None

    @property
    def version(self) -> str | None:
        """The version of the service's contract; None if it does not speak of that."""
        return None if self._reply is None else self._reply.server.version

    @property
    def complete(self) -> bool:
        """Whether the service has all that this client may ask for, or does not tell."""
        return self._reply is None or not (self._missing() or self._other_major)

    @property
    def _other_major(self) -> bool:
        assert self._reply is not None
        theirs = self._reply.server.version
        return self._protocol.version.split(".")[0] != theirs.split(".")[0]

    async def say(self, call: Callable[[Route, Any, float], Awaitable[Any]]) -> None:
        """Exchange versions. A service that knows no hello, such as rama's, is taken as it is.

        Raises:
            TransportError: the connection failed.
            UnavailableError: the service is ending.
        """
        # Generated code, which imports this package in turn.
        from ..standard.standard import HELLO, STANDARD
        from ..standard.types import HelloRequest

        request = HelloRequest(client=identity_of(self._protocol))
        try:
            reply: HelloReply = await call(
                route_of(HELLO, STANDARD.package), request, HELLO.timeout_s
            )
        except UnavailableError:
            raise
        except (CallError, DecodeError):
            return
        self._reply = reply
        ours, theirs = request.client, reply.server
        if ours.fingerprint != theirs.fingerprint:
            _log.warning(
                "%s: this client was made from version %s, the service serves %s; it lacks %s",
                ours.protocol,
                ours.version,
                theirs.version,
                ", ".join(self._missing()) or "nothing",
            )

    def check(self, method: Method[Any, Any]) -> None:
        """Refuse a call that the service cannot serve.

        Raises:
            VersionMismatchError: it lacks the method, or its contract has another MAJOR.
        """
        reply = self._reply
        if reply is None:
            return
        if method.selector not in reply.selectors or self._other_major:
            raise VersionMismatchError(
                self._protocol.name,
                self._protocol.version,
                reply.server.version,
                method.name,
                self._missing(),
            )

    def _missing(self) -> tuple[str, ...]:
        assert self._reply is not None
        known = set(self._reply.selectors)
        return tuple(
            method.name for method in self._protocol.methods if method.selector not in known
        )
