"""Values inside a contract: defaults, examples and constants fit their type."""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final

from attrs import define

from ..complaint import Complaints, nearest, some
from ..mistakes import Mistake
from ..mistakes.values import (
    CONSTANT_TYPE,
    DEFAULT_OF_ANY,
    DEFAULT_OF_ARGUMENT,
    VALUE_CASE,
    VALUE_CONSTRAINT,
    VALUE_FIELD,
    VALUE_OF_RESOURCE,
    VALUE_TYPE,
)
from ..model import (
    MISSING,
    Constraints,
    Contract,
    EnumType,
    Field,
    FlagsType,
    StructType,
    UnionType,
    aliases,
    resolve,
)
from ..pattern import pattern_problem
from ..read.table import kind_of
from ..scanner import Path
from ..typeexpr import Broken, ListOf, MapOf, Named, Optional, Scalar, TypeExpr, text_of
from ..values import INT64, bytes_of, date_ns, duration_ns, uuid_of
from .constraints import int_range

_MAX_DEPTH: Final = 32
_FORMS: Final = {
    "date": "2024-05-01T12:00:00Z, with a time zone, or nanoseconds since 1970",
    "duration": '"250ms", "5s" or "2m", or nanoseconds',
    "bytes": 'hexadecimal digits, such as "00ff"',
    "uuid": '"12345678-1234-5678-1234-567812345678"',
}


def check_values(contract: Contract, complaints: Complaints) -> None:
    """Every ``default``, ``example`` and constant."""
    checker = _Checker(contract, complaints)
    requests = {id(table.fields) for _, _, table, side in contract.tables() if side == "request"}
    requests |= {id(table.fields) for _, _, table in contract.event_tables()}
    for _, fields in contract.field_owners():
        for one in fields:
            for key, value in (("default", one.default), ("example", one.example)):
                if value is not MISSING:
                    checker.field_value(one, value, (*one.path, key))
            mutable = isinstance(one.default, (dict, list)) and isinstance(one.type, Optional)
            if mutable and id(fields) in requests:
                complaints.at_value(
                    DEFAULT_OF_ARGUMENT,
                    (*one.path, "default"),
                    "in the table of a method or event an optional list, map or struct has no "
                    "default; drop the '?', or declare a struct",
                )
    for const in contract.consts:
        if const.value is None or isinstance(const.type, Broken):
            continue
        resolved = resolve(contract, const.type)
        if not checker.constant_type(const.type, resolved):
            complaints.at_value(
                CONSTANT_TYPE,
                (*const.path, "type"),
                f"a constant is a scalar, an enum or flags, not {text_of(const.type)}",
            )
        else:
            checker.value(const.type, const.value, (*const.path, "value"))


@define
class _Checker:
    contract: Contract
    complaints: Complaints

    def constant_type(self, written: TypeExpr, resolved: TypeExpr) -> bool:
        """Whether a constant may have the type."""
        if isinstance(written, Optional):
            return False
        if isinstance(resolved, Named):
            declared = self.contract.find(resolved.name)
            return declared is None or isinstance(declared, (EnumType, FlagsType))
        return isinstance(resolved, Broken) or (
            isinstance(resolved, Scalar) and resolved.name != "any"
        )

    def field_value(self, one: Field, value: Any, path: Path) -> None:
        """A value of a field: its type, then the field's own constraints."""
        is_any = resolve(self.contract, one.type) == Scalar("any")
        if is_any and isinstance(value, (dict, list)) and path[-1] == "default":
            self._wrong(
                DEFAULT_OF_ANY,
                path,
                "a default of any is a number, text or a boolean; drop this one",
            )
            return
        if self.value(one.type, value, path):
            self._constrained(one.constraints, resolve(self.contract, one.type), value, path)

    def value(self, expression: TypeExpr, value: Any, path: Path, depth: int = 0) -> bool:
        """Whether the value fits the type and its aliases' constraints; complains if not."""
        resolved = resolve(self.contract, expression)
        if isinstance(resolved, Broken) or depth > _MAX_DEPTH:
            return False
        if not self._shape(resolved, value, path, depth):
            return False
        fits = [
            self._constrained(alias.constraints, resolved, value, path)
            for alias in aliases(self.contract, expression)
        ]
        return all(fits)

    def _wrong(self, mistake: Mistake, path: Path, message: str) -> bool:
        self.complaints.at_value(mistake, path, message)
        return False

    def _shape(self, resolved: TypeExpr, value: Any, path: Path, depth: int) -> bool:
        match resolved:
            case Scalar(name):
                problem = scalar_problem(name, value)
                return problem is None or self._wrong(VALUE_TYPE, path, problem)
            case ListOf(item):
                if not isinstance(value, list):
                    return self._wrong(
                        VALUE_TYPE, path, f"a list is needed here, not {kind_of(value)}"
                    )
                fits = [
                    self.value(item, inner, (*path, index), depth + 1)
                    for index, inner in enumerate(value)
                ]
                return all(fits)
            case MapOf(item):
                if not isinstance(value, dict):
                    return self._wrong(
                        VALUE_TYPE, path, f"a table is needed here, not {kind_of(value)}"
                    )
                fits = [
                    self._text_key(key, (*path, key))
                    and self.value(item, inner, (*path, key), depth + 1)
                    for key, inner in value.items()
                ]
                return all(fits)
            case Named(name):
                return self._named(name, value, path, depth)
        return self._wrong(
            VALUE_OF_RESOURCE,
            path,
            f"a value of {text_of(resolved)} cannot be written down; drop it",
        )

    def _text_key(self, key: str, path: Path) -> bool:
        return "\0" not in key or self._wrong(VALUE_TYPE, path, "a key of a map holds no NUL")

    def _named(self, name: str, value: Any, path: Path, depth: int) -> bool:
        match self.contract.find(name):
            case EnumType(cases=cases):
                names = [case.name for case in cases]
                if isinstance(value, str) and value in names:
                    return True
                hint = nearest(str(value), names) or f"; write one of {some(names)}"
                return self._wrong(VALUE_CASE, path, f"{value!r} is no case of {name}{hint}")
            case FlagsType(cases=cases):
                names = [case.name for case in cases]
                if not isinstance(value, list) or any(bit not in names for bit in value):
                    known = some(names)
                    return self._wrong(VALUE_CASE, path, f"write a list of bits of {name}: {known}")
                return True
            case StructType(fields=fields):
                return self._fields(name, fields, value, path, depth)
            case UnionType(cases=union_cases):
                by_name = {case.name: case for case in union_cases}
                if not isinstance(value, dict) or len(value) != 1 or not by_name.keys() & value:
                    known = some(by_name)
                    return self._wrong(
                        VALUE_CASE,
                        path,
                        f"write a table with one case of {name} as its key: {known}",
                    )
                (case, inner), *_ = value.items()
                fields = by_name[case].fields
                return self._fields(f"{name}.{case}", fields, inner, (*path, case), depth)
        return False

    def _fields(
        self, name: str, fields: tuple[Field, ...], value: Any, path: Path, depth: int
    ) -> bool:
        if not isinstance(value, dict):
            return self._wrong(VALUE_TYPE, path, f"a table is needed here, not {kind_of(value)}")
        by_name = {one.name: one for one in fields}
        fits = True
        for key, inner in value.items():
            if key not in by_name:
                self.complaints.at_key(
                    VALUE_FIELD,
                    (*path, key),
                    f"{name} has no field {key}{nearest(key, by_name) or _has(by_name)}",
                )
                fits = False
                continue
            one = by_name[key]
            inside = (*path, key)
            fits &= self.value(one.type, inner, inside, depth + 1) and self._constrained(
                one.constraints, resolve(self.contract, one.type), inner, inside
            )
        for one in fields:
            if one.required and one.name not in value:
                fits = self._wrong(VALUE_FIELD, path, f"{name} needs its field {one.name}; give it")
        return fits

    def _constrained(
        self, constraints: Constraints, resolved: TypeExpr, value: Any, path: Path
    ) -> bool:
        problems = list(_broken(constraints, resolved, value))
        for problem in problems:
            self.complaints.at_value(VALUE_CONSTRAINT, path, problem)
        return not problems


def scalar_problem(name: str, value: Any) -> str | None:
    """Why a TOML value is none of the scalar type, and how to write one; or None."""
    if (low_high := int_range(name)) is not None:
        if type(value) is not int:
            return f"an integer is needed here, not {kind_of(value)}"
        if not low_high[0] <= value <= low_high[1]:
            return f"{value} is outside {name} ({low_high[0]} to {low_high[1]})"
        return None
    if name == "bool":
        return (
            None if type(value) is bool else f"true or false is needed here, not {kind_of(value)}"
        )
    if name in ("f32", "f64"):
        return _float_problem(name, value)
    if name == "string":
        if not isinstance(value, str):
            return f"text is needed here, not {kind_of(value)}"
        return "text in XPC holds no NUL; leave it out" if "\0" in value else None
    if name == "any":
        return (
            None
            if _is_plain(value)
            else "only numbers, text, booleans, lists and tables may stand here"
        )
    if name == "date" and isinstance(value, datetime) and value.tzinfo is not None:
        outside = "it is outside 1677 to 2262, which 64 bits of nanoseconds can count"
        return None if date_ns(value) is not None else outside
    read = {"date": date_ns, "duration": duration_ns, "bytes": bytes_of, "uuid": uuid_of}[name]
    return None if read(value) is not None else f"this is no {name}; write {_FORMS[name]}"


def _float_problem(name: str, value: Any) -> str | None:
    if type(value) not in (int, float):
        return f"a number is needed here, not {kind_of(value)}"
    try:
        struct.pack("<f" if name == "f32" else "<d", value)
    except (OverflowError, struct.error):
        return f"{value} is outside {name}"
    return None


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all("\0" not in key and _is_plain(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(_is_plain(inner) for inner in value)
    if isinstance(value, str):
        return "\0" not in value
    if type(value) is int:
        return INT64[0] <= value <= INT64[1]
    return type(value) in (bool, float)


def _broken(constraints: Constraints, resolved: TypeExpr, value: Any) -> Iterator[str]:
    """The constraints that a value of the right type breaks."""
    if type(value) in (int, float):
        yield from _outside("", value, constraints.min, constraints.max, "min", "max")
    elif isinstance(resolved, Scalar) and isinstance(value, str):
        data = bytes_of(value) if resolved.name == "bytes" else None
        unit = "characters" if data is None else "bytes"
        length = len(value if data is None else data)
        low, high = constraints.min_len, constraints.max_len
        yield from _outside(f" {unit}", length, low, high, "min_len", "max_len")
        if resolved.name == "string":
            size = len(value.encode("utf-8"))
            yield from _outside(" bytes", size, None, constraints.max_bytes, "", "max_bytes")
            yield from _mismatch(constraints.pattern, value)
    elif isinstance(value, (list, dict)):
        low, high = constraints.min_items, constraints.max_items
        yield from _outside(" items", len(value), low, high, "min_items", "max_items")
        if (
            constraints.unique
            and isinstance(value, list)
            and len({_hashable(item) for item in value}) < len(value)
        ):
            yield "an item is there twice, against unique = true; drop one"


def _outside(
    unit: str,
    number: float,
    low: float | None,
    high: float | None,
    low_key: str,
    high_key: str,
) -> Iterator[str]:
    said = f"{number}{unit.removesuffix('s') if number == 1 else unit}"
    if low is not None and not number >= low:
        yield f"{said} against its own {low_key} = {low}; change one of them"
    if high is not None and not number <= high:
        yield f"{said} against its own {high_key} = {high}; change one of them"


def _hashable(value: Any) -> Any:
    """Equal for equal values, and for no others; lists and tables have no hash."""
    if isinstance(value, dict):
        return frozenset((key, _hashable(inner)) for key, inner in value.items())
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _has(names: Collection[str]) -> str:
    return f"; it has {some(names) or 'none'}"


def _mismatch(pattern: str | None, value: str) -> Iterator[str]:
    if pattern is None or pattern_problem(pattern) is not None:
        return
    if re.fullmatch(pattern, value, re.ASCII) is None:
        yield f"{value!r} does not match its own pattern {pattern}; change one of them"
