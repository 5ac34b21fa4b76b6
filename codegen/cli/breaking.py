"""``xpcrpc breaking``: what of a changed contract breaks programs in the field."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap

from attrs import asdict, filters

from xpcrpc.errors import MisuseError

from ..breaking import ADDITIONS, RULES, Finding, breaking
from ..breaking.inputs import Inputs, against, against_locks
from ..breaking.report import Compared, write_findings
from ..breaking.run import removed_contract
from ..fingerprint import fingerprint
from ..report import FORMATS, count, report, say
from .catalogue import explained, known

_EPILOG = """\
OLD is a file, a folder, or a git revision, at which the path of NEW is read, or wherever
a contract of that package was then; git:NAME says that a revision is meant. Without OLD
each contract is compared with its lock (see: xpcrpc freeze). A new major version may
change anything: what would break is then listed as notes.

exit codes: 0 nothing breaks, 1 something does (or a contract has complaints), 2 misuse

examples:
  xpcrpc breaking HEAD~1 schemas
  xpcrpc breaking git:main schemas/echo.toml --format github
  xpcrpc breaking old/echo.toml new/echo.toml --additions
  xpcrpc breaking schemas
  xpcrpc breaking --list
  xpcrpc breaking --explain FIELD_REMOVED
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = commands.add_parser(
        "breaking",
        help="list what breaks programs that have an older contract",
        description="List what breaks programs that have an older contract.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "contracts", nargs="*", metavar="OLD NEW", help="the two sides, or NEW alone"
    )
    parser.add_argument(
        "--additions", action="store_true", help="also list what is new and breaks nobody"
    )
    parser.add_argument(
        "--format", choices=FORMATS, default="text", help="how findings are listed (text)"
    )
    parser.add_argument("--list", action="store_true", help="list the rules, and why each exists")
    parser.add_argument("--explain", metavar="RULE", help="say why a rule exists")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List the findings on standard output.

    Raises:
        MisuseError: a side cannot be read, is no contract, or has no lock.
    """
    if arguments.explain:
        rule = known(
            (*RULES, *ADDITIONS),
            arguments.explain,
            what="breaking rule",
            command="breaking",
            spelled=str.upper,
        )
        say(explained(rule), sys.stdout)
        return 0
    if arguments.list:
        _list(arguments.format)
        return 0
    match arguments.contracts:
        case [old, new]:
            inputs = against(old, new)
        case [new]:
            inputs = against_locks(new)
        case _:
            raise MisuseError("name the old and the new contract, or one that has a lock")
    if inputs.complaints:
        report(inputs.complaints, arguments.format, sys.stdout)
        if arguments.format == "text":
            say(f"{count(len(inputs.complaints), 'complaint')}; contracts are compared once "
                "they compile", sys.stderr)  # fmt: skip
        return 1
    findings = _findings(inputs, additions=arguments.additions)
    compared = [
        Compared(new.source.file, fingerprint(old.contract), fingerprint(new.contract))
        for old, new in inputs.pairs
    ]
    write_findings(findings, arguments.format, sys.stdout, compared)
    same = sum(one.old == one.new for one in compared)
    broken = sum(finding.level == "break" for finding in findings)
    if arguments.format == "text":
        say(f"{count(len(compared), 'contract')} compared, {same} with the same fingerprint, "
            f"{count(broken, 'breaking change')}", sys.stderr)  # fmt: skip
    return 1 if broken else 0


def _findings(inputs: Inputs, *, additions: bool) -> list[Finding]:
    found = [removed_contract(side) for side in inputs.gone]
    for old, new in inputs.pairs:
        found += breaking(old, new, additions=additions)
    return sorted(found)


def _list(form: str) -> None:
    if form == "json":
        records = [
            {**asdict(rule, filter=filters.exclude("find")), "addition": rule in ADDITIONS}
            for rule in (*RULES, *ADDITIONS)
        ]
        say(json.dumps({"rules": records}, indent=2), sys.stdout)
        return
    for title, rules in (("breaking", RULES), ("additions, which break nobody", ADDITIONS)):
        say(f"{title}:", sys.stdout)
        for rule in rules:
            say(f"  {rule.id}: {rule.title}", sys.stdout)
            say(textwrap.indent(textwrap.fill(rule.why, 84), "      "), sys.stdout)
