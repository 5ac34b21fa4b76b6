"""org.example.tproxy 1.1: Host app <-> transparent-proxy Network Extension."""

# Written by `xpcrpc gen` from tproxy.toml; change that, not this.

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .control import CONTROL, ControlClient, ControlServer
    from .flow_tap import FLOW_TAP, FlowTapClient, FlowTapServer
    from .inspector import INSPECTOR, InspectorServer
    from .services import Inspector, InspectorClient, Tproxy, TproxyClient
    from .types import (
        AttachReply,
        AttachRequest,
        Config,
        FlowEvent,
        Mode,
        NoSuchFlow,
        ReadRequest,
        StartRefused,
        StartRequest,
        Status,
        TapRequest,
        TelemetryRequest,
    )

__all__ = [
    "CONTROL",
    "FLOW_TAP",
    "INSPECTOR",
    "AttachReply",
    "AttachRequest",
    "Config",
    "ControlClient",
    "ControlServer",
    "FlowEvent",
    "FlowTapClient",
    "FlowTapServer",
    "Inspector",
    "InspectorClient",
    "InspectorServer",
    "Mode",
    "NoSuchFlow",
    "ReadRequest",
    "StartRefused",
    "StartRequest",
    "Status",
    "TapRequest",
    "TelemetryRequest",
    "Tproxy",
    "TproxyClient",
]

_HOMES = {
    "CONTROL": ".control",
    "FLOW_TAP": ".flow_tap",
    "INSPECTOR": ".inspector",
    "AttachReply": ".types",
    "AttachRequest": ".types",
    "Config": ".types",
    "ControlClient": ".control",
    "ControlServer": ".control",
    "FlowEvent": ".types",
    "FlowTapClient": ".flow_tap",
    "FlowTapServer": ".flow_tap",
    "Inspector": ".services",
    "InspectorClient": ".services",
    "InspectorServer": ".inspector",
    "Mode": ".types",
    "NoSuchFlow": ".types",
    "ReadRequest": ".types",
    "StartRefused": ".types",
    "StartRequest": ".types",
    "Status": ".types",
    "TapRequest": ".types",
    "TelemetryRequest": ".types",
    "Tproxy": ".services",
    "TproxyClient": ".services",
}

if not TYPE_CHECKING:

    def __getattr__(name):
        """Import a name's module when the name is asked for, and not before."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(_HOMES[name], __name__), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return __all__
