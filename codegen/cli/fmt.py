"""``xpcrpc fmt``: put contracts into their canonical form."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..atomic import write_whole
from ..compile import find_schemas
from ..complaint import Complaint
from ..fmt import canonical
from ..fmt.diff import unified
from ..mistakes.files import NOT_A_CONTRACT
from ..report import report, say
from ..source import Source, parse_source, read_source

_STDIN = "-"
_EPILOG = """\
The form: settings in the order of the language, `=` in one column, one blank line
between tables, double quotes, arrays of more than 110 columns on several lines.
Names keep their order, comments their places. A file changes only if it then still
says the same; it is replaced whole or not at all.

exit codes: 0 all is well, 1 a file is no TOML, or with --check or --diff would change, 2 misuse

examples:
  xpcrpc fmt schemas
  xpcrpc fmt --check schemas          # for CI: writes nothing
  xpcrpc fmt --diff schemas/echo.toml
  xpcrpc fmt - < old.toml > new.toml  # for editors
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = commands.add_parser(
        "fmt",
        help="put contracts into their canonical form",
        description="Put contracts into their canonical form.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "schemas", nargs="+", metavar="SCHEMA", help="a .toml file, a folder, or - for a filter"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="write nothing; name what would change")
    how.add_argument("--diff", action="store_true", help="write nothing; show what would change")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Rewrite the files that are not canonical yet, and name them.

    Raises:
        MisuseError: a file cannot be read or written.
    """
    if arguments.schemas == [_STDIN]:
        return _filter()
    failed = changed = 0
    for path, name in find_schemas(arguments.schemas):
        source = read_source(path, name)
        text = _laid_out(source)
        if isinstance(source, Complaint) or isinstance(text, Complaint):
            assert isinstance(text, Complaint)  # for a source that is one, so is its text
            report([text], "text", sys.stderr)
            failed += 1
            continue
        if text == _as_written(path, source):
            continue
        changed += 1
        if arguments.diff:
            for line in unified(source.file, source.text.splitlines(), text.splitlines()):
                say(line, sys.stdout)
        elif arguments.check:
            say(f"not canonical: {name}", sys.stdout)
        else:
            write_whole(path, text)
            say(f"wrote {name}", sys.stdout)
    planned = arguments.check or arguments.diff
    return 1 if failed or (planned and changed) else 0


def _laid_out(source: Source | Complaint) -> str | Complaint:
    if isinstance(source, Complaint):
        return source
    if "schema" not in source.values:
        # Such as pyproject.toml in a folder: its keys have another order.
        return Complaint(
            source.file,
            1,
            1,
            "",
            "there is no 'schema', so it is no contract; it was left alone",
            NOT_A_CONTRACT.id,
        )
    return canonical(source)


def _filter() -> int:
    """Standard input to standard output."""
    source = parse_source(sys.stdin.buffer.read(), "<stdin>")
    text = _laid_out(source)
    if isinstance(text, Complaint):
        report([text], "text", sys.stderr)
        return 1
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.buffer.flush()
    return 0


def _as_written(path: Path, source: Source) -> str:
    """The file's own text: a source has its line ends made alike."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return source.text  # it changed this moment; the next run sees it
