"""Every key of the envelope; spelled here and nowhere else.

The first five are rama's (its ``call.rs``); the others are ours, and rama's
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
