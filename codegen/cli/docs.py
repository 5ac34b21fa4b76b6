"""``xpcrpc docs``: documentation pages of contracts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from xpcrpc.errors import MisuseError

from ..atomic import write_whole
from ..compile import compile_files
from ..docs import documentation
from ..report import report, say

_EPILOG = """\
Each contract becomes PACKAGE.md and PACKAGE.html, and so does each that it imports. The HTML page
needs no other file and no network.

exit codes: 0 all is well, 1 complaints, or with --check a page is stale, 2 misuse

examples:
  xpcrpc docs schemas --out docs/contracts
  xpcrpc docs schemas --out docs/contracts --check    # for CI: writes nothing
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = commands.add_parser(
        "docs",
        help="write documentation pages of contracts",
        description="Write documentation pages of contracts, in Markdown and HTML.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("schemas", nargs="+", metavar="SCHEMA", help="a .toml file, or a folder")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the pages go")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; name what would change"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the pages that differ, and name them.

    Raises:
        MisuseError: a file cannot be read or written.
    """
    compiled = compile_files(arguments.schemas)
    if compiled.complaints:
        report(compiled.complaints, "text", sys.stderr)
        return 1
    changed = 0
    for contract in (*compiled.contracts, *compiled.imported):
        for name, text in documentation(contract).items():
            path = Path(arguments.out, name)
            if _present(path) == text.encode("utf-8"):
                continue
            changed += 1
            if arguments.check:
                say(f"stale: {path.as_posix()}", sys.stdout)
            else:
                _make_folder(path.parent)
                write_whole(path, text)
                say(f"wrote {path.as_posix()}", sys.stdout)
    return 1 if arguments.check and changed else 0


def _present(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (OSError, ValueError):
        return None  # writing will say what is wrong


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise MisuseError(f"'{folder.as_posix()}' cannot be made: {reason or error}") from None
