"""Where every key and value of a TOML document stands.

`tomllib` gives the values but no positions. This scanner walks the same text
and keeps only positions; it trusts that `tomllib` accepted the document, so it
decides nothing about validity. A property test holds the two against each other.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from attrs import define, field

Path: TypeAlias = tuple[str | int, ...]
"""Keys and list indices from the document's root to a value."""

MAX_NESTING: Final = 32
"""Tables and lists inside each other; a contract needs about ten."""

MAX_BITS: Final = 1024
"""Longest integer; one of thousands of digits cannot even be shown in a complaint."""

_MAX_DIGITS: Final = len(str(1 << MAX_BITS))
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_BLANK: Final = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE: Final = re.compile(r"[ \t]*")
_TOKEN: Final = re.compile(r"[^,\]}#\n]*")
_DECIMAL: Final = re.compile(r"[+-]?[0-9_]+")
_OTHER_BASE: Final = re.compile(r"0(?:x[0-9A-Fa-f_]+|o[0-7_]+|b[01_]+)")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))")
_SHORT: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


class BeyondLimitError(Exception):
    """Valid TOML beyond what a contract may have: its path, and the offset where it begins."""

    def __init__(self, path: Path, offset: int) -> None:
        super().__init__(path, offset)
        self.path = path
        self.offset = offset


class TooDeepError(BeyondLimitError):
    """A table or a list inside `MAX_NESTING` others."""


class TooLongError(BeyondLimitError):
    """An integer of more than `MAX_BITS`."""


@define
class Scanner:
    """One walk over one valid document; read `keys` and `values` after `run`."""

    text: str
    keys: dict[Path, int] = field(factory=dict)
    """Offset of the last key of each path; a list item has its value's."""
    values: dict[Path, tuple[int, int]] = field(factory=dict)
    """Offset of each value and of the first character after it."""
    _at: int = 0
    _array_lengths: dict[Path, int] = field(factory=dict)

    def run(self) -> None:
        """Walk the whole document.

        Raises:
            BeyondLimitError: the first table, list or integer that is beyond a limit.
        """
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self.text):
            if self.text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self._at)
        assert match is not None  # every pattern here matches the empty text
        self._at = match.end()

    def _open(self, path: Path, offset: int) -> None:
        """A table or a list begins."""
        if len(path) > MAX_NESTING:
            raise TooDeepError(path, offset)

    def _header(self) -> Path:
        """``[a.b]`` or ``[[a.b]]``: the path of the table that it opens."""
        start = self._at
        is_array = self.text.startswith("[[", start)
        self._at += 2 if is_array else 1
        path: Path = ()
        while True:
            self._skip(_SPACE)
            offset, key = self._at, self._key()
            path = (*path, key)
            self._open(path, offset)
            self.keys.setdefault(path, offset)
            self.values.setdefault(path, (offset, self._at))
            self._skip(_SPACE)
            if self.text[self._at] == "]":
                break
            self._at += 1  # the dot
            if path in self._array_lengths:
                path = (*path, self._array_lengths[path] - 1)
        # The table's own header says more than an earlier mention in passing.
        self._at += 2 if is_array else 1
        if is_array:
            length = self._array_lengths.get(path, 0)
            self._array_lengths[path] = length + 1
            path = (*path, length)
            self._open(path, offset)
        self.keys[path] = offset
        self.values[path] = (start, self._at)
        return path

    def _pair(self, table: Path) -> None:
        """``a.b = value`` inside ``table``."""
        path = table
        while True:
            self._skip(_SPACE)
            offset = self._at
            path = (*path, self._key())
            self.keys.setdefault(path, offset)
            self.values.setdefault(path, (offset, self._at))
            self._skip(_SPACE)
            separator = self.text[self._at]
            self._at += 1
            if separator == "=":
                break
            self._open(path, offset)
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> str:
        quote = self.text[self._at]
        if quote in "\"'":
            start = self._at
            self._string()
            raw = self.text[start + 1 : self._at - 1]
            return _unescape(raw) if quote == '"' else raw
        match = _BARE_KEY.match(self.text, self._at)
        assert match is not None  # tomllib found a key here
        self._at = match.end()
        return match.group()

    def _value(self, path: Path) -> None:
        start = self._at
        first = self.text[start]
        if first in "\"'":
            self._string()
        elif first == "[":
            self._list(path)
        elif first == "{":
            self._inline_table(path)
        else:
            match = _TOKEN.match(self.text, start)
            assert match is not None
            token = match.group().rstrip()
            if _is_long(token):
                raise TooLongError(path, start)
            self._at = start + len(token)
        self.values[path] = (start, self._at)

    def _list(self, path: Path) -> None:
        self._open(path, self._at)
        self._at += 1
        index = 0
        while True:
            self._skip(_BLANK)
            character = self.text[self._at]
            if character == "]":
                self._at += 1
                return
            if character == ",":
                self._at += 1
                continue
            self.keys[(*path, index)] = self._at
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: Path) -> None:
        self._open(path, self._at)
        self._at += 1
        while True:
            self._skip(_BLANK)
            character = self.text[self._at]
            if character == "}":
                self._at += 1
                return
            if character == ",":
                self._at += 1
                continue
            self._pair(path)

    def _string(self) -> None:
        """Move past a string of any of the four kinds."""
        quote = self.text[self._at]
        fence = quote * 3
        if not self.text.startswith(fence, self._at):
            self._at = self._closing(quote, self._at + 1) + 1
            return
        self._at = self._closing(fence, self._at + 3) + 3
        # Up to two quotes may stand directly before the closing fence.
        for _ in range(2):
            if self.text.startswith(quote, self._at):
                self._at += 1

    def _closing(self, fence: str, at: int) -> int:
        """Offset of the fence that ends a string; a backslash hides one character."""
        while not self.text.startswith(fence, at):
            at += 2 if self.text[at] == "\\" and fence[0] == '"' else 1
        return at


def _is_long(token: str) -> bool:
    """Whether it is an integer of more than `MAX_BITS`."""
    if len(token) < MAX_BITS // 4:  # it takes more even of hexadecimal digits
        return False
    if _DECIMAL.fullmatch(token):
        # int() refuses thousands of decimal digits, and needs time by their square.
        digits = token.replace("_", "").lstrip("+-")
        return len(digits) > _MAX_DIGITS or int(digits).bit_length() > MAX_BITS
    return bool(_OTHER_BASE.fullmatch(token)) and int(token, 0).bit_length() > MAX_BITS


def _unescape(raw: str) -> str:
    def one(match: re.Match[str]) -> str:
        short = match.group(4)
        if short is not None:
            return _SHORT.get(short, short)
        digits = match.group(1) or match.group(2) or match.group(3)
        return chr(int(digits, 16))

    return _ESCAPE.sub(one, raw)
