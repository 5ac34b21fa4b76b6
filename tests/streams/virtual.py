"""An event loop whose time passes only while nothing else can happen."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class _Impatient(selectors.DefaultSelector):
    """A selector that never waits: it moves the loop's clock instead."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> Any:
        """Whatever is ready now."""
        ready = super().select(0)
        if not ready and timeout is not None and timeout > 0:
            self.loop.now_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """For what happens in one process and memory alone: deadlines cost no real time."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        selector = _Impatient()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Seconds; they pass as needed."""
        return self.now_s
