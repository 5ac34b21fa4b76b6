"""The command ``xpcrpc``.

Exit codes: 0 all is well, 1 the contracts have complaints or files are stale,
2 misuse (a missing file, an unknown flag).
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final, NoReturn

from xpcrpc.errors import MisuseError, XpcRpcError

from ..complaint import nearest
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


_QUOTED: Final = re.compile("'([^']*)'")
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
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed before the program started
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - until the end
    parser = _Parser(
        prog="xpcrpc",
        description="Contracts for raw XPC, in and out of TOML.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"xpcrpc {version('xpcrpc')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_command(commands)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files may be no UTF-8
    try:
        arguments = _parsed(parser, commands, argv)
        _refuse_empty(arguments)
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except XpcRpcError as error:
        print(f"xpcrpc: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # such as `xpcrpc show … | head`
        _drop_output()
        return 1
    except OSError as error:  # files have had their sentence: this is a full disk, behind a `>`
        _drop_output()
        reason = error.strerror or error
        print(f"xpcrpc: {error.filename or 'the output'}: {reason}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except SystemExit as end:  # argparse's own way out
        return end.code if isinstance(end.code, int) else 2
    return status


def _drop_output() -> None:
    """What is still to be written goes nowhere; it could only fail once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """argparse, which also says what was meant."""

    def error(self, message: str) -> NoReturn:
        """Add the nearest of the choices that argparse lists; ends the program with 2."""
        wrong, _, known = message.partition("(choose from ")
        if known and (said := _QUOTED.search(wrong)):
            choices = [match.group(1) for match in _QUOTED.finditer(known)]
            message += nearest(said.group(1), choices or known.rstrip(")").split(", "))
        super().error(message)


def _parsed(
    parser: argparse.ArgumentParser,
    commands: argparse._SubParsersAction[_Parser],
    argv: Sequence[str] | None,
) -> argparse.Namespace:
    """The arguments; what is too much is told by the command itself, with the nearest option."""
    words = sys.argv[1:] if argv is None else list(argv)
    arguments, rest = parser.parse_known_args(words)
    if rest:
        command = commands.choices[next(word for word in words if word in commands.choices)]
        hint = nearest(rest[0].partition("=")[0], command._option_string_actions)
        command.error(f"unrecognized arguments: {' '.join(rest)}{hint}")
    return arguments


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
