"""Generated stubs of streams, events and callbacks, in use between two peers."""

from __future__ import annotations

from collections.abc import AsyncIterator

from generated.gallery import (
    CollectRequest,
    ConfirmRequest,
    GalleryClient,
    GalleryEvents,
    GalleryServer,
    HungEvent,
    ListenerClient,
    ListenerServer,
    Point,
    Shape,
    ShapeCircle,
    ToldRequest,
    WatchRequest,
)
from xpcrpc import CallContext
from xpcrpc.testing import connected_pair


class Streaming(GalleryServer):
    """The methods with streams and events; the others are left open."""

    async def watch(self, request: WatchRequest, context: CallContext) -> AsyncIterator[Shape]:
        for _ in range(request.times):
            yield request.shape

    async def collect(
        self, request: CollectRequest, items: AsyncIterator[Point], context: CallContext
    ) -> int:
        assert request.items_ == "points"
        return len([item async for item in items])

    async def mirror(
        self, items: AsyncIterator[list[Shape | None]], context: CallContext
    ) -> AsyncIterator[list[Shape | None]]:
        async for item in items:
            yield item

    async def guarded(self, context: CallContext) -> int:
        GalleryEvents(context).hung(title="one")
        GalleryEvents(self).opened()
        return int(await context.client(ListenerClient).confirm(text="there?"))


def streaming() -> Streaming:
    """One of it; what it leaves open is not called here."""
    Streaming.__abstractmethods__ = frozenset()
    return Streaming()  # type: ignore[abstract]


class Listening(ListenerServer):
    """What the client serves."""

    async def told(self, request: ToldRequest, context: CallContext) -> None:
        raise AssertionError("nobody tells")

    async def confirm(self, request: ConfirmRequest, context: CallContext) -> bool:
        return request.text == "there?"


async def points(number: int) -> AsyncIterator[Point]:
    for at in range(number):
        yield Point(x=float(at), y=0.0)


async def shapes() -> AsyncIterator[list[Shape | None]]:
    yield [ShapeCircle(radius=1.0), None]
    yield []


async def test_streams_carry_items_in_out_and_both_ways() -> None:
    async with connected_pair(streaming(), client=GalleryClient) as client:
        circle = ShapeCircle(radius=2.0)
        assert [item async for item in client.watch(shape=circle, times=8)] == [circle] * 8
        assert await client.collect(points(7)) == 7
        mirrored = [item async for item in client.mirror(shapes())]
        assert mirrored == [[ShapeCircle(radius=1.0), None], []]


async def test_events_and_callbacks_come_over_the_same_connection() -> None:
    async with connected_pair(streaming(), client=GalleryClient, serving=Listening()) as client:
        hung, opened = client.hung(), client.opened()
        assert await client.guarded() == 1
        assert await anext(hung) == HungEvent(title="one")
        assert await anext(opened) is not None
