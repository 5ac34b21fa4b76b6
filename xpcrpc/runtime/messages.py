"""Typed requests and replies to frames, and back.

The envelope's keys are the protocol's, the bytes are the codec's; here they
meet: one function per direction, so that a call costs one pass each way.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias, get_type_hints

from attrs import frozen

from ..codec import frame as frames
from ..codec.converter import from_value, to_value
from ..contract import ContractError, Method
from ..errors import (
    CallError,
    DecodeError,
    HandlerFailedError,
    InvalidMessageError,
    ValueProblemsError,
)
from ..protocol import envelope, keys
from ..transport.base import ReceivedFrame
from ..values import Handle, Value

Encoded: TypeAlias = tuple[bytes, Sequence[Handle]]


@frozen
class Route:
    """A method with its types resolved; see `routes`."""

    method: Method[Any, Any]
    reply: Any
    errors: Mapping[int, type[ContractError]]


@lru_cache(maxsize=4096)
def route_of(method: Method[Any, Any], package: str) -> Route:
    """A method's facts, with names of types looked up in its package."""
    reply = method.reply
    if isinstance(reply, str):
        reply = _resolve(reply, package)
    return Route(method, reply, {error.code: error for error in method.errors})


def _resolve(text: str, package: str) -> Any:
    holder = type("Reply", (), {"__annotations__": {"reply": text}, "__module__": package})
    namespace = vars(sys.modules[package])
    return get_type_hints(holder, namespace, include_extras=True)["reply"]


def encode_request(route: Route, request: Any) -> Encoded:
    """The frame of a request.

    Raises:
        EncodeError: the request does not fit its types.
    """
    handles: list[Handle] = []
    message = envelope.request(route.method.selector, to_value(request))
    return frames.encode(message, handles=handles), handles


def encode_result(route: Route, result: Any) -> Encoded:
    """The frame of a reply that carries a result.

    Raises:
        EncodeError: the result does not fit the method's type.
    """
    handles: list[Handle] = []
    value = None if route.reply is None else to_value(result, route.reply)
    return frames.encode(envelope.success(value), handles=handles), handles


def encode_failure(error: CallError) -> Encoded:
    """The frame of a reply that carries a failure."""
    handles: list[Handle] = []
    details: Value = None
    if isinstance(error, ContractError):
        details = to_value(error)
    message = envelope.failure(envelope.Failure(error.code, str(error), details))
    return frames.encode(message, handles=handles), handles


def decode_message(received: ReceivedFrame) -> dict[str, Value]:
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


def decode_reply(route: Route, received: ReceivedFrame) -> Any:
    """The typed result in a reply.

    Raises:
        CallError: the reply carries a failure.
        DecodeError: the reply does not decode.
    """
    try:
        message = decode_message(received)
    except InvalidMessageError as error:
        raise DecodeError.at(route.method.name, error.message) from error
    failure = envelope.failure_of(message)
    if failure is not None:
        raise error_of(route, failure)
    if keys.RESULT not in message:
        raise DecodeError.at(route.method.name, "the reply has neither $result nor $error")
    if route.reply is None:
        return None
    return from_value(message[keys.RESULT], route.reply)


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
