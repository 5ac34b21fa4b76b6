"""org.example.places 1.0: Types that several contracts share; nothing is served here."""

# Written by `xpcrpc gen` from places.toml; change that, not this.

from .types import Place, Position, Sign, Signs, Transport

__all__ = [
    "Place",
    "Position",
    "Sign",
    "Signs",
    "Transport",
]
