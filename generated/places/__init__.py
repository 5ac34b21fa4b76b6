"""org.example.places 1.0: Types that several contracts share; nothing is served here."""

# Written by `xpcrpc gen` from places.toml; change that, not this.

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .types import Place, Position, Sign, Signs, Transport

__all__ = [
    "Place",
    "Position",
    "Sign",
    "Signs",
    "Transport",
]

_HOMES = {
    "Place": ".types",
    "Position": ".types",
    "Sign": ".types",
    "Signs": ".types",
    "Transport": ".types",
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
