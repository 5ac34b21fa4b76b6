"""What all parts of a page share: how an item becomes an entry, and fields a table."""

from __future__ import annotations

import json

from attrs import frozen

from ..model import MISSING, Contract, Field, Item
from ..signature import limits, short_value
from .prose import Piece, Prose, anchor, code, line, prose, type_prose
from .records import EntryView, TableView


@frozen
class Describer:
    """Describes the parts of one contract."""

    contract: Contract

    def entry(self, item: Item, **more: object) -> EntryView:
        facts = [("Since", line(item.since))] if item.since else []
        own = more.pop("facts", ())
        assert isinstance(own, tuple)
        return EntryView(
            anchor=anchor(*map(str, item.path)),
            name=item.name,
            paragraphs=prose(item.doc),
            deprecated=line(item.deprecated),
            facts=(*own, *facts),
            **more,  # type: ignore[arg-type]
        )

    def fields(self, fields: tuple[Field, ...]) -> TableView:
        rows = tuple(
            (
                code(one.name),
                type_prose(self.contract, one.type),
                Prose() if one.default is MISSING else code(short_value(one.default)),
                limits_prose(limits(one.constraints)),
                Prose() if one.wire == one.name else code(quoted(one.wire)),
                about(one),
            )
            for one in fields
        )
        return make_table(("Field", "Type", "Default", "Limits", "On the wire", "Meaning"), rows)


def make_table(columns: tuple[str, ...], rows: tuple[tuple[Prose, ...], ...]) -> TableView:
    used = [index for index in range(len(columns)) if any(row[index] for row in rows)]
    return TableView(
        tuple(columns[index] for index in used),
        tuple(tuple(row[index] for index in used) for row in rows),
    )


def about(item: Item) -> Prose:
    """Its doc on one line, with what is to know about its age."""
    pieces = list(line(" ".join((item.doc or "").split())).pieces)
    if item.since:
        pieces.append(Piece(f"{' ' if pieces else ''}(since {item.since})"))
    if item.deprecated:
        pieces.append(Piece(f"{' ' if pieces else ''}Deprecated: "))
        pieces.extend(line(item.deprecated).pieces)
    return Prose(tuple(pieces))


def limits_prose(found: list[str]) -> Prose:
    return joined([code(text) for text in found])


def joined(parts: list[Prose]) -> Prose:
    pieces: list[Piece] = []
    for part in parts:
        pieces.extend([Piece(", ")] if pieces else [])
        pieces.extend(part.pieces)
    return Prose(tuple(pieces))


def xpc(kind: str, more: str) -> Prose:
    return Prose((Piece(kind, "code"), Piece(f"; {more}")))


def integer_kind(name: str) -> str:
    return "int64" if name.startswith("i") else "uint64"


def quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
