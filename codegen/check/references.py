"""Whatever is named must be declared, and be of the kind that is wanted there."""

from __future__ import annotations

from collections.abc import Iterable

from ..complaint import Complaints, nearest
from ..model import AliasType, Contract, Method, StructType
from ..scanner import Path
from ..typeexpr import SCALARS, WORDS, ClientEnd, Named, TypeExpr, parts


def check_references(contract: Contract, complaints: Complaints) -> None:
    """Types, structs of requests, errors of methods, protocols of services and ends."""
    for expression, path in expressions(contract):
        for part in parts(expression):
            if isinstance(part, Named):
                _check_type(contract, complaints, part.name, path)
            elif isinstance(part, ClientEnd):
                _check_protocol(contract, complaints, part.protocol, path)
    for protocol in contract.protocols.values():
        for method in protocol.methods:
            _check_method(contract, complaints, method)
    for service in contract.services:
        if service.protocol:
            path = (*service.path, "protocol")
            _check_protocol(contract, complaints, service.protocol, path)


def expressions(contract: Contract) -> Iterable[tuple[TypeExpr, Path]]:
    """Every type expression of a contract, with the path of its text."""
    for _, fields in contract.field_owners():
        for one in fields:
            yield one.type, one.type_path
    for alias in contract.of(AliasType):
        yield alias.type, (*alias.path, "type")
    for const in contract.consts:
        yield const.type, (*const.path, "type")
    for protocol in contract.protocols.values():
        for method in protocol.methods:
            if method.reply is not None and not isinstance(method.reply, StructType):
                yield method.reply, (*method.path, "out")


def _check_type(contract: Contract, complaints: Complaints, name: str, path: Path) -> None:
    if name in contract.types:
        return
    if name in contract.errors:
        problem = f"{name} is an error, which only a method's errors may name; declare a struct"
    elif name in contract.protocols:
        problem = f"{name} is a protocol; write client_end<{name}>"
    else:
        # Words are offered too: most unknown types are another language's names.
        known = {*contract.types, *SCALARS, *WORDS} - {"server_end"}
        hint = nearest(name, known) or _FAMILIAR.get(name.lower(), "; declare it")
        problem = f"there is no type {name}{hint}"
    complaints.at_value(path, problem)


_FAMILIAR = {
    "int": "; write i64, or another size",
    "integer": "; write i64, or another size",
    "uint": "; write u64, or another size",
    "float": "; write f64",
    "double": "; write f64",
    "str": "; write string",
    "text": "; write string",
    "data": "; write bytes",
    "datetime": "; write date",
    "timedelta": "; write duration",
    "dict": "; write map<string, T>",
    "array": "; write list<T>",
}


def _check_protocol(contract: Contract, complaints: Complaints, name: str, path: Path) -> None:
    if name not in contract.protocols:
        hint = nearest(name, contract.protocols) or f"; declare [protocol.{name}]"
        complaints.at_value(path, f"there is no protocol {name}{hint}")


def _check_method(contract: Contract, complaints: Complaints, method: Method) -> None:
    if isinstance(method.request, str):
        path = (*method.path, "in")
        declared = contract.types.get(method.request)
        if declared is None:
            structs = [struct.name for struct in contract.of(StructType)]
            hint = nearest(method.request, structs) or "; declare it, or write a table of fields"
            complaints.at_value(path, f"there is no struct {method.request}{hint}")
        elif not isinstance(declared, StructType):
            complaints.at_value(
                path,
                f"a request is a struct, not the {declared.path[0]} {method.request}; "
                f'write in = {{ value = "{method.request}" }}',
            )
    for index, name in enumerate(method.errors):
        path = (*method.path, "errors", index)
        if name not in contract.errors:
            hint = nearest(name, contract.errors) or f"; declare [error.{name}]"
            complaints.at_value(path, f"there is no error {name}{hint}")
        elif name in method.errors[:index]:
            complaints.at_value(path, f"{name} is listed twice; drop one")
