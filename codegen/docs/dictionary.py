"""A message as lines of text, each with its XPC type beside it."""

from __future__ import annotations

import json
from typing import Final

from attrs import field, frozen

from .prose import Piece, Prose, plain
from .sample import Array, Dictionary, Leaf, Node

SELECTOR: Final = "$selector"
ARGUMENTS: Final = "$arguments"
RESULT: Final = "$result"
ERROR: Final = "$error"
CODE: Final = "code"
MESSAGE: Final = "message"
DETAILS: Final = "$details"
CALL: Final = "$call"
WINDOW: Final = "$window"
ITEMS: Final = "$items"
END: Final = "$end"
"""The envelope's keys, as `xpcrpc.protocol.keys` has them; a test compares the two."""

_WIDEST: Final = 60
"""Columns up to which remarks stand in one column."""


@frozen
class Line:
    """One line of a message."""

    code: str
    remark: Prose = field(factory=Prose)


def lines(node: Node) -> tuple[Line, ...]:
    """The whole message."""
    return tuple(_lines(node, "", "", 0, ""))


def text(message: tuple[Line, ...]) -> str:
    """The lines with their remarks in a column, as ``code  // remark``."""
    width = column(message)
    return "\n".join(
        f"{line.code:{width}}  // {line.remark.text}" if line.remark else line.code
        for line in message
    )


def column(message: tuple[Line, ...]) -> int:
    """Where the remarks stand."""
    return max((len(line.code) for line in message if len(line.code) <= _WIDEST), default=0)


def _lines(node: Node, before: str, after: str, indent: int, note: str) -> list[Line]:
    space = "  " * indent
    match node:
        case Leaf(shown):
            return [Line(f"{space}{before}{shown}{after}", _remark(node.remark, note))]
        case Dictionary(entries):
            opening, closing = "{", "}"
            parts = [(f"{json.dumps(one.key, ensure_ascii=False)}: ", one) for one in entries]
            inside = [(label, one.value, one.note) for label, one in parts]
        case Array(items):
            opening, closing = "[", "]"
            inside = [("", item, "") for item in items]
    if not inside:
        kind = plain("empty dictionary" if opening == "{" else "empty array")
        return [Line(f"{space}{before}{opening}{closing}{after}", _remark(kind, note))]
    found = [Line(f"{space}{before}{opening}", plain(note))]
    for index, (label, value, remark) in enumerate(inside):
        comma = "" if index == len(inside) - 1 else ","
        found.extend(_lines(value, label, comma, indent + 1, remark))
    found.append(Line(f"{space}{closing}{after}"))
    return found


def _remark(kind: Prose, note: str) -> Prose:
    return Prose((*kind.pieces, Piece(f"; {note}" if kind else note))) if note else kind
