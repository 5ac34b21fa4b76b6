"""``xpcrpc freeze``: write down what peers of a contract rely on."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from xpcrpc.errors import MisuseError

from ..atomic import write_whole
from ..breaking import Side, breaking
from ..breaking.report import write_findings
from ..compile import compile_sources, find_schemas
from ..complaint import Complaint
from ..freeze import lock_path, lock_text, read_lock
from ..report import count, report, say
from ..source import Source, read_source

_EPILOG = """\
Each contract gets a lock beside it, such as echo.toml.lock: its fingerprint, and
the contract without its words. A lock is not replaced by a contract that breaks
what it promises, unless the major version was raised.

exit codes: 0 all is well, 1 complaints, a breaking change, or with --check a stale
lock, 2 misuse

examples:
  xpcrpc freeze schemas
  xpcrpc freeze schemas --check        # for CI: writes nothing
  xpcrpc freeze schemas/echo.toml --anyway
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = commands.add_parser(
        "freeze",
        help="write down what peers of contracts rely on",
        description="Write the lock of each contract: what its peers rely on.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("schemas", nargs="+", metavar="SCHEMA", help="a .toml file, or a folder")
    parser.add_argument("--check", action="store_true", help="write nothing; name stale locks")
    parser.add_argument(
        "--anyway", action="store_true", help="replace locks even by what breaks their promises"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the locks that differ, and name them.

    Raises:
        MisuseError: a file cannot be read or written.
    """
    found = find_schemas(arguments.schemas)
    sources = [read_source(path, name) for path, name in found]
    compiled = compile_sources(sources)
    if compiled.complaints:
        report(compiled.complaints, "text", sys.stderr)
        return 1
    by_file = {source.file: source for source in sources if isinstance(source, Source)}
    failed = 0
    for contract in compiled.contracts:
        side = Side(contract, by_file[contract.file])
        path = lock_path(Path(side.source.file))
        text = lock_text(contract, side.source)
        if _present(path) == text.encode("utf-8"):
            continue
        if arguments.check:
            say(f"{'stale' if path.exists() else 'missing'}: {path.as_posix()}", sys.stdout)
            failed += 1
        elif path.exists() and not arguments.anyway and _breaks(path, side):
            failed += 1
        else:
            write_whole(path, text)
            say(f"wrote {path.as_posix()}", sys.stdout)
    return 1 if failed else 0


def _breaks(path: Path, new: Side) -> bool:
    """Whether the contract breaks what its lock promises; it is then said how."""
    lock = read_lock(read_source(path), new.source)
    compiled = compile_sources([lock if isinstance(lock, Complaint) else lock.source])
    if isinstance(lock, Complaint) or compiled.complaints:
        report(compiled.complaints, "text", sys.stdout)
        return True
    old = Side(compiled.contracts[0], lock.source)
    findings = [finding for finding in breaking(old, new) if finding.level == "break"]
    if findings:
        write_findings(findings, "text", sys.stdout)
        say(f"{count(len(findings), 'breaking change')}; {path.as_posix()} was left as it is "
            "(--anyway replaces it)", sys.stderr)  # fmt: skip
    return bool(findings)


def _present(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MisuseError(f"'{path.as_posix()}' cannot be read: {error.strerror}") from None
