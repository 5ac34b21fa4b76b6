"""Peer rules, held against who a peer in memory is said to be."""

from __future__ import annotations

import os
from typing import Final

from attrs import frozen

from .. import rules
from ..errors import ServiceConfigurationError
from .base import PeerIdentity

UNKNOWN: Final = PeerIdentity(pid=0, euid=2**32 - 1, egid=2**32 - 1, asid=2**32 - 1)
"""The peer of a connection before anything was exchanged (C-98)."""


@frozen
class Party:
    """One process, as its peers see it."""

    identity: PeerIdentity
    meets: tuple[rules.PeerRule, ...] = ()
    """Rules that it is taken to meet although its numbers cannot show it."""


def own_identity() -> PeerIdentity:
    """This process."""
    return PeerIdentity(os.getpid(), os.geteuid(), os.getegid(), _own_session())


def _own_session() -> int:
    """The audit session; Linux has it in /proc, and nobody else tells it to Python."""
    try:
        with open("/proc/self/sessionid", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return UNKNOWN.asid


def check_rule(rule: rules.PeerRule | None) -> None:
    """Refuse a rule that says nothing, or names nobody.

    Raises:
        ServiceConfigurationError: it has an empty group, or an unknown user or group.
    """
    match rule:
        case rules.All(rules=inner) | rules.AnyOf(rules=inner):
            if not inner:
                raise ServiceConfigurationError(
                    f"{type(rule).__name__} of no rules admits nobody or everybody by accident; "
                    "write Anyone() if everybody may connect"
                )
            for each in inner:
                check_rule(each)
        case rules.User(name=name) if _user_id(name) is None:
            raise ServiceConfigurationError(f"the peer rule's user {name!r} does not exist")
        case rules.Group(name=name) if _group_id(name) is None:
            raise ServiceConfigurationError(f"the peer rule's group {name!r} does not exist")


def meets(party: Party, rule: rules.PeerRule) -> bool:
    """Whether a peer meets a rule.

    A rule about what an identity does not say (an executable, a label, a
    signature) is met only by a party that lists it in `Party.meets`.
    """
    if rule in party.meets:
        return True
    identity = party.identity
    match rule:
        case rules.Anyone():
            return True
        case rules.All(rules=inner):
            return all(meets(party, each) for each in inner)
        case rules.AnyOf(rules=inner):
            return any(meets(party, each) for each in inner)
        case rules.Uid(uid=uid):
            return identity.euid == (os.geteuid() if uid == "self" else uid)
        case rules.Gid(gid=gid):
            return identity.egid == (os.getegid() if gid == "self" else gid)
        case rules.User(name=name):
            return identity.euid == _user_id(name)
        case rules.Group(name=name):
            return identity.egid == _group_id(name)
        case _:
            return False


def _user_id(name: str) -> int | None:
    import pwd

    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


def _group_id(name: str) -> int | None:
    import grp

    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None
