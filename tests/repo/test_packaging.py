"""What an installation puts into site-packages, and what the wheel is."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from xpcrpc.runtime.standard import VERSION

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    not (ROOT / "setup.py").exists(), reason="the sources of the package are not here"
)


def names_in(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    code = f"import setuptools.build_meta as b; print(b.build_sdist({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    (found,) = folder.glob("*.tar.gz")
    return found


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the sdist: what it lacks, the sdist lacked."""
    folder = tmp_path_factory.mktemp("wheel")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--wheel-dir", str(folder), str(next(folder.glob("xpcrpc-*")))],
        check=True,
    )  # fmt: skip
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_serves_every_python_from_3_11_on(wheel: Path) -> None:
    assert "-cp311-abi3-" in wheel.name


def test_services_tell_the_version_that_is_installed() -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert stated["project"]["version"] == VERSION


def test_the_only_name_in_site_packages_is_xpcrpc(wheel: Path) -> None:
    top = {name.split("/")[0] for name in names_in(wheel)}
    assert {name for name in top if not name.endswith(".dist-info")} == {"xpcrpc"}


def test_the_wheel_holds_every_module_and_template_of_the_checkout(wheel: Path) -> None:
    held = set(names_in(wheel))
    for source, target in (("xpcrpc", "xpcrpc"), ("codegen", "xpcrpc/codegen")):
        for path in (ROOT / source).rglob("*"):
            wanted = path.suffix in {".py", ".jinja", ".pyi"} or path.name == "py.typed"
            if wanted and "__pycache__" not in path.parts:
                assert f"{target}/{path.relative_to(ROOT / source)}" in held


def test_the_wheel_holds_the_extensions_and_the_sources_of_none(wheel: Path) -> None:
    held = names_in(wheel)
    extensions = ("native/_xr", "codec/_plan", "runtime/_waiter", "transport/_events")
    assert {name for name in held if name.endswith(".so")} == {
        f"xpcrpc/{name}.abi3.so" for name in extensions
    }
    # The portable library's are another matter: C programs compile it in.
    folders = ("bridge", "codec", "events", "waiter")
    assert not [name for name in held if any(f"/native/{each}/" in name for each in folders)]


def test_the_installed_package_works_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target),
         str(wheel)],
        check=True,
    )  # fmt: skip
    contract = tmp_path / "hello.toml"
    contract.write_text(
        'schema = 1\npackage = "org.example.hello"\nversion = "1.0"\ndoc = "Says hello."\n'
        '[struct.Word]\ndoc = "A word."\nfields.text = "string"\n'
    )
    run = subprocess.run(
        [sys.executable, "-m", "xpcrpc.codegen", "gen", str(contract),
         "--out", str(tmp_path / "out")],
        cwd=tmp_path, env={"PYTHONPATH": str(target), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    code = (
        "import xpcrpc.raw, xpcrpc; from hello import Word; "
        f"assert xpcrpc.__file__.startswith({str(target)!r}); print(Word(text='x'))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env={"PYTHONPATH": f"{target}:{tmp_path / 'out'}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.stdout == "Word(text='x')\n", run.stderr
