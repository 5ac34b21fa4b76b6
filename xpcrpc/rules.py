"""Who may connect to a service: the peer rules of a contract, as values.

A service states one rule for each system it runs on. macOS rules compile to one
code-signing requirement, Linux rules to one rule that the portable libxpc
checks against the kernel's credentials of every message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

from attrs import field

from .facts import frozen
from .values import Value


@frozen
class All:
    """Every one of these rules must hold."""

    rules: tuple[PeerRule, ...]


@frozen
class AnyOf:
    """At least one of these rules must hold."""

    rules: tuple[PeerRule, ...]


@frozen
class Anyone:
    """Everybody may connect, said out loud."""


@frozen
class Uid:
    """Linux: the peer's effective user id; ``"self"`` is this process's own."""

    uid: int | Literal["self"]


@frozen
class Gid:
    """Linux: the peer's effective group id; ``"self"`` is this process's own."""

    gid: int | Literal["self"]


@frozen
class User:
    """Linux: the peer's effective user, by name."""

    name: str


@frozen
class Group:
    """Linux: the peer's effective group, by name."""

    name: str


@frozen
class Executable:
    """Linux: the absolute path of the program that the peer runs."""

    path: str


@frozen
class SecurityLabel:
    """Linux: the peer's label by the kernel's security module."""

    label: str


@frozen
class Team:
    """macOS: signed by this team; ``"self"`` is this process's own."""

    team: str
    own: str | None = field(default=None, eq=False, repr=False)
    """What ``"self"`` is, where a requirement must spell it out; ``XPCRPC_TEAM_ID`` of the
    environment unless given. `serve` fills it in from its ``variables``."""


@frozen
class Identifier:
    """macOS: the peer's signing identifier."""

    identifier: str


@frozen
class Entitlement:
    """macOS: the peer has this entitlement, with this value if one is given."""

    entitlement: str
    value: bool | str | int | None = None


@frozen
class Platform:
    """macOS: signed by Apple as part of the system."""


@frozen
class Requirement:
    """macOS: a requirement in Apple's code-requirement language (TN3127)."""

    text: str


@frozen
class Lwcr:
    """macOS 14.4: a lightweight code requirement, as its dictionary."""

    requirement: Mapping[str, Value] = field(hash=False)


LinuxRule: TypeAlias = Uid | Gid | User | Group | Executable | SecurityLabel
MacosRule: TypeAlias = Team | Identifier | Entitlement | Platform | Requirement | Lwcr
PeerRule: TypeAlias = All | AnyOf | Anyone | LinuxRule | MacosRule


def is_rule(value: object) -> bool:
    """Whether a value is a peer rule, for programs without a type checker."""
    return isinstance(value, get_args(PeerRule))
