"""Whatever is named must be declared, and be of the kind that is wanted there."""

from __future__ import annotations

from collections.abc import Iterable

from ..complaint import Complaints, nearest
from ..mistakes.files import IMPORT_TYPES_ONLY
from ..mistakes.names import CALLBACK_SELECTOR
from ..mistakes.protocols import (
    CALLBACK_EVENTS,
    ERROR_LISTED_TWICE,
    NOT_A_STRUCT,
    UNKNOWN_ERROR,
    UNKNOWN_STRUCT,
)
from ..mistakes.types import (
    ERROR_AS_TYPE,
    PROTOCOL_AS_TYPE,
    UNKNOWN_IMPORT,
    UNKNOWN_PROTOCOL,
    UNKNOWN_TYPE,
)
from ..model import AliasType, Contract, Event, Item, Method, Protocol, StructType
from ..scanner import Path
from ..typeexpr import SCALARS, WORDS, ClientEnd, Named, ServerEnd, TypeExpr, parts


def check_references(contract: Contract, complaints: Complaints) -> None:
    """Types, structs of requests, errors of methods, protocols of services and ends."""
    for expression, path in expressions(contract):
        for part in parts(expression):
            if isinstance(part, Named):
                _check_type(contract, complaints, part.name, path)
            elif isinstance(part, (ClientEnd, ServerEnd)):
                _check_protocol(contract, complaints, part.protocol, path)
    for protocol in contract.protocols.values():
        for method in protocol.methods:
            _check_method(contract, complaints, method)
        for event in protocol.events:
            _check_struct(contract, complaints, event, event.payload, "an event's payload")
        _check_callbacks(contract, complaints, protocol)
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
            if method.stream is not None:
                for key, items in (
                    ("in", method.stream.items_in),
                    ("out", method.stream.items_out),
                ):
                    if items is not None:
                        yield items, (*method.stream.path, key)


def _check_type(contract: Contract, complaints: Complaints, name: str, path: Path) -> None:
    if name in contract.types:
        return
    if "." in name:
        _check_foreign(contract, complaints, name, path)
        return
    if name in contract.errors:
        mistake = ERROR_AS_TYPE
        problem = f"{name} is an error, which only a method's errors may name; declare a struct"
    elif name in contract.protocols:
        mistake = PROTOCOL_AS_TYPE
        problem = f"{name} is a protocol; write client_end<{name}>"
    else:
        mistake = UNKNOWN_TYPE
        # Words are offered too: most unknown types are another language's names.
        known = {*contract.types, *contract.imported, *SCALARS, *WORDS}
        hint = nearest(name, known) or _FAMILIAR.get(name.lower(), "; declare it")
        problem = f"there is no type {name}{hint}"
    complaints.at_value(mistake, path, problem)


def _check_foreign(contract: Contract, complaints: Complaints, name: str, path: Path) -> None:
    """``net.Address`` names something; nothing is said if the import itself was refused."""
    if name in contract.imported:
        return
    alias, _, bare = name.partition(".")
    if alias not in {one.alias for one in contract.imports}:
        known = {one.alias for one in contract.imports}
        hint = nearest(alias, known) or f'; write [imports] {alias} = "….toml"'
        complaints.at_value(UNKNOWN_IMPORT, path, f"there is no import {alias}{hint}")
        return
    if f"{alias}." in contract.foreign:
        return
    own = [
        one.name for one in contract.foreign.values() if f"{alias}.{one.name}" in contract.foreign
    ]
    complaints.at_value(UNKNOWN_TYPE, path, f"{alias} declares no type {bare}{nearest(bare, own)}")


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
    if "." in name:
        bare = name.rpartition(".")[2]
        complaints.at_value(
            IMPORT_TYPES_ONLY, path, f"only types are imported; declare [protocol.{bare}] here"
        )
    elif name not in contract.protocols:
        hint = nearest(name, contract.protocols) or f"; declare [protocol.{name}]"
        complaints.at_value(UNKNOWN_PROTOCOL, path, f"there is no protocol {name}{hint}")


def _check_struct(
    contract: Contract, complaints: Complaints, owner: Item, name: object, what: str
) -> None:
    """What ``in`` names is a struct."""
    if not isinstance(name, str):
        return
    path = (*owner.path, "in")
    declared = contract.find(name)
    if declared is None and "." in name and name.count(".") == 1:
        _check_foreign(contract, complaints, name, path)
    elif declared is None or name.count(".") > 1:
        structs = [struct.name for struct in contract.of(StructType)]
        hint = nearest(name, structs) or "; declare it, or write a table of fields"
        complaints.at_value(UNKNOWN_STRUCT, path, f"there is no struct {name}{hint}")
    elif not isinstance(declared, StructType):
        complaints.at_value(
            NOT_A_STRUCT,
            path,
            f"{what} is a struct, not the {declared.path[0]} {name}; "
            f'write in = {{ value = "{name}" }}',
        )


def _check_callbacks(contract: Contract, complaints: Complaints, protocol: Protocol) -> None:
    if protocol.callbacks is None:
        return
    path = (*protocol.path, "callbacks")
    _check_protocol(contract, complaints, protocol.callbacks, path)
    other = contract.protocols.get(protocol.callbacks)
    if other is None:
        return
    if other.events:
        complaints.at_value(
            CALLBACK_EVENTS,
            path,
            f"{other.name} has events, which only a server's connection carries; "
            "make them oneway methods",
        )
    events: dict[str, Event] = {event.selector: event for event in protocol.events}
    for method in other.methods:
        if method.selector in events:
            complaints.at_key(
                CALLBACK_SELECTOR,
                (*events[method.selector].path, "selector"),
                f"{method.selector!r} is the selector of {complaints.place(method.path)} too, "
                "which arrives on the same connection; give one of them another selector = …",
            )


def _check_method(contract: Contract, complaints: Complaints, method: Method) -> None:
    _check_struct(contract, complaints, method, method.request, "a request")
    for index, name in enumerate(method.errors):
        path = (*method.path, "errors", index)
        if "." in name:
            bare = name.rpartition(".")[2]
            complaints.at_value(
                IMPORT_TYPES_ONLY, path, f"only types are imported; declare [error.{bare}] here"
            )
        elif name not in contract.errors:
            hint = nearest(name, contract.errors) or f"; declare [error.{name}]"
            complaints.at_value(UNKNOWN_ERROR, path, f"there is no error {name}{hint}")
        elif name in method.errors[:index]:
            complaints.at_value(ERROR_LISTED_TWICE, path, f"{name} is listed twice; drop one")
