"""What `plist`, `units` and `entitlements` share: which services, which team, where to."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from xpcrpc.errors import MisuseError

from ..atomic import write_whole
from ..compile import compile_files
from ..complaint import nearest
from ..launch import VARIABLE
from ..model import Service
from ..report import report, say

TEAM_ID: Final = "TEAM_ID"
_TEAM_ID: Final = re.compile(r"[A-Z0-9]{10}")
_VALUE: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that all three have."""
    parser.add_argument("schemas", nargs="+", metavar="SCHEMA", help="a .toml file, or a folder")
    parser.add_argument("--service", metavar="NAME", help="only this service of the contract")
    parser.add_argument(
        "--team-id",
        metavar="ID",
        help="the signing team, for ${TEAM_ID} (the environment variable XPCRPC_TEAM_ID)",
    )
    parser.add_argument(
        "--variable",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="for ${NAME} in a service's name (the environment variable XPCRPC_NAME)",
    )


def services_of(arguments: argparse.Namespace) -> list[Service] | None:
    """The services that were asked for; None after complaints.

    Raises:
        MisuseError: a file cannot be read, or there is no such service.
    """
    compiled = compile_files(arguments.schemas)
    if compiled.complaints:
        report(compiled.complaints, "text", sys.stderr)
        return None
    every = [service for contract in compiled.contracts for service in contract.services]
    if arguments.service is None:
        return every
    chosen = [service for service in every if service.name == arguments.service]
    if not chosen:
        hint = nearest(arguments.service, [service.name for service in every])
        raise MisuseError(f"there is no service {arguments.service!r}{hint}")
    return chosen


def variables_of(arguments: argparse.Namespace, services: Sequence[Service]) -> dict[str, str]:
    """A value for each variable in the services' names.

    Raises:
        MisuseError: one is needed and not given, or is no value for a name.
    """
    given = dict(_assigned(text) for text in arguments.variable)
    if arguments.team_id is not None:
        given[TEAM_ID] = arguments.team_id
    texts = [service.address for service in services]
    texts += [one.launchd.app_group or "" for one in services if one.launchd is not None]
    found: dict[str, str] = {}
    for name in dict.fromkeys(name for text in texts for name in VARIABLE.findall(text)):
        value = given.get(name) or os.environ.get(f"XPCRPC_{name}")
        if not value:
            option = "--team-id ID" if name == TEAM_ID else f"--variable {name}=…"
            raise MisuseError(
                f"a service's name holds ${{{name}}}; give {option}, or set XPCRPC_{name}"
            )
        found[name] = value
    for name, value in {**given, **found}.items():
        if name == TEAM_ID and _TEAM_ID.fullmatch(value) is None:
            raise MisuseError(f"{value!r} is no team: ten capital letters and digits")
        if _VALUE.fullmatch(value) is None:
            raise MisuseError(f"{value!r} cannot stand in a name: letters, digits, '.', '_', '-'")
    return found


def _assigned(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or VARIABLE.fullmatch(f"${{{name}}}") is None:
        raise MisuseError(f"{text!r} sets no variable; write NAME=VALUE, as in CHANNEL=beta")
    return name, value


def put(files: Sequence[tuple[str, str]], out: str | None) -> None:
    """Write files into a folder; without one the only file goes to standard output.

    Raises:
        MisuseError: there are several and no folder, two have one name, or the
            folder refuses.
    """
    if out is None:
        if len(files) > 1:
            listed = ", ".join(name for name, _ in files)
            raise MisuseError(f"there are several files ({listed}); give --out DIR, or --service")
        for _, text in files:
            say(text.rstrip("\n"), sys.stdout)
        return
    names = [name for name, _ in files]
    for name in names:
        if names.count(name) > 1:
            raise MisuseError(
                f"two services would both write {name}; give one another label or unit"
            )
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise MisuseError(f"{out!r} cannot be made: {reason}") from None
    for name, text in files:
        write_whole(folder / name, text)
        say(f"wrote {(folder / name).as_posix()}", sys.stdout)
