"""``python -m xpcrpc.native``: how a C program is built on the portable libxpc.

The headers and the sources lie in this package; a program compiles them in:

    cc $(python -m xpcrpc.native --cflags --sources --libs) program.c -o program

On macOS the system has its own libxpc: every answer is empty there.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

NATIVE = Path(__file__).parent


def cflags() -> list[str]:
    """Arguments for the compiler."""
    return ["-std=c11", "-D_GNU_SOURCE=1", f"-I{NATIVE / 'include'}", "-pthread"]


def libs() -> list[str]:
    """Arguments for the linker."""
    return ["-pthread"]


def sources() -> list[str]:
    """The C files of the library, absolute.

    Raises:
        FileNotFoundError: the package was installed without them.
    """
    found = sorted(map(str, (NATIVE / "libxpc").glob("*.c")))
    if not found or not (NATIVE / "include" / "xpc" / "xpc.h").exists():
        raise FileNotFoundError(
            f"{NATIVE} holds no C sources: install xpcrpc from a wheel that has them"
        )
    return found


def main(arguments: list[str] | None = None) -> int:
    """Print what was asked for on one line, quoted for a shell."""
    parser = argparse.ArgumentParser(
        prog="python -m xpcrpc.native",
        description="Arguments for a compiler to build a C program on the portable libxpc.",
    )
    parser.add_argument("--cflags", action="store_true", help="for the compiler")
    parser.add_argument("--libs", action="store_true", help="for the linker")
    parser.add_argument("--sources", action="store_true", help="the C files of the library")
    asked = parser.parse_args(arguments)
    if not (asked.cflags or asked.libs or asked.sources):
        parser.error("ask for --cflags, --libs, --sources, or several of them")
    if sys.platform == "darwin":
        print()
        return 0
    words: list[str] = []
    try:
        words += cflags() if asked.cflags else []
        words += sources() if asked.sources else []
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    words += libs() if asked.libs else []
    print(shlex.join(words))
    return 0


if __name__ == "__main__":
    sys.exit(main())
