"""org.example.bench 1.0: What the round-trip benchmark sends."""

# Written by `xpcrpc gen` from bench.toml; change that, not this.

from .bench import BENCH, BenchServer
from .services import Bench, BenchClient
from .types import Small

__all__ = [
    "BENCH",
    "Bench",
    "BenchClient",
    "BenchServer",
    "Small",
]
