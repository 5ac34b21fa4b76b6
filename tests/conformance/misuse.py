"""X1 to X38, the tables: what ends a C program is refused, or cannot be written at all.

Each row of section 9 of the contract is an act and the exception that comes
before any call of libxpc (`REFUSED`), the reason why Python has no such act
(`IMPOSSIBLE`), or a test of its own (`ELSEWHERE`).
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from typing import Final

from attrs import frozen

from tests.conformance.harness import MACOS
from xpcrpc.errors import (
    ConnectionInvalidError,
    EncodeError,
    MisuseError,
    ServiceConfigurationError,
    XpcRpcError,
)
from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.rules import All, Anyone, Entitlement, Identifier, Lwcr, PeerRule, Team, Uid
from xpcrpc.transport.xpc import XpcTransport
from xpcrpc.transport.xpc_requirement import macos_plan
from xpcrpc.values import Endpoint, FileDescriptor, SharedMemory, Value


@frozen
class Bench:
    """What acts of misuse are done to."""

    listener: Listener
    endpoint: Endpoint
    client: Connection
    request: ReceivedMessage
    """One that waits for its reply."""
    transport: XpcTransport


@frozen
class Refused:
    """An act, the exception, and its words on what to do instead."""

    number: int
    title: str
    act: Callable[[Bench], object]
    """What is done; a coroutine is awaited."""
    error: type[XpcRpcError]
    advice: str
    calls: frozenset[str] = frozenset()
    """What of the bridge it may reach all the same: the lawful part of the act."""


@frozen
class Impossible:
    """Words that no name of the public API or of the extension may hold, and why."""

    number: int
    title: str
    words: tuple[str, ...]
    reason: str


MADE: Final = frozenset({"xr_connection_token"})
TO_ENDPOINT: Final = MADE | {"xr_connection_to_endpoint"}
TO_SERVICE: Final = MADE | {"xr_connection_to_service"}


def _twice_ruled(bench: Bench) -> None:
    connection = bench.transport.connect_endpoint(bench.endpoint, rule=Anyone())
    connection.require(OWN_RULE)


def _ruled_late(bench: Bench) -> None:
    connection = bench.transport.connect_endpoint(bench.endpoint)
    connection.set_event_handler(lambda event: None)
    connection.activate()
    connection.require(OWN_RULE)


def _foreign_memory(size: int) -> SharedMemory:
    return SharedMemory(memoryview(bytearray(size)), release=lambda: None)


def _part_of_a_mapping() -> SharedMemory:
    return SharedMemory(memoryview(mmap.mmap(-1, 8192))[4096:], release=lambda: None)


def _cycle() -> dict[str, Value]:
    inner: list[Value] = []
    inner.append(inner)
    return {"in": inner}


def _deep() -> dict[str, Value]:
    value: Value = 1
    for _ in range(5000):
        value = [value]
    return {"in": value}


def _closed() -> FileDescriptor:
    file = FileDescriptor(os.open(os.devnull, os.O_RDONLY))
    file.close()
    file.close()  # harmless: one owner, one number
    return file


def _send(make: Callable[[], object]) -> Callable[[Bench], object]:
    return lambda bench: bench.client.send(make())  # type: ignore[arg-type]


OTHER_RULE: Final[PeerRule] = Uid("self") if MACOS else Team("self")
OWN_RULE: Final[PeerRule] = Anyone() if MACOS else Uid("self")
CONFIGURATION: Final = ServiceConfigurationError
AN_ENTITLEMENT: Final = Entitlement("e", value=True)

REFUSED: Final = [
    Refused(4, "resume below zero", lambda b: b.client.resume(),
            MisuseError, "each resume undoes one suspend"),
    Refused(4, "resume of a connection that was never used",
            lambda b: Connection.to_endpoint(b.endpoint).resume(),
            MisuseError, "each resume undoes one suspend", TO_ENDPOINT),
    Refused(5, "activate without a handler", lambda b: b.transport.connect("org.none").activate(),
            MisuseError, "set an event handler before activate", TO_SERVICE),
    Refused(8, "a list as the message", _send(list), EncodeError, "is a dict, not list; use keys"),
    Refused(8, "an error as the message", _send(ConnectionInvalidError),
            EncodeError, "is a dict, not ConnectionInvalidError; use keys"),
    Refused(8, "text as a request", lambda b: b.client.request("text"),  # type: ignore[arg-type]
            EncodeError, "is a dict, not str; use keys"),
    Refused(8, "a list as the reply", lambda b: b.request.reply([]),  # type: ignore[arg-type]
            EncodeError, "is a dict, not list; use keys"),
    Refused(12, "a second rule", _twice_ruled,
            MisuseError, "combine rules with All and AnyOf",
            TO_ENDPOINT | {"xr_connection_set_peer_rule"}),
    Refused(12, "a rule after activation", _ruled_late,
            MisuseError, "given before it is activated",
            TO_ENDPOINT | {"xr_connection_activate"}),
    Refused(13, "an entitlement's value of another type",
            lambda b: macos_plan(Entitlement("e", value=1.5)),  # type: ignore[arg-type]
            CONFIGURATION, "must be a bool, a str with something in it or an int of 64 bits"),
    Refused(13, "a requirement that is no dictionary",
            lambda b: macos_plan(Lwcr(["no"])),  # type: ignore[arg-type]
            CONFIGURATION, "requirement is a dictionary, not"),
    Refused(13, "rules that no one requirement can state",
            lambda b: macos_plan(All((AN_ENTITLEMENT, Identifier("x")))),
            CONFIGURATION, r"state the whole rule as Requirement\(text\), or as one Lwcr"),
    Refused(14, "memory that is no mapping", _send(lambda: {"m": _foreign_memory(mmap.PAGESIZE)}),
            EncodeError, "make the memory with SharedMemory.create"),
    Refused(14, "a part of a mapping", _send(lambda: {"m": _part_of_a_mapping()}),
            EncodeError, "make the memory with SharedMemory.create"),
    Refused(17, "a key that is None", _send(lambda: {None: 1}), EncodeError, "must be a str"),
    Refused(17, "a key that is bytes", _send(lambda: {b"k": 1}), EncodeError, "must be a str"),
    Refused(19, "an endpoint that no listener made", _send(lambda: {"e": Endpoint(7)}),
            MisuseError, "make one with a listener of this one"),
    Refused(20, "no endpoint", lambda b: Connection.to_endpoint("e"),  # type: ignore[arg-type]
            MisuseError, "take one from Listener.endpoint, or out of a message"),
    Refused(20, "a connection as an endpoint",
            lambda b: Connection.to_endpoint(b.client),  # type: ignore[arg-type]
            MisuseError, "take one from Listener.endpoint, or out of a message"),
    Refused(20, "a value of no XPC type", _send(lambda: {"v": object()}),
            EncodeError, "use a type of xpcrpc.values"),
    Refused(20, "no rule", lambda b: Connection.to_endpoint(b.endpoint, rule=7),  # type: ignore[arg-type]
            MisuseError, "is one of xpcrpc.rules", TO_ENDPOINT),
    Refused(21, "None as a name", lambda b: Connection.to_service(None),  # type: ignore[arg-type]
            MisuseError, "is a str, as in its contract"),
    Refused(21, "None as an endpoint", lambda b: Connection.to_endpoint(None),  # type: ignore[arg-type]
            MisuseError, "take one from Listener.endpoint, or out of a message"),
    Refused(21, "None as a listener's rule",
            lambda b: Listener.named("org.none", rule=None),  # type: ignore[arg-type]
            MisuseError, r"give the rule that peers must meet, or Anyone\(\)"),
    Refused(30, "an unbalanced transaction", lambda b: b.transport.end_transaction(),
            MisuseError, "call begin_transaction first"),
    Refused(35, "a rule that this system's libxpc cannot hold",
            lambda b: Connection.to_endpoint(b.endpoint, rule=OTHER_RULE),
            CONFIGURATION, "state a (Linux|macOS) rule, such as", TO_ENDPOINT),
    Refused(37, "a NUL in a name", lambda b: Connection.to_service("a\0b"),
            CONFIGURATION, "1 to 127 bytes without NUL"),
    Refused(37, "a NUL in text", _send(lambda: {"t": "a\0b"}), EncodeError, "a NUL at character 1"),
    Refused(37, "a NUL in a key", _send(lambda: {"a\0b": 1}), EncodeError, "a NUL at character 1"),
    Refused(37, "text that is no UTF-8", _send(lambda: {"t": "\ud800"}),
            EncodeError, "a lone surrogate at character 0"),
    Refused(37, "a closed descriptor", _send(lambda: {"f": _closed()}),
            EncodeError, "close it after it was sent"),
    Refused(38, "a cycle", _send(_cycle), EncodeError, "send a copy without the circle"),
    Refused(38, "extreme nesting", _send(_deep),
            EncodeError, "send the inner ones by themselves"),
]  # fmt: skip

IMPOSSIBLE: Final = [
    Impossible(1, "over-release", ("retain",), "objects own their reference; __del__ gives it up"),
    Impossible(
        7, "set_target_queue after activation", ("queue",), "the bridge sets it, before activation"
    ),
    Impossible(
        9, "a reply on another connection", ("create_reply",), "a reply is a method of its request"
    ),
    Impossible(11, "a synchronous send in a handler", ("sync",), "requests are awaited"),
    Impossible(15, "mutation inside apply", ("apply",), "containers arrive as dict and list"),
    Impossible(18, "a length that does not fit", ("data_create",), "lengths come from objects"),
    Impossible(23, "a finalizer that touches its connection", ("finalizer", "context"), "hidden"),
    Impossible(26, "a block freed while libxpc has it", ("block",), "freed by its dispose helper"),
    Impossible(28, "xpc_main outside a bundled service", ("main",), "not bound"),
    Impossible(29, "an event stream handler twice", ("stream",), "not bound"),
    Impossible(31, "an inactive session used", ("session",), "not bound"),
    Impossible(32, "a session released uncancelled", ("session",), "not bound"),
    Impossible(33, "a session activated twice", ("session",), "not bound"),
    Impossible(34, "a session left without handler", ("session",), "not bound"),
]

ELSEWHERE: Final = {
    2: "test_x02_x03_connections_are_dropped_in_every_state",
    3: "test_x02_x03_connections_are_dropped_in_every_state",
    6: "test_x06_a_peer_that_is_not_accepted_is_cancelled",
    10: "test_x10_a_reply_is_sent_once",
    16: "test_x16_an_index_out_of_range_is_pythons_own_error",
    19: "test_x19_only_listeners_make_endpoints",
    22: "test_x22_errors_are_not_dictionaries",
    24: "test_x24_an_event_outlives_its_handler",
    25: "test_x25_a_connection_may_be_cancelled_before_it_is_used",
    27: "test_x27_an_exception_in_a_handler_stays_in_python",
    36: "test_x36_a_forked_child_is_told_to_spawn",
}
