"""``python -m examples.network_extension.inspector``: a third process.

It never learns the extension's name. It is handed an end, and that is permission enough.
"""

from __future__ import annotations

import asyncio
import logging

from generated.tproxy import (
    AttachReply,
    AttachRequest,
    FlowTapClient,
    Inspector,
    InspectorServer,
)
from xpcrpc import CallContext, serve


class FlowInspector(InspectorServer):
    """Reads the flows it is given."""

    async def attach(self, request: AttachRequest, context: CallContext) -> AttachReply:
        logging.info("pid %d hands over a tap", context.peer.pid)
        seen = 0
        async with await FlowTapClient.from_end(request.tap) as tap:
            event = await tap.summary()
            while chunk := await tap.read():
                seen += len(chunk)
            await tap.close_()
        logging.info("read %d bytes of %s", seen, event.app)
        return AttachReply(app=event.app, bytes_seen=seen)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(serve(Inspector, FlowInspector()))
