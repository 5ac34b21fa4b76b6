"""Starts example programs, shows what they say, and checks how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final, Self

ROOT: Final = Path(__file__).resolve().parent.parent
PATIENCE_S: Final = 30.0
"""How long a program may take to say what is expected of it, in seconds."""


class UnexpectedError(Exception):
    """A program did not do what it should."""


class Program:
    """A Python module running as a process; each line it prints is shown at once.

    Leaving the ``with`` block kills it if it still runs.
    """

    def __init__(self, role: str, module: str, *arguments: str) -> None:
        self.role = role
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            print(f"  {self.role} {self.pid}  {line}", end="", flush=True)
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def expect(self, text: str) -> str:
        """Wait for a line that holds ``text``, and give it.

        Raises:
            UnexpectedError: it ended, or a long time passed, without saying so.
        """

        def found() -> str | None:
            return next((line for line in self.lines if text in line), None)

        with self._changed:
            self._changed.wait_for(lambda: found() is not None or self._ended, PATIENCE_S)
            line = found()
        if line is None:
            raise UnexpectedError(f"the {self.role} never said {text!r}")
        return line

    def terminate(self) -> None:
        """Send SIGTERM, and make sure that it ends cleanly."""
        self._process.send_signal(signal.SIGTERM)
        self.expect_end()

    def expect_end(self) -> None:
        """Wait for its end.

        Raises:
            UnexpectedError: its exit code was not 0, or it did not end at all.
        """
        try:
            code = self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired as error:
            raise UnexpectedError(f"the {self.role} ({self.pid}) does not end") from error
        self._reader.join(PATIENCE_S)
        if code != 0:
            raise UnexpectedError(f"the {self.role} ({self.pid}) ended with exit code {code}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join(PATIENCE_S)
        assert self._process.stdout is not None
        self._process.stdout.close()
