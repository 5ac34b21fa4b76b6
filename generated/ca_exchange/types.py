"""Types of org.example.ca_exchange 1.0: Hands the certificate of a local certification authority to
those who must trust it.
"""

# Written by `xpcrpc gen` from ca_exchange.toml; change that, not this.

from __future__ import annotations

from attrs import field
from xpcrpc import ContractError, Date, Duration, OpenEnum, constraints, define


class KeyKind(OpenEnum):
    """What the authority's key is."""

    RSA_2048 = "rsa_2048"
    """RSA, 2048 bits."""
    ECDSA_P256 = "ecdsa_p256"
    """ECDSA on P-256."""


@define(kw_only=True)
class Certificate:
    """The authority's certificate; its key never leaves the service."""

    pem: str = field(validator=constraints.ByteLength(max=65536))
    """PEM text, one certificate. At most 65536 bytes as UTF-8."""
    key: KeyKind = KeyKind.ECDSA_P256
    not_before: Date
    not_after: Date


@define(kw_only=True)
class FingerprintReply:
    """What ``CaExchange.fingerprint`` answers."""

    sha256: bytes = field(validator=constraints.Length(min=32, max=32))
    """Exactly 32 bytes."""


@define(kw_only=True)
class RotateRequest:
    """What ``CaExchange.rotate`` takes."""

    key: KeyKind = KeyKind.ECDSA_P256
    overlap: Duration = Duration(86400000000000)


@define(kw_only=True)
class NotReady(ContractError):
    """There is no certificate yet."""

    code = 100
    retry_after: Duration = Duration(1000000000)
    """When to ask again."""


@define(kw_only=True)
class RotationRefused(ContractError):
    """The certificate cannot be replaced now."""

    code = 101
    reason: str
