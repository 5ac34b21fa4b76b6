"""Types and values of a contract, spelled in Python, with the imports they need."""

from __future__ import annotations

import math
from typing import Any, Final

from attrs import define

from .. import naming
from ..model import (
    AliasType,
    Constraints,
    Contract,
    EnumType,
    ErrorType,
    Field,
    FlagsType,
    StructType,
    UnionType,
    aliases,
    plain,
    resolve,
)
from ..typeexpr import ClientEnd, Fd, ListOf, MapOf, Named, Optional, Scalar, Shmem, TypeExpr
from ..values import bytes_of, date_ns, duration_ns, uuid_of
from .imports import Imports
from .layout import Call, flat, text_literal

_BUILTIN: Final = {"bool": "bool", "string": "str", "bytes": "bytes"}
_PUBLIC: Final = {"date": "Date", "duration": "Duration", "any": "Value"}
_FDS: Final = {
    None: "FileDescriptor",
    "read": "ReadFd",
    "write": "WriteFd",
    "readwrite": "ReadWriteFd",
    "socket": "SocketFd",
}
_SHORT: Final = 60


def type_name(name: str) -> str:
    """The Python class of a declared type or error."""
    return naming.spelled(name, naming.TYPE_NAMES)


def field_name(owner: object, one: Field, *, request: bool = False) -> str:
    """The attribute of a field."""
    if isinstance(owner, ErrorType):
        taken = naming.ERROR_NAMES
    else:
        taken = naming.REQUEST_NAMES if request else naming.FIELD_NAMES
    return naming.spelled(one.name, taken)


@define
class Spelling:
    """Spells for one module of the generated package."""

    contract: Contract
    imports: Imports
    module: str
    """Its name in the package, such as ``types``."""

    def public(self, name: str) -> str:
        """A public name of xpcrpc."""
        self.imports.add("xpcrpc", name)
        return name

    def declared(self, name: str) -> str:
        """A class of the package's ``types`` module."""
        if self.module != "types":
            self.imports.add(".types", name)
        return name

    def annotation(self, expression: TypeExpr, *, evaluated: bool = False) -> str:
        """The type in an annotation, or where it is ``evaluated`` on import."""
        match expression:
            case Scalar(name):
                return self._scalar(name)
            case Fd(mode):
                return self.public(_FDS[mode])
            case Shmem():
                return self.public("SharedMemory")
            case ClientEnd(protocol):
                client = f"{protocol}Client"
                module = naming.module_name(protocol)
                if module != self.module:
                    self.imports.add_for_typing(f".{module}", client)
                inner = f'"{client}"' if evaluated else client
                return f"{self.public('ClientEnd')}[{inner}]"
            case ListOf(item):
                return f"list[{self.annotation(item, evaluated=evaluated)}]"
            case MapOf(item):
                return f"dict[str, {self.annotation(item, evaluated=evaluated)}]"
            case Optional(inner):
                return f"{self.annotation(inner, evaluated=evaluated)} | None"
            case Named(name):
                return self.declared(type_name(name))
        raise AssertionError(f"a contract with complaints has no view: {expression}")

    def _scalar(self, name: str) -> str:
        if name in _BUILTIN:
            return _BUILTIN[name]
        if name == "uuid":
            self.imports.add("uuid", "UUID")
            return "UUID"
        return self.public(_PUBLIC.get(name) or name.upper())

    def names_a_client(self, expression: TypeExpr) -> bool:
        """Whether the type itself, not one that it names, mentions a client class."""
        match expression:
            case ClientEnd():
                return True
            case ListOf(inner) | MapOf(inner) | Optional(inner):
                return self.names_a_client(inner)
        return False

    # -- constraints ------------------------------------------------------------

    def validator(self, one: Field) -> Call | str | None:
        """The constraints of a field and of the aliases in its type, as one validator."""
        rules = self._rules(one.type, one.constraints)
        return self._all_of(rules)

    def constraint_arguments(self, alias: AliasType) -> list[Call | str]:
        """The alias's own constraints, for ``Annotated``."""
        return self._own_rules(alias.constraints)

    def _rules(self, expression: TypeExpr, constraints: Constraints) -> list[Call | str]:
        rules: list[Call | str] = []
        for alias in aliases(self.contract, expression):
            rules.extend(self._own_rules(alias.constraints))
        rules.extend(self._own_rules(constraints))
        match resolve(self.contract, expression):
            case ListOf(inner) | MapOf(inner):
                each = self._all_of(self._rules(inner, Constraints()))
                if each is not None:
                    rules.append(Call("constraints.Each(", (each,)))
        return rules

    def _all_of(self, rules: list[Call | str]) -> Call | str | None:
        if not rules:
            return None
        self.imports.add("xpcrpc", "constraints")
        if len(rules) == 1:
            return rules[0]
        return Call("constraints.AllOf(", (Call("(", tuple(rules)),))

    def _own_rules(self, rule: Constraints) -> list[Call | str]:
        found: list[Call | str] = []
        if limits := _keywords(min=rule.min, max=rule.max):
            found.append(Call("constraints.Range(", limits))
        if lengths := _keywords(min=rule.min_len, max=rule.max_len):
            found.append(Call("constraints.Length(", lengths))
        if rule.max_bytes is not None:
            found.append(Call("constraints.ByteLength(", (f"max={rule.max_bytes}",)))
        if rule.pattern is not None:
            found.append(Call("constraints.Pattern(", (text_literal(rule.pattern),)))
        items = _keywords(min=rule.min_items, max=rule.max_items)
        if rule.unique:
            items = (*items, "unique=True")
        if items:
            found.append(Call("constraints.Items(", items))
        if found:
            self.imports.add("xpcrpc", "constraints")
        return found

    # -- values -----------------------------------------------------------------

    def literal(self, expression: TypeExpr, value: Any) -> Call | str:
        """A value that was checked against its type."""
        match resolve(self.contract, expression):
            case Scalar(name):
                return self._scalar_literal(name, value)
            case ListOf(item):
                return Call("[", tuple(self.literal(item, inner) for inner in value), "]")
            case MapOf(item):
                entries = {key: self.literal(item, inner) for key, inner in value.items()}
                return _dictionary(entries)
            case Named(name):
                return self._declared_literal(name, value)
        raise AssertionError(f"{expression} has no literal")

    def _scalar_literal(self, name: str, value: Any) -> Call | str:
        if name == "any":
            return plain_literal(value)
        if name in ("f32", "f64"):
            return _float(value)
        if name == "date":
            return f"{self.public('Date')}({date_ns(value)})"
        if name == "duration":
            return f"{self.public('Duration')}({duration_ns(value)})"
        if name == "bytes":
            return bytes_literal(bytes_of(value) or b"")
        if name == "uuid":
            self.imports.add("uuid", "UUID")
            return f'UUID("{uuid_of(value)}")'
        return text_literal(value) if isinstance(value, str) else repr(value)

    def _declared_literal(self, name: str, value: Any) -> Call | str:
        declared = self.contract.types[name]
        python = self.declared(type_name(name))
        if isinstance(declared, EnumType):
            return f"{python}.{naming.case_constant(value)}"
        if isinstance(declared, FlagsType):
            bits = {case.name: case.value or 0 for case in declared.cases}
            chosen = dict.fromkeys(value)
            text = " | ".join(f"{python}.{naming.case_constant(bit)}" for bit in chosen)
            if chosen and len(text) <= _SHORT:
                return text
            return f"{python}({sum(bits[bit] for bit in chosen)})"
        if isinstance(declared, UnionType):
            ((case, inner),) = value.items()
            fields = next(one.fields for one in declared.cases if one.name == case)
            python = self.declared(naming.union_case(name, case))
            return self._object(python, declared, fields, inner)
        assert isinstance(declared, StructType)
        return self._object(python, declared, declared.fields, value)

    def _object(
        self, python: str, owner: object, fields: tuple[Field, ...], value: dict[str, Any]
    ) -> Call:
        by_name = {one.name: one for one in fields}
        arguments: list[Call | str] = []
        for key, inner in value.items():
            one = by_name[key]
            arguments.append(prefixed(f"{field_name(owner, one)}=", self.literal(one.type, inner)))
        return Call(f"{python}(", tuple(arguments))

    def is_mutable(self, one: Field) -> bool:
        """Whether each object needs its own copy of the field's default."""
        match resolve(self.contract, one.type):
            case ListOf() | MapOf():
                return True
            case Scalar("any"):
                return isinstance(one.default, (list, dict))
            case Named(name):
                return isinstance(self.contract.types[name], (StructType, UnionType))
        return False

    def can_be_none(self, one: Field) -> bool:
        """Whether None is one of its values."""
        for expression in (one.type, *(alias.type for alias in aliases(self.contract, one.type))):
            if plain(expression) is not expression:
                return True
        return False


def prefixed(prefix: str, part: Call | str) -> Call | str:
    """The part with text before it, such as a keyword."""
    if isinstance(part, str):
        return prefix + part
    return Call(prefix + part.opening, part.arguments, part.closing, part.trailing)


def plain_literal(value: Any) -> Call | str:
    """A value of TOML's own types."""
    if isinstance(value, dict):
        return _dictionary({key: plain_literal(inner) for key, inner in value.items()})
    if isinstance(value, list):
        return Call("[", tuple(plain_literal(inner) for inner in value), "]")
    if isinstance(value, str):
        return text_literal(value)
    return _float(value) if isinstance(value, float) else repr(value)


def _dictionary(entries: dict[str, Call | str]) -> Call:
    pairs = (prefixed(f"{text_literal(key)}: ", inner) for key, inner in entries.items())
    return Call("{", tuple(pairs), "}")


def _float(value: float) -> str:
    number = float(value)
    return repr(number).replace("e+", "e") if math.isfinite(number) else f'float("{number}")'


def bytes_literal(data: bytes) -> str:
    """A bytes literal in double quotes, as the formatter prefers it."""
    text = repr(data)
    if text.startswith('b"') or '"' in text:
        return text
    return f'b"{text[2:-1]}"'


def _keywords(**numbers: float | None) -> tuple[str, ...]:
    return tuple(
        f"{key}={_float(value) if isinstance(value, float) else value}"
        for key, value in numbers.items()
        if value is not None
    )


def short(part: Call | str) -> str:
    """The part on one line, cut if it is long; for documentation."""
    text = flat(part)
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"
