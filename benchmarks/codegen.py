"""How the compiler and what it writes grow: ``python benchmarks/codegen.py [STRUCTS [METHODS]]``.

Prints seconds for `xpcrpc gen` over one large contract, for importing the whole
package, and for importing one protocol's stub of it alone. Figures are for
reading; nothing here fails.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
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


def seconds(*command: str, folder: Path) -> float:
    """The least time of the command over some rounds, with the interpreter's start."""
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - begun)
    return min(times)


def main() -> None:
    """Measure and print."""
    numbers = [int(text) for text in sys.argv[1:]]
    structs, methods = (*numbers, *(STRUCTS, METHODS)[len(numbers) :])[:2]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "large.toml").write_text(contract(structs, methods), encoding="utf-8")
        print(f"{structs} structs, {methods} methods")
        python = (sys.executable, "-c")
        gen = "import sys; from xpcrpc.codegen.cli import main; sys.exit(main(sys.argv[1:]))"
        rows = [
            ("xpcrpc gen", (*python, gen, "gen", "large.toml", "--out", "out")),
            ("import xpcrpc", (*python, "import xpcrpc")),
            ("import out.large", (*python, "import out.large")),
            ("from out.large import Part0Client", (*python, "from out.large import Part0Client")),
            ("from out.large import Struct0", (*python, "from out.large import Struct0")),
            ("from out.large import *", (*python, "from out.large import *")),
        ]
        for what, command in rows:
            print(f"{what:<36} {seconds(*command, folder=folder):6.2f} s")


if __name__ == "__main__":
    main()
