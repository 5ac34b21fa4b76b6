"""The first words on a connection: does the service have what this client will ask for?"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from ..contract import DEFAULT_TIMEOUT_S, Protocol
from ..errors import CallError, DecodeError
from ..protocol.handshake import Handshake, Knowledge, Need, Offer
from .describe import identity_of
from .messages import Route, route_of

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from ..standard import HelloReply

Attempt = Callable[[Route, Any, float], "Awaitable[Any]"]
"""Makes one call, once: its route, request and seconds."""

_log: Final = logging.getLogger("xpcrpc.client")


class Greeting(Handshake):
    """The handshake of one connection, spoken as a call of the standard method hello."""

    def __init__(self, protocol: Protocol) -> None:
        super().__init__(
            Need(
                protocol=protocol.name,
                version=protocol.version,
                fingerprint="",  # known when it is sent: it takes the protocol's types
                methods={method.selector: method.name for method in protocol.methods},
            )
        )
        self._contract = protocol

    async def say(self, attempt: Attempt) -> None:
        """Exchange versions. A service that knows no hello, such as rama's, is taken as it is.

        Raises:
            TransportError: the connection failed.
            DeadlineExceededError: there was no answer.
        """
        # Generated code, which imports this package in turn.
        from ..standard.standard import HELLO, STANDARD
        from ..standard.types import HelloRequest

        identity = identity_of(self._contract)
        route = route_of(HELLO, STANDARD.package)
        self.need = evolve(self.need, fingerprint=identity.fingerprint)
        self.ask()
        try:
            reply: HelloReply = await attempt(
                route, HelloRequest(client=identity), HELLO.timeout_s or DEFAULT_TIMEOUT_S
            )
        except (CallError, DecodeError):
            self.fail()
            return
        except BaseException:
            self.replace()  # nobody was asked, as far as anybody knows
            raise
        if self.knowledge is not Knowledge.ASKED:
            return  # replaced meanwhile: this is of a process that has gone
        self.tell(Offer(reply.server.version, reply.server.fingerprint, reply.selectors))
        if not self.same:
            _log.warning(
                "%s: this client was made from version %s, the service serves %s; it lacks %s",
                identity.protocol,
                identity.version,
                reply.server.version,
                ", ".join(self.missing) or "nothing",
            )

    def stay_silent(self) -> None:
        """Nothing came back, though the connection lives: it does not speak of versions."""
        self.ask()
        self.fail()
