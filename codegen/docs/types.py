"""Types, errors and constants."""

from __future__ import annotations

from attrs import frozen

from ..model import (
    AliasType,
    EnumType,
    ErrorType,
    FlagsType,
    StructType,
    TypeDeclaration,
    UnionType,
)
from ..signature import limits, short_value
from . import dictionary
from .describe import Describer, about, integer_kind, joined, limits_prose, make_table, quoted, xpc
from .prose import anchor, code, line, type_prose
from .records import EntryView, MessageView
from .sample import Dictionary, Entry, Leaf, sample_fields, sample_type


@frozen
class TypeDescriber(Describer):
    """Describes types, errors and constants."""

    def type(self, declared: TypeDeclaration) -> EntryView:
        match declared:
            case EnumType():
                return self._enum(declared)
            case FlagsType():
                rows = tuple(
                    (code(case.name), code(str(case.value)), about(case)) for case in declared.cases
                )
                return self.entry(
                    declared,
                    kind="flags",
                    facts=(("On the wire", xpc("uint64", "unknown bits are kept")),),
                    tables=(("", make_table(("Bit", "Value", "Meaning"), rows)),),
                )
            case StructType():
                return self._struct_entry(declared)
            case UnionType():
                return self._union(declared)
            case AliasType():
                facts = [("Type", type_prose(self.contract, declared.type))]
                if found := limits(declared.constraints):
                    facts.append(("Limits", limits_prose(found)))
                return self.entry(declared, kind="alias", facts=tuple(facts))

    def _enum(self, declared: EnumType) -> EntryView:
        kind = "string" if declared.type is None else integer_kind(declared.type)
        unknown = "unknown values are kept" if declared.open else "unknown values are refused"
        rows = tuple(
            (
                code(case.name),
                code(quoted(case.wire) if case.value is None else str(case.value)),
                about(case),
            )
            for case in declared.cases
        )
        return self.entry(
            declared,
            kind="enum",
            facts=(("On the wire", xpc(kind, unknown)),),
            tables=(("", make_table(("Case", "Value", "Meaning"), rows)),),
        )

    def _struct_entry(self, declared: StructType) -> EntryView:
        unknown = {
            "ignore": "unknown keys are ignored",
            "keep": "unknown keys are kept and written back",
            "reject": "unknown keys are refused",
        }[declared.unknown]
        facts = [("On the wire", xpc("dictionary", unknown))]
        if declared.resource:
            facts.append(("Resource", line("it owns a descriptor, memory or an end")))
        message = dictionary.lines(sample_type(self.contract, declared.name, declared.fields))
        return self.entry(
            declared,
            kind="struct",
            facts=tuple(facts),
            tables=(("", self.fields(declared.fields)),) if declared.fields else (),
            messages=(MessageView("Example", message),),
        )

    def _union(self, declared: UnionType) -> EntryView:
        unknown = "unknown cases are kept" if declared.open else "unknown cases are refused"
        tables = [(case.name, self.fields(case.fields)) for case in declared.cases]
        messages = []
        for case in declared.cases:
            node = Dictionary(
                (Entry(case.name, sample_type(self.contract, declared.name, case.fields)),)
            )
            messages.append(MessageView(f"Example: {case.name}", dictionary.lines(node)))
        return self.entry(
            declared,
            kind="union",
            facts=(("On the wire", xpc("dictionary", f"its one key is the case; {unknown}")),),
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
            entries.append(Entry(dictionary.DETAILS, sample_fields(self.contract, error.fields)))
        users = [
            code(f"{protocol.name}.{method.name}", anchor(*map(str, method.path)))
            for protocol in self.contract.protocols.values()
            for method in protocol.methods
            if error.name in method.errors
        ]
        facts = [("Code", code(str(error.code)))]
        if users:
            facts.append(("Answered by", joined(users)))
        return self.entry(
            error,
            kind="error",
            facts=tuple(facts),
            tables=(("", self.fields(error.fields)),) if error.fields else (),
            messages=(
                MessageView("Example of a reply", dictionary.lines(Dictionary(tuple(entries)))),
            ),
        )

    def constants(self) -> tuple[EntryView, ...]:
        return tuple(
            self.entry(
                const,
                kind="const",
                facts=(
                    ("Type", type_prose(self.contract, const.type)),
                    ("Value", code(short_value(const.value))),
                ),
            )
            for const in self.contract.consts
        )
