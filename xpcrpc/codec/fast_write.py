"""Source of functions that write typed objects straight to bytes.

One function for each shape, `write_N(value, depth) -> bytes`. A struct's puts
its required fields of fixed size into one `struct` pack, then those with text,
data or parts, then the optional ones; readers do not depend on the order. A
function raises at anything out of the ordinary, and the caller goes the general
way, which either writes the object or says what is wrong with it.
"""

from __future__ import annotations

import struct
from typing import Any, Final
from uuid import UUID

from ..values import MAX_DEPTH, Date, Duration
from . import words
from .reading import single_precision
from .shape import UNKNOWN_FIELDS, Field, Kind, Shape, is_recursive, struct_of
from .write_record import WriteRecord
from .writer import _KEYS, _write_children, padded_key

DEEP: Final = MAX_DEPTH - 56
"""Depth from which the general way takes over; it knows the exact limit."""


class UnusualError(Exception):
    """A value that only the general way can handle."""


_FIXED: Final = {
    Kind.BOOL: (words.BOOL, "I"),
    Kind.FLOAT: (words.DOUBLE, "d"),
    Kind.DATE: (words.DATE, "q"),
    Kind.DURATION: (words.INT64, "q"),
    Kind.UUID: (words.UUID, "16s"),
}


def fixed(shape: Shape) -> tuple[int, str] | None:
    """The type word and `struct` code of a shape whose objects have one size."""
    if shape.ints is not None:
        return (words.INT64, "q") if shape.ints.signed else (words.UINT64, "Q")
    return _FIXED.get(shape.kind)


def join_any(value: Any, depth: int) -> bytes:
    """Any XPC value without handles, as bytes."""
    parts: list[bytes] = []
    _write_children((value,), False, parts, None, depth, False)
    return b"".join(parts)


def join_unknown(value: Any, known: frozenset[str], depth: int) -> tuple[bytes, int]:
    """The entries of a struct's unknown fields, and how many there are."""
    if type(value) is not dict or not known.isdisjoint(value):
        raise UnusualError
    parts: list[bytes] = []
    _write_children(value.items(), True, parts, None, depth, False)
    return b"".join(parts), len(value)


class WriteSource:
    """Functions for shapes, made when they are first asked for."""

    def __init__(self) -> None:
        self.space: dict[str, Any] = {
            "UnusualError": UnusualError,
            "join": b"".join,
            "TEXT_END": words.TEXT_END,
            "DATA_END": words.DATA_END,
            "single_precision": single_precision,
            "join_any": join_any,
            "join_unknown": join_unknown,
            "KEYS": _KEYS,
            "padded_key": padded_key,
            "pack_text": struct.Struct("<II").pack,
            "pack_container": struct.Struct("<III").pack,
            "Date": Date,
            "Duration": Duration,
            "UUID": UUID,
        }
        self._names: dict[tuple[Kind, Any], str] = {}

    def name(self, shape: Shape) -> str:
        """The name of the function that writes ``shape``, in `space`."""
        key = (shape.kind, shape.hint)
        found = self._names.get(key)
        if found is None:
            found = self._names[key] = f"write_{len(self._names)}"
            lines = self._function(shape, found)
            self._compile(found, lines)
        return found

    def parts_name(self, shape: Shape) -> str:
        """The name of a function that gives a struct's bytes in parts, not joined."""
        name = self.name(shape) + "_parts"
        if name not in self.space:
            self._compile(name, self._struct(shape, name, joined=False))
        return name

    def _compile(self, name: str, lines: list[str]) -> None:
        source = "\n".join(lines)
        # Our own text, of names and numbers; strings of a contract are constants in `space`.
        exec(compile(source, f"<xpcrpc {name}>", "exec"), self.space)  # noqa: S102

    def constant(self, value: Any) -> str:
        """A name in `space` for a value."""
        name = f"c{len(self.space)}"
        self.space[name] = value
        return name

    def packer(self, layout: str) -> str:
        """A name in `space` for the pack function of a `struct` layout."""
        name = "pack_" + layout
        if not name.isidentifier():
            return self.constant(struct.Struct("<" + layout).pack)
        if name not in self.space:
            self.space[name] = struct.Struct("<" + layout).pack
        return name

    # -- one value in a variable ---------------------------------------------------

    def _check(self, shape: Shape, var: str) -> tuple[str, str]:
        """For a fixed shape: when ``var`` is unusual, and what to pack."""
        kind = shape.kind
        if kind is Kind.BOOL:
            return f"type({var}) is not bool", var
        if kind is Kind.FLOAT:
            single = shape.floats is not None and shape.floats.bits == 32
            packed = f"single_precision({var})" if single else var
            return f"type({var}) is not float", packed
        if kind is Kind.DATE:
            return f"type({var}) is not Date", f"{var}.ns"
        if kind is Kind.DURATION:
            return f"type({var}) is not Duration", f"{var}.ns"
        if kind is Kind.UUID:
            return f"type({var}) is not UUID", f"{var}.bytes"
        cls = "int" if kind is Kind.INT else self.constant(shape.cls)
        check = f"type({var}) is not {cls}"
        assert shape.ints is not None
        if shape.ints.bits < 64:
            low, high = shape.ints.minimum, shape.ints.maximum
            check += f" or not {low} <= {var} <= {high}"
        return check, var

    def _function(self, shape: Shape, name: str) -> list[str]:
        kind = shape.kind
        head = [f"def {name}(v, d):"]
        if kind is Kind.STRUCT:
            return self._struct(shape, name, joined=True)
        if (known := fixed(shape)) is not None:
            word, code = known
            check, packed = self._check(shape, "v")
            head += [f"    if {check}: raise UnusualError"]
            head += [f"    return {self.packer('I' + code)}({word}, {packed})"]
        elif kind in (Kind.TEXT, Kind.TEXT_ENUM):
            head += self._text(shape, "v", "s", "n")
            head += [f"    return pack_text({words.STRING}, n + 1) + s + TEXT_END[n & 3]"]
        elif kind is Kind.DATA:
            head += [
                "    if type(v) is not bytes: raise UnusualError",
                "    n = len(v)",
                f"    return pack_text({words.DATA}, n) + v + DATA_END[n & 3]",
            ]
        elif kind is Kind.OPTIONAL:
            assert shape.item is not None
            null = self.constant(words.word(words.NULL))
            head += [f"    return {null} if v is None else {self.name(shape.item)}(v, d)"]
        elif kind is Kind.LIST:
            head += self._list(shape)
        elif kind is Kind.MAP:
            assert shape.item is not None
            entry = f"(KEYS.get(k) or padded_key(k)) + {self.name(shape.item)}(x, d + 1)"
            head += [
                "    if type(v) is not dict: raise UnusualError",
                f"    body = join([{entry} for k, x in v.items()])",
                f"    return pack_container({words.DICTIONARY}, len(body) + 4, len(v)) + body",
            ]
        elif kind is Kind.UNION:
            for case in shape.cases:
                label = words.padded_key(case.CASE.encode())  # type: ignore[attr-defined]
                content = self.name(Shape(Kind.STRUCT, case, cls=case))
                start = f"pack_container({words.DICTIONARY}, len(body) + {len(label) + 4}, 1)"
                head += [
                    f"    if type(v) is {self.constant(case)}:",
                    f"        body = {content}(v, d + 1)",
                    f"        return {start} + {self.constant(label)} + body",
                ]
            head += ["    raise UnusualError"]
        else:
            head += ["    return join_any(v, d)"]
        return head

    def _text(self, shape: Shape, var: str, text: str, size: str) -> list[str]:
        lines = []
        if shape.kind is Kind.TEXT_ENUM:
            lines += [f"    if type({var}) is not {self.constant(shape.cls)}: raise UnusualError"]
        if shape.kind is Kind.TEXT or shape.open:
            lines += [f"    if '\\0' in {var}: raise UnusualError"]
        lines += [f"    {text} = {var}.encode()", f"    {size} = len({text})"]
        return lines

    def _list(self, shape: Shape) -> list[str]:
        assert shape.item is not None
        lines = ["    if type(v) is not list: raise UnusualError"]
        known = fixed(shape.item)
        if known is not None:
            word, code = known
            check, packed = self._check(shape.item, "x")
            item = f"{self.packer('I' + code)}({word}, {packed})"
            if check:
                lines += ["    for x in v:", f"        if {check}: raise UnusualError"]
        else:
            item = f"{self.name(shape.item)}(x, d + 1)"
        lines += [
            f"    body = join([{item} for x in v])",
            f"    return pack_container({words.ARRAY}, len(body) + 4, len(v)) + body",
        ]
        return lines

    # -- structs -------------------------------------------------------------------

    def _struct(self, shape: Shape, name: str, *, joined: bool) -> list[str]:
        facts = struct_of(shape.cls)
        required = [part for part in facts.fields if not part.optional]
        sized = [part for part in required if fixed(part.shape) is not None]
        rest = [part for part in required if fixed(part.shape) is None]
        record = WriteRecord(self)
        deep = f" or d > {DEEP}" if is_recursive(shape.cls) else ""
        lines = [f"    if type(o) is not {self.constant(shape.cls)}{deep}: raise UnusualError"]
        checks = []
        for index, part in enumerate(sized):
            var = f"f{index}"
            lines += [f"    {var} = o.{part.name}"]
            known = fixed(part.shape)
            assert known is not None
            entry = _entry(part) + words.word(known[0])
            if part.shape.kind is Kind.BOOL:
                true, false = (self.constant(entry + words.word(value)) for value in (1, 0))
                lines += [
                    f"    if {var} is True: {var} = {true}",
                    f"    elif {var} is False: {var} = {false}",
                    "    else: raise UnusualError",
                ]
                record.packed(f"{len(entry) + 4}s", var)
                continue
            check, expression = self._check(part.shape, var)
            checks.append(check)
            record.constant(entry)
            record.packed(known[1], expression)
        if checks:
            lines += [f"    if {' or '.join(checks)}: raise UnusualError"]
        for index, part in enumerate(rest):
            var, size = f"r{index}", f"n{index}"
            kind = part.shape.kind
            record.constant(_entry(part))
            if kind in (Kind.TEXT, Kind.TEXT_ENUM):
                lines += [f"    {var} = o.{part.name}"]
                lines += self._text(part.shape, var, var, size)
                record.constant(words.word(words.STRING))
                record.sized(var, size, 1)
            elif kind is Kind.DATA:
                lines += [
                    f"    {var} = o.{part.name}",
                    f"    if type({var}) is not bytes: raise UnusualError",
                    f"    {size} = len({var})",
                ]
                record.constant(words.word(words.DATA))
                record.sized(var, size, 0)
            else:
                lines += [f"    {var} = {self.name(part.shape)}(o.{part.name}, d + 1)"]
                record.part(var)
        counted = [str(len(required))]
        for index, part in enumerate(part for part in facts.fields if part.optional):
            lines += self._optional(part, f"e{index}", facts.nulls)
            record.part(f"e{index}")
            counted.append("1" if facts.nulls else f"(e{index} != b'')")
        if facts.unknown == "keep":
            wires = self.constant(frozenset(part.wire for part in facts.fields))
            lines += [f"    unknown, more = join_unknown(o.{UNKNOWN_FIELDS}, {wires}, d + 1)"]
            record.part("unknown")
            counted.append("more")
        count = " + ".join(counted)
        head = f"def {name}(o, d):"
        if joined and record.has_variants():
            long = [f"def {name}_long(o, d):", *lines, *record.joined(count, "join")]
            return [*long, head, *lines, *record.variant(len(required), f"{name}_long")]
        return [head, *lines, *record.joined(count, "join" if joined else "")]

    def _optional(self, part: Field, var: str, nulls: bool) -> list[str]:
        inner = part.shape.item if part.shape.kind is Kind.OPTIONAL else part.shape
        assert inner is not None
        key = _entry(part)
        absent = self.constant(key + words.word(words.NULL) if nulls else b"")
        return [
            f"    {var} = o.{part.name}",
            f"    if {var} is None: {var} = {absent}",
            f"    else: {var} = {self.constant(key)} + {self.name(inner)}({var}, d + 1)",
        ]


def _entry(part: Field) -> bytes:
    return words.padded_key(part.wire.encode())
