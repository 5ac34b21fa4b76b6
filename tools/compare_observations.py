"""Print where two runs of the conformance suite observed different things.

    XPCRPC_OBSERVATIONS=linux.json pytest tests/conformance
    XPCRPC_OBSERVATIONS=mac.json XPCRPC_LAUNCHD=1 pytest tests/conformance    # on a Mac
    python tools/compare_observations.py linux.json mac.json

Exit status 0: the same; 1: differences, a line each; 2: a file cannot be read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MISSING = "(not observed)"


def load(path: str) -> tuple[str, dict[str, Any]]:
    """A run's system and its observations."""
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    observations = document["observations"]
    if not isinstance(observations, dict):
        raise TypeError(f"{path}: observations is no object")
    return str(document["system"]), observations


def differences(one: dict[str, Any], other: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Key, and what each run observed, where they differ."""
    for key in sorted(one.keys() | other.keys()):
        here, there = one.get(key, MISSING), other.get(key, MISSING)
        if here != there:
            yield key, here, there


def main(arguments: list[str]) -> int:
    """Compare two files."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        (here, one), (there, other) = map(load, arguments)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"{error}; give two files of XPCRPC_OBSERVATIONS", file=sys.stderr)
        return 2
    found = list(differences(one, other))
    for key, mine, theirs in found:
        print(f"{key}: {here} {json.dumps(mine)}, {there} {json.dumps(theirs)}")
    same = len(one.keys() | other.keys()) - len(found)
    print(f"{same} the same, {len(found)} different")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
