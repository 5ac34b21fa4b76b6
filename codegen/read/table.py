"""One TOML table being read: takes keys by kind, complains about the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from attrs import define, field

from ..complaint import Complaints, nearest, show
from ..mistakes import Mistake
from ..mistakes.shape import (
    CONTROL_CHARACTER,
    EMPTY_TEXT,
    MISSING_KEY,
    UNKNOWN_KEY,
    UNKNOWN_WORD,
    VERSION_FORM,
    WRONG_KIND,
)
from ..scanner import Path
from ..typeexpr import Broken, TypeExpr, TypeExprError, parse

_KINDS: Final = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a table",
}
_CONTROL: Final = re.compile(
    # Controls but tab and line feed; what some editors take for a line's end or a direction.
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)
_VERSION: Final = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")


def kind_of(value: Any) -> str:
    """What a TOML value is, for people."""
    return _KINDS.get(type(value), "a date or time")


@define
class Table:
    """A table of the document and the keys that were asked for so far."""

    values: dict[str, Any]
    path: Path
    complaints: Complaints
    _known: set[str] = field(factory=set)

    def at(self, key: str) -> Path:
        """The path of one of its keys."""
        return (*self.path, key)

    def complain(self, mistake: Mistake, key: str, message: str) -> None:
        """About the value of ``key``, or the table itself if that is missing."""
        self.complaints.at_value(mistake, self.at(key), message)

    def take(self, key: str) -> Any:
        """The raw value, or None."""
        self._known.add(key)
        return self.values.get(key)

    def _typed(self, key: str, kind: type[Any], required: bool) -> Any:
        value = self.take(key)
        if value is None:
            if required:
                # The key's own position does not exist; the table's does.
                self.complaints.at_key(
                    MISSING_KEY, self.path, f"{key!r} is missing; give {_KINDS[kind]} as {key}"
                )
            return None
        if type(value) is not kind:
            self.complain(WRONG_KIND, key, f"{_KINDS[kind]} is needed here, not {kind_of(value)}")
            return None
        return value

    def text(self, key: str, *, required: bool = False, empty: bool = False) -> str | None:
        """Text without control characters."""
        value: str | None = self._typed(key, str, required)
        if value is None:
            return None
        if not value and not empty:
            self.complain(
                EMPTY_TEXT, key, "the text is empty; write something, or leave the key out"
            )
            return None
        if _CONTROL.search(value):
            self.complain(
                CONTROL_CHARACTER, key, "the text holds a control character; leave it out"
            )
            return None
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """A boolean."""
        value = self._typed(key, bool, False)
        return default if value is None else value

    def integer(self, key: str, *, required: bool = False) -> int | None:
        """An integer of any size."""
        value: int | None = self._typed(key, int, required)
        return value

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        """One of several words."""
        value = self.text(key)
        if value is None:
            return default
        if value not in choices:
            known = " or ".join(f'"{choice}"' for choice in choices)
            self.complain(UNKNOWN_WORD, key, f"{value!r} is not known here; write {known}")
            return default
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        items = self._typed(key, list, False) or []
        for index, item in enumerate(items):
            if not isinstance(item, str):
                self.complaints.at_value(
                    WRONG_KIND, (*self.at(key), index), f"text is needed here, not {kind_of(item)}"
                )
        return tuple(item for item in items if isinstance(item, str))

    def version(self, key: str, *, required: bool = False) -> str | None:
        """``MAJOR.MINOR``"""
        value = self.text(key, required=required)
        if value is not None and _VERSION.fullmatch(value) is None:
            self.complain(
                VERSION_FORM, key, f'{value!r} is no version; write "MAJOR.MINOR", such as "1.0"'
            )
            return None
        return value

    def type(self, key: str, *, required: bool = True) -> TypeExpr | None:
        """A type expression; `Broken` after a complaint, None if it may be and is missing."""
        value = self.text(key, required=required)
        if value is None:
            return Broken() if required or key in self.values else None
        return read_type(value, self.at(key), self.complaints)

    def table(self, key: str) -> Table | None:
        """A table inside."""
        value = self._typed(key, dict, False)
        return None if value is None else Table(value, self.at(key), self.complaints)

    def tables(self, key: str) -> Iterator[tuple[str, Table]]:
        """The named tables inside table ``key``."""
        outer = self.table(key)
        if outer is None:
            return
        for name, value in outer.values.items():
            if isinstance(value, dict):
                yield name, Table(value, outer.at(name), self.complaints)
            else:
                outer.complain(WRONG_KIND, name, f"a table is needed here, not {kind_of(value)}")

    def finish(self, also: Iterable[str] = ()) -> None:
        """Complain about every key that nobody asked for."""
        known = {*self._known, *also}
        for key in self.values:
            if key in known:
                continue
            where = f"[{show(self.path)}]" if self.path else "a contract"
            hint = nearest(key, known) or "; it takes " + ", ".join(sorted(known))
            self.complaints.at_key(UNKNOWN_KEY, self.at(key), f"{where} has no key {key!r}{hint}")


def read_type(text: str, path: Path, complaints: Complaints) -> TypeExpr:
    """A type expression, `Broken` after a complaint."""
    try:
        return parse(text)
    except TypeExprError as error:
        complaints.at_value(error.mistake, path, f"{text!r}: {error}", error.offset)
        return Broken()
