"""A reader that stops in the middle of a long stream costs its sender no memory."""

from __future__ import annotations

import os
import signal

from tests.endurance.children import FULL, Nursery, memory_kib, quiet

ITEMS = 10_000_000 if FULL else 300_000
GROWTH_KIB = 4096
"""What the allocator may need beside; the items are at least 40 bytes each."""


async def stop_in_the_middle(nursery: Nursery, reader: int, sender: int) -> None:
    await nursery.line(f"{reader} a tenth")
    before = memory_kib(sender)
    os.kill(reader, signal.SIGSTOP)
    await quiet(sender)
    assert memory_kib(sender) <= before + GROWTH_KIB
    os.kill(reader, signal.SIGCONT)
    nursery.patience_s = 600.0
    assert await nursery.line(f"{reader} read") == f"{reader} read {ITEMS}"
    assert memory_kib(sender, "VmHWM") <= before + GROWTH_KIB


async def test_a_client_that_stops_reading_holds_the_server_back(nursery: Nursery) -> None:
    server = await nursery.serving()
    reader = await nursery.start("reader", ITEMS)
    await stop_in_the_middle(nursery, reader, server)


async def test_a_server_that_stops_reading_holds_the_client_back(nursery: Nursery) -> None:
    server = await nursery.serving()
    writer = await nursery.start("writer", ITEMS)
    await stop_in_the_middle(nursery, server, writer)
