"""Imported types get a place in the contract that imports them.

Their own paths are places in another file, and could be taken for this file's.
"""

from __future__ import annotations

from attrs import evolve

from ..model import (
    Contract,
    EnumType,
    Field,
    FlagsType,
    StructType,
    TypeDeclaration,
    UnionType,
)
from ..scanner import Path


def with_places(contract: Contract) -> Contract:
    """The contract, its imported types at ``imports.net.struct.Address`` and the like."""
    imported = {}
    for name, declared in contract.imported.items():
        *aliases, _ = name.split(".")
        imported[name] = _below(declared, ("imports", *aliases))
    return evolve(contract, imported=imported)


def _below(declared: TypeDeclaration, place: Path) -> TypeDeclaration:
    path = (*place, *declared.path)

    def fields(owned: tuple[Field, ...]) -> tuple[Field, ...]:
        return tuple(
            evolve(one, path=(*place, *one.path), type_path=(*place, *one.type_path))
            for one in owned
        )

    match declared:
        case StructType():
            return evolve(declared, path=path, fields=fields(declared.fields))
        case EnumType() | FlagsType():
            cases = tuple(evolve(case, path=(*place, *case.path)) for case in declared.cases)
            return evolve(declared, path=path, cases=cases)
        case UnionType():
            unions = tuple(
                evolve(case, path=(*place, *case.path), fields=fields(case.fields))
                for case in declared.cases
            )
            return evolve(declared, path=path, cases=unions)
    return evolve(declared, path=path)
