"""Complaints and lint findings for people, programs and GitHub's annotations."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Final, Literal, TextIO, TypeAlias

from attrs import asdict

from .complaint import Complaint

Format: TypeAlias = Literal["text", "json", "github"]
FORMATS: Final[tuple[Format, ...]] = ("text", "json", "github")

_BOLD: Final = "\x1b[1m"
_CYAN: Final = "\x1b[36m"
_DIM: Final = "\x1b[2m"
_RESET: Final = "\x1b[0m"


def report(complaints: Iterable[Complaint], form: Format, stream: TextIO) -> None:
    """Write all of them; JSON is written even if there are none."""
    if form == "json":
        say(json.dumps({"complaints": [asdict(one) for one in complaints]}, indent=2), stream)
        return
    colours = wants_colours(stream)
    for one in complaints:
        say(_github(one) if form == "github" else _text(one, colours=colours), stream)


def say(text: str, stream: TextIO) -> None:
    """A line on a stream; what its encoding lacks is written as an escape.

    File names that are not UTF-8 reach Python as lone surrogates, which no
    stream accepts by itself.
    """
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def wants_colours(stream: TextIO) -> bool:
    """Only a terminal, and only if nobody said no (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def count(number: int, noun: str) -> str:
    """``1 complaint``, ``2 complaints``"""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _text(complaint: Complaint, *, colours: bool) -> str:
    if not colours:
        return str(complaint)
    place = f"{_BOLD}{complaint.file}:{complaint.line}:{complaint.column}:{_RESET}"
    path = f" {_CYAN}{complaint.path}:{_RESET}" if complaint.path else ""
    return f"{place}{path} {complaint.message} {_DIM}[{complaint.rule}]{_RESET}"


def _github(complaint: Complaint) -> str:
    """A workflow command, which GitHub shows beside the line of the file."""
    properties = {
        "file": complaint.file,
        "line": str(complaint.line),
        "col": str(complaint.column),
        "title": f"xpcrpc {complaint.rule}",
    }
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    path = f"{complaint.path}: " if complaint.path else ""
    return f"::error {listed}::{_data(path + complaint.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
