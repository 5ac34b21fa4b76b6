"""Every type of every contract survives every way that a message goes.

The types are found by walking ``generated/``, so a new contract is tested as soon as
it is compiled. Each is sent three ways: through the converter alone, through the
converter and a frame, and to another process and back over a real connection.
"""

from __future__ import annotations

import asyncio
import importlib
import operator
import pkgutil
import re
import tempfile
import types
from collections.abc import Iterator, Sequence
from typing import Any, Final, Self

import attrs
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import generated
from tests.runtime.processes import ServerProcess
from tests.runtime.raw_echo import NAME
from xpcrpc import (
    ContractError,
    DecodeError,
    FileDescriptor,
    Message,
    Protocol,
    SharedMemory,
    TransportError,
)
from xpcrpc.codec import frame as frames
from xpcrpc.codec.converter import from_value, to_value
from xpcrpc.raw import Connection, Listener
from xpcrpc.runtime.messages import route_of
from xpcrpc.testing import equivalent, messages, strategies
from xpcrpc.transport import base
from xpcrpc.transport.xpc import XpcTransport
from xpcrpc.values import Handle

TIMES: Final = settings.get_profile("default").max_examples // 5
"""Examples of one type, one way; 20 in the default profile."""
PATIENCE_S: Final = 60.0

_settings = settings(
    max_examples=TIMES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)


def _found() -> Iterator[tuple[str, Any]]:
    """Each type that a contract can send, with a name for people."""
    packages = [f"generated.{found.name}" for found in pkgutil.iter_modules(generated.__path__)]
    for place in [*packages, "xpcrpc.standard"]:
        package = importlib.import_module(place)
        declared = importlib.import_module(f"{place}.types")
        short = place.split(".")[-1]
        for name, thing in vars(declared).items():
            ours = isinstance(thing, type) and thing.__module__ == declared.__name__
            if (ours and attrs.has(thing)) or isinstance(thing, types.UnionType):
                yield f"{short}.{name}", thing
        for thing in (getattr(package, name) for name in package.__all__):
            if isinstance(thing, Protocol):
                yield from _of_protocol(thing)


def _of_protocol(protocol: Protocol) -> Iterator[tuple[str, Any]]:
    """What its methods take, give and stream, beyond what the package declares."""
    for method in protocol.methods:
        route = route_of(method, protocol.package)
        where = f"{protocol.name.removeprefix('org.example.')}.{method.name}"
        kinds = {
            "request": method.request,
            "reply": route.reply,
            "items in": route.item_in,
            "items out": route.item_out,
        }
        for kind, hint in kinds.items():
            if hint is not None:
                yield f"{where} {kind}", hint
    for event in protocol.events:
        yield f"{protocol.name.removeprefix('org.example.')}.{event.name} event", event.payload


def _distinct() -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, hint in _found():
        if not any(hint is other or hint == other for other in kept.values()):
            kept[name] = hint
    return kept


TYPES: Final = _distinct()
every_type = pytest.mark.parametrize("hint", TYPES.values(), ids=TYPES.keys())


class World:
    """An event loop, a listener whose endpoints may be sent, and a connection that echoes."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._connection: Connection | None = None
        self._bare: base.Connection | None = None
        self._listener: Listener | None = None

    async def _open(self) -> None:
        self._listener = Listener.anonymous()
        self._connection = Connection.to_service(NAME)
        self._bare = XpcTransport.of_running_loop().connect(NAME)
        self._bare.set_event_handler(lambda event: None)
        self._bare.activate()

    def __enter__(self) -> Self:
        self._runner.run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._close())

    async def _close(self) -> None:
        assert self._connection is not None
        assert self._bare is not None
        assert self._listener is not None
        self._connection.cancel()
        self._bare.cancel()
        self._listener.cancel()

    def endpoint(self) -> Any:
        """An endpoint of this process."""
        assert self._listener is not None
        return self._listener.endpoint()

    def there_and_back(self, message: Message) -> Message:
        """The message as it comes back from the other process."""
        assert self._connection is not None
        return self._runner.run(self._connection.request(message, timeout_s=PATIENCE_S))

    def written_by_libxpc(self, message: Message) -> tuple[bytes, Sequence[Handle]]:
        """The frame that libxpc writes of a message that it was given."""
        return self._runner.run(self._written(message))

    async def _written(self, message: Message) -> tuple[bytes, Sequence[Handle]]:
        assert self._bare is not None
        answer: asyncio.Future[base.ReceivedFrame | TransportError]
        answer = asyncio.get_running_loop().create_future()
        handles: list[Handle] = []
        self._bare.request(frames.encode(message, handles=handles), handles, answer.set_result)
        async with asyncio.timeout(PATIENCE_S):
            received = await answer
        if isinstance(received, TransportError):
            raise received
        return bytes(received.frame), received.handles


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """The other process, and this one's connection to it."""
    with (
        tempfile.TemporaryDirectory(prefix="xpcrpc-") as directory,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("XPCRPC_BOOTSTRAP_DIR", directory)
        with ServerProcess("tests.runtime.raw_echo") as server, asyncio.Runner() as runner:
            server.wait_for("serving ")
            with World(runner) as opened:
                yield opened
            assert server.stop() == 0


def _close(value: Any) -> None:
    """Close what an example opened, at any depth."""
    if isinstance(value, FileDescriptor | SharedMemory):
        value.close()
    elif isinstance(value, list):
        for item in value:
            _close(item)
    elif isinstance(value, dict):
        _close(list(value.values()))
    elif attrs.has(type(value)):
        for part in attrs.fields(type(value)):
            _close(getattr(value, part.name))


def test_the_contracts_have_types_of_every_kind() -> None:
    packages = {name.split(".")[0] for name in TYPES}
    assert packages >= {"echo", "ca_exchange", "tproxy", "gallery"}
    assert any(isinstance(hint, types.UnionType) for hint in TYPES.values())
    assert any(
        isinstance(hint, type) and issubclass(hint, ContractError) for hint in TYPES.values()
    )


@every_type
def test_it_survives_the_converter(hint: Any, world: World) -> None:
    @_settings
    @given(strategies(hint, endpoint=world.endpoint))
    def holds(sent: Any) -> None:
        assert equivalent(from_value(to_value(sent, hint), hint), sent)
        _close(sent)

    holds()


@every_type
def test_it_survives_a_frame(hint: Any, world: World) -> None:
    @_settings
    @given(strategies(hint, endpoint=world.endpoint))
    def holds(sent: Any) -> None:
        handles: list[Handle] = []
        frame = frames.encode(to_value(sent, hint), handles=handles)
        assert equivalent(from_value(frames.decode(frame, handles), hint), sent)
        _close(sent)

    holds()


@every_type
def test_it_survives_another_process(hint: Any, world: World) -> None:
    @_settings
    @given(strategies(hint, endpoint=world.endpoint))
    def holds(sent: Any) -> None:
        reply = world.there_and_back({"value": to_value(sent, hint)})
        received = from_value(reply["value"], hint)
        assert equivalent(received, sent)
        _close([sent, received])

    holds()


HUGE: Final = (100_000, 5_000_000)
"""Bytes: a message in several records, and one in a memfd (docs/libxpc.md)."""


def _grown(value: Any, size: int) -> Iterator[Any]:
    """The value with one text or data at a time made so large, wherever there is one."""
    if isinstance(value, str):
        yield "ä\U0001d11e" * (size // 6)
    elif isinstance(value, bytes):
        yield bytes(range(256)) * (size // 256)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from ({**value, key: grown} for grown in _grown(inner, size))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            rest = value[place + 1 :]
            yield from ([*value[:place], grown, *rest] for grown in _grown(inner, size))


def _admitted(hint: Any, value: Any, size: int) -> Any:
    """The first such value that the contract admits, as an object; None if there is none."""
    for grown in _grown(value, size):
        try:
            return from_value(grown, hint)
        except DecodeError:
            continue
    return None


HUGE_TYPES: set[str] = set()


@pytest.mark.parametrize("name", TYPES)
def test_huge_text_and_data_survive_all_three_ways(name: str, world: World) -> None:
    hint = TYPES[name]

    @settings(_settings, max_examples=2)
    @given(strategies(hint, endpoint=world.endpoint))
    def holds(made: Any) -> None:
        value = to_value(made, hint)
        for size in HUGE:
            sent = _admitted(hint, value, size)
            if sent is None:
                break
            HUGE_TYPES.add(name)
            handles: list[Handle] = []
            frame = frames.encode(to_value(sent, hint), handles=handles)
            assert len(frame) > size // 2
            assert equivalent(from_value(frames.decode(frame, handles), hint), sent)
            reply = world.there_and_back({"value": to_value(sent, hint)})
            received = from_value(reply["value"], hint)
            assert equivalent(received, sent)
            _close(received)
        _close(made)

    holds()


def test_some_types_may_be_huge() -> None:
    """Or the test above has looked at nothing."""
    assert len(HUGE_TYPES) > 10


@every_type
def test_python_and_c_write_the_same_bytes(hint: Any, world: World) -> None:
    @_settings
    @given(strategies(hint, endpoint=world.endpoint))
    def holds(sent: Any) -> None:
        frame, received = world.written_by_libxpc({"value": to_value(sent, hint)})
        assert _written_by_python(frame, received) == _without_sizes(frame)
        _close([sent, list(received)])

    holds()


def test_python_and_c_write_the_same_bytes_of_any_message(world: World) -> None:
    @_settings
    @given(messages())
    def holds(sent: Message) -> None:
        frame, received = world.written_by_libxpc(sent)
        assert _written_by_python(frame, received) == _without_sizes(frame)
        assert equivalent(frames.decode(frame), sent)

    holds()


def _written_by_python(frame: bytes, handles: Sequence[Handle]) -> bytes:
    """The same message as Python's serialiser writes it, entries in Apple's order."""
    again: list[Handle] = []
    written = frames.encode(frames.decode(frame, handles), handles=again, canonical=True)
    assert all(map(operator.is_, again, handles))
    return _without_sizes(written)


def _without_sizes(frame: bytes) -> bytes:
    """Without the sizes of shared memory: the bridge states them beside the frame."""
    return re.sub(rb"\x00\xc0\x00\x00.{8}", b"\x00\xc0\x00\x00" + bytes(8), frame, flags=re.DOTALL)


def test_any_message_survives_another_process(world: World) -> None:
    @_settings
    @given(messages())
    def holds(sent: Message) -> None:
        assert equivalent(world.there_and_back(sent), sent)

    holds()
