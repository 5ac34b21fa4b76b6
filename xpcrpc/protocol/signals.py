"""What is said in a call besides the request and its reply: one-way messages.

=========  ===========================================  ====================
signal     message                                      said by
=========  ===========================================  ====================
`Items`    ``{"$call": id, "$items": [value, …]}``      whoever streams
`Credit`   ``{"$call": id, "$credit": count}``          whoever reads
`End`      ``{"$call": id, "$end": total}``             the requester
`Cancel`   ``{"$call": id, "$cancel": true}``           the requester
`Drain`    ``{"$drain": true}``                         a server that will end
`Ready`    ``{"$ready": true}``                         a server that connected
=========  ===========================================  ====================

A message with ``$selector`` is a request or an event, never a signal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from ..errors import RemoteProtocolError
from ..facts import frozen
from ..values import Message, UInt64, Value
from . import keys


@frozen
class Items:
    """Items of a stream, in order."""

    call: int
    items: list[Value]


@frozen
class Credit:
    """So many further items may be sent."""

    call: int
    count: int


@frozen
class End:
    """The requester's items are over; there were so many."""

    call: int
    total: int


@frozen
class Cancel:
    """The requester wants no answer any more."""

    call: int


@frozen
class Unknown:
    """A word about a call that a later version of the protocol may have; of no effect here."""

    call: int


@frozen
class Ready:
    """This side connected in order to serve, and does."""


@frozen
class Drain:
    """New calls on this connection will be refused."""


Signal: TypeAlias = Items | Credit | End | Cancel | Drain | Ready
Heard: TypeAlias = Signal | Unknown


def write(signal: Signal) -> Message:
    """The message that says a signal."""
    match signal:
        case Items(call, items):
            return {keys.CALL: UInt64(call), keys.ITEMS: items}
        case Credit(call, count):
            return {keys.CALL: UInt64(call), keys.CREDIT: UInt64(count)}
        case End(call, total):
            return {keys.CALL: UInt64(call), keys.END: UInt64(total)}
        case Cancel(call):
            return {keys.CALL: UInt64(call), keys.CANCEL: True}
        case Drain():
            return {keys.DRAIN: True}
        case Ready():
            return {keys.READY: True}


def read(message: Mapping[str, Value]) -> Heard | None:
    """The signal that a message says; None if it is a request or an event.

    Raises:
        RemoteProtocolError: it is neither, or a number in it is none.
    """
    if keys.SELECTOR in message:
        return None
    if keys.DRAIN in message:
        return Drain()
    if keys.READY in message:
        return Ready()
    call = number(message, keys.CALL)
    if call is None:
        raise RemoteProtocolError(f"a message with neither {keys.SELECTOR} nor {keys.CALL}")
    items = message.get(keys.ITEMS)
    if isinstance(items, list):
        return Items(call, items)
    if (count := number(message, keys.CREDIT)) is not None:
        return Credit(call, count)
    if (total := number(message, keys.END)) is not None:
        return End(call, total)
    if keys.CANCEL in message:
        return Cancel(call)
    return Unknown(call)


def number(message: Mapping[str, Value], key: str) -> int | None:
    """A number that is not negative, of either integer type; None if it is missing.

    Raises:
        RemoteProtocolError: it is something else.
    """
    value = message.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RemoteProtocolError(f"{key} is {value!r}, not a number from 0 up")
    return int(value)
