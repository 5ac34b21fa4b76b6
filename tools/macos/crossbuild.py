"""Build the wheels for both Macs on any machine, against Apple's headers, and check them.

    python tools/macos/crossbuild.py [FOLDER]

Needs the package ziglang, which brings Apple's headers and link stubs, and lief,
abi3audit and delocate to check with. Our files are held to -Werror; every
prototype that we call by is compared with Apple's (`prototypes`); the result is
read as dyld would (`check_macho`), and asked about by others (`check_wheel`).
Both extensions go through all of it: the bridge's and the codec's.
FOLDER (build/macos) receives the two wheels and ``arm64/``, ``x86_64/`` with what
they were made of; nothing else of the tree is written to.
"""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from types import ModuleType
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script, from anywhere

from tools.macos import check_macho, check_wheel, mac_wheel, prototypes

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
NATIVE: Final = ROOT / "xpcrpc" / "native"
CHECKERS: Final = ("lief", "abi3audit", "delocate")
TARGETS: Final = {"arm64": "aarch64-macos.11.0", "x86_64": "x86_64-macos.11.0"}


def compiler() -> list[str] | None:
    """How to call ``zig cc``, or None when it is not installed."""
    spec = importlib.util.find_spec("ziglang")
    if spec is None or spec.origin is None:
        return None
    return [str(Path(spec.origin).parent / "zig"), "cc"]


def load_builder() -> ModuleType:
    """``native/build.py``, by its path: the package may not be built yet."""
    spec = importlib.util.spec_from_file_location("xpcrpc_native_build", NATIVE / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def python_headers(folder: Path) -> Path:
    """CPython's headers with a Mac's pyconfig.h; all that the limited API needs."""
    copy = folder / "include"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(sysconfig.get_path("include"), copy)
    shutil.copyfile(HERE / "pyconfig.h", copy / "pyconfig.h")
    return copy


def assertions(recipe: ModuleType, sources: list[Path]) -> dict[str, str]:
    """C files of static assertions, by name: Apple's functions, and the bridge's."""
    ours = prototypes.of_libxpc(NATIVE / "include" / "xpc", sources)
    bridge = prototypes.declared(recipe.declarations())
    return {
        "prototypes": prototypes.assertions("<xpc/xpc.h>", ours),
        "cdef": prototypes.assertions('"xr__bridge.h"', bridge),
    }


def build(folder: Path, cc: list[str], architecture: str) -> dict[str, Path]:
    """One slice of each extension, by its place in the wheel.

    Raises:
        subprocess.CalledProcessError: a step failed; its words are on stderr.
    """
    recipe = load_builder()
    out = folder / architecture
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    target = ["-target", TARGETS[architecture]]
    python = [f"-DPy_LIMITED_API={recipe.LIMITED_API}", "-isystem", str(python_headers(folder))]
    objects = {
        mac_wheel.BRIDGE: bridge_objects(recipe, out, [*cc, *target], python),
        **{
            mac_wheel.place_of(name): own_objects(recipe, name, out, [*cc, *target], python)
            for name in recipe.EXTENSIONS
        },
    }
    return {
        place: link([*cc, *target], files, out / Path(place).name)
        for place, files in objects.items()
    }


def bridge_objects(recipe: ModuleType, out: Path, cc: list[str], python: list[str]) -> list[Path]:
    """The bridge, its prototypes compared first, and cffi's part."""
    sources = recipe.sources("darwin")
    flags = [*recipe.compile_flags("darwin"), f"-I{recipe.BRIDGE}"]

    for name, text in assertions(recipe, sources).items():
        file = out / f"{name}.c"
        file.write_text(text)
        checked = ["-c", str(file), "-o", str(out / f"{name}.o")]  # zig knows no -fsyntax-only
        run([*cc, *flags, "-Wno-unguarded-availability-new", *checked])

    objects = compiled([*cc, *flags, "-Werror"], sources, out)
    glue = out / "_xr.c"
    with contextlib.redirect_stdout(None):  # it tells of every file
        recipe.builder("darwin").emit_c_code(str(glue))
    return [*objects, *compiled([*cc, *flags, *python], [glue], out)]


def own_objects(
    recipe: ModuleType, name: str, out: Path, cc: list[str], python: list[str]
) -> list[Path]:
    """An extension for CPython itself, which is all ours."""
    folder = out / name.rpartition(".")[2]
    folder.mkdir()
    return compiled([*cc, *recipe.FLAGS, "-Werror", *python], recipe.sources_of(name), folder)


def compiled(command: list[str], sources: list[Path], out: Path) -> list[Path]:
    """An object of each C file, in ``out``."""
    objects = [out / f"{source.stem}.o" for source in sources]
    for source, target in zip(sources, objects, strict=True):
        run([*command, "-c", str(source), "-o", str(target)])
    return objects


def link(cc: list[str], objects: list[Path], extension: Path) -> Path:
    """The extension of these objects; what is Python's is found when it is loaded."""
    # -bundle crashes zig's linker; dlopen takes a dylib as well.
    options = ["-dynamiclib", "-Wl,-undefined,dynamic_lookup"]
    options.append(f"-Wl,-install_name,@rpath/{extension.name}")
    run([*cc, "-O2", *options, *map(str, objects), "-o", str(extension)])
    return extension


def run(command: list[str]) -> None:
    """One step, its output shown when it fails."""
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode or "error:" in result.stderr:
        sys.stderr.write(result.stderr)
        raise subprocess.CalledProcessError(result.returncode or 1, command)


def main(arguments: list[str]) -> int:
    """Build and check both wheels; 1 if anything is wrong."""
    begun = time.monotonic()
    folder = Path(arguments[0]) if arguments else ROOT / "build" / "macos"
    cc = compiler()
    tbd = check_macho.tbd_of_ziglang()
    if cc is None or tbd is None:
        print("crossbuild: skipped, the package ziglang (compiler, Apple's headers) is missing")
        return 0
    missing = [name for name in CHECKERS if importlib.util.find_spec(name) is None]
    if missing:
        print(f"crossbuild: cannot check; pip install {' '.join(missing)}", file=sys.stderr)
        return 1
    wheels: list[Path] = []
    found: list[str] = []
    try:
        pure = mac_wheel.collect(folder)
        for architecture in TARGETS:
            extensions = build(folder, cc, architecture)
            wheels.append(mac_wheel.assemble(folder, pure, extensions, architecture))
            for extension in extensions.values():
                found += check_macho.complaints(extension, tbd)
                print(f"{architecture}: {extension.name} built with -Werror, read as dyld would")
            found += mac_wheel.differences(wheels[-1])
    except subprocess.CalledProcessError as error:
        print(f"crossbuild: failed: {' '.join(error.cmd)}", file=sys.stderr)
        return 1
    shutil.rmtree(pure)
    found += check_wheel.complaints(wheels)
    for wheel in wheels:
        print(f"{wheel} ({wheel.stat().st_size} bytes)")
    for complaint in found:
        print(complaint, file=sys.stderr)
    print(f"crossbuild: {len(found)} complaints, {time.monotonic() - begun:.0f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
