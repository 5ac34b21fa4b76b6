"""Types of org.example.tproxy 1.1: Host app <-> transparent-proxy Network Extension."""

# Written by `xpcrpc gen` from tproxy.toml; change that, not this.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from attrs import field
from xpcrpc import (
    U32,
    U64,
    ClientEnd,
    ContractError,
    Date,
    Duration,
    OpenEnum,
    Value,
    WriteFd,
    constraints,
    define,
    wire,
)

if TYPE_CHECKING:
    from .flow_tap import FlowTapClient


class Mode(OpenEnum):
    """What the proxy does with a flow."""

    DIRECT = "direct"
    """Pass through."""
    INSPECT = "inspect"
    """Terminate TLS."""
    BLOCK = "block"
    """Refuse."""


@define(kw_only=True)
class Config:
    """Absent fields keep their current value."""

    UNKNOWN: ClassVar[str] = "keep"
    mode: Mode = Mode.DIRECT
    badge_label: str | None = field(
        default=None,
        validator=constraints.Length(max=64),
        metadata=wire("html_badge_label"),
    )
    """At most 64 characters."""
    exclude_domains: list[str] = field(factory=list, validator=constraints.Items(max=512))
    """At most 512 items."""
    keylog: bool = False
    """Since 1.1."""
    unknown_fields: dict[str, Value] = field(factory=dict, repr=False)
    """What a newer peer sent besides; written back unchanged."""


@define(kw_only=True)
class Status:
    """Whether the proxy takes flows, and how it is set."""

    running: bool
    since: Date | None = None
    config: Config


@define(kw_only=True)
class FlowEvent:
    """One flow, as the proxy sees it."""

    flow: UUID
    at: Date
    app: str = field(validator=constraints.Length(max=255))
    """At most 255 characters."""
    bytes_in: U64


@define(kw_only=True)
class StartRequest:
    """What ``Control.start`` takes."""

    config: Config
    log: WriteFd


@define(kw_only=True)
class TelemetryRequest:
    """What ``Control.telemetry`` takes."""

    min_bytes: U64 = 0
    """Bytes; smaller flows are left out."""


@define(kw_only=True)
class TapRequest:
    """What ``Control.tap`` takes."""

    flow: UUID


@define(kw_only=True)
class ReadRequest:
    """What ``FlowTap.read`` takes."""

    at_most: U32 = field(default=65536, validator=constraints.Range(min=1))
    """Bytes. At least 1."""


@define(kw_only=True)
class AttachRequest:
    """What ``Inspector.attach`` takes."""

    tap: ClientEnd[FlowTapClient]


@define(kw_only=True)
class AttachReply:
    """What ``Inspector.attach`` answers."""

    app: str
    bytes_seen: U64


@define(kw_only=True)
class StartRefused(ContractError):
    """The provider cannot start now."""

    code = 100
    reason: str
    retry_after: Duration | None = None


@define(kw_only=True)
class NoSuchFlow(ContractError):
    """The flow has ended, or never was."""

    code = 101
    flow: UUID
