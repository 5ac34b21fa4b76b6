"""Typed requests and replies to frames, and back.

The envelope's keys are the protocol's, the bytes are the codec's; here they
meet, one function per direction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from struct import Struct
from typing import Any, Final, TypeAlias

from attrs import frozen

from ..codec import frame as frames
from ..codec.converter import from_value, to_value
from ..codec.shape import resolve
from ..contract import ContractError, Method
from ..errors import (
    CallError,
    DecodeError,
    HandlerFailedError,
    InvalidMessageError,
    RemoteProtocolError,
    ValueProblemsError,
)
from ..protocol import envelope, keys, signals
from ..protocol.call import Shape
from ..transport.base import ReceivedFrame
from ..values import Handle, Message, UInt64, Value

Encoded: TypeAlias = tuple[bytes, Sequence[Handle]]

# Words of the format (wire format, section 3), for the one message that is put
# together from items already encoded: {"$call": id, "$items": [...]}.
_UINT64, _ARRAY, _DICTIONARY = 0x4000, 0xE000, 0xF000
_ITEMS_HEAD: Final = Struct("<8sIII8sIQ8sIII")
_AFTER_LENGTH: Final = 16
"""Bytes up to the end of the dictionary's own length word."""


@frozen
class Route:
    """A method with its types resolved; see `route_of`."""

    method: Method[Any, Any]
    shape: Shape
    reply: Any
    item_in: Any
    item_out: Any
    errors: Mapping[int, type[ContractError]]


@lru_cache(maxsize=4096)
def route_of(method: Method[Any, Any], package: str) -> Route:
    """A method's facts, with names of types looked up in its package."""

    def known(hint: Any) -> Any:
        return resolve(hint, package) if isinstance(hint, str) else hint

    return Route(
        method=method,
        shape=Shape((method.items_in is not None, method.items_out is not None)),
        reply=known(method.reply),
        item_in=known(method.items_in),
        item_out=known(method.items_out),
        errors={error.code: error for error in method.errors},
    )


# -- writing ------------------------------------------------------------------------


def encode_message(message: Message) -> Encoded:
    """The frame of any dictionary."""
    handles: list[Handle] = []
    return frames.encode(message, handles=handles), handles


def encode_request(
    route: Route,
    request: Any,
    *,
    call: int = 0,
    timeout_s: float | None = None,
    window: int = 0,
) -> Encoded:
    """The frame of a request; without a number for one-way ones.

    Raises:
        EncodeError: the request does not fit its types.
    """
    message = envelope.request(route.method.selector, to_value(request))
    if call:
        message[keys.CALL] = UInt64(call)
    if timeout_s is not None:
        message[keys.TIMEOUT] = int(timeout_s * 1e9)
    if window and route.item_out is not None:
        message[keys.WINDOW] = UInt64(window)
    return encode_message(message)


def encode_result(route: Route, result: Any, items: int = 0) -> Encoded:
    """The frame of a reply that carries a result, after so many items.

    Raises:
        EncodeError: the result does not fit the method's type.
    """
    value = None if route.reply is None else to_value(result, route.reply)
    return encode_message(_counted(envelope.success(value), items))


def encode_failure(error: CallError, items: int = 0) -> Encoded:
    """The frame of a reply that carries a failure, after so many items."""
    details = to_value(error) if isinstance(error, ContractError) else None
    failure = envelope.Failure(error.code, str(error), details)
    return encode_message(_counted(envelope.failure(failure), items))


def _counted(message: Message, items: int) -> Message:
    if items:
        message[keys.ITEMS] = UInt64(items)
    return message


def encode_item(hint: Any, item: Any) -> Encoded:
    """One item, to be put into a frame by `encode_items`.

    Raises:
        EncodeError: it does not fit its type.
    """
    handles: list[Handle] = []
    return frames.write_object(to_value(item, hint), handles), handles


def encode_items(call: int, batch: Sequence[Encoded]) -> Encoded:
    """The frame of several items of one call."""
    body = b"".join([item for item, _ in batch])
    head = _ITEMS_HEAD.pack(
        frames.PAYLOAD_HEADER,
        _DICTIONARY,
        _ITEMS_HEAD.size - _AFTER_LENGTH + len(body),
        2,
        keys.CALL.encode(),
        _UINT64,
        call,
        keys.ITEMS.encode(),
        _ARRAY,
        4 + len(body),
        len(batch),
    )
    return head + body, [handle for _, handles in batch for handle in handles]


# -- reading ------------------------------------------------------------------------


def decode_message(received: ReceivedFrame) -> Message:
    """The dictionary that arrived.

    Raises:
        InvalidMessageError: it cannot be read.
    """
    try:
        message = frames.decode(received.frame, received.handles)
    except ValueError as error:
        raise InvalidMessageError(f"the message cannot be read: {error}") from error
    if not isinstance(message, dict):
        raise InvalidMessageError("the message is not a dictionary")
    return message


def decode_argument(route: Route, message: Mapping[str, Value]) -> Any:
    """The typed request in a message.

    Raises:
        HandlerFailedError: it is missing, or does not decode (rama's code 3).
    """
    argument = envelope.argument_of(message)
    try:
        return from_value(argument, route.method.request)
    except ValueProblemsError as error:
        raise HandlerFailedError(f"the argument does not decode: {error}") from error


def decode_items(hint: Any, values: Sequence[Value]) -> list[Any]:
    """Typed items.

    Raises:
        DecodeError: one does not fit its type.
    """
    return [from_value(value, hint) for value in values]


@frozen
class Reply:
    """A reply: how many items came before it, and a result or a failure."""

    route: Route
    message: Message
    total: int

    def value(self) -> Any:
        """The typed result.

        Raises:
            CallError: the reply carries a failure.
            DecodeError: the result does not fit its type.
        """
        failure = envelope.failure_of(self.message)
        if failure is not None:
            raise error_of(self.route, failure)
        if keys.RESULT not in self.message:
            raise DecodeError.at(
                self.route.method.name, f"the reply has neither {keys.RESULT} nor {keys.ERROR}"
            )
        if self.route.reply is None:
            return None
        return from_value(self.message[keys.RESULT], self.route.reply)


def read_reply(route: Route, received: ReceivedFrame) -> Reply:
    """The reply in a frame.

    Raises:
        DecodeError: it cannot be read.
    """
    try:
        message = decode_message(received)
        return Reply(route, message, signals.number(message, keys.ITEMS) or 0)
    except (InvalidMessageError, RemoteProtocolError) as error:
        raise DecodeError.at(route.method.name, str(error)) from error


def error_of(route: Route, failure: envelope.Failure) -> CallError:
    """The exception for a failure: the contract's own class if it declares the code."""
    declared = route.errors.get(failure.code)
    if declared is None:
        return failure.to_error()
    try:
        error: CallError = from_value(failure.details or {}, declared)
    except ValueProblemsError:
        # An older or foreign peer: the code is right, the fields are not there.
        return CallError(failure.code, failure.message)
    error.message = failure.message
    return error


def close_handles(received: ReceivedFrame) -> None:
    """Close what came with a message that nobody will read."""
    for handle in received.handles:
        close = getattr(handle, "close", None)
        if close is not None:
            close()
