"""Services of org.example.tproxy 1.1."""

# Written by `xpcrpc gen` from tproxy.toml; change that, not this.

from __future__ import annotations

from typing import Final

from xpcrpc import Service, rules

from .control import CONTROL, ControlClient, ControlServer
from .inspector import INSPECTOR, InspectorServer
from .inspector import InspectorClient as AnyInspectorClient

Tproxy: Final[Service[ControlServer, ControlClient]] = Service(
    name="${TEAM_ID}.org.example.tproxy.xpc",
    protocol=CONTROL,
    server=ControlServer,  # type: ignore[type-abstract]
    client=ControlClient,
    domain="user",
    peer_macos=rules.All((rules.Team("self"), rules.Identifier("org.example.tproxy.host"))),
    peer_linux=rules.AnyOf((rules.Uid("self"), rules.Uid(0))),
)
"""In the Network Extension, for the host app of the same team."""


class TproxyClient(ControlClient):
    """A client of `Tproxy`; ``connect`` finds it by its name."""

    service = Tproxy


Inspector: Final[Service[InspectorServer, AnyInspectorClient]] = Service(
    name="${TEAM_ID}.org.example.tproxy.inspector",
    protocol=INSPECTOR,
    server=InspectorServer,  # type: ignore[type-abstract]
    client=AnyInspectorClient,
    domain="user",
    peer_macos=rules.Team("self"),
    peer_linux=rules.Uid("self"),
)
"""In a program beside the extension, which it never looks up."""


class InspectorClient(AnyInspectorClient):
    """A client of `Inspector`; ``connect`` finds it by its name."""

    service = Inspector
