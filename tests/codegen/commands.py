"""Running one command as `xpcrpc` does."""

from __future__ import annotations

import argparse
import sys
from types import ModuleType

from xpcrpc.codegen.cli import check, completion, docs, fmt, lint, new, show

from xpcrpc.errors import XpcRpcError

COMMANDS: tuple[ModuleType, ...] = (check, completion, docs, fmt, lint, new, show)


def parser() -> tuple[argparse.ArgumentParser, argparse._SubParsersAction[argparse.ArgumentParser]]:
    """A parser that knows these commands."""
    whole = argparse.ArgumentParser(prog="xpcrpc")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_command(commands)
    return whole, commands


def run(*argv: str) -> int:
    """The exit code; what is printed goes where it would."""
    try:
        arguments = parser()[0].parse_args(argv)
        status: int = arguments.run(arguments)
    except XpcRpcError as error:
        print(f"xpcrpc: {error}", file=sys.stderr)
        return 2
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 2
    return status
