"""The frames of plain unary calls and of items, written and read in one piece.

Nearly all traffic is one request, ``{"$call", "$timeout", "$selector",
"$arguments": [value]}``, and one reply, ``{"$result": value}``. Their envelopes
are constant but for a few numbers, so each is a `Template` that ends with the
value: one call in C makes the frame from the object, one takes the envelope
off. Whatever does not look exactly so is left to the general way in `messages`,
which accepts every order and every further key.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

from ..codec.frame import PAYLOAD_HEADER, write_object
from ..codec.template import COUNT, INT64, LENGTH, NATURAL, TEXT, UINT64, Buffer, Template
from ..codec.words import ARRAY, DICTIONARY, STRING, padded_key, word
from ..codec.words import INT64 as INT64_WORD
from ..codec.words import UINT64 as UINT64_WORD
from ..protocol import keys

NULL: Final = write_object(None)

_HEAD: Final = PAYLOAD_HEADER + word(DICTIONARY)
"""What every message begins with; its length follows."""


def _key(name: str) -> bytes:
    return padded_key(name.encode())


def _number(number: int) -> bytes:
    return number.to_bytes(4, "little")


_CALL: Final = _key(keys.CALL) + word(UINT64_WORD)
_TIMEOUT: Final = _key(keys.TIMEOUT) + word(INT64_WORD)
_SELECTOR: Final = _key(keys.SELECTOR)
_ARGUMENTS: Final = _key(keys.ARGUMENTS) + word(ARRAY)
_ITEMS: Final = _key(keys.ITEMS) + word(ARRAY)
_RESULT: Final = _key(keys.RESULT)
_ONE: Final = _number(1)


class RequestLayout:
    """The requests of one method; each ends with its argument."""

    __slots__ = ("numbered", "one_way")

    def __init__(self, selector: str) -> None:
        first = _SELECTOR + write_object(selector)
        self.one_way = Template(_HEAD, LENGTH, _number(2) + first + _ARGUMENTS, LENGTH, _ONE)
        """Of requests that nobody will speak of again."""
        # The selector before the call: libxpc turns round what shares a bucket, and
        # `read_request` wants them the other way.
        self.numbered = Template(
            _HEAD, LENGTH, _number(4) + first + _CALL, UINT64, _TIMEOUT, INT64, _ARGUMENTS, LENGTH,
            _ONE,
        )  # fmt: skip
        """Of requests that have a number and a deadline in nanoseconds."""


RESULT: Final = Template(_HEAD, LENGTH, _ONE + _RESULT)
"""A reply that ends with its result."""

ITEMS: Final = Template(_HEAD, LENGTH, _number(2) + _CALL, UINT64, _ITEMS, LENGTH, COUNT)
"""Items of the call of that number."""


# -- reading: from the length of the message's dictionary on ---------------------------

BEGIN: Final = len(_HEAD)
"""Where reading begins."""

# libxpc writes the entries in this order: buckets of its dictionaries (wire format,
# section 4), the same on both systems.
READ_REQUEST: Final = Template(
    LENGTH, _number(4) + _CALL, UINT64, _SELECTOR + word(STRING), TEXT, _TIMEOUT, NATURAL,
    _ARGUMENTS, LENGTH, _ONE,
)  # fmt: skip
_READ_ITEMS: Final = Template(LENGTH, _number(2) + _CALL, UINT64, _ITEMS, LENGTH, COUNT)
READ_RESULT: Final = Template(LENGTH, _ONE + _RESULT)


Request: TypeAlias = tuple[int, str, int, int]
"""A numbered request up to its argument: number, selector, nanoseconds, where the argument is."""


def read_request(frame: Buffer) -> Request | None:
    """A plain numbered request, or None if the frame is anything else."""
    return READ_REQUEST.read(frame, BEGIN)


class Items(NamedTuple):
    """What a message of items says, up to the first one."""

    call: int
    amount: int
    items_at: int
    """Where the first item begins."""


def read_items(frame: Buffer) -> Items | None:
    """A message of items in the usual form, or None if the frame is anything else."""
    found = _READ_ITEMS.read(frame, BEGIN)
    return None if found is None else Items(*found)


def result_at(frame: Buffer) -> int:
    """Where the result of a plain reply begins; 0 if the reply is anything else."""
    found = READ_RESULT.read(frame, BEGIN)
    return found[0] if found else 0
