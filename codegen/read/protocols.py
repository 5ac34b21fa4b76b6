"""Protocols and their methods."""

from __future__ import annotations

from typing import Any, Final, cast

from attrs import define

from ..duration import parse_duration
from ..mistakes.protocols import (
    EVENT_REPLY,
    ONEWAY_REPLY,
    STREAM_EMPTY,
    STREAM_IDEMPOTENT,
    STREAM_KEY,
    STREAM_ONEWAY,
    STREAM_OUT,
    STREAM_OVERFLOW,
    STREAM_WINDOW,
    TIMEOUT_FORM,
)
from ..mistakes.shape import MISSING_KEY, WRONG_KIND
from ..model import (
    DEFAULT_WINDOW,
    Event,
    Method,
    Overflow,
    Protocol,
    Stream,
    StructType,
    Wire,
)
from ..naming import camel, pascal
from ..typeexpr import TypeExpr
from .declarations import about
from .fields import FieldReader
from .services import read_requires
from .table import Table, kind_of

OVERFLOWS: Final = ("block", "drop_oldest", "drop_newest", "fail")
MAX_WINDOW: Final = 1_000_000
"""Most items of a stream in flight; more would only fill memory."""


@define
class ProtocolReader:
    """Reads ``[protocol.X]``."""

    fields: FieldReader
    wire: Wire

    def read(self, name: str, table: Table) -> Protocol:
        """One protocol."""
        methods = tuple(self._method(name, method, at) for method, at in table.tables("methods"))
        events = tuple(self._event(name, event, at) for event, at in table.tables("events"))
        if not methods and "methods" not in table.values and "events" not in table.values:
            table.complaints.at_key(
                MISSING_KEY, table.path, "'methods' is missing; a protocol needs a method"
            )
        read = Protocol(
            **about(name, table),
            methods=methods,
            events=events,
            callbacks=table.text("callbacks"),
        )
        table.finish()
        return read

    def _method(self, protocol: str, name: str, table: Table) -> Method:
        for key in ("window", "overflow"):
            if table.take(key) is not None:
                table.complaints.at_key(
                    STREAM_KEY,
                    table.at(key),
                    f"{key} belongs to a stream; write stream = {{ {key} = … }}",
                )
        stream = _stream(table)
        oneway = table.flag("oneway")
        read = Method(
            **about(name, table),
            request=self._request(name, table),
            reply=self._reply(name, table),
            errors=table.texts("errors"),
            oneway=oneway,
            timeout_ns=_timeout(table),
            idempotent=table.flag("idempotent"),
            serial=table.choice("concurrency", ("parallel", "serial"), "parallel") == "serial",
            selector=table.text("selector") or self._selector(protocol, name),
            stream=stream,
            requires=read_requires(table),
        )
        if oneway:
            for key in ("out", "errors", "timeout", "idempotent"):
                if key in table.values:
                    table.complaints.at_key(
                        ONEWAY_REPLY,
                        table.at(key),
                        f"a oneway method has no reply; drop {key}, or oneway",
                    )
        if stream is not None:
            _check_stream(table, stream, oneway=oneway)
        table.finish()
        return read

    def _event(self, protocol: str, name: str, table: Table) -> Event:
        template = self.wire.selector
        head = template.partition(":")[0]
        # Nothing replies to an event, so "{camel}:withReply:" says too much.
        template = head if "{" in head.replace("{protocol}", "") else template
        for key in ("out", "errors", "timeout", "oneway", "stream", "idempotent", "requires"):
            if table.take(key) is not None:
                table.complaints.at_key(
                    EVENT_REPLY,
                    table.at(key),
                    f"an event is told and nothing comes back; drop {key}",
                )
        read = Event(
            **about(name, table),
            payload=self._input(f"{pascal(name)}Event", table),
            selector=table.text("selector") or self._spelled(template, protocol, name),
        )
        table.finish()
        return read

    def _selector(self, protocol: str, name: str) -> str:
        return self._spelled(self.wire.selector, protocol, name)

    def _spelled(self, selector: str, protocol: str, name: str) -> str:
        names = {
            "{name}": name,
            "{camel}": camel(name),
            "{pascal}": pascal(name),
            "{protocol}": protocol,
        }
        for placeholder, value in names.items():
            selector = selector.replace(placeholder, value)
        return selector

    def _request(self, name: str, table: Table) -> StructType | str | None:
        return self._input(f"{pascal(name)}Request", table)

    def _input(self, struct: str, table: Table) -> StructType | str | None:
        value = table.take("in")
        if value is None:
            return None
        if isinstance(value, dict):
            return self._struct(struct, table, "in")
        if isinstance(value, str):
            return table.text("in")
        table.complain(
            WRONG_KIND, "in", f"a struct's name or a table of fields, not {kind_of(value)}"
        )
        return None

    def _reply(self, name: str, table: Table) -> StructType | TypeExpr | None:
        value: Any = table.take("out")
        if isinstance(value, dict):
            return self._struct(f"{pascal(name)}Reply", table, "out")
        if value is not None and not isinstance(value, str):
            table.complain(WRONG_KIND, "out", f"a type or a table of fields, not {kind_of(value)}")
            return None
        return table.type("out", required=False)

    def _struct(self, name: str, table: Table, key: str) -> StructType:
        inner = table.table(key)
        return StructType(name=name, path=table.at(key), fields=self.fields.read_all(inner))


def _stream(method: Table) -> Stream | None:
    table = method.table("stream")
    if table is None:
        return None
    items_in, items_out = table.type("in", required=False), table.type("out", required=False)
    if items_in is None and items_out is None:
        table.complaints.at_value(
            STREAM_EMPTY,
            table.path,
            'the stream carries nothing; give in, out or both, as in { out = "u8" }',
        )
    window = table.integer("window")
    if window is not None and not 1 <= window <= MAX_WINDOW:
        table.complain(
            STREAM_WINDOW, "window", f"a window holds 1 to {MAX_WINDOW} items, not {window}"
        )
        window = None
    overflow = cast(Overflow, table.choice("overflow", OVERFLOWS, "block"))
    if "overflow" in table.values and items_in is not None and items_out is None:
        table.complaints.at_key(
            STREAM_OVERFLOW,
            table.at("overflow"),
            "overflow is about items of the server, and this stream has none; drop it",
        )
    read = Stream(table.path, items_in, items_out, window or DEFAULT_WINDOW, overflow)
    table.finish()
    return read


def _check_stream(method: Table, stream: Stream, *, oneway: bool) -> None:
    complaints = method.complaints
    if oneway:
        complaints.at_key(
            STREAM_ONEWAY,
            method.at("oneway"),
            "a stream needs a reply that ends it; drop oneway, or stream",
        )
    if "idempotent" in method.values:
        complaints.at_key(
            STREAM_IDEMPOTENT,
            method.at("idempotent"),
            "items cannot be sent a second time, so a stream is not repeated; drop idempotent",
        )
    if stream.items_out is not None and "out" in method.values:
        complaints.at_key(
            STREAM_OUT,
            method.at("out"),
            "what comes out are the items of the stream; drop out, or put it into their type",
        )


def _timeout(table: Table) -> int | None:
    text = table.text("timeout")
    if text is None:
        return None
    span = parse_duration(text)
    if span is None or span <= 0:
        table.complain(
            TIMEOUT_FORM,
            "timeout",
            f'{text!r} is no span of time above zero; write it as "5s", "250ms" or "2m"',
        )
        return None
    return span
