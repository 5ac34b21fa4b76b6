"""A TOML document with everything that `tomllib` forgets."""

from __future__ import annotations

from typing import TypeAlias

from attrs import define, field


@define
class Comment:
    """A comment on a line of its own, ``#`` included."""

    text: str
    blank_before: bool = False


@define
class Scalar:
    """Text, a number, a date or a boolean, as it was written."""

    raw: str


@define
class Item:
    """One value of an array."""

    value: Node
    lead: list[str] = field(factory=list)
    """Comments above it."""
    trail: str | None = None
    """The comment behind it."""


@define
class Array:
    """``[…]``"""

    items: list[Item] = field(factory=list)
    dangling: list[str] = field(factory=list)
    """Comments between the last item and the bracket."""


@define
class InlineTable:
    """``{ … }``; TOML 1.0 allows no comments directly inside."""

    pairs: list[Pair] = field(factory=list)


Node: TypeAlias = Scalar | Array | InlineTable


@define
class Pair:
    """``key = value``"""

    key: tuple[str, ...]
    value: Node
    lead: list[Comment] = field(factory=list)
    trail: str | None = None
    blank_before: bool = False


@define
class Block:
    """A header and the pairs under it; the first block of a document has no header."""

    header: tuple[str, ...] | None = None
    is_array: bool = False
    lead: list[Comment] = field(factory=list)
    trail: str | None = None
    blank_before: bool = False
    pairs: list[Pair] = field(factory=list)


@define
class Document:
    """A whole file."""

    head: list[Comment] = field(factory=list)
    """Comments about the file, which stay at its top."""
    blocks: list[Block] = field(factory=list)
    tail: list[Comment] = field(factory=list)
    comments: list[str] = field(factory=list)
    """Every comment, in the order of the text."""
