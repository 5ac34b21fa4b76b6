"""``python -m examples.ca_exchange.server``: holds the key, answers questions about it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os

from examples.ca_exchange.authority import LIFETIME, Authority
from generated.ca_exchange import (
    CaExchange,
    CaExchangeServer,
    Certificate,
    FingerprintReply,
    RotateRequest,
    RotationRefused,
)
from xpcrpc import CallContext, serve


class CaService(CaExchangeServer):
    """One authority; certificates and fingerprints go out, the key does not."""

    def __init__(self) -> None:
        self._authority = Authority()

    async def certificate(self, context: CallContext) -> Certificate:
        return self._authority.certificate

    async def fingerprint(self, context: CallContext) -> FingerprintReply:
        return FingerprintReply(sha256=self._authority.fingerprint)

    async def rotate(self, request: RotateRequest, context: CallContext) -> Certificate:
        if request.overlap.to_timedelta() > LIFETIME:
            raise RotationRefused(reason=f"no certificate here is valid longer than {LIFETIME}")
        try:
            self._authority.rotate(request.key)
        except ValueError as error:
            raise RotationRefused(reason=str(error)) from error
        logging.info("rotated for pid %d (uid %d)", context.peer.pid, context.peer.euid)
        return self._authority.certificate


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--development", action="store_true", help="admit this user's programs, with a warning"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.info("an authority with a key of its own, pid %d", os.getpid())
    asyncio.run(serve(CaExchange, CaService(), development=arguments.development))


if __name__ == "__main__":
    main()
