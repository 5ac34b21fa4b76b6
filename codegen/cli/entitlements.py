"""``xpcrpc entitlements``: what programs must be signed with to use services."""

from __future__ import annotations

import argparse
import plistlib
import sys
from pathlib import Path

from xpcrpc.errors import MisuseError

from ..atomic import write_whole
from ..plist import client_entitlements, server_entitlements
from ..report import say
from .placement import add_arguments, services_of, variables_of

_EPILOG = """\
A sandboxed client may look up a name below one of its app groups; for any other name it
needs a temporary exception. Entitlements that a peer rule asks of every client are there
as well. A program outside the sandbox needs none of it for the look-up.

exit codes: 0 written, 1 the contract has complaints, 2 misuse

examples:
  xpcrpc entitlements schemas/tproxy.toml --team-id ABCDE12345
  xpcrpc entitlements schemas/tproxy.toml --role server --out Extension.entitlements
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = commands.add_parser(
        "entitlements",
        help="write the entitlements that a client or server of services needs",
        description="Write the entitlements that a program needs, for codesign.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    parser.add_argument(
        "--role", choices=("client", "server"), default="client", help="whose they are (client)"
    )
    parser.add_argument("--out", metavar="FILE", help="where to write them (stdout)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write or print them.

    Raises:
        MisuseError: there is no service, the team is not known, the file cannot be written.
    """
    services = services_of(arguments)
    if services is None:
        return 1
    if not services:
        raise MisuseError("the contract declares no service")
    variables = variables_of(arguments, services)
    make = client_entitlements if arguments.role == "client" else server_entitlements
    text = plistlib.dumps(make(services, variables), sort_keys=True).decode("utf-8")
    if arguments.out is None:
        say(text.rstrip("\n"), sys.stdout)
        return 0
    write_whole(Path(arguments.out), text)
    say(f"wrote {arguments.out}", sys.stdout)
    return 0
