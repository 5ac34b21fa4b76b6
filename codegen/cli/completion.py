"""``xpcrpc completion``: a script that completes the command line."""

from __future__ import annotations

import argparse
import functools
import sys

from xpcrpc.errors import MisuseError

from ..compile import compile_files
from ..completion import SHELLS, describe, script
from ..report import say
from ..show import contract_lines, names

_EPILOG = """\
exit codes: 0 printed, 1 the contract has complaints, 2 misuse

examples:
  source <(xpcrpc completion bash)        # also in ~/.bashrc
  source <(xpcrpc completion zsh)         # also in ~/.zshrc, after compinit
  xpcrpc completion fish | source
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = commands.add_parser(
        "completion",
        help="print a script that completes the command line",
        description="Print a script that completes the command line.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", nargs="?", choices=sorted(SHELLS), help="which shell reads it")
    # For the scripts themselves, which ask while somebody types.
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--names", metavar="SCHEMA", help="print what `show` can be asked for")
    what.add_argument("--services", metavar="SCHEMA", help="print the names of services")
    # By the time it runs, every command has been declared.
    parser.set_defaults(run=functools.partial(run, commands))


def run(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], arguments: argparse.Namespace
) -> int:
    """Print the script, or a name on each line.

    Raises:
        MisuseError: neither was asked for, or a file cannot be read.
    """
    if arguments.names or arguments.services:
        contracts = compile_files([arguments.names or arguments.services]).contracts
        found = [
            name
            for contract in contracts
            for name in (
                names(contract_lines(contract))
                if arguments.names
                else [service.name for service in contract.services]
            )
        ]
        for name in dict.fromkeys(found):
            say(name, sys.stdout)
        return 0 if contracts else 1
    if arguments.shell is None:
        raise MisuseError(f"name a shell: {', '.join(sorted(SHELLS))}")
    sys.stdout.write(script(arguments.shell, describe(commands)))
    return 0
