"""What must differ on the wire: names, values, codes and selectors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..complaint import Complaints
from ..mistakes import Mistake
from ..mistakes.names import (
    BIT_TWICE,
    CASE_VALUE_TWICE,
    ERROR_CODE_TWICE,
    SELECTOR_TAKEN,
    SELECTOR_TWICE,
    SERVICE_NAME_TWICE,
    WIRE_NAME_TWICE,
)
from ..mistakes.types import CASE_VALUE_RANGE, FLAG_BIT
from ..model import Case, Contract, EnumType, Event, Field, FlagsType, Method
from ..scanner import Path
from .constraints import int_range

OWN_SELECTORS: Final = "xpcrpc."
"""How the selectors of the standard methods begin, which every service has besides its own."""

OWN_PACKAGE: Final = "org.xpcrpc.standard"
"""Their contract."""


def check_wire(contract: Contract, complaints: Complaints) -> None:
    """Refuse two things that a reader could not tell apart."""
    for _, fields in contract.field_owners():
        _names_differ(complaints, fields)
    for declared in contract.types.values():
        if isinstance(declared, EnumType):
            _check_enum(complaints, declared)
        elif isinstance(declared, FlagsType):
            _check_flags(complaints, declared)
    _differ(
        ERROR_CODE_TWICE,
        complaints,
        ((error.code, error.path, "code") for error in contract.errors.values() if error.code),
        "code",
        "give one of them another",
    )
    names = ((service.address, service.path, "name") for service in contract.services)
    _differ(
        SERVICE_NAME_TWICE,
        complaints,
        (one for one in names if one[0]),
        "name",
        "a service needs its own",
    )
    for protocol in contract.protocols.values():
        callables: list[Method | Event] = [*protocol.methods, *protocol.events]
        for one in callables:
            if one.selector.startswith(OWN_SELECTORS) and contract.package != OWN_PACKAGE:
                complaints.at_value(
                    SELECTOR_TAKEN,
                    (*one.path, "selector"),
                    f"{one.selector!r} begins with {OWN_SELECTORS}, as the selectors that every "
                    "service answers by itself; write another selector = …",
                )
        selectors = ((one.selector, one.path, "selector") for one in callables)
        _differ(
            SELECTOR_TWICE,
            complaints,
            selectors,
            "selector",
            "give one of them another selector = …",
        )


def _check_enum(complaints: Complaints, enum: EnumType) -> None:
    if enum.type is None:
        _names_differ(complaints, enum.cases)
        return
    valued = ((case.value, case.path, "value") for case in enum.cases if case.value is not None)
    _differ(CASE_VALUE_TWICE, complaints, valued, "value", "give one of them another")
    low_high = int_range(enum.type)
    for case in enum.cases:
        if low_high and case.value is not None and not low_high[0] <= case.value <= low_high[1]:
            complaints.at_value(
                CASE_VALUE_RANGE,
                (*case.path, "value"),
                f"{case.value} is outside {enum.type} ({low_high[0]} to {low_high[1]})",
            )


def _check_flags(complaints: Complaints, flags: FlagsType) -> None:
    valued = ((case.value, case.path, "value") for case in flags.cases if case.value is not None)
    _differ(BIT_TWICE, complaints, valued, "bit", "give one of them another")
    for case in flags.cases:
        value = case.value
        if value is not None and not (0 < value < 2**64 and value & (value - 1) == 0):
            complaints.at_value(
                FLAG_BIT,
                (*case.path, "value"),
                f"{value} is not one bit of 64; write 1, 2, 4, 8, … or 0x10",
            )


def _names_differ(complaints: Complaints, named: Iterable[Field | Case]) -> None:
    _differ(
        WIRE_NAME_TWICE,
        complaints,
        ((one.wire, one.path, "wire") for one in named),
        "name on the wire",
        "give one of them another wire = …",
    )


def _differ(
    mistake: Mistake,
    complaints: Complaints,
    items: Iterable[tuple[object, Path, str]],
    what: str,
    advice: str,
) -> None:
    seen: dict[object, Path] = {}
    for value, path, key in items:
        earlier = seen.setdefault(value, path)
        if earlier != path:
            complaints.at_key(
                mistake,
                (*path, key),
                f"{value!r} is the {what} of {complaints.place(earlier)} too; {advice}",
            )
