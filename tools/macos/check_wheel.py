"""Other people's opinion of a macOS wheel: abi3audit and delocate, on any machine.

    python tools/macos/check_wheel.py WHEEL ...

`abi3audit` looks for symbols outside the limited API that the wheel's tag
promises, `delocate-listdeps` for libraries that a Mac need not have. The latter
runs the Mac's otool; llvm's stands in for it elsewhere.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

SYSTEM: Final = "/usr/lib/libSystem.B.dylib"
TOOLS: Final = {
    "otool": "llvm-otool",
    "lipo": "llvm-lipo",
    "install_name_tool": "llvm-install-name-tool",
}
"""What delocate calls, and who stands in for it."""


def audit(wheel: Path) -> list[str]:
    """What `abi3audit` has against the wheel."""
    run = _run([sys.executable, "-m", "abi3audit", "--strict", str(wheel)])
    return [] if run.returncode == 0 else [f"{wheel.name}: abi3audit: {_said(run)}"]


def dependencies(wheel: Path, tools: Path) -> list[str]:
    """The libraries besides libSystem that `delocate-listdeps` finds; ``tools`` has otool."""
    path = f"{tools}{os.pathsep}{os.environ.get('PATH', '')}"
    listdeps = "from delocate.cmd.delocate_listdeps import main; main()"
    run = _run([sys.executable, "-c", listdeps, "--all", str(wheel)], PATH=path)
    if run.returncode:
        return [f"{wheel.name}: delocate-listdeps: {_said(run)}"]
    found = run.stdout.split()
    if SYSTEM not in found:  # it read nothing at all
        return [f"{wheel.name}: delocate-listdeps does not find {SYSTEM}"]
    # What is not on this machine it only complains of, and is content.
    absent = set(re.findall(r"^(?:ERROR:[\w.]+:)?(\S+) not found", run.stderr, re.MULTILINE))
    if run.stderr and not absent:
        return [f"{wheel.name}: delocate-listdeps: {_said(run)}"]
    return [f"{wheel.name}: needs {each}" for each in sorted({*found, *absent} - {SYSTEM})]


def stand_ins(folder: Path) -> str | None:
    """Put programs with the Mac's names into ``folder``; or the name of what is missing."""
    for name, substitute in TOOLS.items():
        real = _newest(substitute)
        if real is None:
            return substitute
        script = folder / name
        # llvm's otool does not know -m (a file's name is one, not a member's).
        script.write_text(
            "#!/bin/sh\nfor word do\n  shift\n"
            '  [ "$word" = -m ] || set -- "$@" "$word"\n'
            f'done\nexec {real} "$@"\n'
        )
        script.chmod(0o755)
    return None


def _newest(name: str) -> str | None:
    """A program of llvm's, whose name may end in its version."""
    if plain := shutil.which(name):
        return plain
    found: dict[int, str] = {}
    for folder in os.get_exec_path():
        for path in Path(folder).glob(f"{name}-*"):
            version = re.fullmatch(r".*-(\d+)", path.name)
            if version:
                found[int(version[1])] = str(path)
    return found[max(found)] if found else None


def complaints(wheels: Iterable[Path]) -> list[str]:
    """Everything that either has against them; says what could not be asked."""
    found: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        missing = None if sys.platform == "darwin" else stand_ins(Path(folder))
        for wheel in wheels:
            found += audit(wheel)
            if missing is None:
                found += dependencies(wheel, Path(folder))
        if missing is not None:
            print(f"check_wheel: delocate-listdeps is skipped: {missing} (llvm) is not installed")
    return found


def _run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def _said(run: subprocess.CompletedProcess[str]) -> str:
    words = (run.stdout + run.stderr).strip().splitlines()
    return words[-1] if words else f"it ended with {run.returncode}"


def main(arguments: list[str]) -> int:
    """Check the wheels named; 1 if there is anything against them."""
    found = complaints(map(Path, arguments))
    for complaint in found:
        print(complaint, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
