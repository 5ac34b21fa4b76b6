"""Every key of the envelope; spelled here and nowhere else.

The first six are rama's (its ``call.rs``); the others are ours, and rama's
peers ignore them.
"""

from typing import Final

SELECTOR: Final = "$selector"
"""string: which method."""
ARGUMENTS: Final = "$arguments"
"""array: the request, as its first and only item."""
RESULT: Final = "$result"
"""any: what the method returned; null for nothing."""
ERROR: Final = "$error"
"""dictionary: the failure; wins over a result beside it."""
CODE: Final = "code"
"""int64 in `ERROR`: which failure."""
MESSAGE: Final = "message"
"""string in `ERROR`: for people; not stable."""
DETAILS: Final = "$details"
"""dictionary beside `ERROR`: the fields of an error that the contract declares."""

CALL: Final = "$call"
"""uint64: the number of a call, in a request and in whatever is said about it."""
TIMEOUT: Final = "$timeout"
"""int64, nanoseconds: how long the requester will wait, in a request."""
WINDOW: Final = "$window"
"""uint64: items that the requester can take at first, in a request."""
ITEMS: Final = "$items"
"""array: items of a stream. In a reply, uint64: how many there were in all."""
CREDIT: Final = "$credit"
"""uint64: so many further items may be sent."""
END: Final = "$end"
"""uint64: the requester's items are over; there were so many."""
CANCEL: Final = "$cancel"
"""bool: the requester wants no answer any more."""
DRAIN: Final = "$drain"
"""bool: new calls on this connection will be refused."""
METADATA: Final = "$metadata"
"""dictionary of strings, in a request or a reply: words beside it, such as a trace's identity."""
READY: Final = "$ready"
"""bool: this side connected in order to serve. It is said so that the listener sees a peer."""
