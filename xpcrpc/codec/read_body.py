"""The body of a function that reads objects, put together object by object.

Type words, keys and values of fixed size wait until something of unknown size
comes, or the end; then one unpack reads them all, and one test compares what
must be the same every time.
"""

from __future__ import annotations

import struct
from typing import Protocol

from . import words
from .fast_write import fixed
from .shape import Kind, Shape


class Source(Protocol):
    """Where a body gets the names of functions and constants from."""

    def name(self, shape: Shape, /) -> str:
        """The function that reads a shape."""

    def constant(self, value: object, /) -> str:
        """A name for a value."""


class ReadBody:
    """Lines of a reading function, with unpacks that wait to be put together."""

    def __init__(self, source: Source, depth: str, miss: str = "raise UnusualError") -> None:
        self._source = source
        self._depth = depth  # of the objects read here, as an expression
        self._miss = miss
        self._lines: list[str] = []
        self._run: list[tuple[str, str, bytes]] = []  # struct code, variable, expected bytes
        self._after: list[str] = []
        self._pending = b""
        self._variables = 0

    def variable(self) -> str:
        """A fresh name."""
        self._variables += 1
        return f"v{self._variables}"

    def constant(self, raw: bytes) -> None:
        """These bytes must come next."""
        self._pending += raw

    def begin(self, raw: bytes, code: str, name: str) -> None:
        """These bytes must come next, then a value of this `struct` code."""
        self.constant(raw)
        self._settle()
        self._run.append((code, name, b""))

    def _settle(self) -> None:
        if self._pending:
            code = f"{len(self._pending)}s"
            self._run.append((code, self.variable(), self._pending))
            self._pending = b""

    def flush(self) -> None:
        """Write the unpack that waits, and what follows from it."""
        self._settle()
        if self._run:
            layout = struct.Struct("<" + "".join(code for code, _, _ in self._run))
            names = "".join(f"{name}, " for _, name, _ in self._run)
            self._lines += [f"    {names}= {self._source.constant(layout.unpack_from)}(b, p)"]
            self._lines += [f"    p += {layout.size}"]
            tests = [
                f"{name} != {self._source.constant(expected)}"
                for _, name, expected in self._run
                if expected
            ]
            if tests:
                self._lines += [f"    if {' or '.join(tests)}: {self._miss}"]
            self._run = []
        self._lines += self._after
        self._after = []

    def finish(self) -> list[str]:
        """All lines."""
        self.flush()
        return self._lines

    # -- objects -------------------------------------------------------------------

    def object(self, shape: Shape, prefix: bytes, target: str) -> None:
        """After the bytes ``prefix``, one object of ``shape``, into a variable."""
        kind = shape.kind
        known = fixed(shape)
        if shape.rules:
            self.constant(prefix)
            self.flush()
            self._lines += [
                f"    {target}, p = {self._source.name(shape)}(b, p, {self._depth})",
            ]
        elif known is not None:
            word, code = known
            raw = self.variable()
            self.begin(prefix + words.word(word), code, raw)
            test, made = self._made(shape, raw)
            if test:
                self._after += [f"    if {test}: raise UnusualError"]
            self._after += [f"    {target} = {made}"]
        elif kind in (Kind.TEXT, Kind.TEXT_ENUM):
            size = self.variable()
            self.begin(prefix + words.word(words.STRING), "I", size)
            self.flush()
            self._text(shape, size, target)
        elif kind is Kind.DATA:
            size = self.variable()
            self.begin(prefix + words.word(words.DATA), "I", size)
            self.flush()
            self._lines += [f"    {target} = b[p:p + {size}]", f"    p += {size} + 3 & -4"]
        elif kind in (Kind.LIST, Kind.MAP):
            size, count = self.variable(), self.variable()
            word = words.ARRAY if kind is Kind.LIST else words.DICTIONARY
            self.begin(prefix + words.word(word), "I", size)
            self._run.append(("I", count, b""))
            self.flush()
            stop = self.variable()
            self._lines += [
                f"    {stop} = p - 4 + {size}",
                f"    if {count} > ({size} - 4) // 4: raise UnusualError",
            ]
            (self._list if kind is Kind.LIST else self._map)(shape, size, count, target)
            self._lines += [f"    if p != {stop}: raise UnusualError"]
        else:
            self.constant(prefix)
            self.flush()
            if kind is Kind.STRUCT:
                name = self._source.name(shape)
                self._lines += [f"    {target}, p = {name}(b, p, {self._depth})"]
            elif kind is Kind.UNION:
                self._union(shape, target)
            elif kind is Kind.OPTIONAL:
                assert shape.item is not None
                self._lines += [
                    f"    if b[p:p + 4] == NULL: {target} = None; p += 4",
                    f"    else: {target}, p = {self._source.name(shape.item)}(b, p, {self._depth})",
                ]
            else:
                self._lines += [f"    {target}, p = any_from(b, p, {self._depth})"]

    def _made(self, shape: Shape, raw: str) -> tuple[str, str]:
        """For a fixed shape: when the raw number is unusual, and the value it makes."""
        kind = shape.kind
        if kind is Kind.BOOL:
            return f"{raw} > 1", f"{raw} == 1"
        if kind is Kind.FLOAT:
            single = shape.floats is not None and shape.floats.bits == 32
            return "", f"single_precision({raw})" if single else raw
        if kind is Kind.DATE:
            return "", f"date_of({raw})"
        if kind is Kind.DURATION:
            return "", f"duration_of({raw})"
        if kind is Kind.UUID:
            return "", f"UUID(bytes={raw})"
        assert shape.ints is not None
        test = ""
        if shape.ints.bits < 64:
            test = f"not {shape.ints.minimum} <= {raw} <= {shape.ints.maximum}"
        if kind is Kind.INT_ENUM:
            return test, f"{self._source.constant(shape.cls)}({raw})"
        return test, raw

    def _text(self, shape: Shape, size: str, target: str) -> None:
        lines = self._lines
        plain = [
            f"{target} = b[p:p + {size} - 1].decode()",
            f"if not {size} or b[p + {size} - 1] or '\\0' in {target}: raise UnusualError",
        ]
        if shape.kind is Kind.TEXT:
            lines += [f"    {line}" for line in plain]
        else:
            table = {case.value.encode() + b"\0": case for case in shape.cls}
            cases = self._source.constant(table)
            lines += [f"    {target} = {cases}.get(b[p:p + {size}])", f"    if {target} is None:"]
            if shape.open:
                lines += [f"        {line}" for line in plain]
                lines += [f"        {target} = {self._source.constant(shape.cls)}({target})"]
            else:
                lines += ["        raise UnusualError"]
        lines += [f"    p += {size} + 3 & -4"]

    def _list(self, shape: Shape, size: str, count: str, target: str) -> None:
        assert shape.item is not None
        known = fixed(shape.item)
        if known is not None and not shape.item.rules:
            word, code = known
            layout = struct.Struct("<I" + code)
            test, made = self._made(shape.item, "v")
            condition = f"w == {word}" + (f" and not ({test})" if test else "")
            each = f"{self._source.constant(layout.iter_unpack)}(b[p:q])"
            self._lines += [
                f"    if {size} - 4 != {count} * {layout.size}: raise UnusualError",
                f"    q = p + {count} * {layout.size}",
                f"    {target} = [{made} for w, v in {each} if {condition}]",
                f"    if len({target}) != {count}: raise UnusualError",
                "    p = q",
            ]
            return
        self._lines += [
            f"    {target} = []",
            f"    add = {target}.append",
            f"    for _ in range({count}):",
            f"        item, p = {self._source.name(shape.item)}(b, p, {self._depth} + 1)",
            "        add(item)",
        ]

    def _map(self, shape: Shape, size: str, count: str, target: str) -> None:
        assert shape.item is not None
        self._lines += [
            f"    {target} = {{}}",
            f"    for _ in range({count}):",
            "        e = b.index(0, p)",
            "        k = b[p:e].decode()",
            "        p += e - p + 4 & -4",
            f"        {target}[k], p = {self._source.name(shape.item)}(b, p, {self._depth} + 1)",
        ]

    def _union(self, shape: Shape, target: str) -> None:
        stop = self.variable()
        self._lines += [
            "    w, size_, count_ = unpack_III(b, p)",
            f"    if w != {words.DICTIONARY} or count_ != 1: raise UnusualError",
            f"    {stop} = p + 8 + size_",
            "    e = b.index(0, p + 12)",
            "    k = b[p + 12:e]",
            "    p = p + 12 + (e - p - 12 + 4 & -4)",
        ]
        for index, case in enumerate(shape.cases):
            label = case.CASE.encode()  # type: ignore[attr-defined]
            reader = self._source.name(Shape(Kind.STRUCT, case, cls=case))
            branch = "if" if index == 0 else "elif"
            self._lines += [
                f"    {branch} k == {label!r}: {target}, p = {reader}(b, p, {self._depth} + 1)",
            ]
        if shape.cases:
            self._lines += ["    else: raise UnusualError"]
        else:
            self._lines += ["    raise UnusualError"]
        self._lines += [f"    if p != {stop}: raise UnusualError"]
