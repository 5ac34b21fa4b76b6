"""The view of ``types.py``: enums, classes, aliases and constants."""

from __future__ import annotations

from typing import Final

from attrs import define, evolve, field, frozen

from .. import naming
from ..model import (
    MISSING,
    AliasType,
    Const,
    Contract,
    EnumType,
    ErrorType,
    Field,
    FlagsType,
    Item,
    StructType,
    UnionCase,
    UnionType,
)
from ..typeexpr import INT_BITS, Named, Optional, parts
from .imports import Imports
from .layout import Call, Choice, docstring, flat, lay_out, sentence, text_literal
from .limits import limits_doc
from .spelling import Spelling, field_name, prefixed, request_names, short, type_name


@frozen
class ClassView:
    """A class of the module; all texts are laid out."""

    decorators: tuple[str, ...]
    header: str
    doc: str
    members: tuple[str, ...]


@frozen
class GroupView:
    """Classes that belong together, and the statements after them."""

    classes: tuple[ClassView, ...] = ()
    statements: tuple[str, ...] = ()
    space: str = "\n\n"
    """Blank lines before the statements."""


@frozen
class TypesView:
    """The whole module."""

    doc: str
    origin: str
    imports: tuple[str, ...]
    groups: tuple[GroupView, ...]
    names: tuple[str, ...]
    """What the package re-exports."""


_STRICT: Final = "# pyright: reportUnknownVariableType=false"
"""In its strict mode pyright knows ``factory=list`` as a list of nothing in particular; the
attribute's own type, which programs see, it knows exactly."""


def types_view(contract: Contract, doc: str, origin: str) -> TypesView:
    """Decide everything about the module."""
    builder = _Builder(contract)
    groups = builder.groups()
    if builder.has_factories:
        origin = f"{origin}\n{_STRICT}"
    if groups and not groups[0].classes:
        # Directly below the imports a statement has one blank line above it, a class two.
        groups[0] = evolve(groups[0], space="\n")
    return TypesView(doc, origin, builder.imports.blocks(), tuple(groups), tuple(builder.names))


def notes(item: Item, example: str | None = None, wire: str | None = None, limits: str = "") -> str:
    """An item's documentation; empty if there is nothing to say."""
    said = [sentence(item.doc)] if item.doc else []
    facts = [limits] if limits else []
    if wire is not None:
        facts.append(f"On the wire: ``{wire}``.")
    if example is not None:
        facts.append(f"Example: ``{example}``.")
    if item.since:
        facts.append(f"Since {item.since}.")
    if item.deprecated:
        facts.append(f"Deprecated: {sentence(item.deprecated)}")
    if facts:
        said.append(" ".join(facts))
    return "\n\n".join(said) if item.doc and "\n" in item.doc else " ".join(said)


@define
class _Builder:
    contract: Contract
    imports: Imports = field(factory=Imports)
    names: list[str] = field(factory=list)
    spell: Spelling = field(init=False)
    has_factories: bool = False
    """Whether an attribute's default is made by ``list`` or ``dict``."""

    def __attrs_post_init__(self) -> None:
        self.spell = Spelling(self.contract, self.imports, "types")
        self.imports.add("__future__", "annotations")

    def groups(self) -> list[GroupView]:
        """Enums, flags, constants, then classes, then aliases, which need them."""
        contract = self.contract
        groups = [GroupView((self._enum(one),)) for one in contract.of(EnumType)]
        groups.extend(GroupView((self._flags(one),)) for one in contract.of(FlagsType))
        if contract.consts:
            groups.append(GroupView(statements=tuple(map(self._const, contract.consts))))
        for declared in contract.types.values():
            if isinstance(declared, StructType):
                fallback = f"The struct {declared.name} of {contract.package}."
                groups.append(GroupView((self._struct(declared, fallback),)))
            elif isinstance(declared, UnionType):
                groups.append(self._union(declared))
        for protocol, method, table, side in contract.tables():
            verb = "takes" if side == "request" else "answers"
            said = f"What ``{protocol.name}.{method.name}`` {verb}."
            taken = request_names(method) if side == "request" else naming.FIELD_NAMES
            groups.append(GroupView((self._struct(table, said, taken),)))
        for protocol, event, table in contract.event_tables():
            said = f"What the event ``{protocol.name}.{event.name}`` carries."
            groups.append(GroupView((self._struct(table, said),)))
        groups.extend(GroupView((self._error(one),)) for one in contract.errors.values())
        if ordered := self._aliases_in_order():
            groups.append(GroupView(statements=tuple(map(self._alias, ordered))))
        return groups

    def _class(
        self, python: str, base: str, doc: str, members: list[str], *, attrs: bool
    ) -> ClassView:
        self.names.append(python)
        decorators: tuple[str, ...] = ()
        if attrs:
            self.spell.public("define")
            decorators = ("@define(kw_only=True)",)
        header = f"class {python}({base}):" if base else f"class {python}:"
        return ClassView(decorators, header, docstring(doc), tuple(members))

    def _enum(self, enum: EnumType) -> ClassView:
        members = []
        if enum.type is None:
            base = self.spell.public("OpenEnum") if enum.open else "StrEnum"
        else:
            base = self.spell.public("OpenIntEnum") if enum.open else "IntEnum"
            self.imports.add("enum", "nonmember")
            self.imports.add("xpcrpc", "IntKind")
            bits, signed = INT_BITS[enum.type], enum.type.startswith("i")
            members.append(f"    KIND = nonmember(IntKind({bits}, signed={signed}))")
        if not enum.open:
            self.imports.add("enum", base)
        for case in enum.cases:
            value = text_literal(case.wire) if enum.type is None else str(case.value)
            members.append(f"    {naming.case_constant(case.name)} = {value}")
            if said := notes(case):
                members.append(docstring(said))
        doc = notes(enum) or f"The enum {enum.name} of {self.contract.package}."
        return self._class(type_name(enum.name), base, doc, members, attrs=False)

    def _flags(self, flags: FlagsType) -> ClassView:
        self.imports.add("enum", "IntFlag", "KEEP")
        members = []
        for case in flags.cases:
            members.append(f"    {naming.case_constant(case.name)} = {case.value}")
            if said := notes(case):
                members.append(docstring(said))
        doc = notes(flags) or f"The flags {flags.name} of {self.contract.package}."
        base = "IntFlag, boundary=KEEP"
        return self._class(type_name(flags.name), base, doc, members, attrs=False)

    def _const(self, const: Const) -> str:
        python = naming.spelled(const.name, naming.TYPE_NAMES)
        self.names.append(python)
        self.imports.add("typing", "Final")
        annotation = self.spell.annotation(const.type)
        value = self.spell.literal(const.type, const.value)
        text = lay_out(prefixed(f"{python}: Final[{annotation}] = ", value))
        said = notes(const)
        return f"{text}\n{docstring(said, 0)}" if said else text

    def _class_var(self, name: str, kind: str, value: str) -> str:
        self.imports.add("typing", "ClassVar")
        return f"    {name}: ClassVar[{kind}] = {value}"

    def _none(self) -> list[str]:
        if self.contract.wire.none == "omit":
            return []
        return [self._class_var("NONE", "str", '"null"')]

    def _struct(
        self, struct: StructType, fallback: str, taken: frozenset[str] = naming.FIELD_NAMES
    ) -> ClassView:
        members = self._none()
        if struct.unknown != "ignore":
            members.append(self._class_var("UNKNOWN", "str", f'"{struct.unknown}"'))
        members.extend(self._fields(struct, struct.fields, taken))
        if struct.unknown == "keep":
            self.imports.add("attrs", "field")
            value = self.spell.public("Value")
            self.has_factories = True
            members.append(
                f"    unknown_fields: dict[str, {value}] = field(factory=dict, repr=False)"
            )
            members.append(docstring("What a newer peer sent besides; written back unchanged."))
        doc = notes(struct) or fallback
        return self._class(type_name(struct.name), "", doc, members, attrs=True)

    def _union(self, union: UnionType) -> GroupView:
        python = type_name(union.name)
        classes = tuple(self._union_case(union, case) for case in union.cases)
        names = [naming.union_case(union.name, case.name) for case in union.cases]
        if union.open:
            names.append(self.spell.public("UnknownCase"))
        self.names.append(python)
        self.imports.add("typing", "TypeAlias")
        text = lay_out(Choice(tuple(names), f"{python}: TypeAlias = "))
        said = notes(union) or f"The union {union.name} of {self.contract.package}."
        return GroupView(classes, (f"{text}\n{docstring(said, 0)}",))

    def _union_case(self, union: UnionType, case: UnionCase) -> ClassView:
        members = [self._class_var("CASE", "str", text_literal(case.name)), *self._none()]
        members.extend(self._fields(case, case.fields))
        python = naming.union_case(union.name, case.name)
        doc = f"The case ``{case.name}`` of `{type_name(union.name)}`."
        return self._class(python, "", doc, members, attrs=True)

    def _error(self, error: ErrorType) -> ClassView:
        members = [f"    code = {error.code}", *self._none()]
        members.extend(self._fields(error, error.fields))
        doc = notes(error) or f"The error {error.name} of {self.contract.package}."
        base = self.spell.public("ContractError")
        return self._class(type_name(error.name), base, doc, members, attrs=True)

    def _fields(
        self, owner: Item, fields: tuple[Field, ...], taken: frozenset[str] = naming.FIELD_NAMES
    ) -> list[str]:
        members = []
        for one in fields:
            python = field_name(owner, one, taken)
            members.append(self._field(one, python))
            example = None
            if one.example is not MISSING:
                example = short(self.spell.literal(one.type, one.example))
            wire = one.wire if python != one.name else None
            if said := notes(one, example, wire, limits_doc(self.contract, one)):
                members.append(docstring(said))
        return members

    def _field(self, one: Field, python: str) -> str:
        arguments: list[Call | str] = []
        if one.default is not MISSING:
            value = self.spell.literal(one.type, one.default)
            if not self.spell.is_mutable(one):
                arguments.append(prefixed("default=", value))
            elif flat(value) in ("[]", "{}"):
                self.has_factories = True
                arguments.append("factory=list" if flat(value) == "[]" else "factory=dict")
            else:
                arguments.append(prefixed("factory=lambda: ", value))
        elif isinstance(one.type, Optional):
            arguments.append("default=None")
        if (validator := self.spell.validator(one)) is not None:
            arguments.append(prefixed("validator=", validator))
        if one.wire != python:
            self.spell.public("wire")
            arguments.append(f"metadata=wire({text_literal(one.wire)})")
        head = f"{python}: {self.spell.annotation(one.type)}"
        if not arguments:
            return f"    {head}"
        first = flat(arguments[0])
        if len(arguments) == 1 and first.startswith("default="):
            return lay_out(f"{head} = {first.removeprefix('default=')}", 1)
        self.imports.add("attrs", "field")
        return lay_out(Call(f"{head} = field(", tuple(arguments)), 1)

    def _aliases_in_order(self) -> list[AliasType]:
        """Each alias after the aliases that it names."""
        ordered: dict[str, AliasType] = {}

        def visit(alias: AliasType) -> None:
            for part in parts(alias.type):
                named = self.contract.types.get(part.name) if isinstance(part, Named) else None
                if isinstance(named, AliasType) and named.name not in ordered:
                    visit(named)
            ordered[alias.name] = alias

        for alias in self.contract.of(AliasType):
            if alias.name not in ordered:
                visit(alias)
        return list(ordered.values())

    def _alias(self, alias: AliasType) -> str:
        python = type_name(alias.name)
        self.names.append(python)
        self.imports.add("typing", "TypeAlias")
        annotation = self.spell.annotation(alias.type, evaluated=True)
        rules = self.spell.constraint_arguments(alias)
        if rules:
            self.imports.add("typing", "Annotated")
            text = lay_out(Call(f"{python}: TypeAlias = Annotated[", (annotation, *rules), "]"))
        else:
            text = lay_out(f"{python}: TypeAlias = {annotation}")
        said = notes(alias)
        return f"{text}\n{docstring(said, 0)}" if said else text
