"""Protocols: methods, events, streams and callbacks."""

from __future__ import annotations

from typing import Final

from .mistake import Mistake

UNKNOWN_STRUCT: Final = Mistake(
    "unknown-struct",
    "The struct that `in` names is declared, or imported",
    "There is nothing to send.",
)
NOT_A_STRUCT: Final = Mistake(
    "not-a-struct",
    "`in` names a struct, or is a table of fields",
    "Only a dictionary can gain fields later without breaking peers.",
)
UNKNOWN_ERROR: Final = Mistake(
    "unknown-error",
    "An error that a method names is declared",
    "There is no code to answer with.",
)
ERROR_LISTED_TWICE: Final = Mistake(
    "error-listed-twice",
    "A method lists an error once",
    "One of the two was meant to be another.",
)
ONEWAY_REPLY: Final = Mistake(
    "oneway-reply",
    "A oneway method says nothing of a reply",
    "Nobody waits for one: no result, error or deadline could ever be told.",
)
EVENT_REPLY: Final = Mistake(
    "event-reply",
    "An event says nothing of a reply",
    "It goes from the server to its clients, and nothing comes back.",
)
STREAM_EMPTY: Final = Mistake(
    "stream-empty",
    "A stream carries items in, out or both ways",
    "Without items it is a plain call.",
)
STREAM_KEY: Final = Mistake(
    "stream-key",
    "`window` and `overflow` stand inside `stream`",
    "They are about its items; at the method they would be about nothing.",
)
STREAM_WINDOW: Final = Mistake(
    "stream-window",
    "A window holds 1 to 1,000,000 items",
    "With none nothing flows; with more, a slow reader fills the memory of both sides.",
)
STREAM_OVERFLOW: Final = Mistake(
    "stream-overflow",
    "`overflow` stands at a stream whose items come out",
    "It says what a server does with its own items when there is no room for them.",
)
STREAM_ONEWAY: Final = Mistake(
    "stream-oneway",
    "A stream is not oneway",
    "Its reply is what ends it, and what gives the sender room for more.",
)
STREAM_IDEMPOTENT: Final = Mistake(
    "stream-idempotent",
    "A stream is not idempotent",
    "Items that were sent, or read, cannot be called back to be repeated.",
)
STREAM_OUT: Final = Mistake(
    "stream-out",
    "A method whose items come out has no `out` besides",
    "The client reads items until they end; there is no place for another result.",
)
TIMEOUT_FORM: Final = Mistake(
    "timeout-form",
    "A timeout is a span of time above zero, with its unit",
    "A bare number has been taken for seconds, and for milliseconds.",
)
CALLBACK_EVENTS: Final = Mistake(
    "callback-events",
    "A protocol of `callbacks` has no events",
    "The client serves it, and only a server's connection carries events.",
)
