"""Types of org.example.bench 1.0: What the round-trip benchmark sends."""

# Written by `xpcrpc gen` from bench.toml; change that, not this.

from __future__ import annotations

from xpcrpc import I64, define


@define(kw_only=True)
class Small:
    """A small message: about 150 bytes."""

    name: str
    number: I64
    first: bool
    second: bool
    third: bool
    blob: bytes
