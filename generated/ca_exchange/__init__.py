"""org.example.ca_exchange 1.0: Hands the certificate of a local certification authority to those
who must trust it.
"""

# Written by `xpcrpc gen` from ca_exchange.toml; change that, not this.

from .ca_exchange import CA_EXCHANGE, CaExchangeServer
from .services import CaExchange, CaExchangeClient
from .types import Certificate, FingerprintReply, KeyKind, NotReady, RotateRequest, RotationRefused

__all__ = [
    "CA_EXCHANGE",
    "CaExchange",
    "CaExchangeClient",
    "CaExchangeServer",
    "Certificate",
    "FingerprintReply",
    "KeyKind",
    "NotReady",
    "RotateRequest",
    "RotationRefused",
]
