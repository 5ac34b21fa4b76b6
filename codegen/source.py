"""One contract file: its values, by `tomllib`, and where each of them stands."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from pathlib import Path as FilePath
from typing import Any, Final

from attrs import define, field, frozen

from xpcrpc.errors import MisuseError

from .complaint import Complaint
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
from .scanner import Path, Scanner

MAX_BYTES: Final = 1024 * 1024
"""Longest contract that is read; a hundred times a long one."""

MAX_DOTS: Final = 1000
"""Dots in one line; `tomllib` needs time by their square if they join keys."""

MAX_NESTING: Final = 32
"""Tables and lists inside each other; a contract needs about ten."""

MAX_BITS: Final = 1024
"""Longest integer; one of thousands of digits cannot even be shown in a complaint."""

_TOO_DEEP: Final = (
    f"more than {MAX_NESTING} tables and lists inside each other; declare them one by one"
)
_TOO_LONG: Final = "the number has hundreds of digits; integers in XPC have 64 bits"
_DIGITS: Final = re.compile(r"[0-9](?:_?[0-9]){4299,}")
_AT: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@frozen(order=True)
class Position:
    """A place in a file, both counted from 1; columns count characters."""

    line: int
    column: int


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
                return self._position(self._key_offsets[path])
            path = path[:-1]
        return Position(1, 1)

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
        return self._position(start)

    def _position(self, offset: int) -> Position:
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
        values = tomllib.loads(text)
        if _is_deeper_than(values, MAX_NESTING):
            return _complaint(
                NESTED_TOO_DEEP,
                file,
                _TOO_DEEP,
            )
        scanner = Scanner(text)
        scanner.run()
        long = _long_number(values, ())
    except tomllib.TOMLDecodeError as error:
        return _syntax_complaint(file, text, str(error))
    except ValueError as error:
        # Such as a decimal number of thousands of digits, which int() refuses.
        return _unreadable(file, text, str(error))
    except RecursionError:
        return _complaint(
            NESTED_TOO_DEEP,
            file,
            _TOO_DEEP,
        )
    line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
    source = Source(file, text, values, path, scanner.keys, scanner.values, line_starts)
    if long is not None:
        place = source.value(long)
        return _complaint(NUMBER_TOO_LONG, file, _TOO_LONG, place.line, place.column)
    return source


def _is_deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        children: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                children.extend(item.values())
            elif isinstance(item, list):
                children.extend(item)
        if not children:
            return False
        level = children
    return True


def _long_number(value: Any, path: Path) -> Path | None:
    """Where an integer stands that is too long to be shown; None if there is none."""
    children: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        children.extend(value.items())
    elif isinstance(value, list):
        children.extend(enumerate(value))
    for key, inner in children:
        if type(inner) is int and inner.bit_length() > MAX_BITS:
            return (*path, key)
        if isinstance(inner, (dict, list)) and (found := _long_number(inner, (*path, key))):
            return found
    return None


def _unreadable(file: str, text: str, reason: str) -> Complaint:
    """A value that `tomllib` accepts and Python's own types do not."""
    digits = _DIGITS.search(text)
    place = _place(text, digits.start() if digits else 0)
    return _complaint(NUMBER_TOO_LONG, file, _TOO_LONG, *place)


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


def _complaint(
    mistake: Mistake, file: str, message: str, line: int = 1, column: int = 1
) -> Complaint:
    return Complaint(file, line, column, "", message, mistake.id)
