"""Kinds of complaints and rules, as commands list and explain them."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from attrs import AttrsInstance, asdict, filters

from xpcrpc.errors import MisuseError

from ..complaint import nearest
from ..report import say


class Entry(AttrsInstance, Protocol):
    """A kind of complaint, or a rule."""

    @property
    def id(self) -> str:
        """What scripts and searches name it by."""

    @property
    def title(self) -> str:
        """One sentence without a full stop."""

    @property
    def why(self) -> str:
        """Why it exists."""


EntryT = TypeVar("EntryT", bound=Entry)


def known(
    entries: Sequence[EntryT],
    name: str,
    *,
    what: str,
    command: str,
    spelled: Callable[[str], str] = str,
) -> EntryT:
    """The entry of that name, once it is ``spelled`` as ids are.

    Raises:
        MisuseError: there is none; the nearest is named.
    """
    for one in entries:
        if one.id == spelled(name.strip()):
            return one
    nearby = nearest(spelled(name), [one.id for one in entries])
    raise MisuseError(f"there is no {what} {name!r}{nearby or f'; see: xpcrpc {command} --list'}")


def explained(entry: Entry) -> str:
    """What it is, and why, for people."""
    return f"{entry.id}: {entry.title}.\n\n{textwrap.fill(entry.why, 88)}"


def list_entries(entries: Sequence[Entry], form: str) -> None:
    """All of them on standard output: whole records as JSON, else ids and titles."""
    if form == "json":
        records = [asdict(one, filter=filters.exclude("find")) for one in entries]
        say(json.dumps({"rules": records}, indent=2), sys.stdout)
        return
    width = max((len(one.id) for one in entries), default=0)
    for one in entries:
        say(f"{one.id:{width}}  {one.title}", sys.stdout)
