"""Fixtures of the conformance suite: observations, and a named service.

``XPCRPC_OBSERVATIONS=FILE`` writes what was observed; `tools/compare_observations.py`
compares two such files, say of a Mac and of Linux. On macOS the named cases need
``XPCRPC_LAUNCHD=1``: they install a job of launchd for the time of a test.
"""

from __future__ import annotations

import json
import os
import plistlib
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.conformance.harness import MACOS, NAME, Service
from xpcrpc.raw import Listener

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("service.py")
_observations: dict[str, object] = {}

Observe = Callable[[str, object], None]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "launchd: on macOS, needs a job of launchd")


@pytest.fixture
def observe(request: pytest.FixtureRequest) -> Observe:
    """Note a fact of this run: the same words wherever libxpc behaves the same."""
    test = request.node.name.removeprefix("test_")

    def note(key: str, value: object) -> None:
        _observations[f"{test}.{key}"] = value

    return note


@pytest.fixture(scope="session", autouse=True)
def _write_observations() -> Iterator[None]:
    yield
    path = os.environ.get("XPCRPC_OBSERVATIONS")
    if path:
        document = {"system": sys.platform, "observations": dict(sorted(_observations.items()))}
        Path(path).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


@pytest.fixture(autouse=True)
def bootstrap(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder of its own for named services; short, as socket paths are."""
    with tempfile.TemporaryDirectory(prefix="xr") as folder:
        monkeypatch.setenv("XPCRPC_BOOTSTRAP_DIR", folder)
        yield folder


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """An anonymous listener."""
    async with Listener.anonymous() as made:
        yield made


@pytest.fixture
def service(bootstrap: str) -> Iterator[Service]:
    """`service.py` under `NAME`; it starts on the first message and again after it died."""
    with ExitStack() as job:
        job.enter_context(_by_launchd() if MACOS else _by_launcher(bootstrap))
        yield Service(NAME, unload=job.close)


@contextmanager
def _by_launcher(bootstrap: str) -> Iterator[None]:
    from xpcrpc.testing.launcher import Launcher

    command = [sys.executable, str(PROGRAM), NAME]
    with Launcher(NAME, command, directory=bootstrap):
        yield


@contextmanager
def _by_launchd() -> Iterator[None]:
    if not os.environ.get("XPCRPC_LAUNCHD"):
        pytest.skip("set XPCRPC_LAUNCHD=1 to install a job of launchd for this test")
    domain = f"gui/{os.getuid()}"
    job = {
        "Label": NAME,
        "ProgramArguments": [sys.executable, str(PROGRAM), NAME],
        "MachServices": {NAME: True},
        "ThrottleInterval": 1,
        "EnvironmentVariables": {"PYTHONPATH": str(ROOT)},
    }
    with tempfile.TemporaryDirectory() as folder:
        plist = Path(folder, f"{NAME}.plist")
        plist.write_bytes(plistlib.dumps(job))
        subprocess.run(["launchctl", "bootstrap", domain, str(plist)], check=True)
        try:
            yield
        finally:
            subprocess.run(["launchctl", "bootout", f"{domain}/{NAME}"], check=False)
