"""``xpcrpc new``: a contract to begin with."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from xpcrpc.errors import MisuseError

from ..atomic import write_whole
from ..compile import compile_text
from ..new import new_contract
from ..report import say

_EPILOG = """\
The contract compiles as it is; rename and extend it.

exit codes: 0 written, 2 misuse (a name that does not serve, a file that exists)

examples:
  xpcrpc new org.example.clock
  xpcrpc new org.example.clock --out schemas/clock.toml
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = commands.add_parser(
        "new",
        help="write a contract to begin with",
        description="Write a contract to begin with.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", metavar="NAME", help="its package, such as org.example.clock")
    parser.add_argument(
        "--out", metavar="FILE", help="where to write it; a present file is never replaced (stdout)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print or write the contract.

    Raises:
        MisuseError: the name does not serve, the file exists or cannot be written.
    """
    text = new_contract(arguments.name)
    complaints = compile_text(text, arguments.name).complaints
    if complaints:
        # A name that only the compiler knows to be taken, such as a Python keyword.
        raise MisuseError(f"{arguments.name!r} does not serve: {complaints[0].message}")
    if arguments.out is None:
        say(text.rstrip("\n"), sys.stdout)
        return 0
    path = Path(arguments.out)
    try:
        # Claims the name, so that a file which appears meanwhile is not replaced.
        path.touch(exist_ok=False)
    except FileExistsError:
        raise MisuseError(f"{arguments.out!r} exists; it was left as it is") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise MisuseError(f"{arguments.out!r} cannot be written: {reason or error}") from None
    try:
        write_whole(path, text)
    except MisuseError:
        path.unlink(missing_ok=True)
        raise
    say(f"wrote {arguments.out}", sys.stdout)
    return 0
