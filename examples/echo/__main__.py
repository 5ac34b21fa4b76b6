"""``python -m examples.echo``: service and client in one process, without any name."""

from __future__ import annotations

import asyncio
import os

from examples.echo.conversation import converse
from examples.echo.service import EchoService
from generated.echo.echo import EchoClient
from xpcrpc import Host


async def main() -> None:
    """Offer the service to whoever holds the end; here, that is ourselves."""
    print(f"service and client share pid {os.getpid()}")
    async with Host() as host:
        end = host.offer(EchoService(stop=host.stop))
        async with await EchoClient.from_end(end) as client:
            await converse(client)
            await host.wait()
    print("the service has stopped")


asyncio.run(main())
