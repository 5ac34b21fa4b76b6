"""Services of org.example.bench 1.0."""

# Written by `xpcrpc gen` from bench.toml; change that, not this.

from __future__ import annotations

from typing import Final

from xpcrpc import Service, rules

from .bench import BENCH, BenchServer
from .bench import BenchClient as AnyBenchClient

Bench: Final[Service[BenchServer, AnyBenchClient]] = Service(
    name="org.example.bench",
    protocol=BENCH,
    server=BenchServer,  # type: ignore[type-abstract]
    client=AnyBenchClient,
    domain="user",
    peer_macos=rules.All((rules.Team("self"),)),
    peer_linux=rules.AnyOf((rules.Uid("self"),)),
)
"""Found in a directory of the benchmark's own."""


class BenchClient(AnyBenchClient):
    """A client of `Bench`; ``connect`` finds it by its name."""

    service = Bench
