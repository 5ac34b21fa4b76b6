"""Why an XPC value cannot be written: every reason, each with its path."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from ..errors import Problem, shorten
from ..values import (
    INT64_MAX,
    INT64_MIN,
    MAX_DEPTH,
    MAX_HANDLES,
    Date,
    Endpoint,
    FileDescriptor,
    SharedMemory,
    UInt64,
)

MAX_PROBLEMS: Final = 100
"""Problems listed for one value; a peer's message can hold millions of wrong items."""


def step(path: str, key: object) -> str:
    """The path of an entry below ``path``."""
    if isinstance(key, str):
        if key.isidentifier():
            return f"{path}.{key}" if path else key
        return f"{path}[{shorten(key)}]"
    return f"{path}[{key!r}]"


def describe(value: object) -> str:
    """The XPC type and, if it is short, the value itself: ``uint64 7``."""
    for kind, name in _NAMES:
        if isinstance(value, kind):
            if isinstance(value, bool):
                return f"{name} {str(value).lower()}"
            if isinstance(value, str):
                return f"{name} {shorten(str.__str__(value))}"
            if isinstance(value, int):
                return f"{name} {int(value)}"
            if isinstance(value, float | UUID):
                return f"{name} {value}"
            if isinstance(value, Date):
                return f"{name} {value.ns}"
            if isinstance(value, bytes | list | dict):
                return f"{name} of {len(value)}"
            return name
    return "null" if value is None else f"a {type(value).__name__}"


_NAMES: Final = (
    (bool, "bool"),
    (UInt64, "uint64"),
    (int, "int64"),
    (float, "double"),
    (str, "string"),
    (bytes, "data"),
    (Date, "date"),
    (UUID, "uuid"),
    (FileDescriptor, "fd"),
    (SharedMemory, "shmem"),
    (Endpoint, "endpoint"),
    (list, "array"),
    (dict, "dictionary"),
)


def text_refusal(value: str) -> str | None:
    """Why text cannot be an XPC string (C-15), or None."""
    if (place := value.find("\0")) >= 0:
        return f"has a NUL at character {place}; XPC text ends at the first NUL"
    try:
        str.encode(value)
    except UnicodeEncodeError as error:
        return f"has a lone surrogate at character {error.start}; it has no UTF-8 form"
    return None


def limited(problems: list[Problem], root: str) -> list[Problem]:
    """At most `MAX_PROBLEMS` of them, and a word about the rest."""
    if len(problems) <= MAX_PROBLEMS:
        return problems
    rest = Problem(root, f"and more; the first {MAX_PROBLEMS} problems are listed")
    return [*problems[:MAX_PROBLEMS], rest]


def refusals(value: Any, root: str, *, depth: int = 0, has_table: bool = True) -> list[Problem]:
    """Everything in ``value`` that cannot be written; empty if all can.

    ``depth`` is the number of containers around it; without a table, handles
    cannot travel.
    """
    found: list[Problem] = []
    handles = 0
    open_containers: set[int] = set()

    def visit(value: Any, path: str, depth: int) -> None:
        nonlocal handles
        if len(found) > MAX_PROBLEMS:
            return
        if isinstance(value, dict | list):
            if id(value) in open_containers:
                found.append(Problem(path, "contains itself; send a copy without the circle"))
            elif depth > MAX_DEPTH:
                deep = f"more than {MAX_DEPTH} containers deep; send the inner ones by themselves"
                found.append(Problem(_elided(path), deep))
            else:
                open_containers.add(id(value))
                pairs = value.items() if isinstance(value, dict) else enumerate(value)
                for key, item in pairs:
                    where = step(path, key)
                    if isinstance(value, dict) and (reason := _key_refusal(key)):
                        found.append(Problem(where, reason))
                    visit(item, where, depth + 1)
                open_containers.discard(id(value))
        elif isinstance(value, FileDescriptor | SharedMemory | Endpoint):
            handles += 1
            if not has_table:
                found.append(Problem(path, f"{describe(value)} cannot travel here"))
            elif not isinstance(value, Endpoint) and value.closed:
                closed = f"the {describe(value)} is closed; close it after it was sent"
                found.append(Problem(path, closed))
        elif reason := _scalar_refusal(value):
            found.append(Problem(path, reason))

    visit(value, root, depth)
    if handles > MAX_HANDLES:
        found.append(Problem(root, f"{handles} handles, but a message carries {MAX_HANDLES}"))
    return limited(found, root)


def _key_refusal(key: object) -> str | None:
    if not isinstance(key, str):
        return f"a key must be a str, not {describe(key)}"
    reason = text_refusal(key)
    return f"the key {reason}" if reason else None


def _scalar_refusal(value: object) -> str | None:
    if value is None or isinstance(value, bool | UInt64 | float | Date | bytes | UUID):
        return None
    if isinstance(value, int):
        if INT64_MIN <= value <= INT64_MAX:
            return None
        return f"{value} is outside int64; UInt64 holds up to 2**64-1"
    if isinstance(value, str):
        return text_refusal(value)
    hint = "a type of xpcrpc.values"
    if isinstance(value, tuple):
        hint = "a list"
    elif isinstance(value, bytearray | memoryview):
        hint = "bytes"
    return f"{type(value).__name__} is no XPC value; use {hint}"


def _elided(path: str) -> str:
    shown = 40  # characters at either end
    return path if len(path) <= 2 * shown else f"{path[:shown]}…{path[-shown:]}"
