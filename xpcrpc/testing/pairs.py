"""A client and a server in one test: a pair, or a service that clients find by its name.

::

    async with connected_pair(ClockImpl) as client:
        assert await client.now() == ...

    async with served(Clock, ClockImpl()) as running:
        client = await running.connect()
        await running.restart(ClockImpl())      # the client finds the new one

By default everything happens in memory (`xpcrpc.transport.memory`): fast, the
same each time, and open to faults. ``over="libxpc"`` is the real transport, in
the same process.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar, cast, get_args, get_origin

from ..contract import Service
from ..errors import MisuseError
from ..rules import Anyone, PeerRule, Uid
from ..runtime.client import Client
from ..runtime.host import Host
from ..runtime.names import resolve_name
from ..runtime.server import Server
from ..transport.base import Transport
from ..transport.memory import Interceptor, MemoryNetwork, MemoryTransport
from .record import Transcript

__all__ = ["Over", "Served", "bootstrap_directory", "client_of", "connected_pair", "served"]

ClientT = TypeVar("ClientT", bound=Client)
ServerT = TypeVar("ServerT", bound=Server[Any])

Over: TypeAlias = Literal["memory", "libxpc"]
"""Which transport a test uses."""

BOOTSTRAP: Final = "XPCRPC_BOOTSTRAP_DIR"
"""The environment variable that names the directory of names, on Linux."""

_numbers = itertools.count(1)


class Served(Generic[ServerT, ClientT]):
    """A service that runs in this test; made by `served`."""

    def __init__(
        self,
        service: Service[ServerT, ClientT],
        *,
        network: MemoryNetwork | None,
        transcript: Transcript | None,
        variables: Mapping[str, str] | None,
        development: bool,
    ) -> None:
        self.service = service
        self.name = resolve_name(service, variables)
        """The name, with its variables filled in."""
        self._network = network
        self._transcript = transcript
        self._variables = variables
        self._development = development
        self._process = self._new_process()
        self._hosts: list[Host] = []
        self.transport = self._recorded(self._new_process())
        """What clients of the service connect through."""

    async def connect(self, *, serving: Server[Any] | None = None) -> ClientT:
        """A new client; the test closes it.

        Args:
            serving: what the client serves, where the contract has the server call it.
        """
        privileged = self.service.domain == "system"
        connect = partial(self.transport.connect, self.name, privileged=privileged)
        return self.service.client.on(connect(), serving=serving, again=connect)

    async def start(self, server: ServerT) -> None:
        """Serve; `served` has done so once."""
        if self._hosts:
            raise MisuseError("the service runs already; kill, stop or restart it")
        host = Host(transport=self._recorded(self._process))
        host.serve(self.service, server, variables=self._variables, development=self._development)
        self._hosts.append(host)

    async def stop(self) -> None:
        """End it as a service ends: calls under way may finish, clients are told."""
        while self._hosts:
            await self._hosts.pop().close()

    async def kill(self) -> None:
        """End it as a crash would; in memory only.

        Its handlers are cancelled: in a process that is killed, nothing goes on.

        Raises:
            MisuseError: it runs over libxpc, where this would end the test.
        """
        if not isinstance(self._process, MemoryTransport):
            raise MisuseError('kill needs over="memory"; use a process of its own for libxpc')
        self._process.kill()
        while self._hosts:
            host = self._hosts.pop()
            await host.workers.close()
            await host.close()

    async def restart(self, server: ServerT) -> None:
        """Kill it and serve anew, as launchd would; in memory only."""
        await self.kill()
        await self.start(server)

    def _new_process(self) -> Transport:
        if self._network is not None:
            return MemoryTransport(self._network)
        from ..transport.xpc import XpcTransport

        return XpcTransport.of_running_loop()

    def _recorded(self, transport: Transport) -> Transport:
        return transport if self._transcript is None else self._transcript.over(transport)


@asynccontextmanager
async def served(
    service: Service[ServerT, ClientT],
    server: ServerT,
    *,
    over: Over = "memory",
    faults: Interceptor | None = None,
    transcript: Transcript | None = None,
    variables: Mapping[str, str] | None = None,
    development: bool = False,
) -> AsyncIterator[Served[ServerT, ClientT]]:
    """Serve a service in this test, under its own name and peer rule.

    Args:
        service: what the contract says of it.
        server: the implementation.
        over: which transport.
        faults: usually a `FaultPlan`; in memory only.
        transcript: gets what is said.
        variables: values for ``${…}`` in the name.
        development: use the contract's development rule.

    Raises:
        MisuseError: faults over libxpc.
        ServiceConfigurationError: as `xpcrpc.serve`.
    """
    with _directory(over):
        running: Served[ServerT, ClientT] = Served(
            service,
            network=_network(over, faults),
            transcript=transcript,
            variables=variables,
            development=development,
        )
        await running.start(server)
        try:
            yield running
        finally:
            await running.stop()


@asynccontextmanager
async def connected_pair(
    server: Server[ClientT] | type[Server[ClientT]],
    *,
    client: type[ClientT] | None = None,
    serving: Server[Any] | None = None,
    over: Over = "memory",
    faults: Interceptor | None = None,
    transcript: Transcript | None = None,
    named: bool | None = None,
) -> AsyncIterator[ClientT]:
    """A typed client, connected to an implementation that is served for it alone.

    Args:
        server: the implementation, or its class if that needs no arguments.
        client: the client's class; that of the server's protocol unless given.
        serving: what the client serves, where the contract has the server call it.
        over: which transport.
        faults: usually a `FaultPlan`; in memory only.
        transcript: gets what is said.
        named: whether the client finds the server by a name, and so is
            *interrupted* where one by an endpoint is at its end (C-118, C-156).
            By a name unless given, but for Apple's libxpc, where a name needs launchd.

    Raises:
        MisuseError: faults over libxpc, or no client class can be found.
    """
    if named is None:
        named = over == "memory" or sys.platform != "darwin"
    implementation = server() if isinstance(server, type) else server
    kind = client or client_of(type(implementation))
    if not named:
        async with _unnamed(implementation, kind, serving, over, faults, transcript) as unnamed:
            yield unnamed
        return
    rule: PeerRule = Anyone() if over == "memory" else Uid("self")
    service: Service[Any, ClientT] = Service(
        name=f"org.example.pair-{os.getpid()}-{next(_numbers)}",
        protocol=implementation.protocol,
        server=type(implementation),
        client=kind,
        peer_linux=rule,
        peer_macos=Anyone(),
    )
    async with (
        served(service, implementation, over=over, faults=faults, transcript=transcript) as running,
        await running.connect(serving=serving) as connected,
    ):
        yield connected


@asynccontextmanager
async def _unnamed(
    server: Server[ClientT],
    kind: type[ClientT],
    serving: Server[Any] | None,
    over: Over,
    faults: Interceptor | None,
    transcript: Transcript | None,
) -> AsyncIterator[ClientT]:
    network = _network(over, faults)
    if network is not None:
        ends: list[Transport] = [MemoryTransport(network), MemoryTransport(network)]
    else:
        from ..transport.xpc import XpcTransport

        ends = [XpcTransport.of_running_loop()] * 2
    if transcript is not None:
        ends = [transcript.over(end) for end in ends]
    async with (
        Host(transport=ends[0]) as host,
        await kind.from_end(host.offer(server), serving=serving, transport=ends[1]) as connected,
    ):
        yield connected


def client_of(server: type[Server[ClientT]]) -> type[ClientT]:
    """The client class of a server's protocol: what the generated base names as ``Server[…]``.

    Raises:
        MisuseError: it names none.
    """
    for base in server.__mro__:
        for origin in getattr(base, "__orig_bases__", ()):
            found = get_args(origin)
            if get_origin(origin) is Server and isinstance(found[0], type):
                return cast("type[ClientT]", found[0])
    raise MisuseError(f"{server.__name__} does not say which client calls it; pass client=…")


@contextmanager
def bootstrap_directory() -> Iterator[str]:
    """A fresh directory for names, in ``XPCRPC_BOOTSTRAP_DIR`` while the block runs.

    Services in the block are found there and nowhere else; other processes that
    it starts inherit it. Its path is short, as a socket's may have 107 bytes.
    """
    before = os.environ.get(BOOTSTRAP)
    with tempfile.TemporaryDirectory(prefix="xpc-", dir=_short_root()) as directory:
        os.environ[BOOTSTRAP] = directory
        try:
            yield directory
        finally:
            if before is None:
                os.environ.pop(BOOTSTRAP, None)
            else:
                os.environ[BOOTSTRAP] = before


def _short_root() -> str | None:
    """Where the system puts temporary files, unless that path is long itself (macOS)."""
    usual = tempfile.gettempdir()
    short = "/tmp"  # noqa: S108  a directory of our own is made in it
    return short if len(usual) > 32 and os.access(short, os.W_OK) else None


@contextmanager
def _directory(over: Over) -> Iterator[None]:
    """Names of a test over libxpc stay among its own, unless a directory is set already."""
    if over == "memory" or BOOTSTRAP in os.environ:
        yield
    else:
        with bootstrap_directory():
            yield


def _network(over: Over, faults: Interceptor | None) -> MemoryNetwork | None:
    if over == "memory":
        return MemoryNetwork(interceptor=faults)
    if faults is not None:
        raise MisuseError('faults need over="memory"; libxpc cannot be made to fail on purpose')
    return None
