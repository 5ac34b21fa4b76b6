"""Types that hold a descriptor, shared memory or an end must say so.

Adding one later breaks readers, so it is a promise made where the type is declared.
"""

from __future__ import annotations

from ..complaint import Complaints
from ..mistakes.types import RESOURCE_NOT_MARKED
from ..model import AliasType, Contract, ErrorType, Field, StructType, UnionType
from ..typeexpr import ClientEnd, Fd, Named, ServerEnd, Shmem, TypeExpr, parts, text_of


def check_resources(contract: Contract, complaints: Complaints) -> None:
    """``resource = true`` on every struct, union and error that needs it."""
    groups: dict[str, tuple[Field, ...]] = {}
    for declared in contract.types.values():
        if isinstance(declared, StructType):
            groups[declared.name] = declared.fields
        elif isinstance(declared, UnionType):
            groups[declared.name] = tuple(one for case in declared.cases for one in case.fields)
    # Another contract's types are marked; its aliases are not, so they are looked into.
    holders = {
        name
        for name, declared in contract.imported.items()
        if isinstance(declared, (StructType, UnionType)) and declared.resource
    }
    aliases = {
        name: declared.type
        for name, declared in {**contract.types, **contract.imported}.items()
        if isinstance(declared, AliasType)
    }

    def culprit(expression: TypeExpr) -> str | None:
        for part in parts(expression):
            if isinstance(part, (Fd, Shmem, ClientEnd, ServerEnd)):
                return text_of(part)
            if isinstance(part, Named) and part.name in holders:
                return part.name
        return None

    # From each holder to those that hold it, until nothing is new; circles end by themselves.
    expressions = {name: [one.type for one in fields] for name, fields in groups.items()}
    expressions.update({name: [expression] for name, expression in aliases.items()})
    named_by: dict[str, list[str]] = {}
    for name, inside in expressions.items():
        for part in (part for expression in inside for part in parts(expression)):
            if isinstance(part, Named):
                named_by.setdefault(part.name, []).append(name)
    waiting = [
        *holders,
        *(name for name, inside in expressions.items() if any(map(culprit, inside))),
    ]
    holders.update(waiting)
    while waiting:
        new = {*named_by.get(waiting.pop(), ())} - holders
        holders |= new
        waiting += sorted(new)

    owners: list[tuple[StructType | UnionType | ErrorType, tuple[Field, ...]]] = [
        (declared, groups[declared.name])
        for declared in contract.types.values()
        if isinstance(declared, (StructType, UnionType))
    ]
    owners.extend((error, error.fields) for error in contract.errors.values())
    for owner, fields in owners:
        if owner.resource:
            continue
        for one in fields:
            if found := culprit(one.type):
                complaints.at_key(
                    RESOURCE_NOT_MARKED,
                    owner.path,
                    f"its field {one.name} holds {found}, so it is a resource; add resource = true",
                )
                break
