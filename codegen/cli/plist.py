"""``xpcrpc plist``: what launchd must know about services."""

from __future__ import annotations

import argparse

from xpcrpc.errors import MisuseError

from ..plist import launch_plist
from .placement import add_arguments, put, services_of, variables_of

_EPILOG = """\
An agent or a daemon gets a property list of its own, named for its label; a network
extension or a bundled XPC service the part of Info.plist that says its name.
Where several are written, --out names the folder; present files are replaced.

exit codes: 0 written, 1 the contract has complaints, 2 misuse

examples:
  xpcrpc plist schemas/echo.toml --service echo
  xpcrpc plist schemas --team-id ABCDE12345 --out build/macos
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = commands.add_parser(
        "plist",
        help="write the property lists of services, for launchd",
        description="Write the property lists of services that have a launchd section.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    parser.add_argument("--out", metavar="DIR", help="where the files go (stdout, if it is one)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write or print them.

    Raises:
        MisuseError: no service has the section, the team is not known, a file cannot be written.
    """
    services = services_of(arguments)
    if services is None:
        return 1
    chosen = [service for service in services if service.launchd is not None]
    if not chosen:
        raise MisuseError("no service says how launchd runs it; write [service.x.launchd]")
    variables = variables_of(arguments, chosen)
    made = [launch_plist(service, variables) for service in chosen]
    put([(one.file, one.data.decode("utf-8")) for one in made], arguments.out)
    return 0
