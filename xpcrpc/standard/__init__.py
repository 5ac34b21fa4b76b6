"""org.xpcrpc.standard 1.0: What every service answers that xpcrpc serves: who it is, how it is,
what it can do.
"""

# Written by `xpcrpc gen` from standard.toml; change that, not this.

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .standard import STANDARD, StandardClient, StandardServer
    from .types import (
        Description,
        Health,
        HelloReply,
        HelloRequest,
        Identity,
        MethodDescription,
        TypeDescription,
    )

__all__ = [
    "STANDARD",
    "Description",
    "Health",
    "HelloReply",
    "HelloRequest",
    "Identity",
    "MethodDescription",
    "StandardClient",
    "StandardServer",
    "TypeDescription",
]

_HOMES = {
    "STANDARD": ".standard",
    "Description": ".types",
    "Health": ".types",
    "HelloReply": ".types",
    "HelloRequest": ".types",
    "Identity": ".types",
    "MethodDescription": ".types",
    "StandardClient": ".standard",
    "StandardServer": ".standard",
    "TypeDescription": ".types",
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
