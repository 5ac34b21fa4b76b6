"""Stubs of the protocol CaExchange of org.example.ca_exchange 1.0."""

# Written by `xpcrpc gen` from ca_exchange.toml; change that, not this.

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Final

from xpcrpc import CallContext, Client, Duration, Empty, Method, Protocol, Server

from .types import Certificate, FingerprintReply, KeyKind, NotReady, RotateRequest, RotationRefused

CERTIFICATE: Final[Method[Empty, Certificate]] = Method(
    name="certificate",
    selector="certificate",
    reply=Certificate,
    errors=(NotReady,),
    timeout_s=5.0,
    idempotent=True,
)

FINGERPRINT: Final[Method[Empty, FingerprintReply]] = Method(
    name="fingerprint",
    selector="fingerprint",
    reply=FingerprintReply,
    errors=(NotReady,),
    timeout_s=5.0,
    idempotent=True,
)

ROTATE: Final[Method[RotateRequest, Certificate]] = Method(
    name="rotate",
    selector="rotate",
    request=RotateRequest,
    reply=Certificate,
    errors=(RotationRefused,),
    timeout_s=30.0,
    serial=True,
)

CA_EXCHANGE: Final = Protocol(
    name="org.example.ca_exchange.CaExchange",
    package=__name__.rpartition(".")[0],
    version="1.0",
    methods=(CERTIFICATE, FINGERPRINT, ROTATE),
    fingerprint="6ef4e8587c6f34623ac0fc128c686fd5",
)


class CaExchangeClient(Client):
    """Served by whoever holds the key."""

    protocol: ClassVar[Protocol] = CA_EXCHANGE

    async def certificate(self, *, timeout_s: float | None = None) -> Certificate:
        """The certificate that is in use.

        Raises:
            NotReady: There is no certificate yet.
        """
        return await self._call(CERTIFICATE, Empty(), timeout_s)

    async def fingerprint(self, *, timeout_s: float | None = None) -> FingerprintReply:
        """The SHA-256 digest of the certificate's DER form.

        Raises:
            NotReady: There is no certificate yet.
        """
        return await self._call(FINGERPRINT, Empty(), timeout_s)

    async def rotate(
        self,
        *,
        key: KeyKind = KeyKind.ECDSA_P256,
        overlap: Duration = Duration(86400000000000),
        timeout_s: float | None = None,
    ) -> Certificate:
        """Make a new key and certificate; those who trust the old one must ask again.

        Raises:
            RotationRefused: The certificate cannot be replaced now.
        """
        return await self._call(ROTATE, RotateRequest(key=key, overlap=overlap), timeout_s)


class CaExchangeServer(Server[CaExchangeClient]):
    """Served by whoever holds the key."""

    protocol: ClassVar[Protocol] = CA_EXCHANGE

    @abstractmethod
    async def certificate(self, context: CallContext) -> Certificate:
        """The certificate that is in use.

        Raises:
            NotReady: There is no certificate yet.
        """

    @abstractmethod
    async def fingerprint(self, context: CallContext) -> FingerprintReply:
        """The SHA-256 digest of the certificate's DER form.

        Raises:
            NotReady: There is no certificate yet.
        """

    @abstractmethod
    async def rotate(self, request: RotateRequest, context: CallContext) -> Certificate:
        """Make a new key and certificate; those who trust the old one must ask again.

        Raises:
            RotationRefused: The certificate cannot be replaced now.
        """
