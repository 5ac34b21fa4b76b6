"""Imported as a program by a launcher: serves the mill."""

import asyncio

from tests.streams.mill import Mill, MillService
from xpcrpc import serve

asyncio.run(serve(MillService, Mill()))
