"""Builds the portable libxpc with its C tests and reports each C test by name.

The one command a build takes is in `build`: every ``.c`` of the library and of
this folder, no generated file. The tests run twice, plain and under the
address and undefined-behaviour sanitizers.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NATIVE = ROOT / "xpcrpc" / "native"
VECTORS = HERE.parent / "vectors" / "wire"
COMPILER = os.environ.get("CC") or shutil.which("cc")

WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
VARIANTS = {
    "plain": ("-O2", "-g"),
    "sanitized": (
        "-O1",
        "-g",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=undefined",
        "-fno-omit-frame-pointer",
    ),
}
NAMES = sorted(
    name
    for source in HERE.glob("test_*.c")
    for name in re.findall(r"^TEST\((\w+)\)", source.read_text(encoding="utf-8"), re.MULTILINE)
)

pytestmark = [
    pytest.mark.skipif(
        not sys.platform.startswith("linux"), reason="the portable libxpc is for Linux"
    ),
    pytest.mark.skipif(COMPILER is None, reason="needs a C compiler"),
]


def build(variant: str, folder: Path) -> Path:
    """Compile library and tests into one program."""
    assert COMPILER is not None
    program = folder / f"libxpc-{variant}"
    sources = [*sorted((NATIVE / "libxpc").glob("*.c")), *sorted(HERE.glob("*.c"))]
    command = [
        *COMPILER.split(),
        "-std=c11",
        *VARIANTS[variant],
        *WARNINGS,
        f"-I{NATIVE / 'include'}",
        *map(str, sources),
        "-pthread",
        "-o",
        str(program),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return program


@pytest.fixture(scope="module", params=list(VARIANTS))
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the program says about every test, one line each."""
    program = build(request.param, tmp_path_factory.mktemp("libxpc"))
    environment = {
        **os.environ,
        "XPC_VECTORS": str(VECTORS),
        "ASAN_OPTIONS": "detect_leaks=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    environment.pop("LD_PRELOAD", None)
    done = subprocess.run(
        [str(program)], capture_output=True, text=True, check=False, env=environment, timeout=600
    )
    return done.stdout + done.stderr


def test_there_are_tests() -> None:
    """The names below are read from the sources: none would mean a broken pattern."""
    assert len(NAMES) > 100


@pytest.mark.parametrize("name", NAMES)
def test_in_c(report: str, name: str) -> None:
    """The C test of that name passed."""
    assert f"ok {name}\n" in report, report


def test_headers_stand_alone_in_both_languages(tmp_path: Path) -> None:
    """A C and a C++ program can include the headers with every warning on."""
    assert COMPILER is not None
    source = tmp_path / "alone.c"
    source.write_text(
        "#include <xpc/portable.h>\n#include <Block.h>\nint alone;\n", encoding="utf-8"
    )
    for language in ("c", "c++"):
        command = [
            *COMPILER.split(), "-x", language, *WARNINGS, "-Wpedantic",
            f"-I{NATIVE / 'include'}", "-fsyntax-only", str(source),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
