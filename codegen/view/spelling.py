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
    Method,
    StructType,
    UnionType,
    aliases,
    plain,
    resolve,
)
from ..typeexpr import (
    ClientEnd,
    Fd,
    ListOf,
    MapOf,
    Named,
    Optional,
    Scalar,
    ServerEnd,
    Shmem,
    TypeExpr,
    parts,
)
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


def field_name(owner: object, one: Field, taken: frozenset[str] = naming.FIELD_NAMES) -> str:
    """The attribute of a field; ``taken`` are the names that its class needs for itself."""
    return naming.spelled(one.name, naming.ERROR_NAMES if isinstance(owner, ErrorType) else taken)


def request_names(method: Method) -> frozenset[str]:
    """What a method's client stub needs for itself among its keywords."""
    if method.stream is not None and method.stream.items_in is not None:
        return naming.STREAM_REQUEST_NAMES
    return naming.REQUEST_NAMES


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

    def stub(self, name: str) -> str:
        """A public name of xpcrpc or of Python that the contract's types may have too."""
        module = "collections.abc" if name.startswith("Async") else "xpcrpc"
        if name not in self._own_names():
            self.imports.add(module, name)
            return name
        self.imports.add(module, f"{name} as _{name}")
        return f"_{name}"

    def _own_names(self) -> set[str]:
        contract = self.contract
        return {*contract.types, *contract.errors}

    def declared(self, name: str) -> str:
        """A class of the package's ``types`` module."""
        if self.module != "types":
            self.imports.add(".types", name)
        return name

    def named(self, name: str, case: str = "") -> str:
        """The class of a type, of this contract or an imported one, or of a case of it."""
        foreign = self.contract.foreign.get(name)
        bare = name if foreign is None else foreign.name
        python = naming.union_case(bare, case) if case else type_name(bare)
        if foreign is None:
            return self.declared(python)
        # No name of a contract begins with an underscore, so this one is free.
        self.imports.add(f"..{foreign.package}", f"types as _{foreign.package}")
        return f"_{foreign.package}.{python}"

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
                return self._end("ClientEnd", protocol, f"{protocol}Client", evaluated)
            case ServerEnd(protocol):
                return self._end("ServerEnd", protocol, f"{protocol}Server", evaluated)
            case ListOf(item):
                return f"list[{self.annotation(item, evaluated=evaluated)}]"
            case MapOf(item):
                return f"dict[str, {self.annotation(item, evaluated=evaluated)}]"
            case Optional(inner):
                return f"{self.annotation(inner, evaluated=evaluated)} | None"
            case Named(name):
                return self.named(name)
        raise AssertionError(f"a contract with complaints has no view: {expression}")

    def _end(self, kind: str, protocol: str, stub: str, evaluated: bool) -> str:
        module = naming.module_name(protocol)
        if module != self.module:
            self.imports.add_for_typing(f".{module}", stub)
        inner = f'"{stub}"' if evaluated else stub
        return f"{self.public(kind)}[{inner}]"

    def _scalar(self, name: str) -> str:
        if name in _BUILTIN:
            return _BUILTIN[name]
        if name == "uuid":
            self.imports.add("uuid", "UUID")
            return "UUID"
        return self.public(_PUBLIC.get(name) or name.upper())

    def value(self, expression: TypeExpr) -> tuple[str, str]:
        """The type's annotation, and the expression by which a constant states it."""
        python = self.annotation(expression)
        if any(isinstance(part, (ClientEnd, ServerEnd)) for part in parts(expression)):
            # The stub's module may import this one, so the runtime reads the name later.
            return python, text_literal(python)
        return python, python

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
        declared = self.contract.find(name)
        if isinstance(declared, UnionType):
            ((case, inner),) = value.items()
            fields = next(one.fields for one in declared.cases if one.name == case)
            return self._object(self.named(name, case), declared, fields, inner)
        python = self.named(name)
        if isinstance(declared, EnumType):
            return f"{python}.{naming.case_constant(value)}"
        if isinstance(declared, FlagsType):
            bits = {case.name: case.value or 0 for case in declared.cases}
            chosen = dict.fromkeys(value)
            text = " | ".join(f"{python}.{naming.case_constant(bit)}" for bit in chosen)
            if chosen and len(text) <= _SHORT:
                return text
            return f"{python}({sum(bits[bit] for bit in chosen)})"
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
                return isinstance(self.contract.find(name), (StructType, UnionType))
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
