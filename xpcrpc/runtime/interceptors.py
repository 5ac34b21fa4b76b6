"""Code around calls: to refuse, to wrap, to measure; on either side.

A server's interceptor wraps the handler, a client's the whole call. Each is an
async function that gets the call and a function that goes on with it::

    async def audit(call: ServedInfo, proceed: Proceed) -> object:
        log.info("%s by uid %d", call.method.name, call.peer.euid)
        return await proceed()

It may raise instead of going on: a `CallError` is the caller's answer, unless it came
from another service; anything else is a general failure. It goes on once. The first of
several is the outermost.

Around a call with streams, ``proceed`` ends when the streams have, and whoever reads them
sees their end once the interceptors have ended: what they raise or return is the call's
end. A client's interceptor that does not end in the call's time is cancelled.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar

from attrs import field

from ..contract import Method
from ..definition import define
from ..transport.base import PeerIdentity

Metadata: TypeAlias = dict[str, str]
"""Words beside a call, such as a trace's identity: text to text."""

Proceed: TypeAlias = Callable[[], Awaitable[Any]]

CallT = TypeVar("CallT")


@define(eq=False)
class ServedInfo:
    """A call that this side serves."""

    method: Method[Any, Any]
    peer: PeerIdentity
    """Who sent the request, by the kernel's word."""
    metadata: Metadata
    """What the caller sent beside the request."""
    reply_metadata: Metadata
    """What will be sent beside the reply; may be changed."""
    remaining_s: float
    """Seconds that the caller will wait; infinite if it told none."""


@define(eq=False)
class CallInfo:
    """A call that this side makes."""

    method: Method[Any, Any]
    service: str
    """The service's name, or words for the peer."""
    timeout_s: float | None
    """The call's deadline, in seconds; None for a stream without one."""
    metadata: Metadata = field(factory=dict)
    """What will be sent beside the request; may be changed before going on."""
    reply_metadata: Metadata = field(factory=dict)
    """What came beside the reply; filled when the call has ended."""


ServerInterceptor: TypeAlias = Callable[[ServedInfo, Proceed], Awaitable[Any]]
ClientInterceptor: TypeAlias = Callable[[CallInfo, Proceed], Awaitable[Any]]


def wrapped(
    interceptors: Sequence[Callable[[CallT, Proceed], Awaitable[Any]]],
    call: CallT,
    proceed: Proceed,
) -> Proceed:
    """``proceed`` with the interceptors around it, the first outermost."""
    for interceptor in reversed(interceptors):
        proceed = partial(interceptor, call, proceed)
    return proceed
