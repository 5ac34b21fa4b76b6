"""Running one command as `xpcrpc` does."""

from __future__ import annotations

import argparse
from types import ModuleType

from xpcrpc.codegen import cli

COMMANDS: tuple[ModuleType, ...] = cli._COMMANDS


def parser() -> tuple[argparse.ArgumentParser, argparse._SubParsersAction[argparse.ArgumentParser]]:
    """A parser that knows all commands."""
    whole = argparse.ArgumentParser(prog="xpcrpc")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_command(commands)
    return whole, commands


def run(*argv: str) -> int:
    """The exit code; what is printed goes where it would."""
    status: int = cli.main(argv)
    return status
