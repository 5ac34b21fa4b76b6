"""A macOS wheel put together on any machine: the pure files, the extensions, its metadata.

What belongs into it is not decided here: setuptools collects the files and writes
the metadata from our own ``setup.py``, in a copy of the tree, as that is where it
leaves its traces.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PARTS: Final = ("xpcrpc", "codegen", "setup.py", "pyproject.toml", "README.md", "LICENSE")
BRIDGE: Final = "xpcrpc/native/_xr.abi3.so"
NO_BYTECODE: Final = "PYTHONDONTWRITEBYTECODE"
"""Setuptools warns of it; what Python writes here is in a copy that goes away."""
MOMENT: Final = (1980, 1, 1, 0, 0, 0)
"""The oldest time that an archive can say: equal input makes equal wheels."""


def place_of(extension: str) -> str:
    """Where an extension, such as ``xpcrpc.codec._plan``, is in the wheel."""
    return f"{extension.replace('.', '/')}.abi3.so"


def collect(folder: Path) -> Path:
    """A folder of the wheel's files without the extensions: packages and metadata.

    Raises:
        subprocess.CalledProcessError: setuptools refused; its words are on stderr.
    """
    tree, found = folder / "tree", folder / "pure"
    for each in (tree, found):
        shutil.rmtree(each, ignore_errors=True)
        each.mkdir(parents=True)
    unwanted = shutil.ignore_patterns("__pycache__", "*.so", "*.o", "*.egg-info")
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, tree / part, ignore=unwanted)
        else:
            shutil.copyfile(source, tree / part)
    for command in (["build_py", "--build-lib"], ["dist_info", "--output-dir"]):
        subprocess.run(
            [sys.executable, "setup.py", "--quiet", *command, str(found.resolve())],
            cwd=tree,
            env={name: value for name, value in os.environ.items() if name != NO_BYTECODE},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    shutil.rmtree(tree)
    return found


def assemble(folder: Path, pure: Path, extensions: Mapping[str, Path], architecture: str) -> Path:
    """The wheel, in ``folder``, for ``arm64`` or ``x86_64`` and macOS 11 or newer.

    ``extensions`` are files by their place in the wheel.
    """
    (info,) = pure.glob("*.dist-info")
    name = info.name.removesuffix(".dist-info")
    tag = f"cp311-abi3-macosx_11_0_{architecture}"
    files = {
        path.relative_to(pure).as_posix(): path.read_bytes()
        for path in sorted(pure.rglob("*"))
        if path.is_file()
    }
    files |= {place: extension.read_bytes() for place, extension in extensions.items()}
    files[f"{info.name}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: xpcrpc crossbuild\nRoot-Is-Purelib: false\nTag: {tag}\n"
    ).encode()
    record = f"{info.name}/RECORD"
    files.pop(record, None)
    lines = [f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in files.items()]
    files[record] = "".join([*lines, f"{record},,\n"]).encode()
    wheel = folder / f"{name}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path, MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if path in extensions else 0o644) << 16
            archive.writestr(entry, data)
    return wheel


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def differences(wheel: Path) -> list[str]:
    """Where a wheel's RECORD and its files disagree."""
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    (record,) = (name for name in files if name.endswith(".dist-info/RECORD"))
    found, listed = [], set()
    for line in files[record].decode().splitlines():
        path, digest, size = line.rsplit(",", 2)
        listed.add(path)
        if path not in files:
            found.append(f"{wheel.name}: {path} is recorded and missing")
        elif path != record and (digest, size) != (
            f"sha256={_digest(files[path])}",
            str(len(files[path])),
        ):
            found.append(f"{wheel.name}: {path} is not what RECORD says")
    return found + [f"{wheel.name}: {path} is not recorded" for path in sorted(set(files) - listed)]
