"""``python -m examples.echo.server``: the service under its name."""

from __future__ import annotations

import asyncio
import logging
import signal

from examples.echo.service import EchoService
from generated.echo import Echo
from xpcrpc import serve


def stop() -> None:
    """End as SIGTERM would: calls under way are answered first."""
    signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(serve(Echo, EchoService(stop)))
