"""On a Mac: the echo example as a job of launchd, from its contract to a relaunch.

    python tools/macos/launchd_case.py [--prepare FOLDER]

The contract of the example gains a ``launchd`` section and lets everybody in, as an
interpreter that is signed ad hoc has no team; `xpcrpc gen` and `xpcrpc plist` do
the rest. Then: the first call starts the service, a call after it was killed
starts it again, one after it ended by itself too. ``--prepare`` only writes the
files, which any system can.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
CONTRACT: Final = ROOT / "schemas" / "echo.toml"
LABEL: Final = "org.example.echo"
PEER: Final = '[service.echo.peer.macos]\nteam = "self"\n'
TIMEOUT_S: Final = 60
"""For one step; launchd waits 10 s before it starts a job again."""


def prepare(folder: Path, session: str) -> Path:
    """Write the contract, the package and the property list; returns the latter.

    Raises:
        ValueError: the example's contract is not what this was written for.
        subprocess.CalledProcessError: xpcrpc refuses it; its words are on stderr.
    """
    contract = CONTRACT.read_text(encoding="utf-8")
    if contract.count(PEER) != 1:
        raise ValueError(f"{CONTRACT} has no {PEER!r}")
    path = f"{folder}:{ROOT}"
    open_to_all = contract.replace(PEER, '[service.echo.peer]\nmacos = "anyone"\n')
    (folder / "echo.toml").write_text(
        f"{open_to_all}\n[service.echo.launchd]\n"
        'kind          = "agent"\n'
        f'program       = "{sys.executable}"\n'
        f'arguments     = ["{sys.executable}", "-m", "examples.echo.server"]\n'
        f'environment   = {{ PYTHONPATH = "{path}" }}\n'
        f'session_types = ["{session}"]\n'
        f'standard_output = "{folder}/out.log"\nstandard_error = "{folder}/err.log"\n',
        encoding="utf-8",
    )
    xpcrpc = [sys.executable, "-m", "xpcrpc.codegen"]
    for command in (["gen"], ["plist"]):
        out = folder / "generated" if command == ["gen"] else folder
        _step([*xpcrpc, *command, str(folder / "echo.toml"), "--out", str(out)])
    return folder / f"{LABEL}.plist"


def run(folder: Path) -> None:
    """Install the job, talk to it three times, remove it."""
    domain, session = _domain()
    plist = prepare(folder, session)
    _step(["plutil", "-lint", str(plist)])
    _step(["launchctl", "bootstrap", domain, str(plist)])
    job = f"{domain}/{LABEL}"
    try:
        _talk(folder)  # ends the service by its own message
        _talk(folder)
        _step(["launchctl", "kickstart", job])
        _step(["launchctl", "kill", "SIGKILL", job])
        _talk(folder)
    except BaseException:
        _show(["launchctl", "print", job], ["cat", f"{folder}/out.log", f"{folder}/err.log"])
        _show(["log", "show", "--last", "5m", "--predicate", 'subsystem == "com.apple.xpc"'])
        raise
    finally:
        _step(["launchctl", "bootout", job])


def _domain() -> tuple[str, str]:
    """Where a job can be: with a window server, or without one."""
    uid = os.getuid()
    if subprocess.run(["launchctl", "print", f"gui/{uid}"], capture_output=True).returncode == 0:
        return f"gui/{uid}", "aqua"
    return f"user/{uid}", "background"


def _talk(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{folder}:{ROOT}"}
    _step([sys.executable, "-m", "examples.echo.client"], environment)


def _step(command: list[str], environment: dict[str, str] | None = None) -> None:
    print("+", *command, flush=True)
    subprocess.run(command, env=environment, check=True, timeout=TIMEOUT_S)


def _show(*commands: list[str]) -> None:
    for command in commands:
        subprocess.run(command, check=False)


def main(arguments: list[str]) -> int:
    """The whole case, or its files alone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--prepare", type=Path, metavar="FOLDER", help="only write the files")
    chosen = parser.parse_args(arguments)
    if chosen.prepare is not None:
        print(prepare(chosen.prepare, "aqua"))
        return 0
    if sys.platform != "darwin":
        print("launchd_case: there is no launchd here; --prepare writes the files", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder))
    print("launchd_case: started, started again after its end, and after it was killed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
