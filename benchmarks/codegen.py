"""How the compiler and what it writes grow: ``python benchmarks/codegen.py [STRUCTS [METHODS]]``.

Prints processor seconds for `xpcrpc gen` and `docs` over one large contract, and for
imports of what it wrote: all of it, one protocol's stubs, one class, nothing;
*first* before Python has compiled the package's modules to bytecode, *later* with
that bytecode. Figures are for reading; nothing here fails.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

STRUCTS: Final = 1000
METHODS: Final = 200
PER_PROTOCOL: Final = 20
FIELDS: Final = 6
ROUNDS: Final = 3
"""The least of so many is told: what else the machine does only adds."""


def contract(structs: int, methods: int) -> str:
    """A contract of that many structs of six fields, and methods in protocols of twenty."""
    types = ("i64", "string", "bool", "list<u32>", "map<string, f64>", "date?")
    lines = ['schema = 1\npackage = "org.example.large"\nversion = "1.0"']
    for number in range(structs):
        lines.append(f'[struct.Struct{number}]\ndoc = "The struct number {number}."')
        lines.extend(
            f'fields.field_{at} = {{ type = "{types[at]}", doc = "Field {at}." }}'
            for at in range(FIELDS)
        )
        if number:
            lines.append(f'fields.before = "Struct{number - 1}?"')
    for number in range(methods):
        name = f"protocol.Part{number // PER_PROTOCOL}.methods.method_{number}"
        lines.append(
            f'[{name}]\nin = "Struct{number % structs}"\nout = "Struct{(number * 7) % structs}"'
        )
        if number % 10 == 0:
            lines[-1] = f'[{name}]\nin = {{ a = "i64" }}\nstream = {{ out = "Struct0" }}'
    return "\n".join(lines) + "\n"


ROWS: Final = {
    "import xpcrpc": "import xpcrpc",
    "import out.large": "import out.large",
    "from out.large import Part0Client": "from out.large import Part0Client",
    "from out.large import Struct0": "from out.large import Struct0",
    "from out.large import *": "from out.large import *",
    "every class, and its first use": (
        "import out.large as large\nfor name in large.__all__: getattr(large, name).__init__"
    ),
}


def processor_seconds(folder: Path, program: str, *, bytecode: bool) -> float:
    """The least time of the program over some rounds, the interpreter's start included."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    if not bytecode:
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    times = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            env=environment,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def main() -> None:
    """Measure and print."""
    numbers = [int(text) for text in sys.argv[1:]]
    structs, methods = (*numbers, *(STRUCTS, METHODS)[len(numbers) :])[:2]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "large.toml").write_text(contract(structs, methods), encoding="utf-8")
        print(f"{structs} structs, {methods} methods; seconds of processor time")
        for command in ("gen", "docs"):
            program = (
                "from xpcrpc.codegen.cli import main\n"
                f'main(["{command}", "large.toml", "--out", "out"])'
            )
            taken = processor_seconds(folder, program, bytecode=True)
            print(f"{f'xpcrpc {command}':<36} {taken:13.2f}")
        # In this order: nothing of `out` may have been compiled before the first ones.
        first = [processor_seconds(folder, row, bytecode=False) for row in ROWS.values()]
        later = [processor_seconds(folder, row, bytecode=True) for row in ROWS.values()]
        print(f"{'':<36} {'first':>6} {'later':>6}")
        for what, *times in zip(ROWS, first, later, strict=True):
            print(f"{what:<36} {times[0]:6.2f} {times[1]:6.2f}")


if __name__ == "__main__":
    main()
