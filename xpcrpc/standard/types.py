"""Types of org.xpcrpc.standard 1.0: What every service answers that xpcrpc serves: who it is, how
it is, what it can do.
"""

# Written by `xpcrpc gen` from standard.toml; change that, not this.

from __future__ import annotations

from attrs import field
from xpcrpc import U32, Duration, constraints, define


@define(kw_only=True)
class Identity:
    """A contract, as one side of a connection has it."""

    protocol: str = field(validator=constraints.Length(max=256))
    """Full name, such as org.example.tproxy.Control; empty for none. At most 256 characters."""
    version: str = field(validator=constraints.Length(max=32))
    """MAJOR.MINOR. At most 32 characters."""
    fingerprint: str = field(validator=constraints.Length(max=128))
    """Equal for equal contracts: a hash of all that shows on the wire. At most 128 characters."""


@define(kw_only=True)
class Health:
    """How the service is."""

    serving: bool
    """Whether new calls are taken."""
    calls: U32
    """Calls under way, this one not counted."""
    uptime: Duration
    """Since the service began."""
    version: str
    """The version of xpcrpc that serves."""


@define(kw_only=True)
class MethodDescription:
    """One method, in words."""

    name: str
    selector: str
    signature: str
    """Such as apply(Config) -> Status."""


@define(kw_only=True)
class TypeDescription:
    """One class of fields or cases, in words."""

    name: str
    fields: list[str]
    """Such as mode: Mode."""


@define(kw_only=True)
class Description:
    """All that shows of a protocol on the wire."""

    identity: Identity
    methods: list[MethodDescription]
    events: list[MethodDescription]
    types: list[TypeDescription]


@define(kw_only=True)
class HelloRequest:
    """What ``Standard.hello`` takes."""

    client: Identity


@define(kw_only=True)
class HelloReply:
    """What ``Standard.hello`` answers."""

    server: Identity
    selectors: list[str]
    """Every method that the service has."""
