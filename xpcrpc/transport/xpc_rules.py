"""Peer rules as libxpc takes them: a dictionary on Linux; `xpc_requirement` is macOS's part."""

from __future__ import annotations

import grp
import os
import pwd

from ..errors import ServiceConfigurationError
from ..rules import (
    All,
    AnyOf,
    Anyone,
    Executable,
    Gid,
    Group,
    PeerRule,
    SecurityLabel,
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
