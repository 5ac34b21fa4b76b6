"""What `plist`, `units` and `entitlements` share: which services, which team, where to."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from xpcrpc.errors import MisuseError

from ..atomic import write_whole
from ..compile import compile_files
from ..complaint import nearest
from ..launch import TEAM
from ..model import Service
from ..report import report, say

_TEAM_ID = re.compile(r"[A-Z0-9]{10}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that all three have."""
    parser.add_argument("schemas", nargs="+", metavar="SCHEMA", help="a .toml file, or a folder")
    parser.add_argument("--service", metavar="NAME", help="only this service of the contract")
    parser.add_argument(
        "--team-id",
        metavar="ID",
        help="the signing team, for ${TEAM_ID} (the environment variable XPCRPC_TEAM_ID)",
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


def team_of(arguments: argparse.Namespace, services: Sequence[Service]) -> str:
    """The signing team; empty if no name holds it.

    Raises:
        MisuseError: it is needed and not given, or is none.
    """
    groups = (service.launchd.app_group for service in services if service.launchd is not None)
    needed = any(TEAM in (text or "") for text in (*(one.address for one in services), *groups))
    team: str = arguments.team_id or os.environ.get("XPCRPC_TEAM_ID") or ""
    if team and _TEAM_ID.fullmatch(team) is None:
        raise MisuseError(f"{team!r} is no team: ten capital letters and digits")
    if needed and not team:
        raise MisuseError(f"a service's name holds {TEAM}; give --team-id, or set XPCRPC_TEAM_ID")
    return team


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
