"""The wheels for macOS that Linux builds, and each check of them failing once."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools.macos import check_wheel, crossbuild, mac_wheel

pytest.importorskip("ziglang", reason="brings the compiler and Apple's headers")
pytest.importorskip("lief", reason="reads Mach-O files")
pytest.importorskip("abi3audit", reason="looks for symbols outside the limited API")
pytest.importorskip("delocate", reason="looks for other libraries")

ROOT = Path(__file__).resolve().parents[2]


def state() -> set[str]:
    """Every file of the tree, but for what tests themselves leave."""
    own = {".git", "__pycache__", ".venv", "build", ".hypothesis"}
    return {
        str(path.relative_to(ROOT))
        for folder in ("tools", "xpcrpc", "codegen")
        for path in (ROOT / folder).rglob("*")
        if own.isdisjoint(path.parts)
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that one run fills, and what it says."""
    folder = tmp_path_factory.mktemp("macos")
    before = state()
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "macos" / "crossbuild.py"), str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert state() == before
    return folder, run.stdout


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_there_is_one_wheel_for_every_python_on_each_mac(
    built: tuple[Path, str], architecture: str
) -> None:
    folder, said = built
    (wheel,) = folder.glob(f"xpcrpc-*-cp311-abi3-macosx_11_0_{architecture}.whl")
    for name in ("_xr", "_plan", "_waiter", "_events"):
        assert f"{architecture}: {name}.abi3.so built with -Werror" in said
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        own = ("xpcrpc.codec._plan", "xpcrpc.runtime._waiter", "xpcrpc.transport._events")
        for extension in (mac_wheel.BRIDGE, *map(mac_wheel.place_of, own)):
            assert archive.read(extension)[:4] == b"\xcf\xfa\xed\xfe"
            assert archive.getinfo(extension).external_attr >> 16 == 0o755
        assert sum(name.endswith(".so") for name in names) == 4
        assert archive.testzip() is None
        assert archive.namelist()[-1].endswith("/RECORD")
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "xpcrpc").rglob("*.py")
        if "__pycache__" not in path.parts
    }
    assert expected <= names
    for name in ("xpcrpc/py.typed", "xpcrpc/native/_xr.pyi", "xpcrpc/codegen/__init__.py"):
        assert name in names
    for name in ("codec/_plan", "runtime/_waiter", "transport/_events"):
        assert f"xpcrpc/{name}.pyi" in names
    assert any(name.endswith(".jinja") for name in names)
    # C programs compile the portable library from the package; the rest is in the extensions.
    assert not any(name.endswith((".o", ".pyc")) for name in names)
    own_c = ("/bridge/", "/native/codec/", "/native/waiter/", "/native/events/")
    assert not any(folder in name for name in names for folder in own_c)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"xpcrpc"}


def test_pip_takes_each_wheel_for_its_mac_alone(built: tuple[Path, str], tmp_path: Path) -> None:
    (wheel,) = built[0].glob("*_arm64.whl")

    def take(python: str, platform: str) -> int:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
        command += ["--only-binary=:all:", "--target", str(tmp_path / python / platform)]
        command += ["--platform", platform, "--python-version", python, str(wheel)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert take("3.11", "macosx_11_0_arm64") == 0
    assert take("3.14", "macosx_26_0_arm64") == 0
    assert take("3.10", "macosx_11_0_arm64") != 0
    assert take("3.11", "macosx_10_15_arm64") != 0
    assert take("3.11", "macosx_11_0_x86_64") != 0


def test_a_file_that_record_does_not_know_is_found(built: tuple[Path, str], tmp_path: Path) -> None:
    (wheel,) = built[0].glob("*_arm64.whl")
    assert mac_wheel.differences(wheel) == []
    changed = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            if name != "xpcrpc/py.typed":
                data = old.read(name)
                new.writestr(name, data + b"#" if name == "xpcrpc/__init__.py" else data)
        new.writestr("xpcrpc/more.py", "")
    assert mac_wheel.differences(changed) == [
        f"{wheel.name}: xpcrpc/__init__.py is not what RECORD says",
        f"{wheel.name}: xpcrpc/py.typed is recorded and missing",
        f"{wheel.name}: xpcrpc/more.py is not recorded",
    ]


def wheel_of(folder: Path, source: str, *flags: str) -> Path:
    """A wheel around a small extension."""
    cc = crossbuild.compiler()
    assert cc is not None
    file, extension = folder / "x.c", folder / "x.abi3.so"
    file.write_text(source)
    command = [*cc, "-target", crossbuild.TARGETS["arm64"], "-O2", "-w", "-dynamiclib"]
    command += ["-Wl,-undefined,dynamic_lookup", "-Wl,-install_name,@rpath/x.abi3.so", *flags]
    subprocess.run([*command, str(file), "-o", str(extension)], check=True)
    info = folder / "pure" / "x-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: x\nVersion: 1\n")
    return mac_wheel.assemble(folder, folder / "pure", {mac_wheel.BRIDGE: extension}, "arm64")


def test_a_symbol_outside_the_limited_api_is_found(tmp_path: Path) -> None:
    source = "void *{0}(void); void *PyInit_x(void) {{ return {0}(); }}"
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.mkdir()
    bad.mkdir()
    assert check_wheel.audit(wheel_of(good, source.format("PyErr_Occurred"))) == []
    (complaint,) = check_wheel.audit(wheel_of(bad, source.format("_PyLong_AsByteArray")))
    assert "abi3audit" in complaint


def test_another_library_is_found(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    if missing := check_wheel.stand_ins(tools):
        pytest.skip(f"{missing} (llvm) is not installed")
    stub = tmp_path / "libother.tbd"
    stub.write_text(
        "--- !tapi-tbd\ntbd-version: 4\ntargets: [ arm64-macos ]\n"
        "install-name: '/usr/local/lib/libother.dylib'\nexports:\n"
        "  - targets: [ arm64-macos ]\n    symbols: [ _other ]\n...\n"
    )
    source = "int other(void); int PyInit_x(void) { return other(); }"
    wheel = wheel_of(tmp_path, source, str(stub))
    assert check_wheel.dependencies(wheel, tools) == [
        f"{wheel.name}: needs /usr/local/lib/libother.dylib"
    ]


def test_without_llvm_only_that_check_is_left_out(
    built: tuple[Path, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check_wheel.complaints(built[0].glob("*_arm64.whl")) == []
    assert "delocate-listdeps is skipped: llvm-otool (llvm) is not" in capsys.readouterr().out


def test_without_ziglang_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(crossbuild, "compiler", lambda: None)
    assert crossbuild.main([]) == 0
    assert "skipped, the package ziglang" in capsys.readouterr().out


def test_without_a_checker_nothing_passes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(crossbuild, "CHECKERS", ("no_such_checker",))
    assert crossbuild.main([]) == 1
    assert "pip install no_such_checker" in capsys.readouterr().err
