"""The codec's C, as compilers and loaders see it."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tools.macos import crossbuild
from xpcrpc.codec import _plan

RECIPE = crossbuild.load_builder()
FILES = [*RECIPE.codec_sources(), *sorted(RECIPE.CODEC.glob("*.h"))]


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_sources_are_clean(compiler: str, tmp_path: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"needs {compiler}")
    command = [compiler, *RECIPE.FLAGS, "-Werror", "-Wstrict-prototypes", "-fPIC"]
    command += [f"-DPy_LIMITED_API={RECIPE.LIMITED_API}"]
    command += ["-isystem", sysconfig.get_path("include"), "-c", *map(str, RECIPE.codec_sources())]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_a_line_has_80_columns() -> None:
    assert len(FILES) > 15
    for path in FILES:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert len(line) <= 80, f"{path.name}:{number}"


def test_the_extension_shows_its_beginning_alone() -> None:
    if shutil.which("nm") is None:
        pytest.skip("needs nm")
    command = ["nm", "--dynamic", "--defined-only", _plan.__file__]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.skip("this nm knows no --dynamic")
    names = {line.split()[-1] for line in run.stdout.splitlines()}
    names = {name for name in names if not name.startswith(("_init", "_fini", "__"))}
    assert names == {"PyInit__plan"}
