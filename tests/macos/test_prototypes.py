"""Our prototypes against Apple's headers, and against our own: each fails once here."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.macos import crossbuild, prototypes

HEADERS = crossbuild.NATIVE / "include" / "xpc"
BRIDGE = crossbuild.NATIVE / "bridge"

Compile = Callable[[Path, str], str]
"""Compile a text in a folder; what the compiler says, or nothing when it is content."""


def _run(command: list[str], folder: Path, text: str) -> str:
    source = folder / "prototypes.c"
    source.write_text(text)
    run = subprocess.run(
        [*command, "-c", str(source), "-o", str(folder / "o.o")],
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stderr if run.returncode else ""


def ours(folder: Path, text: str) -> str:
    """By the machine's compiler, against the portable headers."""
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    include = [f"-I{crossbuild.NATIVE / 'include'}", f"-I{BRIDGE}"]
    return _run(["cc", "-std=c11", "-D_GNU_SOURCE", *include], folder, text)


def apples(folder: Path, text: str) -> str:
    """By zig's, against Apple's headers."""
    cc = crossbuild.compiler()
    if cc is None:
        pytest.skip("needs ziglang, which brings Apple's headers")
    target = ["-target", crossbuild.TARGETS["arm64"], "-fblocks", "-w", f"-I{BRIDGE}"]
    return _run([*cc, *target], folder, text)


BOTH = pytest.mark.parametrize("compiled", [ours, apples])


def of_libxpc() -> list[prototypes.Prototype]:
    """The functions that both have: ours has none of macOS 26."""
    return list(prototypes.prototypes(HEADERS.glob("*.h")))


def of_bridge() -> list[prototypes.Prototype]:
    return list(prototypes.declared(crossbuild.load_builder().declarations()))


@BOTH
def test_every_prototype_of_libxpc_is_as_declared(tmp_path: Path, compiled: Compile) -> None:
    known = of_libxpc()
    assert len(known) > 100
    assert compiled(tmp_path, prototypes.assertions("<xpc/xpc.h>", known)) == ""


@BOTH
def test_every_function_of_the_bridge_is_as_cffi_is_told(tmp_path: Path, compiled: Compile) -> None:
    known = of_bridge()
    assert len(known) > 20
    assert compiled(tmp_path, prototypes.assertions('"xr__bridge.h"', known)) == ""


def test_what_only_new_systems_have_is_as_apple_declares_it(tmp_path: Path) -> None:
    newer = list(prototypes.prototypes([prototypes.NEWER]))
    assert len(newer) == 6
    assert apples(tmp_path, prototypes.assertions("<xpc/xpc.h>", newer)) == ""
    name, result, arguments = newer[0]
    wrong = [(name, result, arguments.replace("xpc_rich_error_t *", "xpc_rich_error_t "))]
    assert wrong[0] != newer[0]
    said = apples(tmp_path, prototypes.assertions("<xpc/xpc.h>", wrong))
    assert f"{name} is declared otherwise" in said


@BOTH
@pytest.mark.parametrize(
    ("name", "part", "right", "wrong"),
    [
        ("xpc_int64_get_value", 1, "int64_t", "int32_t"),
        ("xpc_copy_description", 1, "char *", "const char *"),
        ("xpc_int64_create", 2, "int64_t", "int32_t"),
        ("xpc_connection_cancel", 2, "xpc_connection_t", "xpc_object_t"),
        ("xpc_connection_set_target_queue", 2, "dispatch_queue_t", "void *"),
        ("xpc_dictionary_get_data", 2, "size_t *", "int *"),
        ("xpc_connection_get_euid", 1, "uid_t", "unsigned long"),
    ],
)
def test_a_prototype_that_is_otherwise_is_an_error(
    tmp_path: Path, compiled: Compile, name: str, part: int, right: str, wrong: str
) -> None:
    (known,) = (each for each in of_libxpc() if each[0] == name)
    assert compiled(tmp_path, prototypes.assertions("<xpc/xpc.h>", [known])) == ""
    changed = list(known)
    assert right in changed[part]
    changed[part] = changed[part].replace(right, wrong)
    text = prototypes.assertions("<xpc/xpc.h>", [(changed[0], changed[1], changed[2])])
    assert f"{name} is declared otherwise" in compiled(tmp_path, text)


@BOTH
def test_a_cdef_that_is_otherwise_is_an_error(tmp_path: Path, compiled: Compile) -> None:
    (known,) = (each for each in of_bridge() if each[0] == "xr_connection_token")
    name, result, arguments = known
    assert result == "uint64_t"
    text = prototypes.assertions('"xr__bridge.h"', [(name, "uint32_t", arguments)])
    assert f"{name} is declared otherwise" in compiled(tmp_path, text)


def test_a_function_without_a_prototype_of_ours_is_an_error(tmp_path: Path) -> None:
    source = tmp_path / "a.c"
    source.write_text("void f(void) { xpc_main(0); }")
    with pytest.raises(ValueError, match="xpc_main"):
        prototypes.of_libxpc(HEADERS, [source])


def test_every_call_of_the_bridge_is_compared() -> None:
    sources = crossbuild.load_builder().sources("darwin")
    known = {name for name, _, _ in prototypes.of_libxpc(HEADERS, sources)}
    assert prototypes.called(sources) <= known
    assert "xpc_connection_send_message" in prototypes.called(sources)
