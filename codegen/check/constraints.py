"""A constraint must fit the type that it stands at."""

from __future__ import annotations

from typing import Final

from attrs import asdict

from ..complaint import Complaints
from ..mistakes.values import CONSTRAINT_MISPLACED, LIMIT_RANGE, LIMIT_WHOLE, PATTERN
from ..model import AliasType, Constraints, Contract, resolve
from ..pattern import pattern_problem
from ..scanner import Path
from ..typeexpr import INT_BITS, Broken, ListOf, MapOf, Scalar, TypeExpr, text_of

_NUMBERS: Final = frozenset({*INT_BITS, "f32", "f64"})
_FITS: Final = {
    "min": "numbers",
    "max": "numbers",
    "min_len": "string and bytes",
    "max_len": "string and bytes",
    "max_bytes": "string",
    "pattern": "string",
    "min_items": "lists and maps",
    "max_items": "lists and maps",
    "unique": "lists (the keys of a map differ anyway)",
}


def check_constraints(contract: Contract, complaints: Complaints) -> None:
    """Fields and aliases."""
    for _, fields in contract.field_owners():
        for one in fields:
            _check(contract, complaints, one.type, one.constraints, one.path)
    for alias in contract.of(AliasType):
        _check(contract, complaints, alias.type, alias.constraints, alias.path)


def _check(
    contract: Contract,
    complaints: Complaints,
    expression: TypeExpr,
    constraints: Constraints,
    path: Path,
) -> None:
    resolved = resolve(contract, expression)
    if isinstance(resolved, Broken):
        return
    for key, value in asdict(constraints).items():
        if value is None or value is False:
            continue
        if not _fits(key, resolved):
            complaints.at_key(
                CONSTRAINT_MISPLACED,
                (*path, key),
                f"{key} does not fit {text_of(expression)}; it is for {_FITS[key]}{_hint(key)}",
            )
        elif key in ("min", "max"):
            _check_limit(complaints, (*path, key), resolved, value)
        elif key == "pattern" and (problem := pattern_problem(value)):
            complaints.at_value(PATTERN, (*path, key), problem)


def _hint(key: str) -> str:
    return {
        "min": ", whose lengths are min_len and min_items",
        "max": ", whose lengths are max_len and max_items",
    }.get(key, "").replace(", whose lengths are", "; lengths are")


def _fits(key: str, resolved: TypeExpr) -> bool:
    match resolved:
        case Scalar(name):
            if key in ("min", "max"):
                return name in _NUMBERS
            if key in ("max_bytes", "pattern"):
                return name == "string"
            return key in ("min_len", "max_len") and name in ("string", "bytes")
        case ListOf():
            return key in ("min_items", "max_items", "unique")
        case MapOf():
            return key in ("min_items", "max_items")
    return False


def _check_limit(complaints: Complaints, path: Path, resolved: TypeExpr, value: float) -> None:
    assert isinstance(resolved, Scalar)
    low_high = int_range(resolved.name)
    if low_high is None:
        return
    if isinstance(value, float):
        complaints.at_value(
            LIMIT_WHOLE, path, f"the limit of {resolved.name} is an integer, not {value}"
        )
    elif not low_high[0] <= value <= low_high[1]:
        complaints.at_value(
            LIMIT_RANGE,
            path,
            f"{value} is outside {resolved.name} ({low_high[0]} to {low_high[1]})",
        )


def int_range(name: str) -> tuple[int, int] | None:
    """The least and greatest number of an integer type."""
    bits = INT_BITS.get(name)
    if bits is None:
        return None
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if name[0] == "i" else (0, 2**bits - 1)
