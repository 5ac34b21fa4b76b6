"""What a type expression comes to at one place, behind aliases and with their limits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from ..check.constraints import int_range
from ..model import (
    AliasType,
    Constraints,
    Contract,
    EnumType,
    FlagsType,
    StructType,
    UnionType,
)
from ..typeexpr import (
    INT_BITS,
    Broken,
    ClientEnd,
    Fd,
    ListOf,
    MapOf,
    Named,
    Optional,
    Scalar,
    ServerEnd,
    Shmem,
    TypeExpr,
    text_of,
)

Core: TypeAlias = (
    Scalar | Fd | Shmem | ClientEnd | ServerEnd | ListOf | MapOf | Broken
    | EnumType | FlagsType | StructType | UnionType
)  # fmt: skip
"""A type that is no name, no alias and not optional."""

ANY: Final = Scalar("any")


@frozen
class Use:
    """A type at one place."""

    core: Core
    optional: bool = False
    limits: tuple[Constraints, ...] = ()
    """The place's own and those of each alias."""
    spelled: str = field(default="", eq=False)
    """As the contract writes it."""

    @property
    def nullable(self) -> bool:
        """Whether null is a value of it."""
        return self.optional or self.core == ANY

    @property
    def kind(self) -> Any:
        """What must stay the same for messages to stay readable; widths are limits."""
        match self.core:
            case Scalar(name):
                return "integer" if name in INT_BITS else name
            case ListOf() | MapOf() | EnumType() | FlagsType() | StructType() | UnionType():
                return type(self.core)
        return self.core


def use_of(
    contract: Contract, expression: TypeExpr | StructType, own: Constraints | None = None
) -> Use:
    """Look behind names; `Broken` stays for a circle of aliases."""
    if isinstance(expression, StructType):
        return Use(expression, spelled=expression.name)
    limits = [own] if own and not own.empty else []
    spelled, optional = text_of(expression), False
    for _ in range(len(contract.types) + len(contract.imported) + 1):
        if isinstance(expression, Optional):
            optional, expression = True, expression.inner
        if not isinstance(expression, Named):
            assert not isinstance(expression, Optional)  # it is said only once
            return Use(expression, optional, tuple(limits), spelled)
        declared = contract.find(expression.name) or Broken()
        if not isinstance(declared, AliasType):
            return Use(declared, optional, tuple(limits), spelled)
        if not declared.constraints.empty:
            limits.append(declared.constraints)
        expression = declared.type
    return Use(Broken(), optional, (), spelled)


@frozen
class Limit:
    """One limit at a place: what it is called and how far it goes."""

    key: str
    low: float = -math.inf
    high: float = math.inf
    set: frozenset[str] = frozenset()
    """Patterns, and ``unique``: each more makes it tighter, any other may."""


def limits_of(use: Use) -> Iterator[Limit]:
    """Every kind of limit, stated or not, tightest first where several state it."""
    low, high = -math.inf, math.inf
    if (span := _range_of(use)) is not None:
        low, high = span
    yield Limit("value", _most(use, "min", low), _least(use, "max", high))
    yield Limit("length", _most(use, "min_len", 0), _least(use, "max_len", math.inf))
    yield Limit("length in bytes", 0, _least(use, "max_bytes", math.inf))
    yield Limit("number of items", _most(use, "min_items", 0), _least(use, "max_items", math.inf))
    patterns = (limit.pattern for limit in use.limits)
    yield Limit("pattern", set=frozenset(one for one in patterns if one is not None))
    yield Limit("unique", set=frozenset({"unique"} if any(x.unique for x in use.limits) else ()))


def _most(use: Use, key: str, start: float) -> float:
    stated: list[float | None] = [getattr(limit, key) for limit in use.limits]
    return max([start, *(value for value in stated if value is not None)])


def _least(use: Use, key: str, start: float) -> float:
    stated: list[float | None] = [getattr(limit, key) for limit in use.limits]
    return min([start, *(value for value in stated if value is not None)])


def tightened(old: Use, new: Use) -> list[str]:
    """What the new type refuses and the old allows, in words."""
    return list(_narrower(old, new))


def loosened(old: Use, new: Use) -> list[str]:
    """What the new type allows and the old refuses, in words."""
    return list(_narrower(new, old, swapped=True))


def _narrower(wide: Use, narrow: Use, *, swapped: bool = False) -> Iterator[str]:
    if wide.limits == narrow.limits and _range_of(wide) == _range_of(narrow):
        return  # as nearly always
    for before, after in zip(limits_of(wide), limits_of(narrow), strict=True):
        first, then = (after, before) if swapped else (before, after)
        if after.low > before.low:
            yield f"least {after.key}: {_shown(first.low)} became {_shown(then.low)}"
        if after.high < before.high:
            yield f"greatest {after.key}: {_shown(first.high)} became {_shown(then.high)}"
        if not after.set <= before.set:
            yield f"{after.key}: {_listed(first)} became {_listed(then)}"


def _range_of(use: Use) -> tuple[int, int] | None:
    return int_range(use.core.name) if isinstance(use.core, Scalar) else None


def _shown(value: float) -> str:
    return "any" if isinstance(value, float) and math.isinf(value) else str(value)


def _listed(limit: Limit) -> str:
    if limit.key == "unique":
        return "true" if limit.set else "false"
    return " and ".join(sorted(limit.set)) or "any"


def canonical(value: Any) -> str:
    """A TOML value as text that is the same for equal values only; tables have no order.

    It tells 1 from 1.0 and from true, as a reader does.
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(canonical, value)) + "]"
    return repr(value)
