"""A pytest plugin: asyncio's debug mode, and whatever it complains of fails the test."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Iterator
from typing import Final

import pytest

SLOW_S: Final = float(os.environ.get("XPCRPC_SLOW_CALLBACK_S", "0.05"))


class _Complaints(logging.Handler):
    """Keeps what the loop says at WARNING and above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.lines.append(record.getMessage())


@pytest.fixture(autouse=True)
def _no_complaints() -> Iterator[None]:
    """Slow callbacks, tasks destroyed while pending, exceptions never retrieved."""
    heard = _Complaints()
    logger = logging.getLogger("asyncio")
    logger.addHandler(heard)
    try:
        yield
        gc.collect()
    finally:
        logger.removeHandler(heard)
    assert heard.lines == []


@pytest.fixture(autouse=True)
async def _debugged_loop(_no_complaints: None) -> None:
    """The loop of the test, in debug mode."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = SLOW_S
