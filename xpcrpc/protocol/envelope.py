"""Requests and replies as dictionaries: rama's envelope.

========  =====================================================
request   ``{"$selector": string, "$arguments": [value]}``
success   ``{"$result": value}``
failure   ``{"$error": {"code": int64, "message": string}}``
========  =====================================================

Readers are as lenient as rama's: further keys are ignored, further arguments
too, and a failure's missing code is 0, its missing message empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..errors import (
    CallCancelledError,
    CallError,
    HandlerFailedError,
    InvalidMessageError,
    NotPermittedError,
    StreamOverflowError,
    TooManyCallsError,
    UnavailableError,
    UnknownSelectorError,
)
from ..facts import frozen
from ..values import INT64_MAX, INT64_MIN, Message, Value
from . import keys

FIRST_CONTRACT_CODE: Final = 100
"""Codes below are the envelope's own; contracts use this one and up."""

_STANDARD: Final = {
    error.CODE: error
    for error in (
        UnknownSelectorError,
        InvalidMessageError,
        HandlerFailedError,
        CallCancelledError,
        UnavailableError,
        TooManyCallsError,
        NotPermittedError,
        StreamOverflowError,
    )
}


@frozen
class Failure:
    """A failure as it travels."""

    code: int
    message: str
    details: Value = None

    def to_error(self) -> CallError:
        """The exception for a code that no contract declares."""
        standard = _STANDARD.get(self.code)
        if standard is not None:
            return standard(self.message)
        return CallError(self.code, self.message)


def request(selector: str, argument: Value) -> Message:
    """The dictionary that asks for one call."""
    return {keys.SELECTOR: selector, keys.ARGUMENTS: [argument]}


def success(result: Value) -> Message:
    """The dictionary that answers it."""
    return {keys.RESULT: result}


def failure(found: Failure) -> Message:
    """The dictionary that refuses it. A code outside int64 is clamped."""
    code = min(max(found.code, INT64_MIN), INT64_MAX)
    message: Message = {keys.ERROR: {keys.CODE: code, keys.MESSAGE: found.message}}
    if found.details is not None:
        message[keys.DETAILS] = found.details
    return message


def selector_of(message: Mapping[str, Value]) -> str:
    """Which method a request asks for.

    Raises:
        InvalidMessageError: there is no selector, or it is not text (rama's code 2).
    """
    selector = message.get(keys.SELECTOR)
    if not isinstance(selector, str):
        raise InvalidMessageError(f"{keys.SELECTOR} is missing or not a string")
    return selector


def argument_of(message: Mapping[str, Value]) -> Value:
    """The argument of a request: the first one, or None if the list is empty.

    Raises:
        HandlerFailedError: there is no list of arguments (rama's code 3).
    """
    arguments = message.get(keys.ARGUMENTS)
    if not isinstance(arguments, list):
        raise HandlerFailedError(f"{keys.ARGUMENTS} is missing or not an array")
    return arguments[0] if arguments else None


def failure_of(message: Mapping[str, Value]) -> Failure | None:
    """The failure that a reply carries, or None if it is a success."""
    found = message.get(keys.ERROR)
    if not isinstance(found, dict):
        return None
    code = found.get(keys.CODE)
    text = found.get(keys.MESSAGE)
    return Failure(
        code=min(code, INT64_MAX) if isinstance(code, int) and not isinstance(code, bool) else 0,
        message=text if isinstance(text, str) else "",
        details=message.get(keys.DETAILS),
    )
