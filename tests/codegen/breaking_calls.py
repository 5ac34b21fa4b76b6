"""What an old client relies on, as calls between the packages of two contracts.

Each example is what a program in the field does, with the package that it was built
from and the one that the other side was built from. It passes with one package on both
sides, and raises with what a breaking rule names between them.
"""

from __future__ import annotations

import asyncio
import copy
import os
import pickle
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from typing import Any, Final, TypeAlias

import pytest
from attrs import evolve

from xpcrpc import ClientEnd, Date, FileDescriptor, standard
from xpcrpc.codec.converter import to_value
from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.rules import Anyone
from xpcrpc.standard import Identity
from xpcrpc.testing import (
    Cut,
    FaultPlan,
    MemoryNetwork,
    MemoryTransport,
    connected_pair,
    reply,
    served,
)
from xpcrpc.transport.memory_rules import Party, meets, own_identity

Example: TypeAlias = Callable[[Any, Any], Awaitable[None]]
"""Raises if the first package, of an old client, is let down by the second."""

EXAMPLES: Final[dict[str, Example]] = {}
STRANGER: Final = os.geteuid() + 1
"""A user that this process is not; the contracts' ``uid = 0`` stands for it."""


def patience_s(old: Any, new: Any) -> float:
    """How long to wait: for what comes, however slow the machine is; not long for what does not."""
    return 60.0 if old is new else 0.3


def example(rule: str) -> Callable[[Example], Example]:
    """Make a function the example of a rule."""

    def add(made: Example) -> Example:
        EXAMPLES[rule] = made
        return made

    return add


def server_of(package: Any, protocol: str, methods: Mapping[str, Any]) -> Any:
    """A server of the package; what the methods are not given for is answered with nothing."""

    async def nothing(self: Any, *_: Any) -> None:
        return None

    kind = getattr(package, f"{protocol}Server")
    missing = dict.fromkeys(kind.__abstractmethods__, nothing)
    return type("Impl", (kind,), {**missing, **methods})()


@asynccontextmanager
async def talking(
    client: Any, server: Any, /, protocol: str = "Clock", *, asks: str = "", **methods: Any
) -> AsyncIterator[Any]:
    """A client of one package, connected to a server of the other."""
    kind = getattr(client, f"{asks or protocol}Client")
    async with connected_pair(server_of(server, protocol, methods), client=kind) as connected:
        yield connected


@example("METHOD_REMOVED")
async def _(old: Any, new: Any) -> None:
    reached = asyncio.Event()

    async def stop(self: Any, context: Any) -> None:
        reached.set()

    async with talking(old, new, stop=stop) as clock:
        await clock.stop()
        await asyncio.wait_for(reached.wait(), patience_s(old, new))


async def _answer(peer: Connection, selectors: set[str]) -> None:
    """Answer what is asked by these selectors with nothing; let all else go unanswered."""
    async for event in peer:
        assert isinstance(event, ReceivedMessage)
        if event.values.get("$selector") in selectors:
            event.reply({"$result": {}})
        else:
            event.drop()


@example("ONEWAY_CHANGED")
async def _(old: Any, new: Any) -> None:
    # Our own servers answer whoever waits. One in another language does what its contract says.
    answered = {method.selector for method in new.CLOCK.methods if not method.oneway}
    async with Listener.anonymous() as listener:

        async def serve() -> None:
            async for peer in listener:
                await _answer(peer, answered)

        serving = asyncio.ensure_future(serve())
        end: ClientEnd[Any] = ClientEnd(listener.endpoint())
        async with await old.ClockClient.from_end(end) as clock:
            await clock.stop()
    await serving


@example("PROTOCOL_REMOVED")
async def _(old: Any, new: Any) -> None:
    # The old service offers both; the new one has no other to offer than Clock.
    protocol = "Alarm" if hasattr(new, "AlarmServer") else "Clock"
    reached = asyncio.Event()

    async def stop(self: Any, context: Any) -> None:
        reached.set()

    async with talking(old, new, protocol, asks="Alarm", stop=stop) as alarm:
        await alarm.stop()
        await asyncio.wait_for(reached.wait(), patience_s(old, new))


@example("CONTRACT_REMOVED")
async def _(old: Any, new: Any) -> None:
    # What is left in the new folder has no Clock to offer.
    protocol = "Clock" if old is new else "Watch"
    async with talking(old, new, protocol, asks="Clock") as clock:
        await clock.tick()


async def _identity(server: Any) -> Identity:
    """What a service says of itself to whoever asks."""
    async with talking(standard, server, asks="Standard") as probe:
        description: standard.Description = await probe.describe()
    return description.identity


@example("PACKAGE_CHANGED")
async def _(old: Any, new: Any) -> None:
    # A program that was handed an endpoint asks who is there.
    assert (await _identity(new)).protocol == old.CLOCK.name


@example("VERSION_NOT_RAISED")
async def _(old: Any, new: Any) -> None:
    # The other way round: a new program takes an old server of its own version for one that
    # has all that its contract has. It would not ask a server of a lower version.
    if (await _identity(old)).version != new.CLOCK.version:
        return
    async with talking(new, old) as clock:
        await clock.set(new.Config(zone="x"))
        if "get" in {method.name for method in new.CLOCK.methods}:
            await clock.get()


@example("EVENT_REMOVED")
async def _(old: Any, new: Any) -> None:
    async def tick(self: Any, context: Any) -> None:
        if hasattr(new, "ClockEvents"):
            await new.ClockEvents(context).ticked()

    async with talking(old, new, tick=tick) as clock:
        ticked = clock.ticked()
        await clock.tick()
        await asyncio.wait_for(anext(aiter(ticked)), patience_s(old, new))


@example("SELECTOR_CHANGED")
async def _(old: Any, new: Any) -> None:
    async def tick(self: Any, context: Any) -> Date:
        return Date(1)

    async with talking(old, new, tick=tick) as clock:
        assert await clock.tick() == Date(1)


@example("REPLY_CHANGED")
async def _(old: Any, new: Any) -> None:
    async def get(self: Any, context: Any) -> Date | None:
        return Date(1) if old is new else None

    async with talking(old, new, get=get) as clock:
        assert await clock.get() == Date(1)


@example("NULL_ALLOWED")
async def _(old: Any, new: Any) -> None:
    async def get(self: Any, context: Any) -> str | None:
        return "now" if old is new else None

    async with talking(old, new, get=get) as clock:
        assert isinstance(await clock.get(), str)


@example("STREAM_CHANGED")
async def _(old: Any, new: Any) -> None:
    async def unary(self: Any, request: Any, context: Any) -> None:
        return None

    async def streaming(self: Any, request: Any, context: Any) -> AsyncIterator[Date]:
        yield Date(1)

    async with talking(old, new, set=unary if old is new else streaming) as clock:
        await clock.set(zone="x", timeout_s=patience_s(old, new))


@example("STREAM_OVERFLOW_CHANGED")
async def _(old: Any, new: Any) -> None:
    many, done = 500, asyncio.Event()

    async def tick(self: Any, context: Any) -> AsyncIterator[Date]:
        for at in range(many):
            yield Date(at)
        done.set()

    async with talking(old, new, tick=tick) as clock:
        got = []
        async for item in clock.tick():
            got.append(item)
            if old is not new:
                await done.wait()  # a reader that is slower than the server
        assert got == [Date(at) for at in range(many)]


@example("IDEMPOTENT_REMOVED")
async def _(old: Any, new: Any) -> None:
    carried_out = 0
    promised = new.CLOCK.methods[0].idempotent

    async def tick(self: Any, context: Any) -> None:
        nonlocal carried_out
        carried_out += 1

    plan = FaultPlan({reply(1): Cut()})
    server = server_of(new, "Clock", {"tick": tick})
    async with connected_pair(server, client=old.ClockClient, faults=plan) as clock:
        await clock.tick()
    # What the contract of the server promises is kept, whoever calls.
    assert promised or carried_out == 1


@example("ORDER_REMOVED")
async def _(old: Any, new: Any) -> None:
    running = most = 0

    async def tick(self: Any, context: Any) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(50):
            await asyncio.sleep(0)
        running -= 1

    async with talking(old, new, tick=tick) as clock:
        await asyncio.gather(clock.tick(), clock.tick())
    assert most == 1


@example("CALLBACKS_CHANGED")
async def _(old: Any, new: Any) -> None:
    async def tick(self: Any, context: Any) -> None:
        if old is not new:
            await context.client(new.AlarmClient).ring()

    async with talking(old, new, tick=tick) as clock:
        await clock.tick(timeout_s=patience_s(old, new))


async def _raised(client: Any, server: Any, name: str, **fields: Any) -> None:
    """The error that the server raises arrives as the client's own of that name."""

    async def tick(self: Any, context: Any) -> None:
        raise getattr(server, name)(**fields)

    async with talking(client, server, tick=tick) as clock:
        with pytest.raises(Exception) as raised:  # noqa: PT011 - which one is the question
            await clock.tick()
        kind = raised.type
        assert (kind.__name__, kind.__module__) == (name, f"{client.__name__}.types")


@example("ERROR_REMOVED")
async def _(old: Any, new: Any) -> None:
    # The other way round: an old server raises what a new client does not know.
    await _raised(new, old, "Stopped", why="x")


@example("ERROR_CODE_CHANGED")
async def _(old: Any, new: Any) -> None:
    await _raised(old, new, "Late")


@example("ERROR_CODE_REUSED")
async def _(old: Any, new: Any) -> None:
    await _raised(old, new, "Late")


@example("RESOURCE_MARKED")
async def _(old: Any, new: Any) -> None:
    made = old.Config(zone="x")
    if old is not new:
        with tempfile.TemporaryFile() as file:
            made = new.Config(zone="x", log=FileDescriptor(os.dup(file.fileno())))
    with closing(getattr(made, "log", None) or tempfile.TemporaryFile()):
        # What programs do with plain data.
        assert pickle.loads(pickle.dumps(made)) == made
        assert copy.deepcopy(made) == made


@example("WIRE_NONE_CHANGED")
async def _(old: Any, new: Any) -> None:
    assert to_value(new.Config(zone=None)) == to_value(old.Config(zone=None))


@example("CONST_CHANGED")
async def _(old: Any, new: Any) -> None:
    assert old.MAX_ZONES == new.MAX_ZONES


async def _found(old: Any, new: Any, service: str = "Clock", protocol: str = "Clock") -> None:
    """An old client finds the service of the new contract and is answered."""
    reached = asyncio.Event()

    async def tick(self: Any, context: Any) -> None:
        reached.set()

    offered = evolve(getattr(new, service), peer_linux=Anyone(), peer_macos=Anyone())
    methods = {"tick": tick} if protocol == "Clock" else {}
    async with served(offered, server_of(new, protocol, methods)) as running:
        client = getattr(old, f"{service}Client")
        async with await client.connect(transport=running.transport) as clock:
            await clock.tick()
            await asyncio.wait_for(reached.wait(), patience_s(old, new))


@example("SERVICE_NAME_CHANGED")
async def _(old: Any, new: Any) -> None:
    await _found(old, new)


@example("SERVICE_PROTOCOL_CHANGED")
async def _(old: Any, new: Any) -> None:
    await _found(old, new, "Main", new.Main.protocol.name.rpartition(".")[2])


@example("SERVICE_DOMAIN_CHANGED")
async def _(old: Any, new: Any) -> None:
    # Networks in tests have one domain; a client asks libxpc for this one.
    assert old.Clock.domain == new.Clock.domain


@example("SERVICE_REMOVED")
async def _(old: Any, new: Any) -> None:
    if hasattr(new, "Clock"):
        await _found(old, new)
        return
    transport = MemoryTransport(MemoryNetwork())
    async with await old.ClockClient.connect(transport=transport) as clock:
        await clock.tick()
        await clock.tick()


@example("REQUIRES_NARROWED")
@example("VERSION_LOWERED")
async def _(old: Any, new: Any) -> None:
    async with talking(old, new) as clock:
        await clock.tick()


@example("PEER_NARROWED")
async def _(old: Any, new: Any) -> None:
    stranger = Party(evolve(own_identity(), euid=STRANGER))
    assert meets(stranger, old.Clock.peer_linux)
    assert meets(stranger, new.Clock.peer_linux)
