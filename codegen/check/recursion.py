"""Types that hold themselves: fine with ``?``, ``list`` or ``map``, endless without."""

from __future__ import annotations

from collections.abc import Iterator

from ..complaint import Complaints
from ..components import components
from ..mistakes.types import ALIAS_CIRCLE, INFINITE_TYPE
from ..model import AliasType, Contract, Field, StructType, UnionType, resolve
from ..scanner import Path
from ..typeexpr import Named, Optional, TypeExpr, parts


def check_recursion(contract: Contract, complaints: Complaints) -> None:
    """Refuse structs and unions of endless size, and aliases that name themselves."""
    _check_aliases(contract, complaints)
    for name, path in _closing(_endless(contract)):
        complaints.at_key(
            INFINITE_TYPE,
            path,
            f"every {name} would hold another {name}, without end; use '?', list or map",
        )


def _check_aliases(contract: Contract, complaints: Complaints) -> None:
    aliases: dict[str, AliasType] = {alias.name: alias for alias in contract.of(AliasType)}
    named = {
        name: [
            part.name
            for part in parts(alias.type)
            if isinstance(part, Named) and part.name in aliases
        ]
        for name, alias in aliases.items()
    }
    for group in components(named):
        for name in group:
            if len(group) > 1 or name in named[name]:
                complaints.at_value(
                    ALIAS_CIRCLE,
                    (*aliases[name].path, "type"),
                    f"the alias {name} names itself; recursion goes through a struct",
                )


def _held(contract: Contract, expression: TypeExpr) -> str | None:
    """The struct or union that a value of the type always holds directly."""
    if isinstance(expression, Optional):
        return None
    if isinstance(expression, Named):
        declared = contract.find(expression.name)
        if isinstance(declared, AliasType) and isinstance(declared.type, Optional):
            return None
    resolved = resolve(contract, expression)
    return resolved.name if isinstance(resolved, Named) else None


def _endless(contract: Contract) -> dict[str, list[tuple[str, Path]]]:
    """Types of which no value of finite size exists, each with the endless ones it holds.

    A struct is finite when all that it holds is, a union when one of its cases is.
    """
    held_by: dict[str, list[tuple[str, int]]] = {}
    missing: dict[tuple[str, int], int] = {}
    held: dict[str, list[tuple[str, Path]]] = {}
    finite: list[str] = []
    for name, groups in _groups(contract):
        held[name] = []
        for number, fields in enumerate(groups):
            inside = [(it, one.path) for one in fields if (it := _held(contract, one.type))]
            inside = [(it, path) for it, path in inside if it in contract.types]
            held[name] += inside
            missing[name, number] = len(inside)
            for it, _ in inside:
                held_by.setdefault(it, []).append((name, number))
        if not groups or any(not missing[name, at] for at in range(len(groups))):
            finite.append(name)
    while finite:
        name = finite.pop()
        if held.pop(name, None) is None:
            continue  # another of its cases was finite before
        for owner, number in held_by.get(name, ()):
            missing[owner, number] -= 1
            if not missing[owner, number]:
                finite.append(owner)
    return {
        name: [(it, path) for it, path in inside if it in held] for name, inside in held.items()
    }


def _groups(contract: Contract) -> Iterator[tuple[str, list[tuple[Field, ...]]]]:
    """The fields of each struct, and those of each case of each union."""
    for declared in contract.types.values():
        if isinstance(declared, StructType):
            yield declared.name, [declared.fields]
        elif isinstance(declared, UnionType):
            yield declared.name, [case.fields for case in declared.cases]


def _closing(endless: dict[str, list[tuple[str, Path]]]) -> Iterator[tuple[str, Path]]:
    """The field that closes a circle, one for each type on it."""
    for group in components({name: [it for it, _ in held] for name, held in endless.items()}):
        together = {*group}
        for name in group:
            closing = [path for it, path in endless[name] if it in together]
            yield from ((name, path) for path in closing[:1])
