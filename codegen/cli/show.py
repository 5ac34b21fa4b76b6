"""``xpcrpc show``: a contract at a glance."""

from __future__ import annotations

import argparse
import sys

from xpcrpc.errors import MisuseError

from ..compile import compile_files
from ..complaint import nearest
from ..report import report, say
from ..show import contract_lines, names, select

_EPILOG = """\
A method reads: name(request) -> reply ! errors @promises

exit codes: 0 shown, 1 the contract has complaints, 2 misuse

examples:
  xpcrpc show schemas/echo.toml
  xpcrpc show schemas/echo.toml protocol
  xpcrpc show schemas/echo.toml struct.Greeting
  xpcrpc show schemas/echo.toml Echo.greet
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = commands.add_parser(
        "show",
        help="show a contract at a glance",
        description="Show a contract at a glance: one line for each thing it declares.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("schema", metavar="SCHEMA", help="a .toml file, or a folder")
    parser.add_argument("path", nargs="?", metavar="PATH", help="show only this and what it holds")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the lines.

    Raises:
        MisuseError: a file cannot be read, or nothing has the path.
    """
    compiled = compile_files([arguments.schema])
    if compiled.complaints:
        report(compiled.complaints, "text", sys.stderr)
        return 1
    every = [contract_lines(contract) for contract in compiled.contracts]
    chosen = [select(lines, arguments.path) if arguments.path else lines for lines in every]
    chosen = [lines for lines in chosen if lines]
    if not chosen:
        hint = nearest(arguments.path, [name for lines in every for name in names(lines)])
        raise MisuseError(f"{arguments.schema!r} declares no {arguments.path!r}{hint}")
    for index, lines in enumerate(chosen):
        if index:
            say("", sys.stdout)
        for line in lines:
            say(str(line), sys.stdout)
    return 0
