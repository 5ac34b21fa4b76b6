"""Where a service is, and who may connect, on this system."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Mapping
from typing import Any, Final, get_args

from attrs import evolve

from ..contract import Service
from ..errors import ServiceConfigurationError
from ..rules import All, AnyOf, LinuxRule, MacosRule, PeerRule, Team

_VARIABLE: Final = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_log: Final = logging.getLogger("xpcrpc.server")


def resolve_name(service: Service[Any, Any], variables: Mapping[str, str] | None = None) -> str:
    """The service's name with its variables filled in.

    A variable ``${TEAM_ID}`` is taken from ``variables``, else from the
    environment variable ``XPCRPC_TEAM_ID``.

    Raises:
        ServiceConfigurationError: a variable has no value.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        found = (variables or {}).get(name) or os.environ.get(f"XPCRPC_{name}")
        if not found:
            raise ServiceConfigurationError(
                f"the service name {service.name!r} needs a value for {name}; pass "
                f"variables={{{name!r}: …}} or set the environment variable XPCRPC_{name}"
            )
        return found

    return _VARIABLE.sub(value, service.name)


def rule_for_this_system(
    service: Service[Any, Any],
    *,
    variables: Mapping[str, str] | None = None,
    development: bool = False,
) -> PeerRule:
    """The peer rule that the contract states for the system we run on.

    ``team = "self"`` takes what it stands for from the variable ``TEAM_ID``.

    Raises:
        ServiceConfigurationError: it states none; such a service does not start.
    """
    if development:
        if service.peer_development is None:
            raise ServiceConfigurationError(
                f"{service.name} has no development rule; write peer.development in its contract"
            )
        found = _of_this_system(service.peer_development)
        if found is None:
            raise ServiceConfigurationError(
                f"the development rule of {service.name} can never hold on this system; "
                "add an alternative to peer.development in its contract"
            )
        _log.warning("%s admits peers by its DEVELOPMENT rule: %s", service.name, found)
        return _spelled_out(found, variables)
    system, rule = (
        ("macos", service.peer_macos) if sys.platform == "darwin" else ("linux", service.peer_linux)
    )
    if rule is None:
        raise ServiceConfigurationError(
            f"{service.name} does not say who may connect on this system, so it does not start; "
            f'write peer.{system} in its contract (or "anyone", if that is meant)'
        )
    return _spelled_out(rule, variables)


def _spelled_out(rule: PeerRule, variables: Mapping[str, str] | None) -> PeerRule:
    match rule:
        case All(rules) | AnyOf(rules):
            return type(rule)(tuple(_spelled_out(each, variables) for each in rules))
        case Team("self") if variables and variables.get("TEAM_ID"):
            return evolve(rule, own=variables["TEAM_ID"])
    return rule


def _of_this_system(rule: PeerRule) -> PeerRule | None:
    """The rule without alternatives of the other system; None if it can never hold.

    One development rule serves both systems: ``any = [{ uid = "self" }, { team = "self" }]``.
    """
    foreign = get_args(LinuxRule if sys.platform == "darwin" else MacosRule)
    if isinstance(rule, foreign):
        return None
    if not isinstance(rule, All | AnyOf):
        return rule
    found = [_of_this_system(part) for part in rule.rules]
    here = tuple(part for part in found if part is not None)
    if not here or (isinstance(rule, All) and len(here) < len(found)):
        return None
    return here[0] if len(here) == 1 else type(rule)(here)
