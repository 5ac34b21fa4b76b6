"""``xpcrpc units``: what systemd must know about services."""

from __future__ import annotations

import argparse

from xpcrpc.errors import MisuseError

from ..units import units
from .placement import add_arguments, put, services_of, variables_of

_EPILOG = """\
Each service gets a socket unit, which holds its name from the start, and a service unit,
which the first client starts. Units of domain "user" belong into ~/.config/systemd/user,
those of domain "system" into /etc/systemd/system. Present files are replaced.

exit codes: 0 written, 1 the contract has complaints, 2 misuse

examples:
  xpcrpc units schemas/echo.toml --out build/systemd
  systemd-analyze verify --user build/systemd/*
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = commands.add_parser(
        "units",
        help="write the socket and service units of services, for systemd",
        description="Write the units of services that have a systemd section.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    parser.add_argument("--out", required=True, metavar="DIR", help="where the files go")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write them.

    Raises:
        MisuseError: no service has the section, the team is not known, a file cannot be written.
    """
    services = services_of(arguments)
    if services is None:
        return 1
    chosen = [service for service in services if service.systemd is not None]
    if not chosen:
        raise MisuseError("no service says how systemd runs it; write [service.x.systemd]")
    variables = variables_of(arguments, chosen)
    made = [unit for service in chosen for unit in units(service, variables)]
    put([(unit.file, unit.text) for unit in made], arguments.out)
    return 0
