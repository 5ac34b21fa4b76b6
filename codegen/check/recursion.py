"""Types that hold themselves: fine with ``?``, ``list`` or ``map``, endless without."""

from __future__ import annotations

from collections.abc import Iterator

from ..complaint import Complaints
from ..mistakes.types import ALIAS_CIRCLE, INFINITE_TYPE
from ..model import AliasType, Contract, Field, StructType, UnionType, resolve
from ..scanner import Path
from ..typeexpr import Named, Optional, TypeExpr, parts


def check_recursion(contract: Contract, complaints: Complaints) -> None:
    """Refuse structs and unions of endless size, and aliases that name themselves."""
    _check_aliases(contract, complaints)
    endless = _endless(contract)
    for name, path in _fields_of(contract, endless):
        complaints.at_key(
            INFINITE_TYPE,
            path,
            f"every {name} would hold another {name}, without end; use '?', list or map",
        )


def _check_aliases(contract: Contract, complaints: Complaints) -> None:
    for alias in contract.of(AliasType):
        seen = {alias.name}
        waiting = [alias.type]
        while waiting:
            for part in parts(waiting.pop()):
                declared = contract.types.get(part.name) if isinstance(part, Named) else None
                if not isinstance(declared, AliasType):
                    continue
                if declared.name == alias.name:
                    complaints.at_value(
                        ALIAS_CIRCLE,
                        (*alias.path, "type"),
                        f"the alias {alias.name} names itself; recursion goes through a struct",
                    )
                    waiting.clear()
                    break
                if declared.name not in seen:
                    seen.add(declared.name)
                    waiting.append(declared.type)


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


def _endless(contract: Contract) -> set[str]:
    """Types of which no value of finite size exists."""
    structs: dict[str, StructType] = {item.name: item for item in contract.of(StructType)}
    unions: dict[str, UnionType] = {item.name: item for item in contract.of(UnionType)}
    endless = {*structs, *unions}

    def fits(fields: tuple[Field, ...]) -> bool:
        return all(_held(contract, one.type) not in endless for one in fields)

    changed = True
    while changed:
        finite = {name for name in endless & structs.keys() if fits(structs[name].fields)}
        finite |= {
            name
            for name in endless & unions.keys()
            if not unions[name].cases or any(fits(case.fields) for case in unions[name].cases)
        }
        changed = bool(finite)
        endless -= finite
    return endless


def _fields_of(contract: Contract, endless: set[str]) -> Iterator[tuple[str, Path]]:
    """The fields that close a circle, one for each type on it."""
    edges: dict[str, list[tuple[str, Path]]] = {}
    for name in endless:
        declared = contract.types[name]
        groups = (
            [case.fields for case in declared.cases]
            if isinstance(declared, UnionType)
            else [declared.fields]
            if isinstance(declared, StructType)
            else []
        )
        edges[name] = [
            (held, one.path)
            for fields in groups
            for one in fields
            if (held := _held(contract, one.type)) in endless and held is not None
        ]
    for name in sorted(endless):
        for held, path in edges[name]:
            if _reaches(edges, held, name):
                yield name, path
                break


def _reaches(edges: dict[str, list[tuple[str, Path]]], start: str, goal: str) -> bool:
    seen = {start}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        for held, _ in edges[name]:
            if held not in seen:
                seen.add(held)
                waiting.append(held)
    return False
