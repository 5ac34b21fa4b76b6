"""``xpcrpc gen``: write the Python packages of contracts, or check that they are fresh."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from xpcrpc.errors import MisuseError

from ..compile import compile_files
from ..emit import emit
from ..output import Output
from ..view import package_view


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = commands.add_parser("gen", help="write the Python packages of contracts")
    parser.add_argument("schemas", nargs="+", metavar="SCHEMA", help="a .toml file, or a folder")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the packages go")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if a file would change"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Name each file that differed; nothing is written if there is a complaint.

    Raises:
        MisuseError: a file cannot be read or written.
    """
    compiled = compile_files(arguments.schemas)
    for complaint in compiled.complaints:
        print(complaint, file=sys.stderr)
    if compiled.complaints:
        return 1
    output = Output(Path(arguments.out))
    for contract in (*compiled.contracts, *compiled.imported):
        output.add(emit(package_view(contract)))
    try:
        changes = output.changes()
        for change in changes:
            print(change.show(planned=arguments.check))
        if arguments.check:
            return 1 if changes else 0
        for change in changes:
            change.make()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        name = error.filename if isinstance(error, OSError) else arguments.out
        raise MisuseError(f"{name!r} cannot be written: {reason or error}") from None
    return 0
