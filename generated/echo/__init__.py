"""org.example.echo 1.0: The smallest useful service: it says what it was told."""

# Written by `xpcrpc gen` from echo.toml; change that, not this.

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .echo import ECHO, EchoServer
    from .services import Echo, EchoClient
    from .types import EchoReply, EchoRequest, NoteRequest

__all__ = [
    "ECHO",
    "Echo",
    "EchoClient",
    "EchoReply",
    "EchoRequest",
    "EchoServer",
    "NoteRequest",
]

_HOMES = {
    "ECHO": ".echo",
    "Echo": ".services",
    "EchoClient": ".services",
    "EchoReply": ".types",
    "EchoRequest": ".types",
    "EchoServer": ".echo",
    "NoteRequest": ".types",
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
