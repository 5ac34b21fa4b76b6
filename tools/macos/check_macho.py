"""Whether an extension built elsewhere would load on a Mac: read, not run.

    python tools/macos/check_macho.py EXTENSION.so ...

The linker is told to leave unknown symbols to load time, so a misspelt function
links without a word. This reads what dyld would be asked for and refuses: a flat
import that is not Python's, a symbol that libSystem does not export, API newer
than the deployment target bound strongly, another library, a module without
``PyInit_``, an unsigned arm64 slice.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
SYSTEM: Final = "/usr/lib/libSystem.B.dylib"
FLAT: Final = -2
"""dyld's ordinal for "look everywhere"."""

DATA_INTRODUCED: Final = {"_xpc_error_peer_code_signing_requirement": "12.0"}
"""Data symbols newer than the oldest target; xpc-availability.json lists functions."""

_SYMBOLS = re.compile(
    r"- targets:\s*\[(?P<targets>[^\]]*)\]\s*(?P<kinds>(?:[\w-]+:\s*\[[^\]]*\]\s*)+)", re.DOTALL
)
_LIST = re.compile(r"(?:weak-|thread-local-)?symbols:\s*\[([^\]]*)\]", re.DOTALL)


def exported(tbd: Path, architecture: str) -> frozenset[str]:
    """What libSystem and the libraries behind it export for ``arm64`` or ``x86_64``."""
    wanted = {f"{architecture}-macos"}
    if architecture == "arm64":
        wanted.add("arm64e-macos")  # the system's own slice; it serves arm64 too
    found: set[str] = set()
    for section in _SYMBOLS.finditer(tbd.read_text(encoding="utf-8")):
        if wanted.isdisjoint(section["targets"].replace(",", " ").split()):
            continue
        for names in _LIST.findall(section["kinds"]):
            found.update(name.strip(" '\n\t") for name in names.split(","))
    return frozenset(found)


def introduced() -> dict[str, tuple[int, ...]]:
    """The version of macOS that brought each function of libxpc, where it is marked."""
    text = (HERE / "xpc-availability.json").read_text(encoding="utf-8")
    known = {**json.loads(text), **DATA_INTRODUCED}
    return {name: _version(value) for name, value in known.items() if value}


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def complaints(path: Path, tbd: Path) -> list[str]:
    """Everything that is wrong with the file; nothing if it would load."""
    import lief

    lief.logging.disable()
    # At the end of the process it would list all of its own types as leaked.
    lief.disable_leak_warning()
    fat = lief.MachO.parse(str(path))
    if fat is None:
        return [f"{path}: not a Mach-O file"]
    found: list[str] = []
    for slice_ in fat:
        found += [f"{path}: {reason}" for reason in _of_slice(slice_, tbd)]
    return found


def _of_slice(slice_: Any, tbd: Path) -> Iterator[str]:
    import lief

    arm = slice_.header.cpu_type == lief.MachO.Header.CPU_TYPE.ARM64
    architecture = "arm64" if arm else "x86_64"
    if arm and not slice_.has_code_signature:
        yield "the arm64 slice is not signed; the kernel would end the process"
    if not any(symbol.name.startswith("_PyInit_") for symbol in slice_.exported_symbols):
        yield f"the {architecture} slice exports no PyInit_ function"
    own_name = lief.MachO.LoadCommand.TYPE.ID_DYLIB
    for library in slice_.libraries:
        if library.command != own_name and library.name != SYSTEM:
            yield f"the {architecture} slice needs {library.name}"
    target = tuple(slice_.build_version.minos[:2])
    known, versions = exported(tbd, architecture), introduced()
    for binding in slice_.bindings:
        if binding.has_symbol:
            yield from _of_import(binding, target, known, versions)


def _of_import(
    binding: Any,
    target: tuple[int, ...],
    known: frozenset[str],
    versions: dict[str, tuple[int, ...]],
) -> Iterator[str]:
    name = binding.symbol.name
    if binding.library_ordinal == FLAT:
        if not name.startswith(("_Py", "__Py")):
            yield f"{name} is looked up everywhere: misspelt, or missing from the libraries"
        return
    if name not in known:
        yield f"{name} is not exported by libSystem"
    needs = versions.get(name.removeprefix("_"))
    if needs is not None and needs > target and not binding.weak_import:
        yield f"{name} came with {_dotted(needs)}, is bound strongly, and the target is " + _dotted(
            target
        )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def tbd_of_ziglang() -> Path | None:
    """The link stubs of libSystem that come with zig, or None."""
    try:
        import ziglang
    except ImportError:
        return None
    assert ziglang.__file__ is not None
    return Path(ziglang.__file__).parent / "lib" / "libc" / "darwin" / "libSystem.tbd"


def main(arguments: list[str]) -> int:
    """Check the files named; 1 if any would not load."""
    tbd = tbd_of_ziglang()
    if tbd is None:
        print("check_macho: skipped, the package ziglang (libSystem's stubs) is not installed")
        return 0
    found = [complaint for argument in arguments for complaint in complaints(Path(argument), tbd)]
    for complaint in found:
        print(complaint, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
