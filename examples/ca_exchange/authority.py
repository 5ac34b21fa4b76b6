"""A certificate authority: the one object here that knows a private key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from generated.ca_exchange import Certificate, KeyKind
from xpcrpc import Date

LIFETIME: Final = timedelta(days=365)
_CLOCK_SKEW: Final = timedelta(minutes=5)


class Authority:
    """A self-signed CA that can be replaced by a new one at any time."""

    def __init__(self, kind: KeyKind = KeyKind.ECDSA_P256) -> None:
        self._generation = 0
        self.rotate(kind)

    def rotate(self, kind: KeyKind) -> None:
        """Forget the key and the certificate; make new ones.

        Raises:
            ValueError: this program makes no such keys.
        """
        key = _new_key(kind)
        self._generation += 1
        name = x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, f"Example CA, generation {self._generation}")]
        )
        now = datetime.now(UTC)
        public = key.public_key()
        self._x509 = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCK_SKEW)
            .not_valid_after(now + LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_signs_certificates(), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(key, hashes.SHA256())
        )
        self._key = key
        self._kind = kind

    @property
    def certificate(self) -> Certificate:
        """What others may know."""
        return Certificate(
            pem=self._x509.public_bytes(serialization.Encoding.PEM).decode("ascii"),
            key=self._kind,
            not_before=Date.from_datetime(self._x509.not_valid_before_utc),
            not_after=Date.from_datetime(self._x509.not_valid_after_utc),
        )

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the certificate's DER; 32 bytes."""
        return self._x509.fingerprint(hashes.SHA256())


def _new_key(kind: KeyKind) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    if kind == KeyKind.ECDSA_P256:
        return ec.generate_private_key(ec.SECP256R1())
    if kind == KeyKind.RSA_2048:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    raise ValueError(f"this authority makes no {kind.value} keys")


def _signs_certificates() -> x509.KeyUsage:
    """What a CA's key may be used for: certificates and lists of revoked ones."""
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
