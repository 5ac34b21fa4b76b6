"""``xpcrpc gen``: write the Python packages of contracts, or check that they are fresh."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from xpcrpc.errors import MisuseError

from ..compile import compile_files
from ..emit import emit
from ..output import Output
from ..report import report, say
from ..view import package_view

_EPILOG = """\
Each contract becomes a package named for the last label of its package, such as
generated/echo, and so does each contract that it imports. Files that a contract no
longer makes are removed; files that were not generated are never touched. Nothing is
written if one of the contracts has a complaint.

exit codes: 0 all is well, 1 complaints, or with --check a file would change, 2 misuse

examples:
  xpcrpc gen schemas --out generated
  xpcrpc gen schemas/echo.toml --out src/myapp/contracts
  xpcrpc gen schemas --out generated --check    # for CI: writes nothing
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = commands.add_parser(
        "gen",
        help="write the Python packages of contracts",
        description="Write the Python packages of contracts.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
    report(compiled.complaints, "text", sys.stderr)
    if compiled.complaints:
        return 1
    output = Output(Path(arguments.out))
    for contract in (*compiled.contracts, *compiled.imported):
        output.add(emit(package_view(contract)))
    try:
        changes = output.changes()
        for change in changes:
            if not arguments.check:
                change.make()
            say(change.show(planned=arguments.check), sys.stdout)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        name = error.filename if isinstance(error, OSError) else arguments.out
        raise MisuseError(f"{name!r} cannot be written: {reason or error}") from None
    return 1 if arguments.check and changes else 0
