"""``python -m examples.echo.client``: a client that finds the service by its name."""

from __future__ import annotations

import asyncio

from examples.echo.conversation import converse
from generated.echo import EchoClient


async def main() -> None:
    """Connect and talk."""
    async with await EchoClient.connect() as client:
        await converse(client)


if __name__ == "__main__":
    asyncio.run(main())
