"""One contract file: its values, by `tomllib`, and where each of them stands."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from pathlib import Path as FilePath
from typing import Any, Final

from attrs import define, field, frozen

from xpcrpc.errors import MisuseError

from .complaint import Complaint, show
from .mistakes import Mistake
from .mistakes.files import (
    BYTE_ORDER_MARK,
    FILE_TOO_LONG,
    NESTED_TOO_DEEP,
    NOT_TOML,
    NOT_UTF8,
    NUMBER_TOO_LONG,
    TOO_MANY_DOTS,
)
from .scanner import MAX_NESTING, BeyondLimitError, Path, Scanner, TooDeepError

MAX_BYTES: Final = 1024 * 1024
"""Longest contract that is read; a hundred times a long one."""

MAX_DOTS: Final = 1000
"""Dots in one line; `tomllib` needs time by their square if they join keys."""

_TOO_DEEP: Final = (
    f"more than {MAX_NESTING} tables and lists inside each other; declare them one by one"
)
_TOO_LONG: Final = "the number has hundreds of digits; integers in XPC have 64 bits"
_AT: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@frozen(order=True)
class Position:
    """A place in a file, both counted from 1; columns count characters."""

    line: int
    column: int


START: Final = Position(1, 1)
"""Where what is said of a whole file is said, and what is missing in its outermost table."""


@define
class Source:
    """A file that was read, and what it says."""

    file: str
    """The file's name as the user gave it."""
    text: str
    values: dict[str, Any]
    path: FilePath | None
    """Where it is, for what it imports; None if it is no file."""
    _key_offsets: dict[Path, int] = field(repr=False)
    _value_spans: dict[Path, tuple[int, int]] = field(repr=False)
    _line_starts: list[int] = field(repr=False)

    def key(self, path: Path) -> Position:
        """Where the last key of ``path`` stands; if it is missing, its parent's."""
        while path:
            if path in self._key_offsets:
                return self.place(self._key_offsets[path])
            path = path[:-1]
        return START

    def value(self, path: Path, offset: int = 0) -> Position:
        """Where the value at ``path`` stands.

        With an ``offset``, that many characters into a one-line string.
        """
        span = self._value_spans.get(path)
        if span is None:
            return self.key(path)
        start, end = span
        if offset and end - start > offset and self.text[start] in "\"'":
            plain = "\\" not in self.text[start:end] and self.text[start : start + 3] != '"""'
            start += 1 + offset if plain else 0
        return self.place(start)

    def place(self, offset: int) -> Position:
        """Where a character of the text stands."""
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)


def read_source(path: FilePath, name: str | None = None) -> Source | Complaint:
    """Read one file; a `Complaint` if it is not TOML.

    Raises:
        MisuseError: there is no such file, or it cannot be read.
    """
    shown = name or path.as_posix()
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise MisuseError(f"{shown!r} cannot be read: {reason}") from None
    return parse_source(data, shown, path)


def parse_source(data: bytes, file: str, path: FilePath | None = None) -> Source | Complaint:
    """The same for bytes already read; ``path`` is where from."""
    if len(data) > MAX_BYTES:
        return _complaint(
            FILE_TOO_LONG, file, f"the file is longer than {MAX_BYTES} bytes; split the contract"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8")
        line, column = _place(good, len(good))
        return _complaint(
            NOT_UTF8, file, "the file is not UTF-8 text; save it as UTF-8", line, column
        )
    if text.startswith("\ufeff"):
        return _complaint(
            BYTE_ORDER_MARK, file, "the file starts with a byte order mark; save it without one"
        )
    text = text.replace("\r\n", "\n")
    for number, content in enumerate(text.split("\n"), 1):
        if content.count(".") > MAX_DOTS:
            return _complaint(
                TOO_MANY_DOTS, file, f"more than {MAX_DOTS} dots in one line; break it", number
            )
    try:
        values, scanner = _scanned(text)
    except tomllib.TOMLDecodeError as error:
        return _syntax_complaint(file, text, str(error))
    except BeyondLimitError as error:
        return _limit_complaint(file, text, error)
    line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
    return Source(file, text, values, path, scanner.keys, scanner.values, line_starts)


def _scanned(text: str) -> tuple[dict[str, Any], Scanner]:
    """The values of a document, and a scanner that has walked it."""
    scanner = Scanner(text)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except (RecursionError, ValueError):
        # Too deep for `tomllib`, or too long a number for int(). What stands before it was
        # valid, and the scanner goes no farther.
        scanner.run()
        raise
    scanner.run()
    return values, scanner


def _place(text: str, offset: int) -> tuple[int, int]:
    """Line and column of a place in a text, both counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def _syntax_complaint(file: str, text: str, message: str) -> Complaint:
    match = _AT.search(message)
    if match is None:
        return _complaint(NOT_TOML, file, f"not valid TOML: {message}")
    reason = message[: match.start()]
    if match.group(1) is None:
        line, column = _place(text, len(text))
        return _complaint(
            NOT_TOML, file, f"not valid TOML: {reason} at the end of the file", line, column
        )
    line, column = int(match.group(1)), int(match.group(2))
    return _complaint(NOT_TOML, file, f"not valid TOML: {reason}", line, column)


def _limit_complaint(file: str, text: str, error: BeyondLimitError) -> Complaint:
    line, column = _place(text, error.offset)
    deep = isinstance(error, TooDeepError)
    mistake, message = (NESTED_TOO_DEEP, _TOO_DEEP) if deep else (NUMBER_TOO_LONG, _TOO_LONG)
    return Complaint(file, line, column, show(error.path), message, mistake.id)


def _complaint(
    mistake: Mistake, file: str, message: str, line: int = 1, column: int = 1
) -> Complaint:
    return Complaint(file, line, column, "", message, mistake.id)
