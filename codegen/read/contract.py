"""A whole contract: the header, ``[wire]``, ``[reserved]`` and every section."""

from __future__ import annotations

import re
from typing import Any, Final, Literal, cast

from ..complaint import Complaints
from ..mistakes.files import IMPORT_ALIAS, IMPORT_PATH
from ..mistakes.names import DECLARED_TWICE, RESERVED_CODE_FORM
from ..mistakes.shape import (
    PACKAGE_NAME,
    SCHEMA_VERSION,
    WIRE_PLACEHOLDER,
    WIRE_TEMPLATE,
    WRONG_KIND,
)
from ..model import Contract, Import, Item, Reserved, TypeDeclaration, Wire
from ..naming import SNAKE, spelled
from .declarations import Declarations
from .fields import FieldReader
from .protocols import ProtocolReader
from .services import read_service
from .table import Table, kind_of

_PACKAGE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z][A-Za-z0-9_-]*)+")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}|[{}]")


def read_contract(complaints: Complaints) -> Contract:
    """Read the source that ``complaints`` is about."""
    source = complaints.source
    root = Table(source.values, (), complaints)
    _schema(root)
    package = root.text("package", required=True)
    if package is not None and _PACKAGE.fullmatch(package) is None:
        root.complain(
            PACKAGE_NAME, "package", f"{package!r} is no reverse-DNS name, such as org.example.echo"
        )
        package = None
    python = root.text("python")
    version = root.version("version", required=True)
    doc = root.text("doc")
    imports = _imports(root)
    wire = _wire(root)

    fields = FieldReader(wire, complaints)
    declarations = Declarations(root, fields)
    types: dict[str, TypeDeclaration] = {}
    for declared in declarations.types():
        _once(types, declared, complaints)
    errors = {error.name: error for error in declarations.errors()}
    protocols = ProtocolReader(fields, wire)
    contract = Contract(
        file=source.file,
        package=package or "org.example.unknown",
        python=python,
        version=version or "999999.999999",
        doc=doc,
        wire=wire,
        reserved=_reserved(root),
        types=types,
        consts=tuple(declarations.consts()),
        errors=errors,
        protocols={name: protocols.read(name, table) for name, table in root.tables("protocol")},
        services=tuple(read_service(name, table) for name, table in root.tables("service")),
        imports=imports,
    )
    root.finish(also=("lint",))  # its exceptions are the linter's to read and check
    return contract


def _schema(root: Table) -> None:
    number = root.integer("schema", required=True)
    if number is not None and number != 1:
        root.complain(SCHEMA_VERSION, "schema", f"this compiler reads schema = 1, not {number}")


def _imports(root: Table) -> tuple[Import, ...]:
    table = root.table("imports")
    found: dict[str, Import] = {}
    for alias in table.values if table else ():
        assert table is not None
        file = table.text(alias)
        if SNAKE.fullmatch(alias) is None or spelled(alias, frozenset()) != alias:
            table.complaints.at_key(
                IMPORT_ALIAS,
                table.at(alias),
                f"{alias!r} cannot name a contract here; write it in snake_case, as in net",
            )
        elif file is not None and (file.startswith("/") or "\\" in file):
            table.complain(
                IMPORT_PATH,
                alias,
                f"{file!r} is no path relative to this file, such as common/net.toml",
            )
        elif file is not None:
            found[alias] = Import(alias=alias, path=table.at(alias), file=file)
    return tuple(found.values())


def _once(types: dict[str, Any], declared: Item, complaints: Complaints) -> None:
    """Add a declaration, unless another kind of type has its name."""
    earlier = types.setdefault(declared.name, declared)
    if earlier is not declared:
        complaints.at_key(
            DECLARED_TWICE,
            declared.path,
            f"another declaration, [{earlier.path[0]}.{declared.name}], has this name too, at "
            f"{complaints.place(earlier.path)}; rename one of them",
        )


def _wire(root: Table) -> Wire:
    table = root.table("wire")
    if table is None:
        return Wire()
    table.choice("dialect", ("rama",), "rama")
    selector = _template(table, "selector", ("name", "camel", "pascal", "protocol"))
    fields = _template(table, "fields", ("name", "camel"))
    none = cast(Literal["omit", "null"], table.choice("none", ("omit", "null"), "omit"))
    table.finish()
    return Wire(selector, fields, none)


def _template(table: Table, key: str, names: tuple[str, ...]) -> str:
    text = table.text(key)
    if text is None:
        return "{name}"
    known = ", ".join(f"{{{name}}}" for name in names)
    used = [match.group(1) for match in _PLACEHOLDER.finditer(text)]
    for name in used:
        if name not in names:
            table.complain(WIRE_PLACEHOLDER, key, f"only {known} may stand in braces here")
            return "{name}"
    if not set(used) & {"name", "camel", "pascal"}:
        table.complain(WIRE_TEMPLATE, key, f"every name would be the same; use one of {known}")
        return "{name}"
    return text


def _reserved(root: Table) -> Reserved:
    table = root.table("reserved")
    if table is None:
        return Reserved()
    lists: dict[str, dict[str, tuple[str, ...]]] = {}
    for key in ("fields", "cases", "methods"):
        inner = table.table(key)
        lists[key] = {name: inner.texts(name) for name in inner.values} if inner else {}
    codes = table.take("codes")
    if codes is not None and not isinstance(codes, list):
        table.complain(WRONG_KIND, "codes", f"a list is needed here, not {kind_of(codes)}")
        codes = None
    good: list[int] = []
    for index, code in enumerate(codes or []):
        if type(code) is int and code > 0:
            good.append(code)
        else:
            table.complaints.at_value(
                RESERVED_CODE_FORM, (*table.at("codes"), index), "a code is a positive integer"
            )
    table.finish()
    return Reserved(lists["fields"], lists["cases"], lists["methods"], tuple(good))
