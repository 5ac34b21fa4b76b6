"""Protocols, methods and events, and the messages that they are made of."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from ..model import Event, Method, Protocol, Stream, StructType
from ..signature import duration_text, event_parts, method_parts, rule_text
from ..typeexpr import Named, TypeExpr
from . import dictionary
from .describe import Describer, make_table, quoted
from .dictionary import Line
from .prose import Prose, anchor, code, line, signature_prose, type_piece, type_prose
from .records import EntryView, MessageView, TableView
from .sample import NULL, Array, Dictionary, Entry, Leaf, Node, sample_fields, sample_value

_NUMBER: Final = "uint64"


@frozen
class ProtocolDescriber(Describer):
    """Describes protocols."""

    def protocol(self, protocol: Protocol) -> EntryView:
        methods = [self.method(method) for method in protocol.methods]
        events = [self.event(event) for event in protocol.events]
        facts = []
        if protocol.callbacks:
            link = anchor("protocol", protocol.callbacks)
            facts.append(("Callbacks", code(protocol.callbacks, link)))
        return self.entry(protocol, kind="protocol", facts=tuple(facts), inner=(*methods, *events))

    def event(self, event: Event) -> EntryView:
        facts = [
            ("Selector", code(event.selector)),
            ("Event", line("the server sends it unasked; there is no reply")),
        ]
        tables: list[tuple[str, TableView]] = []
        if isinstance(event.payload, str):
            facts.append(("Payload", self._struct_link(event.payload)))
        elif isinstance(event.payload, StructType):
            tables.append(("Payload", self.fields(event.payload.fields)))
        message = self._request_message(event.selector, event.payload)
        return self.entry(
            event,
            kind="event",
            signature=signature_prose(self.contract, event_parts(event, selector=False)),
            facts=tuple(facts),
            tables=tuple(tables),
            messages=(MessageView("Example", message),),
        )

    def method(self, method: Method) -> EntryView:
        facts = [("Selector", code(method.selector))]
        if method.deadline_ns is not None:
            facts.append(("Deadline", line(duration_text(method.deadline_ns))))
        if method.oneway:
            facts.append(("One-way", line("there is no reply, not even a failure")))
        if method.idempotent:
            facts.append(("Idempotent", line("may be repeated once after an interruption")))
        if method.serial:
            facts.append(("One at a time", line("calls of one connection wait for each other")))
        if method.requires is not None:
            facts.append(("Callers", code(rule_text(method.requires))))
        tables: list[tuple[str, TableView]] = []
        if isinstance(method.request, str):
            facts.append(("Request", self._struct_link(method.request)))
        elif isinstance(method.request, StructType):
            tables.append(("Request", self.fields(method.request.fields)))
        if isinstance(method.reply, StructType):
            tables.append(("Reply", self.fields(method.reply.fields)))
        elif method.reply is not None:
            facts.append(("Reply", type_prose(self.contract, method.reply)))
        if method.stream is not None:
            facts.extend(self._stream(method.stream))
        if method.errors:
            rows = tuple(self._error_row(name) for name in method.errors)
            tables.append(("Errors", make_table(("Error", "Code", "Meaning"), rows)))
        return self.entry(
            method,
            kind="method",
            signature=signature_prose(self.contract, method_parts(method, selector=False)),
            facts=tuple(facts),
            tables=tuple(tables),
            messages=tuple(self._messages(method)),
        )

    def _messages(self, method: Method) -> list[MessageView]:
        stream = method.stream
        request = self._request_message(method.selector, method.request, stream)
        found = [MessageView("Example of a request", request)]
        if not method.oneway:
            result: Node = NULL
            if isinstance(method.reply, StructType):
                result = sample_fields(self.contract, method.reply.fields)
            elif method.reply is not None:
                result = sample_value(self.contract, method.reply)
            entries = [Entry(dictionary.RESULT, result)]
            if stream is not None and stream.items_out is not None:
                entries.append(Entry(dictionary.ITEMS, Leaf("1", _NUMBER), "items in all"))
            reply = Dictionary(tuple(entries))
            found.append(MessageView("Example of a reply", dictionary.lines(reply)))
        if stream is not None:
            if stream.items_in is not None:
                found.append(self._items("Example of items sent", stream.items_in))
                found.append(MessageView("The end of the items sent", _end()))
            if stream.items_out is not None:
                found.append(self._items("Example of items received", stream.items_out))
        return found

    def _request_message(
        self, selector: str, payload: StructType | str | None, stream: Stream | None = None
    ) -> tuple[Line, ...]:
        argument: Node = Dictionary()
        if isinstance(payload, StructType):
            argument = sample_fields(self.contract, payload.fields)
        elif isinstance(payload, str):
            argument = sample_value(self.contract, Named(payload))
        entries = []
        if stream is not None:
            entries.append(Entry(dictionary.CALL, Leaf("1", _NUMBER), "the call's number"))
        if stream is not None and stream.items_out is not None:
            window = Leaf(str(stream.window), _NUMBER)
            entries.append(Entry(dictionary.WINDOW, window, "items that may come at first"))
        entries.append(Entry(dictionary.SELECTOR, Leaf(quoted(selector), "string")))
        entries.append(Entry(dictionary.ARGUMENTS, Array((argument,))))
        return dictionary.lines(Dictionary(tuple(entries)))

    def _items(self, title: str, item: TypeExpr) -> MessageView:
        number = _of_the_call()
        items = Entry(dictionary.ITEMS, Array((sample_value(self.contract, item),)))
        return MessageView(title, dictionary.lines(Dictionary((number, items))))

    def _stream(self, stream: Stream) -> list[tuple[str, Prose]]:
        facts = []
        if stream.items_in is not None:
            facts.append(("Items sent", type_prose(self.contract, stream.items_in)))
        if stream.items_out is not None:
            facts.append(("Items received", type_prose(self.contract, stream.items_out)))
        facts.append(("Window", line(f"{stream.window} items in flight")))
        overflow = {
            "block": "the sender waits",
            "drop_oldest": "the oldest item is dropped",
            "drop_newest": "the newest item is dropped",
            "fail": "the stream fails",
        }[stream.overflow]
        facts.append(("When it is full", line(overflow)))
        return facts

    def _struct_link(self, name: str) -> Prose:
        return Prose((type_piece(self.contract, name),))

    def _error_row(self, name: str) -> tuple[Prose, ...]:
        error = self.contract.errors[name]
        return (code(name, anchor("error", name)), line(str(error.code)), line(error.doc))


def _of_the_call() -> Entry:
    return Entry(dictionary.CALL, Leaf("1", _NUMBER), "as in the request")


def _end() -> tuple[Line, ...]:
    count = Entry(dictionary.END, Leaf("1", _NUMBER), "items in all")
    return dictionary.lines(Dictionary((_of_the_call(), count)))
