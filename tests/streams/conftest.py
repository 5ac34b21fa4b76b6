"""Both transports, for whatever is said of calls and streams."""

from __future__ import annotations

import sys

import pytest

from xpcrpc.testing.pairs import Over


@pytest.fixture(params=["memory", "libxpc"])
def over(request: pytest.FixtureRequest) -> Over:
    """Which transport a test runs over."""
    if request.param == "libxpc" and sys.platform == "darwin":
        pytest.skip("a name needs launchd")
    found: Over = request.param
    return found
