"""Texts in pieces: plain words, code, and links to other parts of the page.

The contract is somebody's text. Pieces keep it apart from markup until an output
escapes it: `markdown` and `html` are the only two places that write markup.
"""

from __future__ import annotations

import html as html_escape
import re
from collections.abc import Iterable
from typing import Final, Literal

from attrs import frozen

from ..model import Contract
from ..signature import ErrorName, Part
from ..typeexpr import (
    ClientEnd,
    ListOf,
    MapOf,
    Named,
    Optional,
    ServerEnd,
    TypeExpr,
    text_of,
)

_CODE: Final = re.compile(r"`([^`\n]+)`")
_MARKDOWN: Final = re.compile(r"[\\`*_\[\]<>|~&]")
_AT_START: Final = re.compile(r"([0-9]*)([.)#+=-])")
"""What would begin a heading, a list or an underline."""


@frozen
class Piece:
    """Some words."""

    text: str
    kind: Literal["text", "code"] = "text"
    link: str = ""
    """The anchor they lead to; empty for none."""
    page: str = ""
    """The page of that anchor, without its ending; empty for the same page."""


@frozen
class Prose:
    """A line or a paragraph."""

    pieces: tuple[Piece, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pieces)

    @property
    def text(self) -> str:
        """The words alone."""
        return "".join(piece.text for piece in self.pieces)

    def markdown(self) -> str:
        """For a line of Markdown, a table's cell included."""
        parts = []
        for code, group in _runs(self.pieces):
            inner = "".join(_markdown(piece, code=code) for piece in group)
            parts.append(f"<code>{inner}</code>" if code else inner)
        text = "".join(parts)
        start = _AT_START.match(text)
        return f"{start[1]}\\{text[start.start(2) :]}" if start else text

    def html(self) -> str:
        """For the inside of an element."""
        parts = []
        for code, group in _runs(self.pieces):
            inner = "".join(map(_html, group))
            parts.append(f"<code>{inner}</code>" if code else inner)
        return "".join(parts)


def plain(text: str) -> Prose:
    """Words without any markup."""
    return Prose((Piece(text),) if text else ())


def _runs(pieces: tuple[Piece, ...]) -> list[tuple[bool, list[Piece]]]:
    """Neighbours of one kind together, so that a type with links is one piece of code."""
    runs: list[tuple[bool, list[Piece]]] = []
    for piece in pieces:
        code = piece.kind == "code"
        if not runs or runs[-1][0] != code:
            runs.append((code, []))
        runs[-1][1].append(piece)
    return runs


def _markdown(piece: Piece, *, code: bool) -> str:
    text = " ".join(piece.text.split("\n"))
    # Inside <code> Markdown still reads its own signs, so entities are used there.
    escaped = (
        _MARKDOWN.sub(lambda match: f"&#{ord(match.group())};", text)
        if code
        else _MARKDOWN.sub(r"\\\g<0>", text)
    )
    # A bare address would become a link by itself.
    escaped = escaped.replace("://", ":&#47;&#47;")
    page = f"{piece.page}.md" if piece.page else ""
    return f"[{escaped}]({page}#{piece.link})" if piece.link else escaped


def _html(piece: Piece) -> str:
    text = html_escape.escape(piece.text)
    page = f"{piece.page}.html" if piece.page else ""
    return f'<a href="{page}#{piece.link}">{text}</a>' if piece.link else text


def prose(text: str | None) -> tuple[Prose, ...]:
    """A doc's paragraphs; words in backticks are code."""
    if not text:
        return ()
    paragraphs = [block.strip() for block in re.split(r"\n\s*\n", text)]
    return tuple(line(paragraph) for paragraph in paragraphs if paragraph)


def line(text: str | None) -> Prose:
    """The same as one line."""
    pieces: list[Piece] = []
    at = 0
    for match in _CODE.finditer(text or ""):
        if match.start() > at:
            pieces.append(Piece((text or "")[at : match.start()]))
        pieces.append(Piece(match.group(1), "code"))
        at = match.end()
    if text and at < len(text):
        pieces.append(Piece(text[at:]))
    return Prose(tuple(pieces))


def code(text: str, link: str = "") -> Prose:
    """Code, with a link if it is one."""
    return Prose((Piece(text, "code", link),))


def type_prose(contract: Contract, expression: TypeExpr) -> Prose:
    """A type, with links to what the contract declares."""
    return Prose(tuple(_type_pieces(contract, expression)))


def signature_prose(contract: Contract, parts: Iterable[Part]) -> Prose:
    """A signature, with links to types, protocols and errors that the contract declares."""
    pieces: list[Piece] = []
    for part in parts:
        match part:
            case str():
                pieces.append(Piece(part, "code"))
            case ErrorName(name):
                pieces.append(Piece(name, "code", anchor("error", name)))
            case _:
                pieces.extend(_type_pieces(contract, part))
    return Prose(tuple(pieces))


def type_piece(contract: Contract, name: str) -> Piece:
    """The name of a type, leading to the page that describes it."""
    declared = contract.find(name)
    if declared is None:
        return Piece(name, "code")
    foreign = contract.foreign.get(name)
    page = foreign.package if foreign else ""
    return Piece(name, "code", anchor(*map(str, declared.path)), page)


def _type_pieces(contract: Contract, expression: TypeExpr) -> list[Piece]:
    match expression:
        case Named(name):
            return [type_piece(contract, name)]
        case ClientEnd(protocol) | ServerEnd(protocol):
            kind = "client" if isinstance(expression, ClientEnd) else "server"
            link = anchor("protocol", protocol)
            return [
                Piece(f"{kind}_end<", "code"), Piece(protocol, "code", link), Piece(">", "code"),
            ]  # fmt: skip
        case ListOf(item):
            return [Piece("list<", "code"), *_type_pieces(contract, item), Piece(">", "code")]
        case MapOf(value):
            inner = _type_pieces(contract, value)
            return [Piece("map<string, ", "code"), *inner, Piece(">", "code")]
        case Optional(inner_type):
            return [*_type_pieces(contract, inner_type), Piece("?", "code")]
    return [Piece(text_of(expression), "code")]


def anchor(*path: str) -> str:
    """The name of a place on the page; contract names need no escaping, but get it."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", "-".join(path))
