"""Fixtures: a bootstrap directory, and a nursery that inherits it. Linux only."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import pytest

from tests.endurance.children import Nursery
from xpcrpc.testing import bootstrap_directory

if sys.platform != "linux":
    pytest.skip("names need launchd on macOS, and /proc is Linux's", allow_module_level=True)


@pytest.fixture
async def nursery() -> AsyncIterator[Nursery]:
    """Processes that find each other, and nobody else."""
    with bootstrap_directory():
        async with Nursery() as made:
            yield made
