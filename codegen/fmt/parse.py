"""TOML text to a tree with comments and blank lines.

Like the scanner, it trusts that `tomllib` accepted the text and decides nothing
about validity.
"""

from __future__ import annotations

import re
from typing import Final

from attrs import define, field

from .spell import text_value
from .tree import Array, Block, Comment, Document, InlineTable, Item, Node, Pair, Scalar

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_SPACE: Final = re.compile(r"[ \t]*")
_COMMENT: Final = re.compile(r"#[^\n]*")
_TOKEN: Final = re.compile(r"[^,\]}#\n]+")
_DIRECTIVE: Final = "#:"
"""What editors read at the top of a file, such as ``#:schema ./xpcrpc.schema.json``."""


class UnexpectedTomlError(Exception):
    """Valid for `tomllib`, but newer than the TOML 1.0 that contracts are written in."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


def parse_document(text: str) -> Document:
    """Read a valid document.

    Raises:
        UnexpectedTomlError: it uses something that TOML 1.0 does not have.
    """
    return _Parser(text).document()


@define
class _Parser:
    text: str
    at: int = 0
    comments: list[str] = field(factory=list)

    def document(self) -> Document:
        document = Document(blocks=[Block()], comments=self.comments)
        pending: list[Comment] = []
        blank = False
        while True:
            self._skip_space()
            character = self._peek()
            if not character:
                break
            if character == "\n":
                self.at += 1
                blank = True
                continue
            if character == "#":
                pending.append(Comment(self._comment(), blank))
            elif character == "[":
                block = self._header()
                block.lead, block.blank_before, pending = pending, blank, []
                block.trail = self._trail()
                document.blocks.append(block)
            else:
                pair = self._pair()
                pair.lead, pair.blank_before, pending = pending, blank, []
                pair.trail = self._trail()
                document.blocks[-1].pairs.append(pair)
            blank = False
            self._end_of_line()
        document.tail = pending
        _split_head(document)
        return document

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _skip_space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        assert match is not None  # it matches the empty text
        self.at = match.end()

    def _comment(self) -> str:
        match = _COMMENT.match(self.text, self.at)
        assert match is not None  # the caller saw the '#'
        self.at = match.end()
        text = match.group().rstrip(" \t")
        self.comments.append(text)
        return text

    def _trail(self) -> str | None:
        self._skip_space()
        return self._comment() if self._peek() == "#" else None

    def _end_of_line(self) -> None:
        if self._peek() == "\n":
            self.at += 1
        elif self._peek():
            raise UnexpectedTomlError(self.at)

    def _expect(self, text: str) -> None:
        if not self.text.startswith(text, self.at):
            raise UnexpectedTomlError(self.at)
        self.at += len(text)

    def _header(self) -> Block:
        is_array = self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        key = self._dotted_key()
        self._expect("]]" if is_array else "]")
        return Block(header=key, is_array=is_array)

    def _dotted_key(self) -> tuple[str, ...]:
        key: tuple[str, ...] = ()
        while True:
            self._skip_space()
            if self._peek() in ("'", '"'):
                key = (*key, text_value(self._string()))
            elif match := _BARE_KEY.match(self.text, self.at):
                key = (*key, match.group())
                self.at = match.end()
            else:
                raise UnexpectedTomlError(self.at)
            self._skip_space()
            if self._peek() != ".":
                return key
            self.at += 1

    def _pair(self) -> Pair:
        key = self._dotted_key()
        self._expect("=")
        self._skip_space()
        return Pair(key, self._value())

    def _value(self) -> Node:
        match self._peek():
            case "'" | '"':
                return Scalar(self._string())
            case "[":
                return self._array()
            case "{":
                return self._inline_table()
        token = _TOKEN.match(self.text, self.at)
        if token is None:
            raise UnexpectedTomlError(self.at)
        raw = token.group().rstrip(" \t")
        self.at += len(raw)
        return Scalar(raw)

    def _array(self) -> Array:
        self.at += 1
        array = Array()
        may_trail = False  # a comment on the line where an item ended belongs to the item
        while True:
            self._skip_space()
            match self._peek():
                case "\n":
                    self.at += 1
                    may_trail = False
                case "#":
                    comment = self._comment()
                    if may_trail and array.items[-1].trail is None:
                        array.items[-1].trail = comment
                    else:
                        array.dangling.append(comment)
                case ",":
                    self.at += 1
                case "]":
                    self.at += 1
                    return array
                case "":
                    raise UnexpectedTomlError(self.at)
                case _:
                    array.items.append(Item(self._value(), lead=array.dangling))
                    array.dangling = []
                    may_trail = True

    def _inline_table(self) -> InlineTable:
        self.at += 1
        table = InlineTable()
        while True:
            self._skip_space()
            match self._peek():
                case ",":
                    self.at += 1
                case "}":
                    self.at += 1
                    return table
                case "#" | "\n":
                    raise UnexpectedTomlError(self.at)
                case _:
                    table.pairs.append(self._pair())

    def _string(self) -> str:
        """A text of any of the four kinds, quotes included."""
        start, quote = self.at, self._peek()
        fence = quote * 3 if self.text.startswith(quote * 3, start) else quote
        at = start + len(fence)
        while not self.text.startswith(fence, at):
            if at >= len(self.text):
                raise UnexpectedTomlError(self.at)
            at += 2 if self.text[at] == "\\" and quote == '"' else 1
        at += len(fence)
        if len(fence) == 3:
            # Up to two quotes may stand directly before the closing fence.
            for _ in range(2):
                at += 1 if self.text.startswith(quote, at) else 0
        self.at = at
        return self.text[start:at]


def _split_head(document: Document) -> None:
    """Comments about the file: editors' directives, and what a blank line sets apart."""
    first = next((block for block in document.blocks if block.header or block.pairs), None)
    if first is None:
        document.head, document.tail = document.tail, []
        return
    owner = first.pairs[0] if first.header is None else first
    gaps = [*(comment.blank_before for comment in owner.lead[1:]), owner.blank_before]
    cut = max((index + 1 for index, gap in enumerate(gaps) if gap and owner.lead), default=0)
    for index, comment in enumerate(owner.lead[cut:], cut):
        if comment.text.startswith(_DIRECTIVE):
            cut = index + 1
    document.head, owner.lead = owner.lead[:cut], owner.lead[cut:]
