"""org.example.ca_exchange 1.0: Hands the certificate of a local certification authority to those
who must trust it.
"""

# Written by `xpcrpc gen` from ca_exchange.toml; change that, not this.

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .ca_exchange import CA_EXCHANGE, CaExchangeServer
    from .services import CaExchange, CaExchangeClient
    from .types import (
        Certificate,
        FingerprintReply,
        KeyKind,
        NotReady,
        RotateRequest,
        RotationRefused,
    )

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

_HOMES = {
    "CA_EXCHANGE": ".ca_exchange",
    "CaExchange": ".services",
    "CaExchangeClient": ".services",
    "CaExchangeServer": ".ca_exchange",
    "Certificate": ".types",
    "FingerprintReply": ".types",
    "KeyKind": ".types",
    "NotReady": ".types",
    "RotateRequest": ".types",
    "RotationRefused": ".types",
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
