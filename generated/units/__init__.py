"""org.example.units 1.0: Units of measure."""

# Written by `xpcrpc gen` from units.toml; change that, not this.

from .types import Degrees

__all__ = [
    "Degrees",
]
