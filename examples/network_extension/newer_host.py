"""``python -m examples.network_extension.newer_host FOLDER``: an app from a newer contract.

FOLDER holds the package ``tproxy``, compiled from a version of the contract that has one
method more. The extension still serves the older one.
"""

from __future__ import annotations

import asyncio
import importlib
import sys

from xpcrpc import VersionMismatchError


async def main(folder: str) -> None:
    """Call what both know, then what only this side knows."""
    sys.path.insert(0, folder)
    newer = importlib.import_module("tproxy")
    async with await newer.TproxyClient.connect() as proxy:
        status = await proxy.apply(newer.Config(mode=newer.Mode.BLOCK))
        print(f"what both versions have works: mode {status.config.mode}")
        try:
            await proxy.pause()
        except VersionMismatchError as mismatch:
            print(f"refused before it was sent: {mismatch}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
