"""Fixtures for named services: a bootstrap directory, and a service as a process."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

NAME: Final = "org.example.names"
LIMIT_S: Final = 60.0
PROGRAM: Final = Path(__file__).resolve().parents[1] / "conformance" / "service.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if sys.platform.startswith("linux"):
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="names are launchd's on macOS"))


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for names, given by the environment; short, as socket paths are."""
    with tempfile.TemporaryDirectory(prefix="xr") as folder:
        monkeypatch.setenv("XPCRPC_BOOTSTRAP_DIR", folder)
        yield Path(folder)


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user's runtime directory, in which the library makes its own."""
    with tempfile.TemporaryDirectory(prefix="xr") as folder:
        monkeypatch.delenv("XPCRPC_BOOTSTRAP_DIR", raising=False)
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


async def started(name: str) -> asyncio.subprocess.Process:
    """The service under a name that it binds itself; it may not serve yet."""
    return await asyncio.create_subprocess_exec(sys.executable, str(PROGRAM), name)
