"""``xpcrpc check``: every complaint about contracts; nothing is written."""

from __future__ import annotations

import argparse
import sys

from xpcrpc.errors import MisuseError

from ..compile import compile_sources, find_schemas
from ..lint import ignore_complaints
from ..mistakes import MISTAKES
from ..report import FORMATS, count, report, say
from ..source import read_source
from .catalogue import explained, known, list_entries

_EPILOG = """\
exit codes: 0 no complaint, 1 complaints, 2 misuse

examples:
  xpcrpc check schemas
  xpcrpc check schemas/echo.toml --format json
  xpcrpc check schemas --format github    # annotations in a GitHub workflow
  xpcrpc check --list
  xpcrpc check --explain python-collision
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = commands.add_parser(
        "check",
        help="list every complaint about contracts",
        description="List every complaint about contracts. Nothing is written.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("schemas", nargs="*", metavar="SCHEMA", help="a .toml file, or a folder")
    parser.add_argument(
        "--format", choices=FORMATS, default="text", help="how complaints are listed (text)"
    )
    parser.add_argument("--list", action="store_true", help="list the kinds of complaints")
    parser.add_argument("--explain", metavar="KIND", help="say why there is a kind of complaint")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List the complaints on standard output.

    Raises:
        MisuseError: a file cannot be read, or there is no such kind of complaint.
    """
    if arguments.explain:
        mistake = known(MISTAKES, arguments.explain, what="kind of complaint", command="check")
        say(explained(mistake), sys.stdout)
        return 0
    if arguments.list:
        list_entries(MISTAKES, arguments.format)
        return 0
    if not arguments.schemas:
        raise MisuseError("name a contract, or a folder of them; or use --list")
    sources = [read_source(path, name) for path, name in find_schemas(arguments.schemas)]
    complaints = [*compile_sources(sources).complaints, *ignore_complaints(sources)]
    report(complaints, arguments.format, sys.stdout)
    if arguments.format == "text":
        if complaints:
            say(count(len(complaints), "complaint"), sys.stderr)
        else:
            say(f"{count(len(sources), 'contract')}, no complaint", sys.stderr)
    return 1 if complaints else 0
