"""Spelling: how a contract's names become Python's.

* A snake_case name stays; types stay PascalCase; cases, bits and constants are UPPER_CASE.
* A name that Python or the generated code needs for itself gets a trailing
  underscore (``class`` becomes ``class_``). Its name on the wire stays, and its
  docstring says so.
* Two names that would be spelled alike are refused; nothing is renamed silently.
"""

from __future__ import annotations

import keyword
import re
from typing import Final

SNAKE: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
PASCAL: Final = re.compile(r"[A-Z][A-Za-z0-9]*")
UPPER: Final = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")

MAX_NAME: Final = 48
"""Longest name, in characters: its generated lines still fit a screen."""

BUILTIN_TYPES: Final = frozenset({"bool", "bytes", "dict", "float", "int", "list", "str"})
"""What generated annotations say; an attribute so named would hide it from a type checker."""

FIELD_NAMES: Final = BUILTIN_TYPES | {"constraints", "field", "self", "unknown_fields", "wire"}
"""Taken in a generated attrs class."""

REQUEST_NAMES: Final = FIELD_NAMES | {"timeout_s"}
"""Also taken where fields become keywords of a client's method."""

STREAM_REQUEST_NAMES: Final = REQUEST_NAMES | {"items"}
"""Also taken where that method takes the items of a stream."""

ERROR_NAMES: Final = FIELD_NAMES | {
    "add_note", "args", "code", "message", "retryable", "with_traceback",
}  # fmt: skip
"""Also taken in an exception."""

METHOD_NAMES: Final = BUILTIN_TYPES | {
    "abstractmethod", "callbacks", "close", "connect", "expect", "from_end", "late_messages",
    "links", "on", "over", "protocol", "register", "server_version", "service", "with_metadata",
}  # fmt: skip
"""Taken in `xpcrpc.Client` and `xpcrpc.Server`, which stubs inherit from."""

CASE_NAMES: Final = frozenset({"KIND"})
"""Taken in an enum of integers, which says there how it looks on the wire."""

MODULE_NAMES: Final = frozenset({"types", "services"})
"""Modules of every generated package."""

TYPE_NAMES: Final = frozenset(
    {
        "Annotated", "CallContext", "ClassVar", "Client", "ClientEnd", "ContractError", "Date",
        "Duration", "Empty", "FileDescriptor", "Final", "F32", "F64", "I16", "I32", "I64", "I8",
        "IntEnum", "IntFlag", "IntKind", "KEEP", "Method", "OpenEnum", "OpenIntEnum", "Protocol",
        "ReadFd", "ReadWriteFd", "Server", "ServerEnd", "Service", "SharedMemory", "SocketFd",
        "StrEnum", "TYPE_CHECKING", "TypeAlias", "U16", "U32", "U64", "U8", "UInt64", "UUID",
        "UnknownCase", "Value", "WriteFd",
    }
)  # fmt: skip
"""What generated modules import."""

QUIET_NAMES: Final = frozenset(
    {"AsyncIterable", "AsyncIterator", "Event", "EventSender", "Events", "Overflow", "Stream"}
)
"""Imported as well, but only where stubs stream; beside a type of the contract of that name
they are imported with an underscore in front, so that the type keeps its name."""


def spelled(name: str, taken: frozenset[str]) -> str:
    """``name``, with an underscore if it is a keyword or taken."""
    return f"{name}_" if keyword.iskeyword(name) or name in taken else name


def words(name: str) -> list[str]:
    """The words of a name in any of the three spellings, in lower case."""
    split = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3_\2\4", name)
    return [word.lower() for word in split.split("_") if word]


def snake(name: str) -> str:
    """``FlowTap`` → ``flow_tap``"""
    return "_".join(words(name))


def upper(name: str) -> str:
    """``FlowTap``, ``flow_tap`` → ``FLOW_TAP``"""
    return snake(name).upper()


def pascal(name: str) -> str:
    """``flow_tap`` → ``FlowTap``"""
    return "".join(word[:1].upper() + word[1:] for word in words(name))


def camel(name: str) -> str:
    """``flow_tap`` → ``flowTap``"""
    text = pascal(name)
    return text[:1].lower() + text[1:]


def module_name(protocol: str) -> str:
    """The module that a protocol's stubs live in."""
    return spelled(snake(protocol), MODULE_NAMES)


def package_name(package: str, python: str | None) -> str:
    """The generated package: what the contract says, or its package's last label."""
    return python or spelled(snake(package.rpartition(".")[2].replace("-", "_")), frozenset())


def case_constant(case: str) -> str:
    """The member of an enum or of flags."""
    return spelled(case.upper(), CASE_NAMES)


def union_case(union: str, case: str) -> str:
    """The class of a union's case."""
    return union + pascal(case)


def protocol_constant(protocol: str) -> str:
    """The object that describes a protocol."""
    return upper(protocol)


def events_class(protocol: str) -> str:
    """The class that sends a protocol's events."""
    return f"{protocol}Events"


def service_object(service: str) -> str:
    """The object that describes a service."""
    return spelled(pascal(service), TYPE_NAMES)


def service_client(service: str) -> str:
    """The client class of a service."""
    return f"{pascal(service)}Client"
