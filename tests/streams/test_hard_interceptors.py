"""Interceptors of a client: around every call, of every shape, and never beyond its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.streams.odd import Ask, Blob, OddClient, Odds, OddService
from xpcrpc import (
    CallContext,
    CallInfo,
    DeadlineExceededError,
    Host,
    MisuseError,
)
from xpcrpc.runtime.interceptors import ClientInterceptor, Proceed
from xpcrpc.transport.memory import MemoryNetwork, MemoryTransport

PATIENCE_S = 60.0
SHAPES = ("call", "out", "in", "both")


class Pair:
    """A client with interceptors, and its server, in memory."""

    def __init__(self, *interceptors: ClientInterceptor, server: OddService | None = None) -> None:
        network = MemoryNetwork()
        self._other = MemoryTransport(network)
        self._host = Host(transport=MemoryTransport(network), drain_s=0.1)
        self._host.serve(Odds, server or OddService())
        self._interceptors = interceptors

    async def __aenter__(self) -> OddClient:
        connection = self._other.connect(Odds.name)
        self._client = OddClient.on(connection, interceptors=self._interceptors)
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
        await self._host.close()


async def blobs() -> AsyncIterator[Blob]:
    for number in range(3):
        yield Blob(number=number)


async def make(client: OddClient, shape: str, timeout_s: float = PATIENCE_S) -> Any:
    """A call of a shape; what comes of it."""
    from tests.streams.odd import BOTH

    match shape:
        case "call":
            return (await client.call(count=3, timeout_s=timeout_s)).number
        case "out":
            return len([item async for item in client.items(count=3, timeout_s=timeout_s)])
        case "in":
            return (await client.take(blobs(), timeout_s=timeout_s)).number
    items = client.items(BOTH, items=blobs(), timeout_s=timeout_s)
    return len([item async for item in items])


@pytest.mark.parametrize("shape", SHAPES)
async def test_they_see_every_call(shape: str) -> None:
    seen = []

    async def see(call: CallInfo, proceed: Proceed) -> Any:
        result = await proceed()
        seen.append((call.method.name, result is None))
        return result

    async with Pair(see) as client:
        assert await make(client, shape) == 3
        await client.tell()
    assert [name for name, _ in seen][1:] == ["tell"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_what_they_raise_is_the_calls_end(shape: str, after: bool) -> None:
    async def refuse(call: CallInfo, proceed: Proceed) -> Any:
        if after:
            await proceed()
        raise PermissionError(call.method.name)

    async with Pair(refuse) as client:
        with pytest.raises(PermissionError):
            await make(client, shape)
        assert client._link.session.own == 0
    if not after:
        with pytest.raises(PermissionError):
            async with Pair(refuse) as client:
                await client.tell()


@pytest.mark.parametrize("shape", ["call", "in"])
async def test_what_they_return_is_the_calls_result(shape: str) -> None:
    async def replace(call: CallInfo, proceed: Proceed) -> Any:
        await proceed()
        return Blob(number=99)

    async with Pair(replace) as client:
        assert await make(client, shape) == 99


async def test_a_stream_that_they_do_not_go_on_with_is_empty() -> None:
    async def skip(call: CallInfo, proceed: Proceed) -> Any:
        return None

    async with Pair(skip) as client:
        assert await make(client, "out") == 0
        assert client._link.session.own == 0


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_one_that_hangs_ends_with_the_calls_time(shape: str, after: bool) -> None:
    cancelled = asyncio.Event()

    async def hang(call: CallInfo, proceed: Proceed) -> Any:
        if after:
            await proceed()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with Pair(hang) as client, asyncio.timeout(PATIENCE_S):
        with pytest.raises(DeadlineExceededError) as caught:
            await make(client, shape, timeout_s=0.1)
        assert caught.value.timeout_s == 0.1
        if shape == "call":
            assert caught.value.may_have_run is after
        await cancelled.wait()
        assert client._link.session.own == 0


@pytest.mark.parametrize("shape", ["out", "both"])
async def test_a_stream_is_gone_on_with_once(shape: str) -> None:
    async def twice(call: CallInfo, proceed: Proceed) -> Any:
        await proceed()
        return await proceed()

    async with Pair(twice) as client:
        with pytest.raises(MisuseError, match="once"):
            await make(client, shape)
        assert client._link.session.own == 0


async def test_leaving_a_stream_ends_its_interceptors() -> None:
    ended = asyncio.Event()

    async def see(call: CallInfo, proceed: Proceed) -> Any:
        try:
            return await proceed()
        finally:
            ended.set()

    async def maker(request: Ask, context: CallContext) -> AsyncIterator[Blob]:
        yield Blob(number=0)
        await asyncio.Event().wait()

    async with Pair(see, server=OddService(maker=maker)) as client:
        async with client.items() as stream:
            await anext(stream)
        async with asyncio.timeout(PATIENCE_S):
            await ended.wait()


async def test_metadata_of_one_way_calls_travels() -> None:
    got: list[dict[str, str]] = []

    async def handler(request: Ask, context: CallContext) -> Blob:
        got.append(dict(context.metadata))
        return Blob(number=0)

    async def trace(call: CallInfo, proceed: Proceed) -> Any:
        call.metadata["trace"] = "7"
        return await proceed()

    async with Pair(trace, server=OddService(handler=handler)) as client:
        await client.tell()
        while not got:
            await asyncio.sleep(0)
    assert got == [{"trace": "7"}]
