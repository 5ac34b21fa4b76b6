"""What the pages say about a contract."""

from __future__ import annotations

import json
from typing import Final

from attrs import define

from ..model import (
    MISSING,
    AliasType,
    Contract,
    EnumType,
    ErrorType,
    Field,
    FlagsType,
    Item,
    Method,
    Protocol,
    Service,
    StructType,
    TypeDeclaration,
    UnionType,
)
from ..naming import package_name
from ..signature import duration_text, limits, method_signature, rule_text, short_value
from . import dictionary
from .prose import Piece, Prose, anchor, code, line, prose, type_prose
from .records import EntryView, MessageView, PageView, SectionView, TableView
from .sample import NULL, Array, Dictionary, Entry, Leaf, Node, Sampler

_ENVELOPE: Final = """\
A request is a dictionary with `$selector` and `$arguments`; its answer has `$result`, or \
`$error` with a `code` and a `message`, and for an error of this contract `$details` with its \
fields. Further keys that begin with `$` may stand beside them; a peer ignores those that it \
does not know.

Examples show the XPC type of each value behind `//`. An integer is read from int64 and from \
uint64 alike, if it fits. An optional field is left out or null; both mean none.

Besides its own errors, every method may fail with these codes:
"""
_FAILURES: Final = (
    ("1", "the selector is unknown there: the peer serves an older contract, or another one"),
    ("2", "the message is no request"),
    ("3", "the argument does not fit its type, or the handler failed"),
)


def page_view(contract: Contract, origin: str) -> PageView:
    """Decide everything about the page; ``origin`` is the contract's file as readers know it."""
    builder = _Builder(contract)
    sections = [
        SectionView("services", "Services", tuple(map(builder.service, contract.services))),
        SectionView(
            "protocols", "Protocols", tuple(map(builder.protocol, contract.protocols.values()))
        ),
        SectionView("types", "Types", tuple(map(builder.type, contract.types.values()))),
        SectionView("errors", "Errors", tuple(map(builder.error, contract.errors.values()))),
        SectionView("constants", "Constants", builder.constants()),
    ]
    return PageView(
        package=contract.package,
        version=contract.version,
        python=package_name(contract.package, contract.python),
        origin=origin,
        paragraphs=prose(contract.doc),
        sections=tuple(section for section in sections if section.entries),
        envelope=prose(_ENVELOPE),
        failures=TableView(
            ("Code", "Meaning"), tuple((line(number), line(text)) for number, text in _FAILURES)
        ),
    )


@define
class _Builder:
    contract: Contract

    @property
    def sampler(self) -> Sampler:
        """A fresh one: each makes one message."""
        return Sampler(self.contract)

    def _entry(self, item: Item, **more: object) -> EntryView:
        facts = [("Since", line(item.since))] if item.since else []
        own = more.pop("facts", ())
        assert isinstance(own, tuple)
        return EntryView(
            anchor=anchor(*map(str, item.path)),
            name=item.name,
            paragraphs=prose(item.doc),
            deprecated=line(item.deprecated),
            facts=(*own, *facts),
            **more,  # type: ignore[arg-type]
        )

    # -- services -------------------------------------------------------------------

    def service(self, service: Service) -> EntryView:
        domain = "each user has one" if service.domain == "user" else "one for the whole system"
        facts = [
            ("Protocol", code(service.protocol, anchor("protocol", service.protocol))),
            ("Name", code(service.address)),
            ("Domain", Prose((*code(service.domain).pieces, Piece(f": {domain}")))),
            ("Peers on macOS", _rule(rule_text(service.macos), service.macos is None)),
            ("Peers on Linux", _rule(rule_text(service.linux), service.linux is None)),
        ]
        if service.development is not None:
            facts.append(("Peers in development", _rule(rule_text(service.development), False)))
        return self._entry(service, kind="service", facts=tuple(facts))

    # -- protocols ------------------------------------------------------------------

    def protocol(self, protocol: Protocol) -> EntryView:
        methods = tuple(self.method(protocol, method) for method in protocol.methods)
        return self._entry(protocol, kind="protocol", inner=methods)

    def method(self, protocol: Protocol, method: Method) -> EntryView:
        facts = [("Selector", code(method.selector))]
        if not method.oneway:
            facts.append(("Deadline", line(duration_text(method.timeout_ns))))
        if method.oneway:
            facts.append(("One-way", line("there is no reply, not even a failure")))
        if method.idempotent:
            facts.append(("Idempotent", line("may be repeated once after an interruption")))
        if method.serial:
            facts.append(("One at a time", line("calls of one connection wait for each other")))
        tables: list[tuple[str, TableView]] = []
        if isinstance(method.request, str):
            link = anchor("struct", method.request)
            facts.append(("Request", code(method.request, link)))
        elif isinstance(method.request, StructType):
            tables.append(("Request", self._fields(method.request.fields)))
        if isinstance(method.reply, StructType):
            tables.append(("Reply", self._fields(method.reply.fields)))
        elif method.reply is not None:
            facts.append(("Reply", type_prose(self.contract, method.reply)))
        if method.errors:
            rows = tuple(self._error_row(name) for name in method.errors)
            tables.append(("Errors", _table(("Error", "Code", "Meaning"), rows)))
        return self._entry(
            method,
            kind="method",
            signature=method_signature(method).split(" @selector")[0],
            facts=tuple(facts),
            tables=tuple(tables),
            messages=tuple(self._messages(method)),
        )

    def _messages(self, method: Method) -> list[MessageView]:
        argument: Node = Dictionary()
        if isinstance(method.request, StructType):
            argument = self.sampler.fields(method.request.fields)
        elif isinstance(method.request, str):
            argument = self._struct(method.request)
        request = Dictionary(
            (
                Entry(dictionary.SELECTOR, Leaf(_text(method.selector), "string")),
                Entry(dictionary.ARGUMENTS, Array((argument,))),
            )
        )
        found = [MessageView("Example of a request", dictionary.lines(request))]
        if not method.oneway:
            result: Node = NULL
            if isinstance(method.reply, StructType):
                result = self.sampler.fields(method.reply.fields)
            elif method.reply is not None:
                result = self.sampler.value(method.reply)
            reply = Dictionary((Entry(dictionary.RESULT, result),))
            found.append(MessageView("Example of a reply", dictionary.lines(reply)))
        return found

    def _struct(self, name: str) -> Node:
        declared = self.contract.types.get(name)
        assert isinstance(declared, StructType)  # the compiler refuses any other request
        return self.sampler.fields(declared.fields)

    def _error_row(self, name: str) -> tuple[Prose, ...]:
        error = self.contract.errors[name]
        return (code(name, anchor("error", name)), line(str(error.code)), line(error.doc))

    # -- types ----------------------------------------------------------------------

    def type(self, declared: TypeDeclaration) -> EntryView:
        match declared:
            case EnumType():
                return self._enum(declared)
            case FlagsType():
                rows = tuple(
                    (code(case.name), code(str(case.value)), _about(case))
                    for case in declared.cases
                )
                return self._entry(
                    declared,
                    kind="flags",
                    facts=(("On the wire", _xpc("uint64", "unknown bits are kept")),),
                    tables=(("", _table(("Bit", "Value", "Meaning"), rows)),),
                )
            case StructType():
                return self._struct_entry(declared)
            case UnionType():
                return self._union(declared)
            case AliasType():
                facts = [("Type", type_prose(self.contract, declared.type))]
                if found := limits(declared.constraints):
                    facts.append(("Limits", _limits(found)))
                return self._entry(declared, kind="alias", facts=tuple(facts))

    def _enum(self, declared: EnumType) -> EntryView:
        kind = "string" if declared.type is None else _integer(declared.type)
        unknown = "unknown values are kept" if declared.open else "unknown values are refused"
        rows = tuple(
            (
                code(case.name),
                code(_text(case.wire) if case.value is None else str(case.value)),
                _about(case),
            )
            for case in declared.cases
        )
        return self._entry(
            declared,
            kind="enum",
            facts=(("On the wire", _xpc(kind, unknown)),),
            tables=(("", _table(("Case", "Value", "Meaning"), rows)),),
        )

    def _struct_entry(self, declared: StructType) -> EntryView:
        unknown = {
            "ignore": "unknown keys are ignored",
            "keep": "unknown keys are kept and written back",
            "reject": "unknown keys are refused",
        }[declared.unknown]
        facts = [("On the wire", _xpc("dictionary", unknown))]
        if declared.resource:
            facts.append(("Resource", line("it owns a descriptor, memory or an end")))
        message = dictionary.lines(self.sampler.fields(declared.fields))
        return self._entry(
            declared,
            kind="struct",
            facts=tuple(facts),
            tables=(("", self._fields(declared.fields)),) if declared.fields else (),
            messages=(MessageView("Example", message),),
        )

    def _union(self, declared: UnionType) -> EntryView:
        unknown = "unknown cases are kept" if declared.open else "unknown cases are refused"
        tables = [(case.name, self._fields(case.fields)) for case in declared.cases]
        messages = []
        for case in declared.cases:
            node = Dictionary((Entry(case.name, self.sampler.fields(case.fields)),))
            messages.append(MessageView(f"Example: {case.name}", dictionary.lines(node)))
        return self._entry(
            declared,
            kind="union",
            facts=(("On the wire", _xpc("dictionary", f"its one key is the case; {unknown}")),),
            tables=tuple(table for table in tables if table[1].rows),
            messages=tuple(messages),
        )

    def error(self, error: ErrorType) -> EntryView:
        failure = Dictionary(
            (
                Entry(dictionary.CODE, Leaf(str(error.code), "int64")),
                Entry(dictionary.MESSAGE, Leaf('"…"', "string, for people")),
            )
        )
        entries = [Entry(dictionary.ERROR, failure)]
        if error.fields:
            entries.append(Entry(dictionary.DETAILS, self.sampler.fields(error.fields)))
        users = [
            code(f"{protocol.name}.{method.name}", anchor(*map(str, method.path)))
            for protocol in self.contract.protocols.values()
            for method in protocol.methods
            if error.name in method.errors
        ]
        facts = [("Code", code(str(error.code)))]
        if users:
            facts.append(("Answered by", _joined(users)))
        return self._entry(
            error,
            kind="error",
            facts=tuple(facts),
            tables=(("", self._fields(error.fields)),) if error.fields else (),
            messages=(
                MessageView("Example of a reply", dictionary.lines(Dictionary(tuple(entries)))),
            ),
        )

    def constants(self) -> tuple[EntryView, ...]:
        return tuple(
            self._entry(
                const,
                kind="const",
                facts=(
                    ("Type", type_prose(self.contract, const.type)),
                    ("Value", code(short_value(const.value))),
                ),
            )
            for const in self.contract.consts
        )

    def _fields(self, fields: tuple[Field, ...]) -> TableView:
        rows = tuple(
            (
                code(one.name),
                type_prose(self.contract, one.type),
                Prose() if one.default is MISSING else code(short_value(one.default)),
                _limits(limits(one.constraints)),
                Prose() if one.wire == one.name else code(_text(one.wire)),
                _about(one),
            )
            for one in fields
        )
        return _table(("Field", "Type", "Default", "Limits", "On the wire", "Meaning"), rows)


def _table(columns: tuple[str, ...], rows: tuple[tuple[Prose, ...], ...]) -> TableView:
    used = [index for index in range(len(columns)) if any(row[index] for row in rows)]
    return TableView(
        tuple(columns[index] for index in used),
        tuple(tuple(row[index] for index in used) for row in rows),
    )


def _about(item: Item) -> Prose:
    """Its doc on one line, with what is to know about its age."""
    pieces = list(line(" ".join((item.doc or "").split())).pieces)
    if item.since:
        pieces.append(Piece(f"{' ' if pieces else ''}(since {item.since})"))
    if item.deprecated:
        pieces.append(Piece(f"{' ' if pieces else ''}Deprecated: "))
        pieces.extend(line(item.deprecated).pieces)
    return Prose(tuple(pieces))


def _limits(found: list[str]) -> Prose:
    return _joined([code(text) for text in found])


def _joined(parts: list[Prose]) -> Prose:
    pieces: list[Piece] = []
    for part in parts:
        pieces.extend([Piece(", ")] if pieces else [])
        pieces.extend(part.pieces)
    return Prose(tuple(pieces))


def _rule(text: str, missing: bool) -> Prose:
    return line("no rule, so it does not start there") if missing else code(text)


def _xpc(kind: str, more: str) -> Prose:
    return Prose((Piece(kind, "code"), Piece(f"; {more}")))


def _integer(name: str) -> str:
    return "int64" if name.startswith("i") else "uint64"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
