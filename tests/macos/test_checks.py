"""Each check of the macOS cross-build, failing once on a file made to fail it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.macos import check_macho, crossbuild

pytest.importorskip("ziglang", reason="brings the compiler and Apple's headers")
pytest.importorskip("lief", reason="reads Mach-O files")

ROOT = Path(__file__).resolve().parents[2]

GOOD = """
#include <xpc/xpc.h>
void *PyLong_FromLong(long);
void *PyInit_x(void) { return xpc_null_create() != NULL ? PyLong_FromLong(1) : NULL; }
"""


def link(folder: Path, source: str, *flags: str, architecture: str = "arm64") -> Path:
    """A dylib of one C file, linked as the extension is."""
    cc = crossbuild.compiler()
    assert cc is not None
    file, library = folder / "x.c", folder / "x.so"
    file.write_text(source)
    command = [*cc, "-target", crossbuild.TARGETS[architecture], "-fblocks", "-O2", "-w"]
    command += ["-dynamiclib", "-Wl,-undefined,dynamic_lookup", "-Wl,-install_name,@rpath/x.so"]
    subprocess.run([*command, *flags, str(file), "-o", str(library)], check=True)
    return library


def complaints(library: Path) -> list[str]:
    tbd = check_macho.tbd_of_ziglang()
    assert tbd is not None
    return [each.removeprefix(f"{library}: ") for each in check_macho.complaints(library, tbd)]


LEAKS = """
import ctypes, sys, lief
from tools.macos import check_macho
ctypes.pythonapi.Py_IncRef(ctypes.py_object(lief.MachO.Binary))
sys.exit(check_macho.main(sys.argv[1:]))
"""
"""Something still holds a type of lief's as the process ends, as pytest does."""


def test_nothing_is_said_of_an_extension_that_would_load(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LEAKS, str(link(tmp_path, GOOD))]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout + run.stderr == ""


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_an_extension_that_would_load_passes(tmp_path: Path, architecture: str) -> None:
    assert complaints(link(tmp_path, GOOD, architecture=architecture)) == []


def test_a_misspelt_function_is_refused(tmp_path: Path) -> None:
    source = GOOD.replace("xpc_null_create()", "xpc_nul_create()")
    source = source.replace("void *PyLong", "void *xpc_nul_create(void); void *PyLong")
    assert complaints(link(tmp_path, source)) == [
        "_xpc_nul_create is looked up everywhere: misspelt, or missing from the libraries"
    ]


def test_newer_api_must_be_bound_weakly(tmp_path: Path) -> None:
    call = "char *reason(void *c) { return xpc_connection_copy_invalidation_reason(c); }"
    strong = GOOD + call
    weak = GOOD + call.replace(
        "return", "if (&xpc_connection_copy_invalidation_reason == 0) return 0; return"
    )
    assert complaints(link(tmp_path, weak)) == []
    # A target of 12.0 makes it strong; read as if 11.0 were promised, it must be refused.
    library = link(tmp_path, strong, "-target", "aarch64-macos.12.0")
    assert complaints(library) == []
    lower_target(library)
    complaint = (
        "_xpc_connection_copy_invalidation_reason came with 12.0, is bound strongly, "
        "and the target is 11.0"
    )
    assert complaints(library) == [complaint]


def lower_target(library: Path) -> None:
    """Write 11.0 for 12.0 into LC_BUILD_VERSION: command, size, platform, minos."""
    data = library.read_bytes()
    before = b"\x32\0\0\0\x20\0\0\0\x01\0\0\0\0\0\x0c\0"
    assert data.count(before) == 1
    library.write_bytes(data.replace(before, before[:-2] + b"\x0b\0"))


def test_a_symbol_that_the_system_does_not_export_is_refused(tmp_path: Path) -> None:
    stub = tmp_path / "stub.tbd"
    stub.write_text(
        "--- !tapi-tbd\ntbd-version: 4\ntargets: [ arm64-macos ]\n"
        "install-name: '/usr/lib/libSystem.B.dylib'\nexports:\n"
        "  - targets: [ arm64-macos ]\n    symbols: [ _xpc_other ]\n...\n"
    )
    library = link(tmp_path, GOOD)
    assert f"{library}: _xpc_null_create is not exported by libSystem" in check_macho.complaints(
        library, stub
    )


def test_another_library_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "libother.tbd"
    other.write_text(
        "--- !tapi-tbd\ntbd-version: 4\ntargets: [ arm64-macos ]\n"
        "install-name: '/usr/local/lib/libother.dylib'\nexports:\n"
        "  - targets: [ arm64-macos ]\n    symbols: [ _other ]\n...\n"
    )
    source = f"int other(void);\n{GOOD}int use(void) {{ return other(); }}"
    assert "the arm64 slice needs /usr/local/lib/libother.dylib" in complaints(
        link(tmp_path, source, str(other))
    )


def test_a_library_that_is_no_python_module_is_refused(tmp_path: Path) -> None:
    assert complaints(link(tmp_path, GOOD.replace("PyInit_x", "init_x"))) == [
        "the arm64 slice exports no PyInit_ function"
    ]


def test_an_unsigned_arm64_slice_is_refused(tmp_path: Path) -> None:
    library = link(tmp_path, GOOD)
    data = library.read_bytes()
    # LC_CODE_SIGNATURE becomes a command that means nothing to the check.
    signature = b"\x1d\0\0\0\x10\0\0\0"
    assert data.count(signature) == 1
    library.write_bytes(data.replace(signature, b"\x26\0\0\0\x10\0\0\0"))
    assert complaints(library) == [
        "the arm64 slice is not signed; the kernel would end the process"
    ]
