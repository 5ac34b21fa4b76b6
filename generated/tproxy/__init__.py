"""org.example.tproxy 1.1: Host app <-> transparent-proxy Network Extension."""

# Written by `xpcrpc gen` from tproxy.toml; change that, not this.

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
