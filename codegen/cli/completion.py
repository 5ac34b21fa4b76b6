"""``xpcrpc completion``: a script that completes the command line."""

from __future__ import annotations

import argparse
import functools
import sys

from ..completion import SHELLS, describe, script

_EPILOG = """\
exit codes: 0 printed, 2 misuse

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
    parser.add_argument("shell", choices=sorted(SHELLS), help="which shell reads it")
    # By the time it runs, every command has been declared.
    parser.set_defaults(run=functools.partial(run, commands))


def run(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], arguments: argparse.Namespace
) -> int:
    """Print the script."""
    sys.stdout.write(script(arguments.shell, describe(commands)))
    return 0
