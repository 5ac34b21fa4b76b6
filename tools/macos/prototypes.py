"""C that compares our prototypes of libxpc's functions with those of the header it meets.

The portable headers declare Apple's functions in our own words. Compiled against
Apple's headers, each of these assertions fails where a word is wrong; a compiler
alone would pass an ``int64_t`` for an ``int32_t``, or one ``void *`` for another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_MACROS = re.compile(r"\bXPC_EXPORT\b|\bXPC_WARN_RESULT\b|XPC_PRINTF\([^)]*\)")
_PROTOTYPE = re.compile(
    r"\bXPC_EXPORT\b(?P<result>[^;={}]*?)\b(?P<name>xpc_\w+)\((?P<arguments>[^;{}]*)\);"
)
_CALL = re.compile(r"\b(xpc_\w+)\s*\(")


def prototypes(headers: Path) -> Iterator[tuple[str, str, str]]:
    """Name, result and arguments of every function that Apple has too."""
    for path in sorted(headers.glob("*.h")):
        if path.name == "portable.h":
            continue
        text = _COMMENT.sub(" ", path.read_text(encoding="utf-8"))
        for match in _PROTOTYPE.finditer(text):
            result = " ".join(_MACROS.sub(" ", match["result"]).split())
            arguments = " ".join(match["arguments"].split())
            yield match["name"], result, arguments


def called(sources: list[Path]) -> set[str]:
    """The functions of libxpc that these C files name."""
    found: set[str] = set()
    for path in sources:
        text = _COMMENT.sub(" ", path.read_text(encoding="utf-8"))
        found.update(_CALL.findall(text))
    return found


def assertions(headers: Path, sources: list[Path]) -> str:
    """A C file of static assertions.

    Raises:
        ValueError: a source calls a function that no header of ours declares.
    """
    known = list(prototypes(headers))
    missing = called(sources) - {name for name, _, _ in known}
    if missing:
        raise ValueError(f"called, but not declared in {headers}: {', '.join(sorted(missing))}")
    lines = ["#include <stdarg.h>", "#include <xpc/xpc.h>"]
    for name, result, arguments in known:
        lines.append(
            f"_Static_assert(__builtin_types_compatible_p(__typeof__({name}), "
            f'{result}({arguments})), "{name} is declared otherwise");'
        )
    return "\n".join(lines) + "\n"
