"""``since`` and ``[reserved]``: what came when, and what must not come back."""

from __future__ import annotations

from collections.abc import Iterator

from ..complaint import Complaints, nearest
from ..mistakes.names import RESERVED_CODE, RESERVED_NAME, RESERVED_OWNER, SINCE_IN_FUTURE
from ..model import Contract, EnumType, FlagsType, Item, UnionType


def check_evolution(contract: Contract, complaints: Complaints) -> None:
    """Refuse what is newer than the contract, and names and codes that are reserved."""
    now = _number(contract.version)
    for item in _items(contract):
        if item.since is not None and _number(item.since) > now:
            complaints.at_value(
                SINCE_IN_FUTURE,
                (*item.path, "since"),
                f"{item.since} is later than the contract's version {contract.version}; "
                "raise the version, or correct since",
            )
    _check_reserved(contract, complaints)


def _number(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def _items(contract: Contract) -> Iterator[Item]:
    for declared in contract.types.values():
        yield declared
        if isinstance(declared, (EnumType, FlagsType)):
            yield from declared.cases
    for _, fields in contract.field_owners():
        yield from fields
    yield from contract.errors.values()
    yield from contract.consts
    for protocol in contract.protocols.values():
        yield protocol
        yield from protocol.methods
        yield from protocol.events
    yield from contract.services


def _check_reserved(contract: Contract, complaints: Complaints) -> None:
    cases = {
        declared.name: declared.cases
        for declared in contract.types.values()
        if isinstance(declared, (EnumType, FlagsType, UnionType))
    }
    fields = {
        owner.name: fields for owner, fields in contract.field_owners() if owner.path[0] != "union"
    }
    methods = {
        protocol.name: (*protocol.methods, *protocol.events)
        for protocol in contract.protocols.values()
    }
    for key, owners, names in (
        ("fields", fields, contract.reserved.fields),
        ("cases", cases, contract.reserved.cases),
        ("methods", methods, contract.reserved.methods),
    ):
        for owner, reserved in names.items():
            path = ("reserved", key, owner)
            if owner not in owners:
                hint = nearest(owner, owners) or "; drop the line"
                complaints.at_key(RESERVED_OWNER, path, f"nothing named {owner} has {key}{hint}")
                continue
            for item in owners[owner]:
                if item.name in reserved:
                    complaints.at_key(
                        RESERVED_NAME,
                        item.path,
                        f"{item.name} is reserved at {complaints.place(path)}; "
                        "it must not come back, so take another name",
                    )
    for error in contract.errors.values():
        if error.code in contract.reserved.codes:
            complaints.at_key(
                RESERVED_CODE,
                (*error.path, "code"),
                f"{error.code} is reserved at {complaints.place(('reserved', 'codes'))}; "
                "it must not come back, so take another code",
            )
