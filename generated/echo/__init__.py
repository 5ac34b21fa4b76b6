"""org.example.echo 1.0: The smallest useful service: it says what it was told."""

# Written by `xpcrpc gen` from echo.toml; change that, not this.

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
