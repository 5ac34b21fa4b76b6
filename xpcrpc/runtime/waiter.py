"""A future that goes on at once.

``asyncio.Future`` wakes its task in the next turn of the event loop; for a reply
that the loop has just read, that turn is pure delay (3 µs of a 35 µs round
trip). A `Waiter` set with `wake` runs the waiting task's next step right there.
That is legal only where no task is running, such as in a reader callback;
elsewhere `wake_soon` takes the ordinary way.

It is a future in asyncio's own sense (``asyncio.isfuture``): a task may await
it, and cancelling that task cancels it. It is written in C (``native/waiter``), as
asyncio's own is: one is made for every call on either side.
"""

from __future__ import annotations

from ._waiter import Waiter

__all__ = ["Waiter"]
