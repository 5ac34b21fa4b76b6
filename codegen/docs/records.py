"""What a page is made of: plain records, which the templates print."""

from __future__ import annotations

import re

from attrs import field, frozen

from . import dictionary
from .dictionary import Line
from .prose import Piece, Prose


@frozen
class TableView:
    """Rows under a heading; a column that no row fills is left out."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Prose, ...], ...]


@frozen
class MessageView:
    """An example of a message."""

    title: str
    lines: tuple[Line, ...]

    @property
    def fence(self) -> str:
        """What encloses it in Markdown: longer than any run of backticks inside."""
        longest = max(map(len, re.findall("`+", self.text)), default=0)
        return "`" * max(3, longest + 1)

    @property
    def column(self) -> int:
        """Where its remarks stand."""
        return dictionary.column(self.lines)

    @property
    def text(self) -> str:
        """All of it."""
        return dictionary.text(self.lines)


@frozen
class EntryView:
    """One thing that has a name: a type, a method, a service."""

    anchor: str
    kind: str
    name: str
    paragraphs: tuple[Prose, ...] = ()
    signature: Prose = field(factory=Prose)
    facts: tuple[tuple[str, Prose], ...] = ()
    tables: tuple[tuple[str, TableView], ...] = ()
    messages: tuple[MessageView, ...] = ()
    deprecated: Prose = field(factory=Prose)
    inner: tuple[EntryView, ...] = ()
    """A protocol's methods."""

    @property
    def heading(self) -> Prose:
        """Its name, for Markdown, which has to be escaped there."""
        return Prose((Piece(self.name),))


@frozen
class SectionView:
    """Entries of one kind."""

    anchor: str
    title: str
    entries: tuple[EntryView, ...]


@frozen
class PageView:
    """A whole page."""

    package: str
    version: str
    python: str
    origin: str
    paragraphs: tuple[Prose, ...]
    sections: tuple[SectionView, ...]
    envelope: tuple[Prose, ...]
    """How messages travel, whatever the contract."""
    failures: TableView
    """The failures that every method may answer with."""

    @property
    def heading(self) -> Prose:
        """Its name, for Markdown."""
        return Prose((Piece(self.package),))
