"""Findings for people, programs and GitHub's annotations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TextIO

from attrs import asdict, frozen

from ..report import Format, say, wants_colours
from .run import Finding

_BOLD, _RED, _YELLOW, _RESET = "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[0m"


@frozen
class Compared:
    """Two contracts that were compared, by their fingerprints."""

    file: str
    old: str
    new: str


def write_findings(
    findings: Sequence[Finding],
    form: Format,
    stream: TextIO,
    compared: Sequence[Compared] = (),
) -> None:
    """All of them; JSON is written even if there are none."""
    if form == "json":
        record = {
            "findings": [_record(one) for one in findings],
            "contracts": [asdict(one) for one in compared],
        }
        say(json.dumps(record, indent=2), stream)
        return
    colours = wants_colours(stream)
    for one in findings:
        say(_github(one) if form == "github" else _text(one, colours=colours), stream)


def _text(finding: Finding, *, colours: bool) -> str:
    """``file:line:column: RULE path: message``"""
    complaint = finding.complaint
    place = f"{complaint.file}:{complaint.line}:{complaint.column}:"
    rule = finding.rule if finding.level == "break" else f"(note) {finding.rule}"
    if colours:
        colour = _RED if finding.level == "break" else _YELLOW
        place, rule = f"{_BOLD}{place}{_RESET}", f"{colour}{rule}{_RESET}"
    return f"{place} {rule} {complaint.path or '(file)'}: {complaint.message}"


def _record(finding: Finding) -> dict[str, str | int]:
    complaint = finding.complaint
    return {
        "file": complaint.file,
        "line": complaint.line,
        "column": complaint.column,
        "path": complaint.path,
        "message": complaint.message,
        "rule": finding.rule,
        "level": finding.level,
        "breaks": finding.breaks,
    }


def _github(finding: Finding) -> str:
    """A workflow command, which GitHub shows beside the line of the file."""
    complaint = finding.complaint
    properties = {
        "file": complaint.file,
        "line": str(complaint.line),
        "col": str(complaint.column),
        "title": f"xpcrpc {finding.rule}",
    }
    listed = ",".join(f"{key}={_escaped(value)}" for key, value in properties.items())
    command = "error" if finding.level == "break" else "notice"
    message = f"{complaint.path}: {complaint.message}"
    return f"::{command} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
