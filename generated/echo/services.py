"""Services of org.example.echo 1.0."""

# Written by `xpcrpc gen` from echo.toml; change that, not this.

from __future__ import annotations

from typing import Final

from xpcrpc import Service, rules

from .echo import ECHO, EchoServer
from .echo import EchoClient as AnyEchoClient

Echo: Final[Service[EchoServer, AnyEchoClient]] = Service(
    name="org.example.echo",
    protocol=ECHO,
    server=EchoServer,  # type: ignore[type-abstract]
    client=AnyEchoClient,
    domain="user",
    peer_macos=rules.Team("self"),
    peer_linux=rules.Uid("self"),
)
"""Runs for one user; only that user's programs may connect."""


class EchoClient(AnyEchoClient):
    """A client of `Echo`; ``connect`` finds it by its name."""

    service = Echo
