"""``xpcrpc lint``: contracts that compile, but that somebody will regret."""

from __future__ import annotations

import argparse
import sys
import textwrap

from xpcrpc.errors import MisuseError

from ..compile import compile_sources, find_schemas
from ..complaint import Complaint, Complaints
from ..lint import RULES, Rule, lint, read_ignores
from ..report import FORMATS, count, report, say
from ..source import read_source
from .catalogue import explained, known, list_entries

_EPILOG = """\
An exception is written into the contract, with its reason:

  [lint.ignore]
  "single-precision" = "samples of a sound card"               # the whole file
  "closed-enum:enum.Side" = "a coin has no third side"         # one place

exit codes: 0 nothing found, 1 findings or complaints, 2 misuse

examples:
  xpcrpc lint schemas
  xpcrpc lint schemas --ignore long-timeout,single-precision
  xpcrpc lint schemas --only unbounded-request --format github
  xpcrpc lint --list
  xpcrpc lint --explain closed-enum
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = commands.add_parser(
        "lint",
        help="list what in contracts somebody will regret",
        description="List what in contracts compiles, but somebody will regret.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("schemas", nargs="*", metavar="SCHEMA", help="a .toml file, or a folder")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="RULE", help="leave these rules out"
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="RULE", help="run these rules alone"
    )
    parser.add_argument(
        "--format", choices=FORMATS, default="text", help="how findings are listed (text)"
    )
    parser.add_argument("--list", action="store_true", help="list the rules")
    parser.add_argument("--explain", metavar="RULE", help="say why a rule exists, with examples")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List findings; a contract with complaints is not linted.

    Raises:
        MisuseError: a file cannot be read, or a rule does not exist.
    """
    if arguments.explain:
        say(_explained(_known(arguments.explain)), sys.stdout)
        return 0
    rules = _chosen(arguments)
    if arguments.list:
        list_entries(rules, arguments.format)
        return 0
    if not arguments.schemas:
        raise MisuseError("name a contract, or a folder of them; or use --list")
    sources = [read_source(path, name) for path, name in find_schemas(arguments.schemas)]
    compiled = compile_sources(sources)
    notes = list(compiled.complaints)
    findings: list[Complaint] = []
    contracts = {contract.file: contract for contract in compiled.contracts}
    for source in sources:
        if isinstance(source, Complaint):
            continue
        complaints = Complaints(source)
        ignores = read_ignores(complaints)
        notes.extend(sorted(complaints.found))
        if source.file in contracts:
            findings.extend(lint(contracts[source.file], complaints, ignores, rules))
    report([*notes, *findings], arguments.format, sys.stdout)
    if arguments.format == "text":
        if notes:
            say(f"{count(len(notes), 'complaint')}; contracts are linted once they compile",
                sys.stderr)  # fmt: skip
        else:
            say(count(len(findings), "finding"), sys.stderr)
    return 1 if notes or findings else 0


def _chosen(arguments: argparse.Namespace) -> tuple[Rule, ...]:
    ignored = {_known(name).id for text in arguments.ignore for name in text.split(",")}
    only = {_known(name).id for text in arguments.only for name in text.split(",")}
    return tuple(rule for rule in RULES if rule.id not in ignored and (not only or rule.id in only))


def _known(name: str) -> Rule:
    return known(RULES, name, what="lint rule", command="lint")


def _explained(rule: Rule) -> str:
    """The whole record, for people."""
    return "\n".join(
        [
            explained(rule),
            "",
            "not:",
            textwrap.indent(rule.bad, "  "),
            "but:",
            textwrap.indent(rule.good, "  "),
        ]
    )
