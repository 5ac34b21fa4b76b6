"""Peer rules of single methods, held against the identity of each message's sender."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Callable
from typing import TypeVar

from ..errors import ServiceConfigurationError
from ..rules import All, AnyOf, Anyone, Gid, Group, PeerRule, Uid, User
from ..transport.base import PeerIdentity

T = TypeVar("T")


def permits(rule: PeerRule, peer: PeerIdentity) -> bool:
    """Whether the sender of a message meets a rule about user and group ids.

    Raises:
        ServiceConfigurationError: the rule is about something else, which only
            a whole connection can be held to, or names nobody.
    """
    match rule:
        case Anyone():
            return True
        case All(rules):
            return all(permits(each, peer) for each in rules)
        case AnyOf(rules):
            return any(permits(each, peer) for each in rules)
        case Uid(uid):
            return peer.euid == (os.geteuid() if uid == "self" else uid)
        case Gid(gid):
            return peer.egid == (os.getegid() if gid == "self" else gid)
        case User(name):
            return peer.euid == _entry(pwd.getpwnam, name).pw_uid
        case Group(name):
            return peer.egid == _entry(grp.getgrnam, name).gr_gid
    raise ServiceConfigurationError(
        f"{rule} cannot be asked of a single method; use uid, gid, user or group there"
    )


def _entry(look_up: Callable[[str], T], name: str) -> T:
    try:
        return look_up(name)
    except KeyError:
        raise ServiceConfigurationError(f"there is no {name!r} on this system") from None
