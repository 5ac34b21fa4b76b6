"""Serving: listeners, the peers they bring, and a clean end."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from ..contract import ClientEnd, ServerEnd, Service
from ..errors import ServiceConfigurationError, TransportError
from ..protocol import signals
from ..protocol.session import MAX_CALLS, MAX_STREAMS
from ..rules import PeerRule
from ..transport.base import Connection, Listener, Transport
from .client import libxpc
from .interceptors import ServerInterceptor
from .link import Link
from .names import resolve_name, rule_for_this_system
from .scope import Scope
from .server import Router, Server
from .serving import Serving
from .workers import Workers

DEFAULT_DRAIN_S: Final = 5.0
"""How long calls under way may go on after the end was asked for, in seconds."""

FLUSH_AT_LEAST_S: Final = 0.5
"""How long answers may take to be handed over when the drain time is over, in seconds."""

ClientT = TypeVar("ClientT")
_log: Final = logging.getLogger("xpcrpc.server")


class Host:
    """Everything that one program serves: a named service, and what its handlers offer.

    Use it as ``async with Host() as host``; leaving the block ends all of it.
    """

    def __init__(
        self,
        *,
        transport: Transport | None = None,
        drain_s: float = DEFAULT_DRAIN_S,
        idle_exit_s: float | None = None,
        interceptors: Sequence[ServerInterceptor] = (),
        max_calls: int = MAX_CALLS,
        max_streams: int = MAX_STREAMS,
    ) -> None:
        """Serve over ``transport``, libxpc unless given; see `serve` for the rest."""
        self._transport = transport or libxpc()
        self._drain_s = drain_s
        self._idle_exit_s = idle_exit_s
        self._idle_timer: asyncio.TimerHandle | None = None
        self._listeners: list[Listener] = []
        self._offers: dict[ClientEnd[Any], Listener] = {}
        self._hurry = asyncio.Event()
        self._links: set[Link] = set()
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._workers = Workers(asyncio.get_running_loop())
        self._scope = Scope(
            self._workers,
            interceptors=tuple(interceptors),
            max_calls=max_calls,
            max_streams=max_streams,
            begin_transaction=self._transport.begin_transaction,
            end_transaction=self._transport.end_transaction,
            offer=self.offer,
            withdraw=self.withdraw,
            serve_end=self.serve_end,
        )

    @property
    def workers(self) -> Workers:
        """The tasks that handlers run in."""
        return self._workers

    def serve(
        self,
        service: Service[Any, Any],
        server: Server[Any],
        *,
        variables: Mapping[str, str] | None = None,
        development: bool = False,
    ) -> None:
        """Listen on the service's name, for peers that meet its rule.

        Raises:
            ServiceConfigurationError: the contract has no peer rule for this
                system, or the name has a variable without a value.
            TypeError: ``server`` serves another protocol.
        """
        if not isinstance(service, Service):
            raise TypeError(
                f"a Host serves a service, such as those in a package's services.py, "
                f"not a {type(service).__name__}"
            )
        if not isinstance(server, service.server):
            raise TypeError(
                f"{service.name} needs a {service.server.__name__}, not a {type(server).__name__}"
            )
        rule = rule_for_this_system(service, variables=variables, development=development)
        name = resolve_name(service, variables)
        privileged = service.domain == "system"
        listener = self._transport.listen(name, privileged=privileged, rule=rule)
        self._listen(listener, server, name)
        _log.info("serving %s", name)

    def offer(
        self,
        server: Server[ClientT],
        *,
        rule: PeerRule | None = None,
        clients: int | None = None,
    ) -> ClientEnd[ClientT]:
        """Serve without a name, to whoever gets the returned end.

        It holds two descriptors until so many ``clients`` have come, `withdraw` is called,
        or the host stops; clients that have come are served until they go.

        Raises:
            OSError: out of descriptors.
            TypeError: ``server`` is no implementation of a protocol.
        """
        if not isinstance(server, Server):
            raise TypeError(f"a {type(server).__name__} serves nothing; derive it from a …Server")
        listener = self._transport.listen_anonymously(rule=rule)
        end: ClientEnd[ClientT] = ClientEnd(listener.endpoint())
        self._offers[end] = listener
        left = clients

        def came() -> None:
            nonlocal left
            if left is not None:
                left -= 1
                if left <= 0:
                    self.withdraw(end)

        self._listen(listener, server, "an anonymous listener", came)
        return end

    def withdraw(self, end: ClientEnd[Any]) -> None:
        """Let nobody else in by an end that `offer` gave; doing so again changes nothing."""
        listener = self._offers.pop(end, None)
        if listener is not None:
            self._listeners.remove(listener)
            listener.cancel()

    def serve_end(self, end: ServerEnd[Any], server: Server[Any]) -> None:
        """Serve whoever made ``end``, on a connection that this side makes."""
        link = Link(self._transport.connect_endpoint(end.endpoint), initiator=True)
        self._serve(link, server, self._router(server))
        link.say(signals.Ready())

    def _router(self, server: Server[Any]) -> Router:
        from .standard import Standard  # generated code: it imports this package in turn

        return Router(server, Standard(server.protocol, self._scope))

    def _serve(self, link: Link, server: Server[Any], router: Router) -> None:
        def gone() -> None:
            self._links.discard(link)
            server.links.discard(link)

        served = Serving(self._scope, link, router)

        def terminated() -> None:
            # The peer is not heard any more, so what needs it ends now, and all else soon.
            served.deafen()
            self.stop()

        link.on_end = gone
        link.on_termination = terminated
        if self._scope.draining:
            link.session.drain()
        self._links.add(link)
        server.links.add(link)
        link.activate()

    def _listen(
        self,
        listener: Listener,
        server: Server[Any],
        name: str,
        came: Callable[[], None] | None = None,
    ) -> None:
        router = self._router(server)

        def accept(peer: Connection) -> None:
            self._serve(Link(peer, initiator=False), server, router)
            if came is not None:
                came()

        def end(error: TransportError) -> None:
            if not self._ended.done() and listener in self._listeners:
                self._ended.set_exception(
                    ServiceConfigurationError(
                        f"{name} cannot be served: {error}. Another process may have the name, "
                        "or it is not for this one to have"
                    )
                )

        listener.activate(accept, end)
        self._listeners.append(listener)

    async def wait(self) -> None:
        """Wait until `stop` is called.

        Raises:
            ServiceConfigurationError: a name could not be served (C-110).
        """
        if self._idle_exit_s is not None and self._idle_timer is None:
            self._watch_idleness(-1)
        await asyncio.shield(self._ended)

    def _watch_idleness(self, begun: int) -> None:
        """Stop once a whole period has passed with no call under way and none begun."""
        assert self._idle_exit_s is not None
        workers = self._workers
        if workers.busy == 0 and workers.begun == begun:
            _log.info("idle for %g s; ending", self._idle_exit_s)
            self.stop()
            return
        self._idle_timer = asyncio.get_running_loop().call_later(
            self._idle_exit_s, self._watch_idleness, workers.begun
        )

    def stop(self) -> None:
        """Let `wait` return."""
        if not self._ended.done():
            self._ended.set_result(None)

    async def close(self) -> None:
        """Accept nobody further, let calls under way finish within the drain time, end."""
        self.stop()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        if self._ended.done() and not self._ended.cancelled():
            self._ended.exception()  # seen by whoever waited; not to be reported again
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.cancel()
        self._offers.clear()
        loop = asyncio.get_running_loop()
        until = loop.time() + self._drain_s
        self._scope.draining = True
        for link in self._links:
            link.session.drain()
            link.say(signals.Drain())
        try:
            await self._wait_idle()
        finally:
            await self._workers.close()
            try:
                # Answers wait in connections whose clients are slow, or busy, to read.
                left = max(until - loop.time(), FLUSH_AT_LEAST_S)
                await asyncio.gather(*(link.flush(left) for link in self._links))
            finally:
                for link in list(self._links):
                    link.close()
                self._links.clear()

    async def _wait_idle(self) -> None:
        """Wait until no call is under way, the drain time is over, or somebody hurries."""
        idle = asyncio.ensure_future(self._workers.wait_idle())
        hurried = asyncio.ensure_future(self._hurry.wait())
        try:
            await asyncio.wait(
                {idle, hurried}, timeout=self._drain_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not idle.done():
                _log.warning("%d call(s) did not finish in time; cancelled", self._workers.busy)
        finally:
            idle.cancel()
            hurried.cancel()

    def hurry(self) -> None:
        """Let `close` wait no longer for calls under way."""
        self._hurry.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


ServerT = TypeVar("ServerT", bound=Server[Any])


async def serve(
    service: Service[ServerT, Any],
    server: ServerT,
    *,
    variables: Mapping[str, str] | None = None,
    development: bool = False,
    transport: Transport | None = None,
    drain_s: float = DEFAULT_DRAIN_S,
    idle_exit_s: float | None = None,
    interceptors: Sequence[ServerInterceptor] = (),
    max_calls: int = MAX_CALLS,
    max_streams: int = MAX_STREAMS,
) -> None:
    """Serve until SIGTERM or SIGINT comes, or the task is cancelled; then end cleanly.

    What runs may finish, what is new is refused; a second SIGINT cuts that short.

    Args:
        service: what the contract says of the service.
        server: the implementation, one object for all peers.
        variables: values for ``${…}`` in the name, and ``TEAM_ID`` for ``team = "self"``
            too; else ``XPCRPC_<NAME>`` of the environment.
        development: use the contract's development rule, and log a warning.
        transport: libxpc unless given.
        interceptors: code around each call, the first outermost.
        idle_exit_s: end after so many seconds without a call; for services that are
            started again when somebody calls (launchd, systemd's socket activation).
        drain_s: seconds that calls under way may still take at the end.
        max_calls: calls that one connection may have under way; further ones are refused.
        max_streams: those of them that may have streams.

    Raises:
        ServiceConfigurationError: no peer rule for this system, or the name cannot be had.
    """
    host = Host(
        transport=transport,
        drain_s=drain_s,
        idle_exit_s=idle_exit_s,
        interceptors=interceptors,
        max_calls=max_calls,
        max_streams=max_streams,
    )
    with _Signals(host):
        async with host:
            host.serve(service, server, variables=variables, development=development)
            await host.wait()


class _Signals:
    """SIGTERM and SIGINT stop the host, where the loop can take signals at all.

    They are taken until the host has ended: a second one must not kill what it finishes.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._taken: list[signal.Signals] = []
        self._stopping = False

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            try:
                loop.add_signal_handler(number, self._told, number)
            except (NotImplementedError, RuntimeError, ValueError):
                return  # not the main thread: whoever owns it decides
            self._taken.append(number)

    def _told(self, number: signal.Signals) -> None:
        if self._stopping and number == signal.SIGINT:
            self._host.hurry()
        self._stopping = True
        self._host.stop()

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for number in self._taken:
            loop.remove_signal_handler(number)
