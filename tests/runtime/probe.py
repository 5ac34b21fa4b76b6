"""A contract made for tests, in the shape that the compiler writes.

It stands here by hand so that the runtime's tests need neither the compiler nor
its output: what fails in them is the runtime.
"""

from __future__ import annotations

from abc import abstractmethod
from enum import StrEnum
from typing import ClassVar, Final

from attrs import define, field

from xpcrpc import (
    I32,
    U8,
    CallContext,
    Client,
    ClientEnd,
    ContractError,
    Duration,
    Empty,
    Method,
    OpenEnum,
    Protocol,
    ReadFd,
    Server,
    Service,
    constraints,
    rules,
)


class Mode(OpenEnum):
    """Open: what it does not know, it keeps."""

    DIRECT = "direct"
    INSPECT = "inspect"


class Colour(StrEnum):
    """Closed: what it does not know, it refuses."""

    RED = "red"
    GREEN = "green"


@define(kw_only=True)
class Parcel:
    """A little of everything."""

    text: str = ""
    number: I32 = 0
    small: U8 = 0
    mode: Mode = Mode.DIRECT
    colour: Colour = Colour.RED
    label: str | None = field(default=None, validator=constraints.Length(max=8))


@define(kw_only=True)
class Refused(ContractError):
    """Declared, with fields."""

    code = 100
    reason: str
    retry_after: Duration | None = None


@define(kw_only=True)
class Unlisted(ContractError):
    """Declared, but no method lists it."""

    code = 101
    secret: str


@define(kw_only=True)
class TextRequest:
    """One text."""

    text: str


@define(kw_only=True)
class KeyRequest:
    """One key, by which two calls find each other."""

    key: str


@define(kw_only=True)
class FileRequest:
    """One descriptor."""

    file: ReadFd


@define(kw_only=True)
class IdentityReply:
    """Who called, and who answers."""

    caller_pid: I32
    caller_uid: I32
    server_pid: I32


PACKAGE: Final = __name__

SURVIVE: Final[Method[KeyRequest, IdentityReply]] = Method(
    name="survive",
    selector="survive",
    request=KeyRequest,
    reply=IdentityReply,
    idempotent=True,
)
ECHO: Final[Method[Parcel, Parcel]] = Method(
    name="echo", selector="echo", request=Parcel, reply=Parcel
)
NOTE: Final[Method[TextRequest, None]] = Method(
    name="note", selector="note:", request=TextRequest, oneway=True
)
NOTES: Final[Method[Empty, list[str]]] = Method(name="notes", selector="notes", reply=list[str])
REFUSE: Final[Method[TextRequest, None]] = Method(
    name="refuse", selector="refuse", request=TextRequest, errors=(Refused,)
)
UNLISTED: Final[Method[Empty, None]] = Method(
    name="unlisted", selector="unlisted", errors=(Refused,)
)
CRASH: Final[Method[Empty, None]] = Method(name="crash", selector="crash")
MISREPLY: Final[Method[Empty, str]] = Method(name="misreply", selector="misreply", reply=str)
HOLD: Final[Method[KeyRequest, str]] = Method(
    name="hold", selector="hold", request=KeyRequest, reply=str
)
RELEASE: Final[Method[KeyRequest, None]] = Method(
    name="release", selector="release", request=KeyRequest
)
HELD: Final[Method[Empty, list[str]]] = Method(name="held", selector="held", reply=list[str])
AWAIT_CANCELLED: Final[Method[KeyRequest, None]] = Method(
    name="await_cancelled", selector="awaitCancelled", request=KeyRequest
)
LIMITED: Final[Method[Empty, str]] = Method(name="limited", selector="limited", reply=str)
READ: Final[Method[FileRequest, bytes]] = Method(
    name="read", selector="read", request=FileRequest, reply=bytes
)
WHO: Final[Method[Empty, IdentityReply]] = Method(name="who", selector="who", reply=IdentityReply)
OPEN_FILES: Final[Method[Empty, int]] = Method(name="open_files", selector="openFiles", reply=I32)
LINK: Final[Method[Empty, ClientEnd[NestClient]]] = Method(
    name="link", selector="link", reply="ClientEnd[NestClient]"
)
QUEUE: Final[Method[KeyRequest, int]] = Method(
    name="queue", selector="queue", request=KeyRequest, reply=I32, serial=True
)

PROBE: Final = Protocol(
    name="org.example.probe.Probe",
    package=PACKAGE,
    version="1.0",
    methods=(
        ECHO, NOTE, NOTES, REFUSE, UNLISTED, CRASH, MISREPLY, HOLD, RELEASE, HELD,
        AWAIT_CANCELLED, LIMITED, READ, WHO, OPEN_FILES, LINK, QUEUE, SURVIVE,
    ),
)  # fmt: skip

ADD: Final[Method[Parcel, int]] = Method(name="add", selector="add", request=Parcel, reply=I32)
NEST: Final = Protocol(
    name="org.example.probe.Nest", package=PACKAGE, version="1.0", methods=(ADD,)
)


class NestClient(Client):
    """A counter of one's own, reached by its end alone."""

    protocol: ClassVar[Protocol] = NEST

    async def add(self, request: Parcel, *, timeout_s: float | None = None) -> int:
        """Add a number; the sum so far."""
        return await self._call(ADD, request, timeout_s)


class NestServer(Server[NestClient]):
    """A counter of one's own."""

    protocol: ClassVar[Protocol] = NEST

    @abstractmethod
    async def add(self, request: Parcel, context: CallContext) -> int:
        """Add a number; the sum so far."""


class ProtocolClient(Client):
    """A client of the probe, wherever it is."""

    protocol: ClassVar[Protocol] = PROBE

    async def echo(self, request: Parcel, *, timeout_s: float | None = None) -> Parcel:
        """The parcel comes back."""
        return await self._call(ECHO, request, timeout_s)

    async def note(self, *, text: str) -> None:
        """Keep a text; no answer."""
        await self._send(NOTE, TextRequest(text=text))

    async def notes(self, *, timeout_s: float | None = None) -> list[str]:
        """The texts kept so far."""
        return await self._call(NOTES, Empty(), timeout_s)

    async def refuse(self, *, text: str, timeout_s: float | None = None) -> None:
        """Fails with `Refused`."""
        await self._call(REFUSE, TextRequest(text=text), timeout_s)

    async def unlisted(self, *, timeout_s: float | None = None) -> None:
        """Fails with an error that the method does not list."""
        await self._call(UNLISTED, Empty(), timeout_s)

    async def crash(self, *, timeout_s: float | None = None) -> None:
        """The handler raises something of its own."""
        await self._call(CRASH, Empty(), timeout_s)

    async def misreply(self, *, timeout_s: float | None = None) -> str:
        """The handler returns what does not fit."""
        return await self._call(MISREPLY, Empty(), timeout_s)

    async def hold(self, *, key: str, timeout_s: float | None = None) -> str:
        """Answered when someone releases the key."""
        return await self._call(HOLD, KeyRequest(key=key), timeout_s)

    async def release(self, *, key: str, timeout_s: float | None = None) -> None:
        """Let the call that holds the key be answered; waits for it if it is not there yet."""
        await self._call(RELEASE, KeyRequest(key=key), timeout_s)

    async def held(self, *, timeout_s: float | None = None) -> list[str]:
        """The keys that are held now."""
        return await self._call(HELD, Empty(), timeout_s)

    async def await_cancelled(self, *, key: str, timeout_s: float | None = None) -> None:
        """Answered once the call that holds the key was cancelled."""
        await self._call(AWAIT_CANCELLED, KeyRequest(key=key), timeout_s)

    async def limited(self, *, timeout_s: float | None = None) -> str:
        """The handler limits itself by ``asyncio.timeout``."""
        return await self._call(LIMITED, Empty(), timeout_s)

    async def read(self, *, file: ReadFd, timeout_s: float | None = None) -> bytes:
        """What the server reads from the descriptor."""
        return await self._call(READ, FileRequest(file=file), timeout_s)

    async def who(self, *, timeout_s: float | None = None) -> IdentityReply:
        """Who calls, by the kernel's word."""
        return await self._call(WHO, Empty(), timeout_s)

    async def open_files(self, *, timeout_s: float | None = None) -> int:
        """How many descriptors the server has open."""
        return await self._call(OPEN_FILES, Empty(), timeout_s)

    async def link(self, *, timeout_s: float | None = None) -> ClientEnd[NestClient]:
        """A counter of one's own."""
        return await self._call(LINK, Empty(), timeout_s)

    async def queue(self, *, key: str, timeout_s: float | None = None) -> int:
        """How many of these calls run at the same time; held until the key is released."""
        return await self._call(QUEUE, KeyRequest(key=key), timeout_s)

    async def survive(self, *, key: str, timeout_s: float | None = None) -> IdentityReply:
        """Idempotent: held until the key is released, unless the server was started for good."""
        return await self._call(SURVIVE, KeyRequest(key=key), timeout_s)


class ProbeServer(Server[ProtocolClient]):
    """What `ProtocolClient` calls."""

    protocol: ClassVar[Protocol] = PROBE

    @abstractmethod
    async def echo(self, request: Parcel, context: CallContext) -> Parcel: ...
    @abstractmethod
    async def note(self, request: TextRequest, context: CallContext) -> None: ...
    @abstractmethod
    async def notes(self, context: CallContext) -> list[str]: ...
    @abstractmethod
    async def refuse(self, request: TextRequest, context: CallContext) -> None: ...
    @abstractmethod
    async def unlisted(self, context: CallContext) -> None: ...
    @abstractmethod
    async def crash(self, context: CallContext) -> None: ...
    @abstractmethod
    async def misreply(self, context: CallContext) -> str: ...
    @abstractmethod
    async def hold(self, request: KeyRequest, context: CallContext) -> str: ...
    @abstractmethod
    async def release(self, request: KeyRequest, context: CallContext) -> None: ...
    @abstractmethod
    async def held(self, context: CallContext) -> list[str]: ...
    @abstractmethod
    async def await_cancelled(self, request: KeyRequest, context: CallContext) -> None: ...
    @abstractmethod
    async def limited(self, context: CallContext) -> str: ...
    @abstractmethod
    async def read(self, request: FileRequest, context: CallContext) -> bytes: ...
    @abstractmethod
    async def who(self, context: CallContext) -> IdentityReply: ...
    @abstractmethod
    async def open_files(self, context: CallContext) -> int: ...
    @abstractmethod
    async def link(self, context: CallContext) -> ClientEnd[NestClient]: ...
    @abstractmethod
    async def queue(self, request: KeyRequest, context: CallContext) -> int: ...
    @abstractmethod
    async def survive(self, request: KeyRequest, context: CallContext) -> IdentityReply: ...


Probe: Final = Service(
    name="org.example.probe",
    protocol=PROBE,
    server=ProbeServer,  # type: ignore[type-abstract]
    client=ProtocolClient,
    peer_linux=rules.Uid("self"),
    peer_development=rules.Anyone(),
)
Guarded: Final = Service(
    name="org.example.probe.guarded",
    protocol=PROBE,
    server=ProbeServer,  # type: ignore[type-abstract]
    client=ProtocolClient,
    peer_linux=rules.Uid(54_321),
)
Unguarded: Final = Service(
    name="org.example.probe.unguarded",
    protocol=PROBE,
    server=ProbeServer,  # type: ignore[type-abstract]
    client=ProtocolClient,
)
Teamed: Final = Service(
    name="${TEAM_ID}.org.example.probe",
    protocol=PROBE,
    server=ProbeServer,  # type: ignore[type-abstract]
    client=ProtocolClient,
    peer_linux=rules.Uid("self"),
)
SERVICES: Final = {
    "probe": Probe,
    "guarded": Guarded,
    "unguarded": Unguarded,
    "teamed": Teamed,
}


class ProbeClient(ProtocolClient):
    """A client of the service."""

    service: ClassVar[Service[ProbeServer, ProtocolClient] | None] = Probe


class GuardedClient(ProtocolClient):
    """A client of the service that lets in another user."""

    service: ClassVar[Service[ProbeServer, ProtocolClient] | None] = Guarded


class TeamedClient(ProtocolClient):
    """A client of the service whose name has a variable."""

    service: ClassVar[Service[ProbeServer, ProtocolClient] | None] = Teamed
