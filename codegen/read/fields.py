"""Fields, their settings and their constraints."""

from __future__ import annotations

from typing import Any

from attrs import define

from ..complaint import Complaints
from ..mistakes.shape import WRONG_KIND
from ..mistakes.values import LIMIT_FINITE, LIMIT_OF_LENGTH, LIMITS_CROSSED
from ..model import BROKEN, MISSING, Constraints, Field, Wire
from ..naming import camel
from .table import Table, kind_of, read_type


@define
class FieldReader:
    """Reads tables of fields, whoever owns them."""

    wire: Wire
    complaints: Complaints

    def read_all(self, table: Table | None) -> tuple[Field, ...]:
        """``{ name = "T", other = { type = "T", … } }``"""
        if table is None:
            return ()
        return tuple(self._read(table, name) for name in table.values)

    def _read(self, owner: Table, name: str) -> Field:
        value = owner.values[name]
        path = owner.at(name)
        wire = self.wire.fields.replace("{name}", name).replace("{camel}", camel(name))
        if isinstance(value, str):
            expression = read_type(value, path, self.complaints)
            return Field(name=name, path=path, type=expression, type_path=path, wire=wire)
        if not isinstance(value, dict):
            owner.complain(
                WRONG_KIND,
                name,
                f'a field is a type such as "string", or a table, not {kind_of(value)}',
            )
            return Field(name=name, path=path, type=BROKEN, type_path=path, wire=wire)
        table = Table(value, path, self.complaints)
        read = Field(
            name=name,
            path=path,
            type=table.type("type") or BROKEN,
            type_path=table.at("type"),
            doc=table.text("doc"),
            since=table.version("since"),
            deprecated=table.text("deprecated"),
            wire=table.text("wire") or wire,
            default=_value(table, "default"),
            example=_value(table, "example"),
            constraints=read_constraints(table),
        )
        table.finish()
        return read


def _value(table: Table, key: str) -> Any:
    value = table.take(key)
    return MISSING if value is None else value


def read_constraints(table: Table) -> Constraints:
    """The constraints of a field or alias; each alone must make sense."""
    read = Constraints(
        min=_number(table, "min"),
        max=_number(table, "max"),
        min_len=_count(table, "min_len"),
        max_len=_count(table, "max_len"),
        max_bytes=_count(table, "max_bytes"),
        pattern=table.text("pattern"),
        min_items=_count(table, "min_items"),
        max_items=_count(table, "max_items"),
        unique=table.flag("unique"),
    )
    for low, high in (("min", "max"), ("min_len", "max_len"), ("min_items", "max_items")):
        least, most = getattr(read, low), getattr(read, high)
        if least is not None and most is not None and least > most:
            table.complain(
                LIMITS_CROSSED, low, f"{low} = {least} is above {high} = {most}; nothing would fit"
            )
    return read


def _number(table: Table, key: str) -> int | float | None:
    value = table.take(key)
    if value is None:
        return None
    if type(value) not in (int, float):
        table.complain(WRONG_KIND, key, f"a number is needed here, not {kind_of(value)}")
        return None
    if value != value or value in (float("inf"), float("-inf")):
        table.complain(LIMIT_FINITE, key, "a limit is a finite number; leave it out for no limit")
        return None
    number: int | float = value
    return number


def _count(table: Table, key: str) -> int | None:
    value = table.integer(key)
    if value is not None and not 0 <= value < 2**63:
        table.complain(
            LIMIT_OF_LENGTH, key, f"a length is 0 or more, and fits 63 bits, not {value}"
        )
        return None
    return value
