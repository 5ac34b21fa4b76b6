"""Peer rules, as each system's libxpc takes them."""

from __future__ import annotations

import os
import pwd

import pytest

from xpcrpc.errors import ServiceConfigurationError
from xpcrpc.rules import (
    All,
    AnyOf,
    Anyone,
    Entitlement,
    Executable,
    Gid,
    PeerRule,
    Platform,
    Team,
    Uid,
    User,
)
from xpcrpc.transport.xpc_requirement import macos_plan
from xpcrpc.transport.xpc_rules import linux_rule


def test_linux_rules_become_the_librarys_dictionary() -> None:
    name = pwd.getpwuid(os.geteuid()).pw_name
    rule = AnyOf((All((Uid("self"), Gid(7))), User(name), Executable("/usr/bin/true")))
    assert linux_rule(rule) == {
        "any": [
            {"all": [{"uid": os.geteuid()}, {"gid": 7}]},
            {"uid": os.geteuid()},
            {"exe": "/usr/bin/true"},
        ]
    }
    assert linux_rule(Anyone()) == {"anyone": True}


@pytest.mark.parametrize(
    "rule",
    [
        AnyOf(()),
        Uid("self"),
        Team(""),
        AnyOf((Team("self"), Platform())),
        All((Entitlement("e", value=True), Platform())),
        All((Anyone(), Platform())),
    ],
)
def test_what_macos_cannot_hold_is_refused(rule: PeerRule) -> None:
    with pytest.raises(ServiceConfigurationError):
        macos_plan(rule)


@pytest.mark.parametrize(
    "rule",
    [
        All(()),
        Team("1ABC"),
        User("nobody-of-this-name"),
        Uid(-1),
        Uid(2**32 - 1),
        Executable("relative"),
    ],
)
def test_what_linux_cannot_hold_is_refused(rule: PeerRule) -> None:
    with pytest.raises(ServiceConfigurationError):
        linux_rule(rule)
