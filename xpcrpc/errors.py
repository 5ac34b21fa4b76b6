"""Every exception, so that the type says who is to blame and what comes next.

``XpcRpcError`` is the root. Below it:

* `ValueProblemsError`: a value does not fit (yours: `ConstraintError` as it is made, `EncodeError`
  as it is sent; the peer's: `DecodeError`);
* `TransportError`: the connection is at fault, not the answer;
* `CallError`: the other side answered, and the answer is a failure;
* `MisuseError`: the program broke a rule of the API; the sentence says what to do;
* `ServiceConfigurationError`: a service cannot be started or found as it is described.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self, final


class XpcRpcError(Exception):
    """The root of everything that xpcrpc raises."""


class MisuseError(XpcRpcError, RuntimeError):
    """The API was used against its rules; nothing was sent and nothing was changed.

    libxpc ends the process on such mistakes (contract section 9); we raise first.
    """


class ServiceConfigurationError(XpcRpcError):
    """A service cannot start, or cannot be looked up, as it is described."""


# -- values ---------------------------------------------------------------------


_SHOWN: Final = 40
"""Characters or bytes of a wrong value that a sentence shows."""


def shorten(value: object) -> str:
    """The value as Python writes it, cut if it is long."""
    if isinstance(value, str | bytes):
        return f"{value[:_SHOWN]!r}…" if len(value) > _SHOWN else repr(value)
    if isinstance(value, int) and value.bit_length() > _SHOWN_BITS:
        return f"an int of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= 2 * _SHOWN else f"{text[: 2 * _SHOWN]}…"


_SHOWN_BITS: Final = 256
"""Longer numbers say nothing to a reader, and Python refuses to write very long ones."""


@final
class Problem:
    """One thing that is wrong with a value, and where."""

    __slots__ = ("path", "reason")

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        """Where it is, such as ``Config.exclude_domains[3]``; empty for the whole value."""
        self.reason = reason
        """What is wrong, and what would be right."""

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason

    def __repr__(self) -> str:
        return f"Problem({self.path!r}, {self.reason!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Problem):
            return NotImplemented
        return (self.path, self.reason) == (other.path, other.reason)

    def __hash__(self) -> int:
        return hash((self.path, self.reason))


class ValueProblemsError(XpcRpcError, ValueError):
    """A value cannot be sent or understood; every problem is listed, each with its path."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(list(problems))
        self.problems: tuple[Problem, ...] = tuple(problems)

    @classmethod
    def at(cls, path: str, reason: str) -> Self:
        """One problem at one path."""
        return cls([Problem(path, reason)])

    def __str__(self) -> str:
        return "; ".join(map(str, self.problems))


class ConstraintError(ValueProblemsError):
    """An object breaks rules that the contract states for it; it was not made, or not changed."""


class EncodeError(ValueProblemsError):
    """Our own value cannot be sent; nothing was sent."""


class DecodeError(ValueProblemsError):
    """What the peer sent is not what the contract says."""


class FrameError(XpcRpcError, ValueError):
    """Bytes that are not a message in Apple's serialisation.

    Source: the xpc wire format, version 5.
    """

    def __init__(self, reason: str, *, offset: int) -> None:
        super().__init__(reason, offset)
        self.reason = reason
        self.offset = offset
        """Bytes from the beginning of the frame to what is wrong."""

    def __str__(self) -> str:
        return f"{self.reason} (at byte {self.offset})"


# -- protocol ---------------------------------------------------------------------


class ProtocolError(XpcRpcError):
    """A rule of the protocol of calls and streams was broken."""


class LocalProtocolError(ProtocolError):
    """This side was about to break it; nothing was sent."""


class RemoteProtocolError(ProtocolError):
    """The peer broke it; its connection ends."""


# -- transport ------------------------------------------------------------------


class TransportError(XpcRpcError, ConnectionError):
    """The connection is at fault: no answer, or none any more."""

    retryable: ClassVar[bool] = False
    """Whether the same connection may be used again."""
    may_have_run: bool = True
    """Whether the request may have been carried out; False if it certainly was not.

    Nobody can tell once a request was sent and no answer came, so a call that must not
    be made twice is the program's to decide; idempotent ones are made again by themselves."""


class ConnectionInterruptedError(TransportError):
    """The service went away; a named one is found, or started, again by the next send.

    Whether the request was carried out before that is unknown.
    Source: ``XPC_ERROR_CONNECTION_INTERRUPTED`` in ``<xpc/connection.h>`` (C-118, C-119).
    """

    retryable = True

    def __init__(self, service: str = "the service") -> None:
        super().__init__(service)
        self.service = service

    def __str__(self) -> str:
        return (
            f"{self.service} went away before it answered, or does not admit this process; "
            "the next call looks it up again"
        )


class ConnectionInvalidError(TransportError):
    """The connection is at its end and cannot be used again; make a new one.

    Source: ``XPC_ERROR_CONNECTION_INVALID`` in ``<xpc/connection.h>`` (C-120).
    """

    def __init__(self, service: str = "the peer", reason: str | None = None) -> None:
        super().__init__(service, reason)
        self.service = service
        self.reason = reason
        """libxpc's own words for the cause; for people, never to be parsed (C-102)."""

    def __str__(self) -> str:
        return f"the connection to {self.service} is invalid: {self.reason or 'no reason given'}"


class PeerRequirementError(TransportError):
    """Whoever answered does not meet the peer rule; its answer was withheld.

    Source: ``XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT`` in ``<xpc/connection.h>`` (C-165).
    """

    retryable = True

    def __init__(self, service: str = "the peer") -> None:
        super().__init__(service)
        self.service = service

    def __str__(self) -> str:
        return f"{self.service} does not meet the peer rule; its answer was not read"


class TerminationImminentError(TransportError):
    """The system asked this process to end; finish what runs on this peer and cancel it.

    Source: ``XPC_ERROR_TERMINATION_IMMINENT`` in ``<xpc/connection.h>`` (C-123).
    """

    retryable = True

    def __str__(self) -> str:
        return "the system asked this process to end"


# -- calls ----------------------------------------------------------------------


class CallError(XpcRpcError):
    """The other side answered with a failure.

    `code` is the number on the wire; a contract's own errors have 100 and up.
    """

    may_have_run: ClassVar[bool] = True
    """Whether the handler may have begun; False if the answer says that it did not."""
    received: bool = False
    """Whether it came from another process: a handler that lets it pass has failed itself."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.message or 'no message'} (code {self.code})"


class _StandardCallError(CallError):
    """A failure whose code the envelope itself defines."""

    CODE: ClassVar[int]

    def __init__(self, message: str) -> None:
        super().__init__(self.CODE, message)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message,), dict(self.__dict__)


class UnknownSelectorError(_StandardCallError):
    """The service has no such method (rama's code 1): its contract may be older."""

    CODE = 1
    may_have_run = False


class InvalidMessageError(_StandardCallError):
    """The service could not read the message's envelope (rama's code 2)."""

    CODE = 2
    may_have_run = False


class HandlerFailedError(_StandardCallError):
    """The handler failed, or the arguments did not decode (rama's code 3).

    The traceback stays in the server's log.
    """

    CODE = 3


class CallCancelledError(_StandardCallError):
    """The call was stopped before it ended: its caller asked for that, or its deadline came."""

    CODE = 4


class UnavailableError(_StandardCallError):
    """The service is ending and takes no new calls; this one was not begun."""

    CODE = 5
    may_have_run = False


class TooManyCallsError(_StandardCallError):
    """The connection has as many calls under way as the service allows; this one was not begun."""

    CODE = 6
    may_have_run = False


class NotPermittedError(_StandardCallError):
    """The method asks for more than the peer's identity gives; it was not begun."""

    CODE = 7
    may_have_run = False


class StreamOverflowError(_StandardCallError):
    """The reader of a stream was too slow, and the contract says that this is a failure."""

    CODE = 8


class DeadlineExceededError(XpcRpcError, TimeoutError):
    """No answer came within the call's deadline; the service may still carry it out."""

    may_have_run: bool = True
    """Whether the request may have been carried out; False if it was never sent."""

    def __init__(self, method: str, timeout_s: float) -> None:
        super().__init__(method, timeout_s)
        self.method = method
        self.timeout_s = timeout_s

    def __str__(self) -> str:
        return f"{self.method} was not answered within {self.timeout_s:g} s; " + (
            "it may still be carried out" if self.may_have_run else "it was not sent"
        )


class VersionMismatchError(XpcRpcError):
    """The service's contract does not fit this client's; the call was not carried out."""

    may_have_run: ClassVar[bool] = False

    def __init__(
        self,
        protocol: str,
        client: str,
        server: str | None,
        method: str,
        missing: tuple[str, ...],
    ) -> None:
        super().__init__(protocol, client, server, method, missing)
        self.protocol = protocol
        self.client = client
        """The version that this client was made from."""
        self.server = server
        """The version that the service serves; None if it does not tell."""
        self.method = method
        """The method that was called."""
        self.missing = missing
        """Every method of this client that the service lacks."""

    def __str__(self) -> str:
        lacks = f"; it lacks {', '.join(self.missing)}" if self.missing else ""
        return (
            f"{self.method} cannot be called: this client was made from {self.protocol} "
            f"{self.client}, the service "
            f"{f'serves {self.server}' if self.server else 'does not tell what it serves'}{lacks}"
        )
