"""Protocols and their methods."""

from __future__ import annotations

from typing import Any

from attrs import define

from ..duration import parse_duration
from ..model import DEFAULT_TIMEOUT_NS, Method, Protocol, StructType, Wire
from ..naming import camel, pascal
from ..typeexpr import TypeExpr
from .declarations import about
from .fields import FieldReader
from .table import Table, kind_of


@define
class ProtocolReader:
    """Reads ``[protocol.X]``."""

    fields: FieldReader
    wire: Wire

    def read(self, name: str, table: Table) -> Protocol:
        """One protocol."""
        table.not_yet("events", "let the client poll, or pass a client_end<P> back")
        methods = tuple(self._method(name, method, at) for method, at in table.tables("methods"))
        if not methods and "methods" not in table.values and "events" not in table.values:
            table.complaints.at_key(table.path, "'methods' is missing; a protocol needs a method")
        read = Protocol(**about(name, table), methods=methods)
        table.finish()
        return read

    def _method(self, protocol: str, name: str, table: Table) -> Method:
        table.not_yet("stream", "answer with a list, or let the client ask again")
        table.not_yet("requires", "give the stricter method a service of its own")
        for key in ("window", "overflow"):
            table.not_yet(key, "it is a setting of a stream")
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
        )
        if oneway:
            for key in ("out", "errors", "timeout", "idempotent"):
                if key in table.values:
                    table.complaints.at_key(
                        table.at(key), f"a oneway method has no reply; drop {key}, or oneway"
                    )
        table.finish()
        return read

    def _selector(self, protocol: str, name: str) -> str:
        names = {
            "{name}": name,
            "{camel}": camel(name),
            "{pascal}": pascal(name),
            "{protocol}": protocol,
        }
        selector = self.wire.selector
        for placeholder, value in names.items():
            selector = selector.replace(placeholder, value)
        return selector

    def _request(self, name: str, table: Table) -> StructType | str | None:
        value = table.take("in")
        if value is None:
            return None
        if isinstance(value, dict):
            return self._struct(f"{pascal(name)}Request", table, "in")
        if isinstance(value, str):
            return table.text("in")
        table.complain("in", f"a struct's name or a table of fields, not {kind_of(value)}")
        return None

    def _reply(self, name: str, table: Table) -> StructType | TypeExpr | None:
        value: Any = table.take("out")
        if isinstance(value, dict):
            return self._struct(f"{pascal(name)}Reply", table, "out")
        if value is not None and not isinstance(value, str):
            table.complain("out", f"a type or a table of fields, not {kind_of(value)}")
            return None
        return table.type("out", required=False)

    def _struct(self, name: str, table: Table, key: str) -> StructType:
        inner = table.table(key)
        return StructType(name=name, path=table.at(key), fields=self.fields.read_all(inner))


def _timeout(table: Table) -> int:
    text = table.text("timeout")
    if text is None:
        return DEFAULT_TIMEOUT_NS
    span = parse_duration(text)
    if span is None or span <= 0:
        table.complain(
            "timeout", f'{text!r} is no span of time above zero; write it as "5s", "250ms" or "2m"'
        )
        return DEFAULT_TIMEOUT_NS
    return span
