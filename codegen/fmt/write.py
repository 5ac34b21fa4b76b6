"""The tree becomes text, in the one canonical way."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from .order import rank
from .spell import spell_key, spell_raw
from .tree import Array, Block, Comment, Document, InlineTable, Node, Pair, Scalar

WIDTH = 110
"""Columns of a line; an array that would pass them gets a line for each item."""

_INDENT = 2


def write_document(document: Document) -> str:
    """The whole text, with a line break at its end unless it is empty."""
    lines: list[str] = []
    _comments(document.head, lines)
    for block in document.blocks:
        _block(block, lines)
    if document.tail:
        _comments(document.tail, lines)
    return "".join(f"{line}\n" for line in lines)


def _blank(lines: list[str]) -> None:
    if lines and lines[-1]:
        lines.append("")


def _comments(comments: list[Comment], lines: list[str]) -> None:
    for comment in comments:
        if comment.blank_before:
            _blank(lines)
        lines.append(comment.text)


def _behind(line: str, trail: str | None) -> str:
    return f"{line}  {trail}" if trail else line


def _block(block: Block, lines: list[str]) -> None:
    if block.header is None and not block.pairs:
        return
    table = block.header or ()
    pairs = sorted(block.pairs, key=lambda pair: rank(table, pair.key[0]))
    if block.header is None:
        _blank(lines)  # between the comments about the file and its first key
    else:
        if not (block.blank_before or any(comment.blank_before for comment in block.lead)):
            _blank(lines)
        _comments(block.lead, lines)
        if block.blank_before:
            _blank(lines)
        brackets = "[[{}]]" if block.is_array else "[{}]"
        lines.append(_behind(brackets.format(spell_key(block.header)), block.trail))
    start = len(lines)
    for group in _groups(pairs):
        width = max(len(spell_key(pair.key)) for pair in group)
        for pair in group:
            _pair(pair, table, width, lines, first=len(lines) == start)


def _groups(pairs: list[Pair]) -> Iterator[list[Pair]]:
    """Neighbours whose ``=`` stand in one column: all plain keys, or all below one name."""
    number = 0

    def group(pair: Pair) -> tuple[int, str]:
        nonlocal number
        number += pair.blank_before or any(comment.blank_before for comment in pair.lead)
        return number, pair.key[0] if len(pair.key) > 1 else ""

    for _, members in groupby(pairs, key=group):
        yield list(members)


def _pair(pair: Pair, table: tuple[str, ...], width: int, lines: list[str], *, first: bool) -> None:
    gaps = [*(comment.blank_before for comment in pair.lead), pair.blank_before]
    if first:
        gaps[0] = False
    for comment, gap in zip(pair.lead, gaps, strict=False):
        if gap:
            _blank(lines)
        lines.append(comment.text)
    if gaps[-1]:
        _blank(lines)
    prefix = f"{spell_key(pair.key):{width}} = "
    value = _node(pair.value, (*table, *pair.key), 0, len(prefix))
    lines.extend(_behind(prefix + value, pair.trail).split("\n"))


def _node(node: Node, path: tuple[str, ...], indent: int, column: int) -> str:
    """A value that starts at ``column`` of a line indented by ``indent``."""
    line = _inline(node, path)
    if isinstance(node, Scalar):
        return line
    fits = "\n" not in line and column + len(line) <= WIDTH
    if not _has_comments(node) and (fits or isinstance(node, InlineTable)):
        return line
    if isinstance(node, InlineTable):
        # Only arrays may break lines here, so only they carry comments.
        parts = [
            f"{spell_key(pair.key)} = {_commented(pair.value, (*path, *pair.key), indent)}"
            for pair in _sorted(node, path)
        ]
        return "{ " + ", ".join(parts) + " }"
    inner = " " * (indent + _INDENT)
    lines = ["["]
    for item in node.items:
        lines.extend(inner + comment for comment in item.lead)
        value = _node(item.value, (*path, ""), indent + _INDENT, indent + _INDENT + 1)
        lines.append(_behind(f"{inner}{value},", item.trail))
    lines.extend(inner + comment for comment in node.dangling)
    lines.append(" " * indent + "]")
    return "\n".join(lines)


def _commented(node: Node, path: tuple[str, ...], indent: int) -> str:
    return _node(node, path, indent, WIDTH) if _has_comments(node) else _inline(node, path)


def _sorted(table: InlineTable, path: tuple[str, ...]) -> list[Pair]:
    return sorted(table.pairs, key=lambda pair: rank(path, pair.key[0]))


def _inline(node: Node, path: tuple[str, ...]) -> str:
    """A value on one line, but for the line breaks inside long texts."""
    match node:
        case Scalar(raw):
            return spell_raw(raw)
        case Array(items):
            return "[" + ", ".join(_inline(item.value, (*path, "")) for item in items) + "]"
        case InlineTable():
            parts = [
                f"{spell_key(pair.key)} = {_inline(pair.value, (*path, *pair.key))}"
                for pair in _sorted(node, path)
            ]
            return "{ " + ", ".join(parts) + " }" if parts else "{}"


def _has_comments(node: Node) -> bool:
    match node:
        case Scalar():
            return False
        case Array(items, dangling):
            return bool(dangling) or any(
                item.lead or item.trail or _has_comments(item.value) for item in items
            )
        case InlineTable(pairs):
            return any(_has_comments(pair.value) for pair in pairs)
