"""A struct's bytes in order, and the two ways to put them together.

Fixed parts go into `struct` packs with the keys around them. Text and data break
that up, unless a pack is made for their very lengths: an ``s`` code pads with
zeros by itself, so one pack then writes the whole record.
"""

from __future__ import annotations

import struct
from typing import Any, Final, Protocol

from . import words

MAX_VARIANTS: Final = 512
"""Packs of one class, each for certain lengths of its texts."""


class Source(Protocol):
    """Where a record gets the names of constants and packs from."""

    space: dict[str, Any]

    def constant(self, value: Any, /) -> str:
        """A name for a value."""

    def packer(self, layout: str, /) -> str:
        """A name for the pack function of a layout."""


class WriteRecord:
    """A struct's bytes in order, and the two ways to put them together."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._parts: list[tuple[str, str, int]] = []  # struct code, or what it is; expression
        self._pending = b""

    def constant(self, raw: bytes) -> None:
        """These bytes."""
        self._pending += raw

    def packed(self, code: str, expression: str) -> None:
        """A value of fixed size."""
        self._settle()
        self._parts.append((code, expression, struct.calcsize("<" + code)))

    def sized(self, var: str, size: str, nul: int) -> None:
        """A length, then so many bytes, a NUL if ``nul`` is 1, and padding."""
        self.packed("I", f"{size} + 1" if nul else size)
        self._parts.append(("text" if nul else "data", var, 0))

    def part(self, var: str) -> None:
        """Bytes that are whole objects or entries."""
        self._settle()
        self._parts.append(("part", var, 0))

    def _settle(self) -> None:
        if self._pending:
            raw, self._pending = self._pending, b""
            self._parts.append((f"{len(raw)}s", self._source.constant(raw), len(raw)))

    def joined(self, count: str, join: str) -> list[str]:
        """Runs of fixed size in one pack each, joined with the rest."""
        self._settle()
        source = self._source
        total = [str(4 + sum(size for _, _, size in self._parts))]
        parts: list[str] = []
        run = [("I", str(words.DICTIONARY)), ("I", "total"), ("I", count)]

        def flush() -> None:
            if run:
                packer = source.packer("".join(code for code, _ in run))
                parts.append(f"{packer}({', '.join(expression for _, expression in run)})")
                run.clear()

        for code, expression, _ in self._parts:
            if code in ("text", "data"):
                flush()
                size = expression.replace("r", "n")
                ends = "TEXT_END" if code == "text" else "DATA_END"
                parts += [expression, f"{ends}[{size} & 3]"]
                total.append(f"({size} + {4 if code == 'text' else 3} & -4)")
            elif code == "part":
                flush()
                parts.append(expression)
                total.append(f"len({expression})")
            else:
                run.append((code, expression))
        flush()
        first = [f"    total = {' + '.join(total)}"]
        if len(parts) == 1 and join:
            return [*first, f"    return {parts[0]}"]
        return [*first, f"    return {join}(({', '.join(parts)},))"]

    def has_variants(self) -> bool:
        """Whether one pack can do it all, once the lengths are known."""
        kinds = [code for code, _, _ in self._parts]
        return "part" not in kinds and 1 <= kinds.count("text") + kinds.count("data") <= 3

    def variant(self, count: int, long: str) -> list[str]:
        """One pack, made for the lengths at hand; an 's' code pads with zeros by itself."""
        source = self._source
        parts = self._parts
        variants: dict[int, tuple[Any, bytes]] = {}
        leading = int(parts[0][0] == f"{parts[0][2]}s" and parts[0][1].startswith("c"))
        prefix = source.space[parts[0][1]] if leading else b""

        def make(lengths: int) -> tuple[Any, bytes] | None:
            if len(variants) >= MAX_VARIANTS:
                return None
            codes = []
            total = 4 + len(prefix)
            for code, _, size in parts[leading:]:
                if code in ("text", "data"):
                    size = (lengths & 0xFF) * 4
                    lengths_left = lengths >> 8
                    lengths, code = lengths_left, f"{size}s"
                codes.append(code)
                total += size
            head = struct.pack("<III", words.DICTIONARY, total, count) + prefix
            return struct.Struct(f"<{len(head)}s{''.join(codes)}").pack, head

        def remember(lengths: int) -> tuple[Any, bytes] | None:
            made = make(lengths)
            if made is not None:
                variants[lengths] = made
            return made

        sizes = [
            (expression.replace("r", "n"), code)
            for code, expression, _ in parts
            if code in ("text", "data")
        ]
        key = " | ".join(
            f"({size} + {4 if code == 'text' else 3} >> 2) << {8 * place}"
            if place
            else f"{size} + {4 if code == 'text' else 3} >> 2"
            for place, (size, code) in enumerate(sizes)
        )
        arguments = ", ".join(expression for _, expression, _ in parts[leading:])
        return [
            f"    if {' + '.join(size for size, _ in sizes)} > 1000: return {long}(o, d)",
            f"    w = {key}",
            f"    w = {source.constant(variants)}.get(w) or {source.constant(remember)}(w)",
            f"    if w is None: return {long}(o, d)",
            "    pack, head = w",
            f"    return pack(head, {arguments})",
        ]
