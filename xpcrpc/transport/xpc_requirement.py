"""Peer rules on macOS: one rule becomes one call of libxpc, by what the system has.

A connection has one slot (C-161), so the whole rule must be one requirement.
What libxpc can state by itself goes to the newest call there is; everything
else becomes text in the code-requirement language (TN3127), with every word of
the contract's in quotes. All of it is decided here; the bridge only makes the
call that a `macos_call` names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from ..errors import ServiceConfigurationError
from ..facts import frozen
from ..rules import (
    All,
    AnyOf,
    Anyone,
    Entitlement,
    Identifier,
    Lwcr,
    PeerRule,
    Platform,
    Requirement,
    Team,
)
from ..values import Value
from .requirement_text import closed_text, quoted, word

Version: TypeAlias = tuple[int, ...]

TEXT: Final = "code_signing_requirement"
SETTER: Final = "setter"
OBJECT: Final = "peer_requirement"

INTRODUCED: Final[Mapping[str, Version]] = {TEXT: (12, 0), SETTER: (14, 4), OBJECT: (26, 0)}
"""The first macOS with each way to state a requirement (C-170)."""

NEWEST: Final[Version] = INTRODUCED[OBJECT]

TEAM_VARIABLE: Final = "XPCRPC_TEAM_ID"
"""The environment variable that says this program's own team."""


@frozen
class CodeRequirement:
    """Text in the code-requirement language."""

    text: str


@frozen
class SameTeam:
    """This process's own team, and a signing identifier if one is given."""

    identifier: str | None


@frozen
class PlatformBinary:
    """Part of the system, and a signing identifier if one is given."""

    identifier: str | None


@frozen
class EntitlementExists:
    """One entitlement, whatever its value."""

    name: str


@frozen
class EntitlementValue:
    """One entitlement with one value."""

    name: str
    value: bool | str | int


@frozen
class LightweightRequirement:
    """A lightweight code requirement."""

    requirement: dict[str, Value]


MacosPlan: TypeAlias = (
    CodeRequirement
    | SameTeam
    | PlatformBinary
    | EntitlementExists
    | EntitlementValue
    | LightweightRequirement
)
"""The one requirement that a rule becomes."""

_NEWEST_FIRST: Final = (OBJECT, SETTER)


def running_macos() -> Version:
    """The version of the system we run on; elsewhere the newest known.

    From the kernel's release: a Python that was linked with an older SDK is told
    another product version than the real one (10.16 for 11, 16 for 26).
    """
    system = os.uname()
    if system.sysname != "Darwin":
        return NEWEST
    return macos_of_darwin(system.release)


def macos_of_darwin(release: str) -> Version:
    """The macOS of a kernel release: 21.6.0 is 12, 23.4.0 is 14.4, 25.0.0 is 26.0."""
    numbers = [int(part) for part in re.findall(r"\d+", release)[:2]]
    major, minor = (*numbers, 0, 0)[:2]
    if major < 20:
        return (10, major - 4)
    # Minor numbers run in step from 14 on; before, only the major one matters here.
    return (major + 1 if major >= 25 else major - 9, minor)


def macos_plan(
    rule: PeerRule, *, macos: Version | None = None, team_id: str | None = None
) -> MacosPlan | None:
    """The one requirement for a rule on that macOS; None where everybody may connect.

    Args:
        macos: the system's version, such as ``(14, 4)``; None is the one that runs.
        team_id: this program's own team, which requirement text must spell out; None
            takes the environment variable ``XPCRPC_TEAM_ID``.

    Raises:
        ServiceConfigurationError: an empty group, a rule of Linux, a combination that no
            single requirement can state, a team that is not known, a macOS too old.
    """
    if isinstance(rule, Anyone):
        return None
    version = running_macos() if macos is None else macos
    native = _native(rule)
    if native is not None and version >= INTRODUCED[SETTER]:
        return native
    if isinstance(native, LightweightRequirement):
        raise _too_old(rule, SETTER, version)
    if isinstance(native, EntitlementValue) and not isinstance(native.value, str):
        raise _too_old(rule, SETTER, version)
    text = _text(rule, team_id)
    if version < INTRODUCED[TEXT]:
        raise _too_old(rule, TEXT, version)
    return CodeRequirement(text)


def macos_call(
    rule: PeerRule, *, macos: Version | None = None, team_id: str | None = None
) -> dict[str, Value] | None:
    """What the bridge is to call, as the dictionary that ``peer_apple.c`` reads.

    ``api`` is one of the keys of `INTRODUCED`, ``form`` the requirement's kind, the rest
    its arguments. None where everybody may connect; raises as `macos_plan` does.
    """
    version = running_macos() if macos is None else macos
    plan = macos_plan(rule, macos=version, team_id=team_id)
    api = next((each for each in _NEWEST_FIRST if version >= INTRODUCED[each]), TEXT)
    match plan:
        case None:
            return None
        case CodeRequirement(text):
            return {"api": TEXT, "form": "text", "text": text}
        case SameTeam(identifier):
            return {"api": api, "form": "team_identity"} | _identifier(identifier)
        case PlatformBinary(identifier):
            return {"api": api, "form": "platform_identity"} | _identifier(identifier)
        case EntitlementExists(name):
            return {"api": api, "form": "entitlement_exists", "name": name}
        case EntitlementValue(name, value):
            return {"api": api, "form": "entitlement_matches_value", "name": name, "value": value}
        case LightweightRequirement(requirement):
            return {"api": api, "form": "lwcr", "requirement": requirement}


def _identifier(name: str | None) -> dict[str, Value]:
    return {} if name is None else {"identifier": name}


def _native(rule: PeerRule) -> MacosPlan | None:
    """What libxpc states without text, or None; raises for values that nothing can state."""
    match rule:
        case Team("self"):
            return SameTeam(None)
        case All((Team("self"), Identifier(name))) | All((Identifier(name), Team("self"))):
            return SameTeam(word("identifier", name))
        case Platform():
            return PlatformBinary(None)
        case All((Platform(), Identifier(name))) | All((Identifier(name), Platform())):
            return PlatformBinary(word("identifier", name))
        case Entitlement(name, None):
            return EntitlementExists(word("entitlement", name))
        case Entitlement(name, value):
            return EntitlementValue(word("entitlement", name), _value(value))
        case Lwcr(requirement):
            if not isinstance(requirement, Mapping):
                raise ServiceConfigurationError(
                    f"a lightweight code requirement is a dictionary, not {requirement!r}"
                )
            return LightweightRequirement(dict(requirement))
        case _:
            return None


def _value(value: object) -> bool | str | int:
    # Exactly these: a UInt64 is an int of another XPC type (X13).
    if type(value) is bool or type(value) is str:
        if value != "":
            return value
    elif type(value) is int and -(2**63) <= value < 2**63:
        return value
    raise ServiceConfigurationError(
        f"the entitlement's value {value!r} must be a bool, a str with something in it "
        "or an int of 64 bits"
    )


_COMBINE: Final = "state the whole rule as Requirement(text), or as one Lwcr"


def _text(rule: PeerRule, team_id: str | None) -> str:
    match rule:
        case All(rules) | AnyOf(rules):
            if not rules:
                raise ServiceConfigurationError(
                    f"{type(rule).__name__} of no rules admits nobody or everybody by "
                    "accident; write Anyone() if everybody may connect"
                )
            between = " and " if isinstance(rule, All) else " or "
            return between.join(f"({_text(each, team_id)})" for each in rules)
        case Team(team, own):
            name = quoted("team", _own_team(own or team_id) if team == "self" else team)
            return f"anchor apple generic and certificate leaf[subject.OU] = {name}"
        case Identifier(name):
            return f"identifier {quoted('identifier', name)}"
        case Entitlement(name, None):
            return f"entitlement[{quoted('entitlement', name)}] exists"
        case Entitlement(name, str() as value):
            return f"entitlement[{quoted('entitlement', name)}] = {quoted('value', value)}"
        case Platform():
            return "anchor apple"
        case Requirement(text):
            return closed_text(text)
        case Entitlement() | Lwcr() | Anyone():
            raise ServiceConfigurationError(f"{rule!r} cannot be combined with others; {_COMBINE}")
        case _:
            raise ServiceConfigurationError(
                f"{rule!r} is a rule of Linux; state a macOS rule, such as Team('self')"
            )


def _own_team(team_id: str | None) -> str:
    found = team_id or os.environ.get(TEAM_VARIABLE)
    if not found:
        raise ServiceConfigurationError(
            "Team('self') beside other rules, or before macOS 14.4, must be spelled out; pass "
            "variables={'TEAM_ID': …} to serve, set the environment variable "
            f"{TEAM_VARIABLE} to this program's team, or name the team"
        )
    if not re.fullmatch(r"[A-Z0-9]{10}", found):
        raise ServiceConfigurationError(
            f"{found!r} is no team: ten capital letters and digits; correct the variable "
            f"TEAM_ID, or {TEAM_VARIABLE} of the environment"
        )
    return found


def _too_old(rule: PeerRule, api: str, version: Version) -> ServiceConfigurationError:
    needed, here = (".".join(map(str, each)) for each in (INTRODUCED[api], version))
    return ServiceConfigurationError(
        f"the peer rule {rule!r} needs macOS {needed}, and this is macOS {here}; the service "
        "does not start without it"
    )
