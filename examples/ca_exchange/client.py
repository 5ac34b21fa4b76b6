"""``python -m examples.ca_exchange.client``: trusts only what it has checked itself."""

from __future__ import annotations

import asyncio
import hashlib
import ssl

from cryptography import x509

from examples.timing import median_round_trip
from generated.ca_exchange import CaExchangeClient, Certificate, KeyKind, RotationRefused
from xpcrpc import Duration


async def main() -> None:
    """Ask, check, rotate, check again."""
    async with await CaExchangeClient.connect() as authority:
        certificate = await authority.certificate()
        first = await _checked(authority, certificate)
        print(f"round trip: {await median_round_trip(authority.fingerprint)}")

        rotated = await authority.rotate(key=KeyKind.ECDSA_P256, overlap=Duration.from_seconds(60))
        second = await _checked(authority, rotated)
        print(f"after the rotation the fingerprint {'is new' if first != second else 'is OLD'}")

        try:
            await authority.rotate(key=KeyKind("ed448"))
        except RotationRefused as refusal:
            print(f"a key that the authority cannot make is refused: {refusal.reason}")


async def _checked(authority: CaExchangeClient, certificate: Certificate) -> bytes:
    """The fingerprint, computed here from the certificate and compared with the authority's."""
    parsed = x509.load_pem_x509_certificate(certificate.pem.encode("ascii"))
    parsed.verify_directly_issued_by(parsed)
    computed = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.pem)).digest()
    stated = (await authority.fingerprint()).sha256
    verdict = "as the authority says" if computed == stated else f"NOT {stated.hex()}"
    print(f"{parsed.subject.rfc4514_string()} ({certificate.key.value}), signed by its own key")
    print(f"SHA-256 computed here: {computed.hex()[:16]}…, {verdict}")
    return computed


if __name__ == "__main__":
    asyncio.run(main())
