"""Type expressions, the one language inside a contract's strings.

``T ::= scalar | resource | Name | alias.Name | list<T> | map<string, T> | T?``
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from attrs import define, frozen

from .mistakes import Mistake
from .mistakes.files import IMPORT_TYPES_ONLY
from .mistakes.types import (
    FD_MODE,
    MAP_KEY,
    OPTIONAL_ANY,
    OPTIONAL_TWICE,
    TYPE_SYNTAX,
    TYPE_TOO_DEEP,
)

INT_BITS: Final = {
    "i8": 8, "i16": 16, "i32": 32, "i64": 64, "u8": 8, "u16": 16, "u32": 32, "u64": 64,
}  # fmt: skip
SCALARS: Final = frozenset(
    {*INT_BITS, "bool", "f32", "f64", "string", "bytes", "uuid", "date", "duration", "any"}
)
FD_MODES: Final = ("read", "write", "readwrite", "socket")
WORDS: Final = frozenset({*SCALARS, "fd", "shmem", "client_end", "server_end", "list", "map"})
"""Every word that the language itself gives a meaning."""

MAX_DEPTH: Final = 24
"""Types inside each other in one expression."""

_TOKEN: Final = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|[<>,?.]|$|.)", re.DOTALL)


@frozen
class Scalar:
    """A type that the language names by one word, such as ``u16``."""

    name: str


@frozen
class Fd:
    """A file descriptor, which must be good for ``mode`` if that is given."""

    mode: str | None


@frozen
class Shmem:
    """Shared memory."""


@frozen
class ClientEnd:
    """The right to be a client of a protocol."""

    protocol: str


@frozen
class ServerEnd:
    """The task to serve a protocol to whoever sent it."""

    protocol: str


@frozen
class Named:
    """A type that the contract declares, or one that it imports, as ``alias.Name``."""

    name: str


@frozen
class ListOf:
    """``list<T>``"""

    item: TypeExpr


@frozen
class MapOf:
    """``map<string, T>``"""

    value: TypeExpr


@frozen
class Optional:
    """``T?``"""

    inner: TypeExpr


@frozen
class Broken:
    """What could not be read; it was complained about, and nothing more is said of it."""


TypeExpr: TypeAlias = (
    Scalar | Fd | Shmem | ClientEnd | ServerEnd | Named | ListOf | MapOf | Optional | Broken
)


class TypeExprError(Exception):
    """The text is no type expression; ``offset`` counts characters into it."""

    def __init__(self, mistake: Mistake, offset: int, message: str) -> None:
        super().__init__(message)
        self.mistake = mistake
        self.offset = offset


def parse(text: str) -> TypeExpr:
    """Read one type expression.

    Raises:
        TypeExprError: it is none; the text says what to write instead.
    """
    parser = _Parser(text)
    parsed = parser.type(0)
    if parser.word:
        raise TypeExprError(
            TYPE_SYNTAX, parser.start, f"{parser.word!r} is too much after the type"
        )
    return parsed


def parts(expression: TypeExpr) -> Iterator[TypeExpr]:
    """The expression itself and everything inside it."""
    yield expression
    match expression:
        case ListOf(inner) | MapOf(inner) | Optional(inner):
            yield from parts(inner)


def text_of(expression: TypeExpr) -> str:
    """The expression in its usual spelling."""
    match expression:
        case Scalar(name) | Named(name):
            return name
        case Fd(mode):
            return f"fd<{mode}>" if mode else "fd"
        case Shmem():
            return "shmem"
        case ClientEnd(protocol):
            return f"client_end<{protocol}>"
        case ServerEnd(protocol):
            return f"server_end<{protocol}>"
        case ListOf(item):
            return f"list<{text_of(item)}>"
        case MapOf(value):
            return f"map<string, {text_of(value)}>"
        case Optional(inner):
            return f"{text_of(inner)}?"
        case Broken():
            return "…"


@define
class _Parser:
    text: str
    word: str = ""
    """The token at hand; empty at the end."""
    start: int = 0
    _next: int = 0

    def __attrs_post_init__(self) -> None:
        self._advance()

    def _advance(self) -> None:
        match = _TOKEN.match(self.text, self._next)
        assert match is not None  # any character at all is a token
        self.word, self.start, self._next = match.group(1), match.start(1), match.end()

    def _expect(self, word: str, where: str) -> None:
        if self.word != word:
            found = repr(self.word) if self.word else "the end"
            raise TypeExprError(
                TYPE_SYNTAX, self.start, f"{where} needs {word!r} here, not {found}"
            )
        self._advance()

    def type(self, depth: int) -> TypeExpr:
        if depth > MAX_DEPTH:
            raise TypeExprError(
                TYPE_TOO_DEEP,
                self.start,
                f"more than {MAX_DEPTH} types inside each other; name some of them",
            )
        start = self.start
        parsed = self._plain(depth)
        while self.word == "?":
            if isinstance(parsed, Optional):
                raise TypeExprError(
                    OPTIONAL_TWICE, self.start, "a type is optional only once; drop this '?'"
                )
            if parsed == Scalar("any"):
                raise TypeExprError(
                    OPTIONAL_ANY, start, "any can be null already; write 'any' without '?'"
                )
            parsed = Optional(parsed)
            self._advance()
        return parsed

    def _plain(self, depth: int) -> TypeExpr:
        word, start = self.word, self.start
        if not word or not (word[0].isalpha() or word[0] == "_"):
            found = repr(word) if word else "nothing"
            raise TypeExprError(TYPE_SYNTAX, start, f"a type is needed here, not {found}")
        self._advance()
        match word:
            case "fd":
                return self._fd()
            case "shmem":
                return Shmem()
            case "client_end":
                return ClientEnd(self._end(word))
            case "server_end":
                return ServerEnd(self._end(word))
            case "list":
                self._expect("<", "list<T>")
                item = self.type(depth + 1)
                self._expect(">", "list<T>")
                return ListOf(item)
            case "map":
                return self._map(depth)
        if word in SCALARS:
            return Scalar(word)
        if self.word == ".":
            self._advance()
            name, at = self.word, self.start
            if not name.isidentifier():
                raise TypeExprError(TYPE_SYNTAX, at, f"{word}.Name needs the name of a type here")
            self._advance()
            if self.word == ".":
                raise TypeExprError(
                    TYPE_SYNTAX,
                    self.start,
                    f"a name has one dot; import the contract that declares {name}",
                )
            return Named(f"{word}.{name}")
        if self.word == "<":
            raise TypeExprError(
                TYPE_SYNTAX,
                start,
                f"{word}<…> is no type; only list, map, fd, client_end and server_end take '<'",
            )
        return Named(word)

    def _fd(self) -> TypeExpr:
        if self.word != "<":
            return Fd(None)
        self._advance()
        mode, start = self.word, self.start
        if mode not in FD_MODES:
            modes = ", ".join(f"fd<{known}>" for known in FD_MODES)
            raise TypeExprError(
                FD_MODE, start, f"{mode!r} is no mode of a descriptor; write {modes} or fd"
            )
        self._advance()
        self._expect(">", f"fd<{mode}>")
        return Fd(mode)

    def _end(self, kind: str) -> str:
        """The protocol of a ``client_end`` or ``server_end``."""
        self._expect("<", f"{kind}<Protocol>")
        protocol, start = self.word, self.start
        if not protocol.isidentifier():
            raise TypeExprError(
                TYPE_SYNTAX, start, f"{kind}<Protocol> needs a protocol's name here"
            )
        self._advance()
        if self.word == ".":
            self._advance()
            raise TypeExprError(
                IMPORT_TYPES_ONLY,
                start,
                f"only types are imported; declare [protocol.{self.word}] here",
            )
        self._expect(">", f"{kind}<{protocol}>")
        return protocol

    def _map(self, depth: int) -> TypeExpr:
        self._expect("<", "map<string, T>")
        if self.word != "string":
            raise TypeExprError(
                MAP_KEY, self.start, "the keys of a map are strings in XPC; write map<string, T>"
            )
        self._advance()
        self._expect(",", "map<string, T>")
        value = self.type(depth + 1)
        self._expect(">", "map<string, T>")
        return MapOf(value)
