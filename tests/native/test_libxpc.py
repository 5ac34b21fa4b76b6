"""Builds the portable libxpc with its C tests and reports each C test by name.

The one command a build takes is in `build`: every ``.c`` of the library and of
this folder, no generated file. The tests run twice, plain and under the
address and undefined-behaviour sanitizers; those with threads also under the
thread sanitizer. The inputs of the fuzz targets are played again.
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
THREAD_SANITIZER = ("-O1", "-g", "-fsanitize=thread")
FUZZ = HERE.parent / "fuzz"


def names(*, threaded: bool = False) -> list[str]:
    """The C tests; or only those of files that start threads."""
    texts = [source.read_text(encoding="utf-8") for source in sorted(HERE.glob("test_*.c"))]
    return sorted(
        name
        for text in texts
        if not threaded or "pthread_create" in text
        for name in re.findall(r"^TEST\((\w+)\)", text, re.MULTILINE)
    )


NAMES = names()

pytestmark = [
    pytest.mark.skipif(
        not sys.platform.startswith("linux"), reason="the portable libxpc is for Linux"
    ),
    pytest.mark.skipif(COMPILER is None, reason="needs a C compiler"),
]


def compile_c(program: Path, sources: list[Path], options: tuple[str, ...]) -> str:
    """Compile and link; what the compiler said, or nothing when all is well."""
    assert COMPILER is not None
    command = [
        *COMPILER.split(), "-std=c11", *options, *WARNINGS, f"-I{NATIVE / 'include'}",
        *map(str, sources), "-pthread", "-o", str(program),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr or "it failed"


def library() -> list[Path]:
    """The C files of the library."""
    return sorted((NATIVE / "libxpc").glob("*.c"))


def run(program: Path, *arguments: str) -> str:
    """What a test program says."""
    environment = {
        **os.environ,
        "XPC_VECTORS": str(VECTORS),
        "ASAN_OPTIONS": "detect_leaks=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "TSAN_OPTIONS": "exitcode=66",
    }
    environment.pop("LD_PRELOAD", None)
    done = subprocess.run(
        [str(program), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=600,
    )
    return done.stdout + done.stderr


def said_before(verdict: str, report: str) -> str:
    """What was said between the verdict of the test before, and this one."""
    lines = report.splitlines()
    end = lines.index(verdict) + 1 if verdict in lines else len(lines)
    begin = end - 1
    while begin > 0 and not lines[begin - 1].startswith(("ok ", "FAIL ")):
        begin -= 1
    return "\n".join(lines[begin:end])


@pytest.fixture(scope="module", params=list(VARIANTS))
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the program says about every test, one line each."""
    program = tmp_path_factory.mktemp("libxpc") / f"libxpc-{request.param}"
    sources = [*library(), *sorted(HERE.glob("*.c"))]
    assert compile_c(program, sources, VARIANTS[request.param]) == ""
    return run(program)


def test_there_are_tests() -> None:
    """The names below are read from the sources: none would mean a broken pattern."""
    assert len(NAMES) > 100


@pytest.mark.parametrize("name", NAMES)
def test_in_c(report: str, name: str) -> None:
    """The C test of that name passed."""
    assert f"ok {name}\n" in report, said_before(f"FAIL {name}", report)


def test_threads_do_not_race(tmp_path: Path) -> None:
    """The tests that start threads pass under the thread sanitizer."""
    probe = tmp_path / "probe.c"
    probe.write_text("int main(void) { return 0; }\n", encoding="utf-8")
    if refused := compile_c(tmp_path / "probe", [probe], THREAD_SANITIZER):
        pytest.skip(f"no thread sanitizer: {refused.splitlines()[-1]}")
    program = tmp_path / "libxpc-threads"
    sources = [*library(), *sorted(HERE.glob("*.c"))]
    assert compile_c(program, sources, THREAD_SANITIZER) == ""
    wanted = names(threaded=True)
    said = run(program, *wanted)
    assert said.count("ok ") >= len(wanted) > 3, said
    assert "FAIL" not in said and "ThreadSanitizer" not in said, said


@pytest.mark.parametrize("target", ["decode", "connection"])
def test_inputs_found_by_fuzzing_do_no_harm(target: str, tmp_path: Path) -> None:
    """Every file of the corpus plays through under the sanitizers."""
    program = tmp_path / target
    sources = [*library(), FUZZ / f"fuzz_{target}.c", FUZZ / "replay.c"]
    assert compile_c(program, sources, VARIANTS["sanitized"]) == ""
    files = sorted(map(str, (FUZZ / "corpus" / target).iterdir()))
    said = run(program, *files)
    assert said.count("ok ") == len(files) > 10, said


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
