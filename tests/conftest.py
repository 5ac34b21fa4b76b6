"""What every test runs under.

Hypothesis draws the same examples each time (profile ``steady``), so that a commit
passes or fails by what it changed. ``make explore`` draws others, and more.
"""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

settings.register_profile("steady", derandomize=True, print_blob=False)
settings.register_profile("explore", print_blob=True)
settings.load_profile("explore" if os.environ.get("XPCRPC_EXPLORE") else "steady")


@pytest.fixture(autouse=True, scope="module")
def _young_heap() -> None:
    """Set aside what earlier tests left, which no later test can free.

    Tests that count what is left collect garbage again and again; that costs as much
    as the heap is large, and this session's grows with every module and report.
    """
    gc.collect()
    gc.freeze()
