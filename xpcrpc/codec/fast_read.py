"""Source of functions that read typed objects straight from bytes.

One function for each shape, `read_N(data, place, depth) -> (object, place)`. A
struct has several: the general one finds each key in a table, and notes which
keys came in which order. An order that came often gets a function of its own, a
*layout*, in which keys, type words and values of fixed size are unpacked
together and the keys merely compared. Layouts form a chain, newest first; one
that does not fit hands over to the next, the last is the general one.

A function raises at anything out of the ordinary, and the caller goes the
general way (bytes to value, value to object), which reads it or says what is
wrong. No function knows where its container ends: each checks that it ended
exactly where it said, and so does every container around it.
"""

from __future__ import annotations

import struct
from typing import Any, Final
from uuid import UUID

from attrs import NOTHING, Factory, evolve

from ..constraints import Constraint, Length, Range
from ..values import Duration
from . import words
from .fast_write import DEEP, UnusualError
from .read_body import ReadBody
from .reader import _new, _read_children, _set, date_of, read_object
from .reading import single_precision
from .shape import UNKNOWN_FIELDS, Field, Kind, Shape, Struct, is_recursive, struct_of

LEARN_AFTER: Final = 8
"""Messages of one order before it gets a layout; making one takes about a millisecond."""

MAX_LAYOUTS: Final = 6
"""Layouts of one class; a peer that leaves out fields at random must not grow it for ever."""

Order = tuple[tuple[str, bool], ...]
"""Wire names as they came, each with whether its value was null."""


def duration_of(ns: int) -> Duration:
    """A `Duration` of a number that is known to fit, without asking again."""
    duration = _new(Duration)
    _set(duration, "ns", ns)
    return duration


def any_from(data: bytes, place: int, depth: int) -> tuple[Any, int]:
    """Any XPC value without handles."""
    return read_object(data, place, len(data), iter(()), depth)


def entry_from(data: bytes, place: int, depth: int) -> tuple[Any, int]:
    """One dictionary entry without handles, as a dictionary."""
    return _read_children(data, place, len(data), 1, True, iter(()), depth)


class ReadSource:
    """Functions for shapes, made when they are first asked for."""

    def __init__(self) -> None:
        self.space: dict[str, Any] = {
            "UnusualError": UnusualError,
            "new": object.__new__,
            "put": object.__setattr__,
            "date_of": date_of,
            "duration_of": duration_of,
            "single_precision": single_precision,
            "any_from": any_from,
            "entry_from": entry_from,
            "UUID": UUID,
            "NULL": words.word(words.NULL),
            "unpack_III": struct.Struct("<III").unpack_from,
        }
        self._names: dict[tuple[Kind, Any], str] = {}

    def name(self, shape: Shape) -> str:
        """The name of the function that reads ``shape``, in `space`."""
        key = (shape.kind, shape.hint)
        found = self._names.get(key)
        if found is None:
            found = self._names[key] = f"read_{len(self._names)}"
            if shape.kind is Kind.STRUCT:
                self._general(shape, found)
            else:
                body = ReadBody(self, "d")
                body.object(evolve(shape, rules=()), b"", "x")
                lines = [f"def {found}(b, p, d):", *body.finish()]
                for rule in shape.rules:
                    check = self.constant(rule.problem)
                    lines += [f"    if {check}(x) is not None: raise UnusualError"]
                lines += ["    return x, p"]
                self.compile(found, lines)
        return found

    def compile(self, name: str, lines: list[str]) -> None:
        """Make the function that ``lines`` define."""
        # Our own text, of names and numbers; strings of a contract are constants in `space`.
        exec(compile("\n".join(lines), f"<xpcrpc {name}>", "exec"), self.space)  # noqa: S102

    def constant(self, value: Any) -> str:
        """A name in `space` for a value."""
        name = f"c{len(self.space)}"
        self.space[name] = value
        return name

    # -- structs -------------------------------------------------------------------

    def _general(self, shape: Shape, name: str) -> None:
        """The function for keys in any order; also what learns layouts."""
        facts = struct_of(shape.cls)
        table = {}
        for part in facts.fields:
            inner = part.shape.item if part.shape.kind is Kind.OPTIONAL else part.shape
            assert inner is not None
            table[part.wire.encode()] = (part.wire, part.alias, part.optional, inner)
        fields = {
            raw: (wire, alias, optional, self.name(inner))
            for raw, (wire, alias, optional, inner) in table.items()
        }
        nones = {part.alias: None for part in facts.fields if part.optional}
        cls, space = shape.cls, self.space
        seen: dict[Order, int] = {}
        layouts = 0
        unpack = struct.Struct("<III").unpack_from
        null = words.word(words.NULL)

        def read(data: bytes, place: int, depth: int) -> tuple[Any, int]:
            word, size, count = unpack(data, place)
            if word != words.DICTIONARY or depth > DEEP:
                raise UnusualError
            stop = place + 8 + size
            place += 12
            found: dict[str, Any] = dict(nones)
            unknown: dict[str, Any] = {}
            order: list[tuple[str, bool]] = []
            for _ in range(count):
                end = data.index(0, place)
                field = fields.get(data[place:end])
                if field is None:
                    if facts.unknown == "reject":
                        raise UnusualError
                    entry, place = entry_from(data, place, depth + 1)
                    unknown.update(entry)
                    continue
                wire, alias, optional, reader = field
                place += (end - place + 4) & -4
                if optional and data[place : place + 4] == null:
                    value, place = None, place + 4
                else:
                    value, place = space[reader](data, place, depth + 1)
                found[alias] = value
                order.append((wire, value is None))
            if place != stop:
                raise UnusualError
            if facts.unknown == "keep":
                found[UNKNOWN_FIELDS] = unknown
            result = cls(**found)
            if not unknown and len(seen) < 64:
                learn(tuple(order))
            return result, stop

        def learn(order: Order) -> None:
            nonlocal layouts
            times = seen[order] = seen.get(order, 0) + 1
            if times == LEARN_AFTER and layouts < MAX_LAYOUTS and len(set(order)) == len(order):
                layouts += 1
                self._layout(shape, facts, name, f"{name}_{layouts}", order)

        space[name] = read

    def _layout(self, shape: Shape, facts: Struct, name: str, own: str, order: Order) -> None:
        """Put a function for one order of keys at the head of the chain."""
        following = self.constant(self.space[name])
        body = ReadBody(self, "d + 1", miss=f"return {following}(b, start, d)")
        lines = [f"def {own}(b, p, d):", "    start = p"]
        if is_recursive(shape.cls):
            lines += [f"    if d > {DEEP}: raise UnusualError"]
        body.begin(words.word(words.DICTIONARY), "I", "size")
        pending = len(order).to_bytes(4, "little")
        by_wire = {part.wire: (index, part) for index, part in enumerate(facts.fields)}
        held: dict[str, str] = {}
        for wire, is_null in order:
            index, part = by_wire[wire]
            prefix = pending + words.padded_key(wire.encode())
            pending = b""
            inner = part.shape.item if part.shape.kind is Kind.OPTIONAL else part.shape
            assert inner is not None
            if is_null and part.optional:
                body.constant(prefix + words.word(words.NULL))
                held[part.name] = "None"
            else:
                body.object(inner, prefix, f"f{index}")
                held[part.name] = f"f{index}"
        body.constant(pending)
        lines += body.finish()
        lines += ["    if p != start + 8 + size: raise UnusualError"]
        lines += self._build(shape, facts, held)
        self.compile(own, lines)
        self.space[name] = self.space[own]

    def _build(self, shape: Shape, facts: Struct, held: dict[str, str]) -> list[str]:
        """Make the object of the values in variables."""
        cls = shape.cls
        if not _is_plain(facts):
            arguments = [
                f"{part.alias}={held.get(part.name, 'None')}"
                for part in facts.fields
                if part.name in held or part.optional
            ]
            if facts.unknown == "keep":
                arguments.append(f"{UNKNOWN_FIELDS}={{}}")
            return [f"    return {self.constant(cls)}({', '.join(arguments)}), p"]
        direct = cls.__setattr__ is object.__setattr__
        lines = [f"    o = new({self.constant(cls)})"]
        checks: list[str] = []
        for part in facts.fields:
            value = held.get(part.name)
            if value is None:
                value = "None" if part.optional else self._default(part)
            if value != "None" and part.attribute.validator is not None:
                if not value.startswith("f"):
                    lines += [f"    x = {value}"]
                    value = "x"
                checks += self._rule(part, value)
                lines += checks
                checks.clear()
            lines += [self._put(cls, part.name, value, direct)]
        if facts.unknown == "keep":
            lines += [self._put(cls, UNKNOWN_FIELDS, "{}", direct)]
        return [*lines, "    return o, p"]

    def _put(self, cls: type, name: str, value: str, direct: bool) -> str:
        """Set an attribute as a constructor does: no validator runs again."""
        if direct:
            return f"    o.{name} = {value}"
        slot: Any = getattr(cls, name, None)
        if hasattr(slot, "__set__"):
            return f"    {self.constant(slot.__set__)}(o, {value})"
        return f"    put(o, {name!r}, {value})"

    def _default(self, part: Field) -> str:
        default: Any = part.attribute.default
        if isinstance(default, Factory):  # type: ignore[arg-type]
            return f"{self.constant(default.factory)}()"
        return self.constant(default) if default is not NOTHING else "MISSING_FIELD"

    def _rule(self, part: Field, value: str) -> list[str]:
        """Check a constraint; the commonest are spelled out."""
        rule = part.attribute.validator
        if isinstance(rule, Length | Range):
            subject = f"len({value})" if isinstance(rule, Length) else value
            tests = []
            if rule.min is not None:
                tests.append(f"not {subject} >= {self.constant(rule.min)}")
            if rule.max is not None:
                tests.append(f"not {subject} <= {self.constant(rule.max)}")
            return [f"    if {' or '.join(tests)}: raise UnusualError"] if tests else []
        if isinstance(rule, Constraint):
            return [
                f"    if {self.constant(rule.problem)}({value}) is not None: raise UnusualError"
            ]
        validator, attribute = self.constant(rule), self.constant(part.attribute)
        return [f"    {validator}(None, {attribute}, {value})"]


def _is_plain(facts: Struct) -> bool:
    """Whether the class's constructor does nothing but set attributes and check rules."""
    cls = facts.cls
    code = getattr(getattr(cls, "__init__"), "__code__", None)  # noqa: B009
    if code is None or not code.co_filename.startswith("<attrs generated"):
        return False
    if issubclass(cls, BaseException) or cls.__new__ is not object.__new__:
        return False
    if any(hasattr(cls, f"__attrs_{when}_init__") for when in ("pre", "post")):
        return False
    known = {part.name for part in facts.fields}
    if facts.unknown == "keep":
        known.add(UNKNOWN_FIELDS)
    slots = getattr(cls, "__slots__", ())
    if "_attrs_cached_hash" in slots:
        return False
    for attribute in cls.__attrs_attrs__:  # type: ignore[attr-defined]
        default = attribute.default
        if attribute.name not in known or attribute.converter is not None:
            return False
        if isinstance(default, Factory) and default.takes_self:  # type: ignore[arg-type]
            return False
        if attribute.validator is not None and not _is_rule(attribute.validator):
            return False
    return True


def _is_rule(validator: Any) -> bool:
    """Whether a validator looks at the value alone."""
    if isinstance(validator, Constraint):
        return True
    several: tuple[Any, ...] = getattr(validator, "_validators", ())
    return bool(several) and all(map(_is_rule, several))
