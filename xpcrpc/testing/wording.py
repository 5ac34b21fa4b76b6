"""Messages and values in words, for transcripts."""

from __future__ import annotations

import os
import stat
from typing import Final

from ..errors import (
    ConnectionInterruptedError,
    ConnectionInvalidError,
    PeerRequirementError,
    TransportError,
)
from ..protocol import envelope, keys
from ..values import Endpoint, FileDescriptor, SharedMemory, Value

MAX_TEXT: Final = 80
"""Characters of a text, and bytes of data, that are shown."""

MAX_ITEMS: Final = 16
"""Items of an array, and entries of a dictionary, that are shown."""

_KINDS: Final = (
    (stat.S_ISREG, "file"),
    (stat.S_ISFIFO, "pipe"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISCHR, "device"),
)

_ABOUT_CALL: Final = (keys.CALL, keys.WINDOW)


def of_message(value: Value) -> str:
    """A message in one line: a call, its answer, a signal, or a bare dictionary."""
    if not isinstance(value, dict):
        return of_value(value)
    selector = value.get(keys.SELECTOR)
    if isinstance(selector, str):
        arguments = value.get(keys.ARGUMENTS)
        shown = ", ".join(map(of_value, arguments)) if isinstance(arguments, list) else "?"
        return f"{selector}({'' if shown == '{}' else shown}){_call_of(value)}"
    failure = envelope.failure_of(value)
    if failure is not None:
        details = "" if failure.details is None else f" {of_value(failure.details)}"
        return f"refused, code {failure.code}: {failure.message}{details}"
    if keys.RESULT in value:
        items = f" after {of_value(value[keys.ITEMS])} items" if keys.ITEMS in value else ""
        return f"= {of_value(value[keys.RESULT])}{items}"
    return _signal(value) or of_value(value)


def _call_of(message: dict[str, Value]) -> str:
    facts = [f"{_word(key)} {of_value(message[key])}" for key in _ABOUT_CALL if key in message]
    return f" [{', '.join(facts)}]" if facts else ""


def _word(key: str) -> str:
    return key.removeprefix("$")


def _signal(message: dict[str, Value]) -> str | None:
    if keys.DRAIN in message:
        return "drain"
    for key in (keys.ITEMS, keys.CREDIT, keys.END, keys.CANCEL):
        if key in message and keys.CALL in message:
            return f"{_word(key)} {of_value(message[key])} [call {of_value(message[keys.CALL])}]"
    return None


def of_fault(error: TransportError) -> str:
    """What became of a connection or a request."""
    if isinstance(error, ConnectionInterruptedError):
        return "interrupted"
    if isinstance(error, ConnectionInvalidError):
        return f"invalid: {error.reason}" if error.reason else "invalid"
    if isinstance(error, PeerRequirementError):
        return "answer withheld: the peer does not meet the rule"
    return str(error)


def of_value(value: Value) -> str:
    """A value as Python would write it, shortened; handles by what they are."""
    if isinstance(value, dict):
        shown = [f"{key!r}: {of_value(each)}" for key, each in list(value.items())[:MAX_ITEMS]]
        return "{" + ", ".join(_cut(shown, len(value))) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_cut(list(map(of_value, value[:MAX_ITEMS])), len(value))) + "]"
    if isinstance(value, bytes) and len(value) > MAX_TEXT:
        return f"<{len(value)} bytes>"
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return f"{value[:MAX_TEXT]!r}… ({len(value)} characters)"
    if isinstance(value, FileDescriptor):
        return f"<descriptor: {_kind_of(value)}>"
    if isinstance(value, SharedMemory):
        return "<shared memory>" if value.closed else f"<shared memory: {len(value)} bytes>"
    if isinstance(value, Endpoint):
        return "<endpoint>"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(int(value))
    return repr(value)


def _cut(shown: list[str], total: int) -> list[str]:
    return shown if len(shown) == total else [*shown, f"… {total} in all"]


def _kind_of(descriptor: FileDescriptor) -> str:
    if descriptor.closed:
        return "closed"
    mode = os.fstat(descriptor.fileno()).st_mode
    return next((name for test, name in _KINDS if test(mode)), "other")
