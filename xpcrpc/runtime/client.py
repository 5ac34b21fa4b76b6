"""Client stubs: what every generated client inherits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping, Sequence
from copy import copy
from functools import partial
from typing import Any, ClassVar, Final, Self, TypeVar

from ..contract import ClientEnd, Event, Method, Protocol, Service
from ..errors import MisuseError
from ..transport.base import Connection, Transport
from .caller import Caller
from .events import Events
from .expecting import Expected
from .greeting import Greeting
from .inbound import Inbound
from .interceptors import ClientInterceptor
from .link import Link
from .messages import Route, route_of
from .names import resolve_name
from .readiness import Readiness
from .server import Server
from .stream import Stream

FLUSH_S: Final = 5.0
"""How long `Client.close` waits for a service that does not read, in seconds."""

RequestT = TypeVar("RequestT")
ReplyT = TypeVar("ReplyT")
PayloadT = TypeVar("PayloadT")


class Client:
    """A typed client of one protocol, over one connection.

    Calls may run at the same time; each ends with a reply, a typed error, its
    deadline, or the connection's end. Leave the ``async with`` block, or call
    `close`, to end the connection.
    """

    protocol: ClassVar[Protocol]
    service: ClassVar[Service[Any, Any] | None] = None

    def __init__(self, link: Link, caller: Caller | None = None) -> None:
        """Made by `connect`, `from_end`, `on` and `over`."""
        self._link = link
        self._caller = caller or Caller(link)

    @classmethod
    def over(cls, link: Link) -> Self:
        """A client on a connection that is in use already; closing it ends all of that."""
        return cls(link)

    @classmethod
    def on(
        cls,
        connection: Connection,
        *,
        serving: Server[Any] | None = None,
        interceptors: Sequence[ClientInterceptor] = (),
        on_reconnect: Callable[[Self], Awaitable[None]] | None = None,
        greet: bool = True,
        again: Callable[[], Connection] | None = None,
    ) -> Self:
        """A client on an inactive connection, which becomes its own.

        ``again`` makes another to the same service, for when its name could not be found.
        """
        link = Link(connection, initiator=True)
        link.again = again
        link.inbound = inbound = Inbound(link, cls.protocol, serving)
        client: Self

        async def renew() -> None:
            assert on_reconnect is not None
            await on_reconnect(client)

        readiness = Readiness(
            link.loop,
            # Every service has the standard methods, whatever its own protocol is.
            greeting=Greeting(cls.protocol) if greet and not cls._standard() else None,
            hook=None if on_reconnect is None else renew,
            wanted=inbound.is_listened_to,
        )
        inbound.readiness = readiness
        link.on_interruption = readiness.interrupted
        link.on_revival = readiness.reopened
        caller = Caller(link, interceptors=interceptors, readiness=readiness)
        client = cls(link, caller)
        link.activate()
        return client

    @classmethod
    def expect(cls, *, transport: Transport | None = None) -> Expected[Self]:
        """Ask somebody to serve us: send the result's ``end``, then await its ``client()``."""
        return Expected(cls, transport or libxpc())

    def with_metadata(self, **words: str) -> Self:
        """This client, on the same connection, sending these words beside each request.

        Raises:
            TypeError: a word is no text.
        """
        for word, text in words.items():
            if not isinstance(text, str):
                raise TypeError(f"metadata is text; {word} is a {type(text).__name__}")
        caller = copy(self._caller)
        caller.metadata = {**caller.metadata, **words}
        return type(self)(self._link, caller)

    @classmethod
    async def connect(
        cls,
        *,
        variables: Mapping[str, str] | None = None,
        serving: Server[Any] | None = None,
        interceptors: Sequence[ClientInterceptor] = (),
        on_reconnect: Callable[[Self], Awaitable[None]] | None = None,
        greet: bool = True,
        transport: Transport | None = None,
    ) -> Self:
        """A client of the service that the contract names.

        Nothing is sent before the first call, so that no such service exists
        shows there, as `ConnectionInvalidError` (C-51, C-63); the next call looks again.

        Args:
            variables: values for ``${…}`` in the service's name; what is not
                given is taken from the environment, as ``XPCRPC_<NAME>``.
            serving: what this side serves on the same connection, where the
                contract has the server call its clients.
            interceptors: code around each call, the first outermost.
            on_reconnect: awaited after the service was replaced by a new process,
                before the next call; tell it there what it must know. Calls made
                by the hook itself go out at once.
            greet: exchange versions before the first call, so that a contract that
                does not fit shows as `VersionMismatchError`.
            transport: libxpc unless given.

        Raises:
            ServiceConfigurationError: a variable has no value.
            MisuseError: the class is the client of a protocol, not of a service.
        """
        service = cls.service
        if service is None:
            raise MisuseError(
                f"{cls.__name__} belongs to a protocol, not to a service; use from_end(…), "
                "or the client class of a service"
            )
        name = resolve_name(service, variables)
        privileged = service.domain == "system"
        connect = partial((transport or libxpc()).connect, name, privileged=privileged)
        return cls.on(
            connect(),
            again=connect,
            serving=serving,
            interceptors=interceptors,
            on_reconnect=on_reconnect,
            greet=greet,
        )

    @classmethod
    async def from_end(
        cls,
        end: ClientEnd[Self],
        *,
        serving: Server[Any] | None = None,
        interceptors: Sequence[ClientInterceptor] = (),
        greet: bool = True,
        transport: Transport | None = None,
    ) -> Self:
        """A client of whoever serves the other side of ``end``; as often as wanted.

        Raises:
            TypeError: it is no end, such as a bare endpoint: put that into ``ClientEnd(…)``.
        """
        if not isinstance(end, ClientEnd):
            raise TypeError(f"from_end takes a ClientEnd, not a {type(end).__name__}")
        connection = (transport or libxpc()).connect_endpoint(end.endpoint)
        return cls.on(connection, serving=serving, interceptors=interceptors, greet=greet)

    @classmethod
    def _standard(cls) -> bool:
        return cls.protocol.package == "xpcrpc.standard"

    @property
    def server_version(self) -> str | None:
        """The version of the service's contract, known after the first call.

        None before that, and for services that do not tell, such as rama's.
        """
        greeting = self._caller.readiness.greeting
        return None if greeting is None or greeting.offer is None else greeting.offer.version

    @property
    def late_messages(self) -> int:
        """How many replies and messages came for calls that were over, and were dropped."""
        return self._link.session.late

    async def close(self) -> None:
        """End the connection; calls that are under way end with `ConnectionInvalidError`.

        One-way messages that wait to be sent are handed over first, for at most
        `FLUSH_S` seconds.
        """
        try:
            if self._caller.sent_one_way:
                await self._link.flush(FLUSH_S)
        finally:
            self._link.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _route(self, method: Method[Any, Any]) -> Route:
        return route_of(method, self.protocol.package)

    def _call(
        self, method: Method[RequestT, ReplyT], request: RequestT, timeout_s: float | None
    ) -> Awaitable[ReplyT]:
        route = route_of(method, self.protocol.package)
        return self._caller.call(route, request, timeout_s)

    async def _send(self, method: Method[RequestT, None], request: RequestT) -> None:
        await self._caller.send(self._route(method), request)

    def _events(self, event: Event[PayloadT]) -> Events[PayloadT]:
        events: Events[PayloadT] = Events(self._link)
        inbound = self._link.inbound
        if inbound is not None:
            inbound.subscriptions.add(event.selector, events)
            self._caller.readiness.begin()  # a service tells nobody whom it has not seen
        return events

    def _stream(
        self,
        method: Method[RequestT, Any],
        request: RequestT,
        timeout_s: float | None,
        items: AsyncIterable[Any] | None = None,
    ) -> Stream[Any]:
        return Stream(self._caller, self._route(method), request, items, timeout_s)

    async def _collect(
        self,
        method: Method[RequestT, ReplyT],
        request: RequestT,
        timeout_s: float | None,
        items: AsyncIterable[Any],
    ) -> ReplyT:
        stream: Stream[Any] = self._stream(method, request, timeout_s, items)
        async with stream:
            result: ReplyT = await stream.result()
        return result


def libxpc() -> Transport:
    """The running loop's transport over libxpc; loaded only when it is wanted."""
    from ..transport.xpc import XpcTransport

    asyncio.get_running_loop()
    return XpcTransport.of_running_loop()
