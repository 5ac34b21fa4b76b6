"""Servers as processes of their own, for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE_S: Final = 60.0
"""How long a test waits before it says that something never came."""


class ServerProcess:
    """One running program whose standard error is read line by line."""

    def __init__(self, *command: str, environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: list[str] = []
        self._ended = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def log(self) -> str:
        """What it wrote so far."""
        with self._changed:
            return "".join(self._lines)

    def wait_for(self, text: str) -> None:
        """Wait until it has written ``text``.

        Raises:
            AssertionError: it ended, or a long time passed, without.
        """
        self._wait(lambda: any(text in line for line in self._lines), f"never wrote {text!r}")

    def _wait(self, found: Callable[[], bool], otherwise: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: found() or self._ended, PATIENCE_S)
            assert found(), f"the server {otherwise}; its log:\n{''.join(self._lines)}"

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for its end; the exit code, negative if a signal ended it."""
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return code

    def stop(self) -> int:
        """Ask it to end, and wait."""
        if self.process.poll() is None:
            self.send_signal(signal.SIGTERM)
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()


def probe_server(service: str = "probe", **environment: str) -> ServerProcess:
    """The probe, running and serving; on macOS its name would take a job of launchd."""
    if sys.platform == "darwin":
        pytest.skip("a name needs launchd")
    server = ServerProcess("tests.runtime.probe_server", service, environment=environment)
    server.wait_for("serving ")
    return server
