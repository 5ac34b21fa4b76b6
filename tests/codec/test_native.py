"""The C of the extensions for CPython, as compilers and loaders see it."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from importlib import import_module
from pathlib import Path

import pytest

from tools.macos import crossbuild

RECIPE = crossbuild.load_builder()
NAMES = sorted(RECIPE.EXTENSIONS)
FILES = [
    RECIPE.NATIVE / "extension.h",
    *(path for folder in RECIPE.EXTENSIONS.values() for path in sorted(folder.glob("*.[ch]"))),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_sources_are_clean(compiler: str, name: str, tmp_path: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"needs {compiler}")
    command = [compiler, *RECIPE.FLAGS, "-Werror", "-Wstrict-prototypes", "-fPIC"]
    command += [f"-DPy_LIMITED_API={RECIPE.LIMITED_API}"]
    command += ["-isystem", sysconfig.get_path("include")]
    command += ["-c", *map(str, RECIPE.sources_of(name))]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_a_line_has_80_columns() -> None:
    assert len(FILES) > 18
    for path in FILES:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert len(line) <= 80, f"{path.name}:{number}"


@pytest.mark.parametrize("name", NAMES)
def test_the_extension_shows_its_beginning_alone(name: str) -> None:
    if shutil.which("nm") is None:
        pytest.skip("needs nm")
    command = ["nm", "--dynamic", "--defined-only", str(import_module(name).__file__)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.skip("this nm knows no --dynamic")
    found = {line.split()[-1] for line in run.stdout.splitlines()}
    found = {each for each in found if not each.startswith(("_init", "_fini", "__"))}
    assert found == {f"PyInit_{name.rpartition('.')[2]}"}
