"""Peer rules as libxpc takes them: a dictionary on Linux, a requirement on macOS."""

from __future__ import annotations

import grp
import os
import pwd
from typing import Final, TypeAlias

from attrs import frozen

from ..errors import ServiceConfigurationError
from ..rules import (
    All,
    AnyOf,
    Anyone,
    Entitlement,
    Executable,
    Gid,
    Group,
    Identifier,
    Lwcr,
    PeerRule,
    Platform,
    Requirement,
    SecurityLabel,
    Team,
    Uid,
    User,
)
from ..values import UInt64, Value


def linux_rule(rule: PeerRule) -> dict[str, Value]:
    """The rule dictionary of the portable libxpc; see ``<xpc/portable.h>``.

    Raises:
        ServiceConfigurationError: an unknown name, an empty group, a rule of macOS.
    """
    match rule:
        case Anyone():
            return {"anyone": True}
        case All(rules) | AnyOf(rules):
            word = "all" if isinstance(rule, All) else "any"
            if not rules:
                raise _empty(rule)
            return {word: [linux_rule(each) for each in rules]}
        case Uid(uid):
            return {"uid": UInt64(os.geteuid() if uid == "self" else _number("uid", uid))}
        case Gid(gid):
            return {"gid": UInt64(os.getegid() if gid == "self" else _number("gid", gid))}
        case User(name):
            return {"uid": UInt64(_user(name))}
        case Group(name):
            return {"gid": UInt64(_group(name))}
        case Executable(path):
            if not os.path.isabs(path):
                raise ServiceConfigurationError(
                    f"the peer rule's executable {path!r} must be an absolute path"
                )
            return {"exe": _text("executable", path)}
        case SecurityLabel(label):
            return {"label": _text("label", label)}
        case _:
            raise ServiceConfigurationError(
                f"{rule!r} is a rule of macOS; state a Linux rule, such as Uid('self')"
            )


@frozen
class CodeRequirement:
    """macOS 12: text in the code-requirement language."""

    text: str


@frozen
class SameTeam:
    """macOS 14.4: this process's own team, and a signing identifier if one is given."""

    identifier: str | None


@frozen
class EntitlementValue:
    """macOS 14.4: one entitlement with one value."""

    name: str
    value: bool | str | int


@frozen
class LightweightRequirement:
    """macOS 14.4: a lightweight code requirement."""

    requirement: dict[str, Value]


MacosPlan: TypeAlias = CodeRequirement | SameTeam | EntitlementValue | LightweightRequirement
"""The one call that sets a rule: a connection has one slot (C-161)."""

_COMBINE: Final = "state the whole rule as Requirement(text), or as one Lwcr"


def macos_plan(rule: PeerRule) -> MacosPlan | None:
    """The one requirement for a rule; None where everybody may connect.

    Raises:
        ServiceConfigurationError: an empty group, a rule of Linux, or a combination
            that no single requirement can state.
    """
    match rule:
        case Anyone():
            return None
        case Team("self"):
            return SameTeam(None)
        case All((Team("self"), Identifier(name))) | All((Identifier(name), Team("self"))):
            return SameTeam(_text("identifier", name))
        case Entitlement(name, value) if value is not None:
            return EntitlementValue(_text("entitlement", name), value)
        case Lwcr(requirement):
            return LightweightRequirement(dict(requirement))
        case _:
            return CodeRequirement(_requirement(rule))


def _requirement(rule: PeerRule) -> str:
    match rule:
        case All(rules) | AnyOf(rules):
            if not rules:
                raise _empty(rule)
            word = " and " if isinstance(rule, All) else " or "
            return word.join(f"({_requirement(each)})" for each in rules)
        case Team("self"):
            raise ServiceConfigurationError(
                "Team('self') stands alone or beside one Identifier; name the team, or " + _COMBINE
            )
        case Team(team):
            quoted = _quote("team", team)
            return f"anchor apple generic and certificate leaf[subject.OU] = {quoted}"
        case Identifier(name):
            return f"identifier {_quote('identifier', name)}"
        case Entitlement(name, None):
            return f"entitlement[{_quote('entitlement', name)}] exists"
        case Entitlement(name, str() as value):
            return f"entitlement[{_quote('entitlement', name)}] = {_quote('value', value)}"
        case Platform():
            return "anchor apple"
        case Requirement(text):
            return _text("requirement", text)
        case Entitlement() | Lwcr() | Anyone():
            raise ServiceConfigurationError(f"{rule!r} cannot be combined with others; {_COMBINE}")
        case _:
            raise ServiceConfigurationError(
                f"{rule!r} is a rule of Linux; state a macOS rule, such as Team('self')"
            )


def _quote(what: str, text: str) -> str:
    # Quotes are always legal; without them a team that begins with a digit is not.
    escaped = _text(what, text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _text(what: str, text: str) -> str:
    if not text or "\0" in text:
        raise ServiceConfigurationError(f"the peer rule's {what} {text!r} is empty or has a NUL")
    return text


def _empty(rule: PeerRule) -> ServiceConfigurationError:
    return ServiceConfigurationError(
        f"{type(rule).__name__} of no rules admits nobody or everybody by accident; "
        "write Anyone() if everybody may connect"
    )


def _number(what: str, number: int) -> int:
    if not 0 <= number < 2**32 - 1:  # the last one means "none" to the kernel
        raise ServiceConfigurationError(f"the peer rule's {what} {number} is no user or group id")
    return number


def _user(name: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise ServiceConfigurationError(f"the peer rule's user {name!r} does not exist") from None


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise ServiceConfigurationError(f"the peer rule's group {name!r} does not exist") from None
