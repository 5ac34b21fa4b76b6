"""Types of org.example.echo 1.0: The smallest useful service: it says what it was told."""

# Written by `xpcrpc gen` from echo.toml; change that, not this.

from __future__ import annotations

from attrs import field
from xpcrpc import U64, constraints, define


@define(kw_only=True)
class NoteRequest:
    """What ``Echo.note`` takes."""

    text: str = field(validator=constraints.Length(max=4096))
    """At most 4096 characters."""


@define(kw_only=True)
class EchoRequest:
    """What ``Echo.echo`` takes."""

    text: str = field(validator=constraints.Length(max=1000000))
    """At most 1000000 characters."""


@define(kw_only=True)
class EchoReply:
    """What ``Echo.echo`` answers."""

    text: str
    notes: U64
