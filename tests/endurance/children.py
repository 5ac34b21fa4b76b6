"""Children of a nursery, and what the system says of a process."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final, Self

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE_S: Final = 60.0
"""How long a test waits before it says that something never came."""

FULL: Final = os.environ.get("XPCRPC_ENDURANCE") == "full"
"""Whether to run at full size: minutes, not seconds."""


class Nursery:
    """Starts processes within milliseconds, and hears what they say."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.endurance.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self._out = self._process.stdout.fileno()
        os.set_blocking(self._out, False)
        self._rest = b""
        self._lines: list[str] = []
        self._heard = asyncio.Event()
        self._pids: list[int] = []
        self.patience_s = PATIENCE_S
        """How long to wait for a line."""
        asyncio.get_running_loop().add_reader(self._out, self._readable)

    def _readable(self) -> None:
        data = os.read(self._out, 65536)
        if not data:
            asyncio.get_running_loop().remove_reader(self._out)
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._lines += [line.decode() for line in lines]
        self._heard.set()

    async def start(self, role: str, *words: object) -> int:
        """Start one; its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{role} {' '.join(map(str, words))}\n".encode())
        self._process.stdin.flush()
        pid = int((await self.line("pid ")).removeprefix("pid "))
        self._pids.append(pid)
        return pid

    async def line(self, beginning: str) -> str:
        """The next line that begins so."""
        async with asyncio.timeout(self.patience_s):
            while True:
                for line in self._lines:
                    if line.startswith(beginning):
                        self._lines.remove(line)
                        return line
                failed = [line for line in self._lines if " failed " in line]
                assert not failed, failed
                self._heard.clear()
                await self._heard.wait()

    async def serving(self, *words: object, role: str = "server") -> int:
        """Start a server; its process id, once it serves."""
        pid = await self.start(role, *words)
        await self.line(f"{pid} serving")
        return pid

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._out)
        for pid in self._pids:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE_S)
        self._process.stdout.close()


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def gone(pid: int) -> None:
    """Wait until a process has ended."""
    async with asyncio.timeout(PATIENCE_S):
        while is_alive(pid):
            await asyncio.sleep(0.005)


def memory_kib(pid: int, what: str = "VmRSS") -> int:
    """Resident memory of a process, now (``VmRSS``) or at most (``VmHWM``)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1])
    raise AssertionError(f"process {pid} has no {what}")


def cpu_ticks(pid: int) -> int:
    """Processor time that it has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(words[11]) + int(words[12])


async def quiet(pid: int) -> None:
    """Wait until a process does nothing any more."""
    async with asyncio.timeout(PATIENCE_S):
        still = 0
        while still < 10:
            before = cpu_ticks(pid)
            await asyncio.sleep(0.03)
            still = still + 1 if cpu_ticks(pid) == before else 0
