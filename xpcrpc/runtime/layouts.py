"""The frames of plain unary calls, written and read in one piece.

Nearly all traffic is one request, ``{"$call", "$timeout", "$selector",
"$arguments": [value]}``, and one reply, ``{"$result": value}``. Their envelopes
are constant but for a few numbers, so each is one ``struct`` around the bytes
of the value. Whatever does not look exactly so is left to the general way in
`messages`, which accepts every order and every further key.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from struct import error as struct_error
from typing import Final, NamedTuple

from ..codec.frame import PAYLOAD_HEADER
from ..protocol import keys

# Words of the format (wire format, section 3).
INT64, UINT64, STRING, ARRAY, DICTIONARY = 0x3000, 0x4000, 0x9000, 0xE000, 0xF000
NULL: Final = (0x1000).to_bytes(4, "little")

BODY: Final = 20
"""Where a message's first entry begins: behind magic, version, word, length and count."""

_LENGTH_COUNTS_FROM: Final = 16
"""A dictionary's length counts from its count word on."""


def padded(data: bytes) -> bytes:
    """With zeros up to the next multiple of four."""
    return data + bytes(-len(data) % 4)


def key(name: str) -> bytes:
    """A key as it stands in a dictionary: its NUL, and zeros to a multiple of four."""
    return padded(name.encode() + b"\0")


def string(text: str) -> bytes:
    """A string with its word and length."""
    data = text.encode() + b"\0"
    return Struct("<II").pack(STRING, len(data)) + padded(data)


_CALL, _TIMEOUT, _SELECTOR = key(keys.CALL), key(keys.TIMEOUT), key(keys.SELECTOR)
_ARGUMENTS, _RESULT = key(keys.ARGUMENTS), key(keys.RESULT)


class RequestLayout:
    """Writes the requests of one method."""

    __slots__ = ("_numbered", "_plain", "_selector")

    def __init__(self, selector: str) -> None:
        self._selector = _SELECTOR + string(selector)
        first, last = len(self._selector), len(_ARGUMENTS)
        self._plain = Struct(f"<8sIII{first}s{last}sIII")
        # The selector before the call: libxpc turns round what shares a bucket, and
        # `read_request` wants them the other way.
        self._numbered = Struct(f"<8sIII{first}s{len(_CALL)}sIQ{len(_TIMEOUT)}sIq{last}sIII")

    def one_way(self, argument: bytes) -> bytes:
        """The frame of a request that nobody will speak of again."""
        head = self._plain
        return (
            head.pack(
                PAYLOAD_HEADER,
                DICTIONARY,
                head.size - _LENGTH_COUNTS_FROM + len(argument),
                2,
                self._selector,
                _ARGUMENTS,
                ARRAY,
                4 + len(argument),
                1,
            )
            + argument
        )

    def numbered(self, argument: bytes, call: int, timeout_ns: int) -> bytes:
        """The frame of a request that has a number and a deadline."""
        head = self._numbered
        return (
            head.pack(
                PAYLOAD_HEADER,
                DICTIONARY,
                head.size - _LENGTH_COUNTS_FROM + len(argument),
                4,
                self._selector,
                _CALL,
                UINT64,
                call,
                _TIMEOUT,
                INT64,
                timeout_ns,
                _ARGUMENTS,
                ARRAY,
                4 + len(argument),
                1,
            )
            + argument
        )


_ITEMS: Final = key(keys.ITEMS)
_ITEMS_HEAD: Final = Struct(f"<8sIII{len(_CALL)}sIQ{len(_ITEMS)}sIII")


def items(call: int, encoded: Sequence[bytes]) -> bytes:
    """The frame of several items of one call."""
    head, body = _ITEMS_HEAD, b"".join(encoded)
    length = head.size - _LENGTH_COUNTS_FROM + len(body)
    return (
        head.pack(
            PAYLOAD_HEADER,
            DICTIONARY,
            length,
            2,
            _CALL,
            UINT64,
            call,
            _ITEMS,
            ARRAY,
            4 + len(body),
            len(encoded),
        )
        + body
    )


class Items(NamedTuple):
    """What a message of items says, up to the first one."""

    call: int
    amount: int
    items_at: int
    """Where the first item begins."""


_ITEMS_READ: Final = Struct(f"<I{len(_CALL)}sIQ{len(_ITEMS)}sIII")
_ITEMS_CONSTANTS: Final = (2, _CALL, UINT64, _ITEMS, ARRAY)


def read_items(frame: bytes) -> Items | None:
    """A message of items in the usual form, or None if the frame is anything else."""
    try:
        entries, call_key, call_word, call, items_key, items_word, _, count = (
            _ITEMS_READ.unpack_from(frame, _LENGTH_COUNTS_FROM)
        )
    except struct_error:
        return None
    if (entries, call_key, call_word, items_key, items_word) != _ITEMS_CONSTANTS:
        return None
    return Items(call, count, _ITEMS_HEAD.size)


_RESULT_HEAD: Final = Struct(f"<8sIII{len(_RESULT)}s")


def result(value: bytes) -> bytes:
    """The frame of a reply that carries a result."""
    head = _RESULT_HEAD
    length = head.size - _LENGTH_COUNTS_FROM + len(value)
    return head.pack(PAYLOAD_HEADER, DICTIONARY, length, 1, _RESULT) + value


def result_at(frame: bytes) -> int:
    """Where the result of a plain reply begins; 0 if the reply is anything else."""
    if frame[_LENGTH_COUNTS_FROM : _RESULT_HEAD.size] == _PLAIN_RESULT:
        return _RESULT_HEAD.size
    return 0


_PLAIN_RESULT: Final = b"\1\0\0\0" + _RESULT


_FIRST: Final = Struct(f"<I{len(_CALL)}sIQ{len(_SELECTOR)}sII")
_SECOND: Final = Struct(f"<{len(_TIMEOUT)}sIq{len(_ARGUMENTS)}sIII")
_FIRST_CONSTANTS: Final = (4, _CALL, UINT64, _SELECTOR, STRING)
_SECOND_CONSTANTS: Final = (_TIMEOUT, INT64, _ARGUMENTS, ARRAY, 1)


class Request(NamedTuple):
    """What a numbered request says, up to its argument."""

    selector: bytes
    call: int
    timeout_ns: int
    argument_at: int
    """Where the argument begins."""


def read_request(frame: bytes) -> Request | None:
    """A plain numbered request, or None if the frame is anything else.

    libxpc writes the four entries in this order: buckets of its dictionaries
    (wire format, section 4), the same on both systems.
    """
    try:
        count, call_key, call_word, call, selector_key, selector_word, length = _FIRST.unpack_from(
            frame, _LENGTH_COUNTS_FROM
        )
        if (count, call_key, call_word, selector_key, selector_word) != _FIRST_CONSTANTS:
            return None
        begin = _LENGTH_COUNTS_FROM + _FIRST.size
        end = begin + length
        second = (end + 3) & ~3
        timeout_key, timeout_word, timeout, arguments_key, array_word, _, arguments = (
            _SECOND.unpack_from(frame, second)
        )
    except struct_error:
        return None
    if (timeout_key, timeout_word, arguments_key, array_word, arguments) != _SECOND_CONSTANTS:
        return None
    return Request(frame[begin : end - 1], call, timeout, second + _SECOND.size)
