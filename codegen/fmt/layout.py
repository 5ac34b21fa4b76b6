"""From any valid TOML to its canonical form, and the proof that nothing was lost."""

from __future__ import annotations

import math
import tomllib
from typing import Any

from ..complaint import Complaint
from ..mistakes.files import FORM_WOULD_CHANGE
from ..source import START, Position, Source
from .parse import UnexpectedTomlError, parse_document
from .write import write_document


def canonical(source: Source) -> str | Complaint:
    """The canonical text; a `Complaint` if the file cannot be put into it."""
    try:
        before = parse_document(source.text)
    except UnexpectedTomlError as error:
        place = source.place(error.offset)
        return _refusal(source, "this is not TOML 1.0, so it cannot be laid out", place)
    text = write_document(before)
    after = parse_document(text)
    values = tomllib.loads(text)
    if not _same(values, source.values) or sorted(before.comments) != sorted(after.comments):
        return _refusal(source, "laying it out would change it; please report this contract")
    return text


def _refusal(source: Source, message: str, place: Position = START) -> Complaint:
    return Complaint(
        source.file,
        place.line,
        place.column,
        "",
        f"{message}; the file was left as it is",
        FORM_WOULD_CHANGE.id,
    )


def _same(one: Any, other: Any) -> bool:
    """Equal, and of equal types all the way down; nan is itself here."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and math.isnan(one):
        return math.isnan(other)
    return bool(one == other)
