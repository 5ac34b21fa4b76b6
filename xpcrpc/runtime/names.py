"""Where a service is, and who may connect, on this system."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Mapping
from typing import Any, Final

from ..contract import Service
from ..errors import ServiceConfigurationError
from ..rules import PeerRule

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


def rule_for_this_system(service: Service[Any, Any], *, development: bool = False) -> PeerRule:
    """The peer rule that the contract states for the system we run on.

    Raises:
        ServiceConfigurationError: it states none; such a service does not start.
    """
    if development:
        if service.peer_development is None:
            raise ServiceConfigurationError(
                f"{service.name} has no development rule; write peer.development in its contract"
            )
        _log.warning(
            "%s admits peers by its DEVELOPMENT rule: %s", service.name, service.peer_development
        )
        return service.peer_development
    system, rule = (
        ("macos", service.peer_macos) if sys.platform == "darwin" else ("linux", service.peer_linux)
    )
    if rule is None:
        raise ServiceConfigurationError(
            f"{service.name} does not say who may connect on this system, so it does not start; "
            f'write peer.{system} in its contract (or "anyone", if that is meant)'
        )
    return rule
