"""Enums, flags, structs, unions, aliases, constants and errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from attrs import define

from ..mistakes.shape import MISSING_KEY, WRONG_KIND
from ..mistakes.types import CASE_VALUE_OF_TEXT, ENUM_TYPE, ERROR_CODE_RANGE
from ..model import (
    BROKEN,
    AliasType,
    Case,
    Const,
    EnumType,
    ErrorType,
    FlagsType,
    StructType,
    TypeDeclaration,
    UnionCase,
    UnionType,
    Unknown,
)
from ..typeexpr import INT_BITS
from .fields import FieldReader, read_constraints
from .table import Table, kind_of


def about(name: str, table: Table) -> dict[str, Any]:
    """The settings that every declaration has."""
    return {
        "name": name,
        "path": table.path,
        "doc": table.text("doc"),
        "since": table.version("since"),
        "deprecated": table.text("deprecated"),
    }


@define
class Declarations:
    """The sections that declare types."""

    root: Table
    fields: FieldReader

    def types(self) -> Iterator[TypeDeclaration]:
        """Everything that a type expression may name."""
        for name, table in self.root.tables("enum"):
            yield self._enum(name, table)
        for name, table in self.root.tables("flags"):
            yield self._flags(name, table)
        for name, table in self.root.tables("struct"):
            yield self._struct(name, table)
        for name, table in self.root.tables("union"):
            yield self._union(name, table)
        for name, table in self.root.tables("alias"):
            alias = AliasType(
                **about(name, table),
                type=table.type("type") or BROKEN,
                constraints=read_constraints(table),
            )
            table.finish()
            yield alias

    def consts(self) -> Iterator[Const]:
        """``[const.MAX]``"""
        for name, table in self.root.tables("const"):
            value = table.take("value")
            if value is None:
                table.complaints.at_key(
                    MISSING_KEY, table.path, "'value' is missing; a constant has one"
                )
            const = Const(**about(name, table), type=table.type("type") or BROKEN, value=value)
            table.finish()
            yield const

    def errors(self) -> Iterator[ErrorType]:
        """``[error.NotFound]``"""
        for name, table in self.root.tables("error"):
            code = table.integer("code", required=True)
            if code is not None and not 100 <= code < 2**63:
                table.complain(
                    ERROR_CODE_RANGE,
                    "code",
                    f"{code} is no contract's code; they go from 100 to {2**63 - 1}",
                )
                code = None
            error = ErrorType(
                **about(name, table),
                code=code or 0,
                fields=self.fields.read_all(table.table("fields")),
                resource=table.flag("resource"),
            )
            table.finish()
            yield error

    def _enum(self, name: str, table: Table) -> EnumType:
        kind = table.text("type")
        if kind is not None and kind not in INT_BITS:
            table.complain(ENUM_TYPE, "type", f"{kind!r} is no integer type; write one such as u32")
            kind = "i64"
        read = EnumType(
            **about(name, table),
            type=kind,
            open=table.flag("open", True),
            cases=_cases(table, "cases", integer=kind is not None),
        )
        table.finish()
        return read

    def _flags(self, name: str, table: Table) -> FlagsType:
        read = FlagsType(**about(name, table), cases=_cases(table, "bits", integer=True))
        table.finish()
        return read

    def _struct(self, name: str, table: Table) -> StructType:
        unknown = table.choice("unknown", ("ignore", "keep", "reject"), "ignore")
        read = StructType(
            **about(name, table),
            fields=self.fields.read_all(table.table("fields")),
            unknown=cast(Unknown, unknown),
            resource=table.flag("resource"),
        )
        table.finish()
        return read

    def _union(self, name: str, table: Table) -> UnionType:
        read = UnionType(
            **about(name, table),
            cases=tuple(
                UnionCase(name=case, path=inner.path, fields=self.fields.read_all(inner))
                for case, inner in table.tables("cases")
            ),
            open=table.flag("open", True),
            resource=table.flag("resource"),
        )
        if not table.values.get("cases"):
            table.complaints.at_key(
                MISSING_KEY, table.path, "'cases' is missing; a union needs a case"
            )
        table.finish()
        return read


def _cases(owner: Table, key: str, *, integer: bool) -> tuple[Case, ...]:
    """``cases.name = "doc"`` or a table; bits likewise."""
    outer = owner.table(key)
    if outer is None or not outer.values:
        owner.complaints.at_key(MISSING_KEY, owner.path, f"{key!r} is missing; give at least one")
        return ()
    return tuple(_case(outer, name, integer=integer) for name in outer.values)


def _case(outer: Table, name: str, *, integer: bool) -> Case:
    value = outer.values[name]
    path = outer.at(name)
    table = Table(value if isinstance(value, dict) else {}, path, outer.complaints)
    if isinstance(value, str):
        table = Table({"doc": value} if value else {}, path, outer.complaints)
    elif not isinstance(value, dict):
        outer.complain(WRONG_KIND, name, f"a case is its doc, or a table, not {kind_of(value)}")
    number = None
    if integer:
        number = table.integer("value", required=True)
    elif "value" in table.values:
        table.take("value")
        table.complain(
            CASE_VALUE_OF_TEXT,
            "value",
            'cases have values in an enum of integers only; add type = "u32", or so',
        )
    wire = table.text("wire") if not integer else None
    read = Case(**about(name, table), wire=wire or name, value=number)
    table.finish()
    return read
