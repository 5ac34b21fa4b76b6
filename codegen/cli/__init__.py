"""The command ``xpcrpc``.

Exit codes: 0 all is well, 1 the contracts have complaints or files are stale,
2 misuse (a missing file, an unknown flag).
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from xpcrpc.errors import MisuseError, XpcRpcError

from . import (
    breaking,
    check,
    completion,
    docs,
    entitlements,
    fmt,
    freeze,
    gen,
    lint,
    new,
    plist,
    show,
    units,
)

_COMMANDS = (
    breaking, check, completion, docs, entitlements, fmt, freeze, gen, lint, new, plist, show,
    units,
)  # fmt: skip


_EPILOG = """\
exit codes: 0 all is well, 1 complaints or stale files, 2 misuse

examples:
  xpcrpc new org.example.clock --out schemas/clock.toml
  xpcrpc check schemas
  xpcrpc gen schemas --out generated
  xpcrpc COMMAND --help
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; what goes wrong becomes a sentence and an exit code."""
    parser = argparse.ArgumentParser(
        prog="xpcrpc",
        description="Contracts for raw XPC, in and out of TOML.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_command(commands)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files may be no UTF-8
    try:
        arguments = parser.parse_args(argv)
        _refuse_empty(arguments)
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except XpcRpcError as error:
        print(f"xpcrpc: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # such as `xpcrpc show … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except SystemExit as end:  # argparse's own way out
        return end.code if isinstance(end.code, int) else 2
    return status


def _refuse_empty(arguments: argparse.Namespace) -> None:
    """An empty word is an unset variable of a script, not the present folder.

    Raises:
        MisuseError: there is one.
    """
    for name, value in vars(arguments).items():
        if value == "" or (isinstance(value, list) and "" in value):
            raise MisuseError(
                f"an empty text was given as {name}; write something, or leave it out"
            )
