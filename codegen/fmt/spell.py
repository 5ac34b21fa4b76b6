"""One way to write each key and text."""

from __future__ import annotations

import re
import tomllib
from typing import Final

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_SHORT: Final = {
    '"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r",
}  # fmt: skip


def text_value(raw: str) -> str:
    """What a TOML string means; it is known to be valid."""
    value = tomllib.loads(f"x = {raw}")["x"]
    assert isinstance(value, str)
    return value


def spell_key(key: tuple[str, ...]) -> str:
    """A dotted key; quoted where it must be."""
    return ".".join(
        part if _BARE_KEY.fullmatch(part) else spell_text(part, literal=False) for part in key
    )


def spell_text(value: str, *, literal: bool = True) -> str:
    """A text on one line.

    Double quotes, but single ones where that spares every escape, so that a
    pattern such as ``'[a-z]+\\.txt'`` reads as it matches.
    """
    if literal and ('"' in value or "\\" in value) and "'" not in value and value.isprintable():
        return f"'{value}'"
    return '"' + "".join(_spell_character(character) for character in value) + '"'


def _spell_character(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if character.isprintable():
        return character
    # Escaped, since a reader could not see it: control characters, odd spaces, text direction.
    number = ord(character)
    return f"\\u{number:04X}" if number < 0x10000 else f"\\U{number:08X}"


def spell_raw(raw: str) -> str:
    """A scalar as it was written, in its usual spelling; its meaning stays."""
    if raw[0] in "\"'" and "\n" not in raw:
        return spell_text(text_value(raw))
    return raw  # numbers keep their base and underscores, long texts their lines
