"""What a program pays before its first call: time to import, and memory of an idle server.

Each figure is of a fresh process that finds all byte code written, beside one that has asyncio
alone, and one with the packages that a generated module cannot do without; the processes are
interleaved, so that whatever else the machine does falls on all. Run it as
``python benchmarks/footprint.py``.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent

_IMPORT: Final = """
import time
began = time.process_time()
{statements}
print((time.process_time() - began) * 1000)
"""

IMPORTS: Final = {
    "asyncio": "import asyncio",
    "asyncio and attrs": "import asyncio, attrs",
    "xpcrpc": "import asyncio, xpcrpc",
    "a generated client": "import asyncio\nfrom generated.echo import EchoClient",
    "a generated server": "import asyncio\nfrom generated.tproxy import ControlServer",
}
"""What is imported, in a process that has imported nothing yet."""

_IDLE: Final = """
import asyncio
async def main():
    print("ready", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""

_ECHO: Final = """
import asyncio, time
from generated.bench import Bench, BenchClient, BenchServer, Small
from xpcrpc import Host
class Echo(BenchServer):
    async def echo(self, request, context):
        return request
"""

_SERVER: Final = f"""{_ECHO}
async def main():
    async with Host() as host:
        host.serve(Bench, Echo())
        print("ready", flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""

_FIRST: Final = f"""{_ECHO}
async def main():
    began = time.process_time()
    async with Host() as host:
        host.serve(Bench, Echo())
        serving = time.process_time()
        async with await BenchClient.connect() as client:
            small = Small(name="n", number=1, first=True, second=False, third=True, blob=b"b")
            await client.echo(small)
            answered = time.process_time()
    print((serving - began) * 1000, (answered - serving) * 1000)
asyncio.run(main())
"""

FIRST: Final = ("a host begins to serve", "a client connects and is answered, both sides")
"""What happens for the first time in a process, in order."""

IDLE: Final = {
    "asyncio": _IDLE,
    "asyncio, attrs and cffi": f"import attrs, _cffi_backend\n{_IDLE}",
    "a typed server": _SERVER,
}


def python(code: str) -> list[str]:
    """A command that runs it."""
    return [sys.executable, "-c", code]


def told(code: str) -> list[float]:
    """The numbers that a fresh process prints."""
    done = subprocess.run(python(code), cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    return [float(number) for number in done.stdout.split()]


def import_ms(statements: str) -> float:
    """How much processor time a fresh process imports for, in ms."""
    (took,) = told(_IMPORT.format(statements=statements))
    return took


def resident_mib(code: str) -> float:
    """The resident memory of a process that has nothing to do, in MiB."""
    with subprocess.Popen(python(code), cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            if process.stdout.readline() != "ready\n":
                raise SystemExit("a process did not start")
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        finally:
            process.kill()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time to import, and memory of an idle server.")
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {what: [] for what in IMPORTS}
    first: dict[str, list[float]] = {what: [] for what in FIRST}
    memory: dict[str, list[float]] = {what: [] for what in IDLE}
    with tempfile.TemporaryDirectory(prefix="xpcrpc-") as directory:
        os.environ["XPCRPC_BOOTSTRAP_DIR"] = directory
        os.environ["PYTHONPYCACHEPREFIX"] = f"{directory}/bytecode"
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        for number in range(rounds + 1):
            for what, statements in IMPORTS.items():
                took = import_ms(statements)
                if number:  # the first one writes byte code
                    times[what].append(took)
            for what, took in zip(FIRST, told(_FIRST), strict=True):
                if number:
                    first[what].append(took)
            for what, code in IDLE.items():
                resident = resident_mib(code)
                if number:
                    memory[what].append(resident)
    print(f"Python {platform.python_version()}, {platform.system()} {platform.release()},", end=" ")
    print(f"medians of {rounds} fresh processes each\n")
    print("| import of | ms | on asyncio |\n|---|--:|--:|")
    alone = statistics.median(times["asyncio"])
    for what, each in times.items():
        took = statistics.median(each)
        print(f"| {what} | {took:.0f} | {took / alone:.2f} × |")
    print("\n| for the first time | ms |\n|---|--:|")
    for what, each in first.items():
        print(f"| {what} | {statistics.median(each):.1f} |")
    print("\n| idle | resident MiB | beside asyncio |\n|---|--:|--:|")
    least = statistics.median(memory["asyncio"])
    for what, each in memory.items():
        resident = statistics.median(each)
        print(f"| {what} | {resident:.1f} | {resident - least:+.1f} |")


if __name__ == "__main__":
    main()
