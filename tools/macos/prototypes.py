"""C that compares our prototypes with those of the headers it is compiled against.

The portable headers declare Apple's functions in our own words, and the bridge's
headers are what cffi calls by. Compiled against Apple's headers, and against
ours, each of these assertions fails where a word is wrong; a compiler alone would
pass an ``int64_t`` for an ``int32_t``, or one ``void *`` for another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

Prototype: TypeAlias = tuple[str, str, str]
"""Name, result, arguments."""

NEWER: Final = Path(__file__).parent / "newer.h"
"""Functions of Apple's that the portable headers do not have."""

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_MACROS = re.compile(r"\bXPC_EXPORT\b|\bXPC_WARN_RESULT\b|XPC_PRINTF\([^)]*\)")
_PROTOTYPE = re.compile(
    r"\bXPC_EXPORT\b(?P<result>[^;={}]*?)\b(?P<name>xpc_\w+)\((?P<arguments>[^;{}]*)\);"
)
_DECLARED = re.compile(
    r"(?P<result>[\w\s*]*?[\s*])(?P<name>xr_\w+)\((?P<arguments>[^;{}()]*(?:\([^;{}]*)?)\);"
)
_CALL = re.compile(r"\b(xpc_\w+)(?<!_t)\s*\(")


def prototypes(headers: Iterable[Path]) -> Iterator[Prototype]:
    """Every exported function that these headers declare, but for our own additions."""
    for path in sorted(headers):
        if path.name != "portable.h":
            yield from _found(_PROTOTYPE, path.read_text(encoding="utf-8"))


def declared(cdef: str) -> Iterator[Prototype]:
    """Every function of the bridge that cffi is told of."""
    yield from _found(_DECLARED, cdef)


def _found(pattern: re.Pattern[str], text: str) -> Iterator[Prototype]:
    for match in pattern.finditer(_COMMENT.sub(" ", text)):
        result = " ".join(_MACROS.sub(" ", match["result"]).split())
        yield match["name"], result, " ".join(match["arguments"].split())


def called(sources: Iterable[Path]) -> set[str]:
    """The functions of libxpc that these C files name."""
    found: set[str] = set()
    for path in sources:
        found.update(_CALL.findall(_COMMENT.sub(" ", path.read_text(encoding="utf-8"))))
    return found


def of_libxpc(headers: Path, sources: Iterable[Path]) -> list[Prototype]:
    """What ours and `NEWER` say of Apple's functions: all that a macOS build is held to.

    Raises:
        ValueError: a source calls a function that neither declares.
    """
    known = [*prototypes(headers.glob("*.h")), *prototypes([NEWER])]
    missing = called(sources) - {name for name, _, _ in known}
    if missing:
        raise ValueError(
            f"called, but declared in neither {headers} nor {NEWER.name}: "
            + ", ".join(sorted(missing))
        )
    return known


def assertions(include: str, known: Iterable[Prototype]) -> str:
    """A C file of static assertions about what that header declares."""
    lines = ["#include <stdarg.h>", f"#include {include}"]
    for name, result, arguments in known:
        lines.append(
            f"_Static_assert(__builtin_types_compatible_p(__typeof__({name}), "
            f'{result}({arguments})), "{name} is declared otherwise");'
        )
    return "\n".join(lines) + "\n"
