"""Services of org.example.ca_exchange 1.0."""

# Written by `xpcrpc gen` from ca_exchange.toml; change that, not this.

from __future__ import annotations

from typing import Final

from xpcrpc import Service, rules

from .ca_exchange import CA_EXCHANGE, CaExchangeServer
from .ca_exchange import CaExchangeClient as AnyCaExchangeClient

CaExchange: Final[Service[CaExchangeServer, AnyCaExchangeClient]] = Service(
    name="org.example.ca_exchange",
    protocol=CA_EXCHANGE,
    server=CaExchangeServer,  # type: ignore[type-abstract]
    client=AnyCaExchangeClient,
    domain="system",
    peer_macos=rules.All(
        (rules.Team("self"), rules.Entitlement("org.example.ca_exchange.client", value=True)),
    ),
    peer_linux=rules.AnyOf(
        (rules.Uid(0), rules.All((rules.Uid("self"), rules.Group("certificates")))),
    ),
    peer_development=rules.AnyOf((rules.Uid("self"), rules.Team("self"))),
)
"""One for the whole system."""


class CaExchangeClient(AnyCaExchangeClient):
    """A client of `CaExchange`; ``connect`` finds it by its name."""

    service = CaExchange
