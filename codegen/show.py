"""A contract at a glance: one line for each thing it declares."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from .complaint import show as show_path
from .model import (
    AliasType,
    Case,
    Contract,
    EnumType,
    Field,
    FlagsType,
    Service,
    StructType,
    TypeDeclaration,
    UnionType,
)
from .scanner import Path
from .signature import (
    event_signature,
    field_text,
    item_marks,
    limits,
    method_signature,
    rule_text,
    value_text,
)
from .typeexpr import text_of

_CONTAINERS = frozenset({"fields", "cases", "bits", "methods", "events"})
"""Keys that hold names; `Control.apply` is short for what leaves them out."""


@frozen
class Line:
    """One line and the place it is about."""

    path: Path
    text: str
    depth: int = 0

    def __str__(self) -> str:
        # A selector or a raw requirement may hold a line break.
        return "  " * self.depth + self.text.replace("\n", "\\n")


def contract_lines(contract: Contract) -> list[Line]:
    """Everything a contract declares, in the order of its sections."""
    return list(_lines(contract))


def select(lines: list[Line], wanted: str) -> list[Line]:
    """The lines about ``wanted`` and what is below it.

    It is a path (``protocol.Control.methods.apply``), a shorter one without the
    kinds of things (``Control.apply``), or a kind (``struct``).
    """
    found = []
    for line in lines:
        names = [part for part in line.path if part not in _CONTAINERS]
        for shown in (show_path(line.path), show_path(tuple(names)), show_path(tuple(names[1:]))):
            if shown == wanted or shown.startswith(f"{wanted}."):
                found.append(line)
                break
    return found


def names(lines: list[Line]) -> list[str]:
    """What `select` could be asked for, in its short form."""
    return [
        show_path(tuple(part for part in line.path if part not in _CONTAINERS)[1:])
        for line in lines
        if len(line.path) > 1
    ]


def _lines(contract: Contract) -> Iterator[Line]:
    yield Line((), f"contract {contract.package} {contract.version}")
    for declared in contract.types.values():
        yield from _type(declared)
    for const in contract.consts:
        text = f"const {const.name}: {text_of(const.type)} = {value_text(const.value)}"
        yield Line(const.path, " ".join([text, *item_marks(const)]))
    for error in contract.errors.values():
        yield Line(error.path, " ".join([f"error {error.name} = {error.code}", *item_marks(error)]))
        yield from _fields(error.fields, 1)
    for protocol in contract.protocols.values():
        marks = [f"@callbacks {protocol.callbacks}"] if protocol.callbacks else []
        marks += item_marks(protocol)
        yield Line(protocol.path, " ".join([f"protocol {protocol.name}", *marks]))
        for method in protocol.methods:
            yield Line(method.path, method_signature(method), 1)
        for event in protocol.events:
            yield Line(event.path, event_signature(event), 1)
    for service in contract.services:
        yield from _service(service)


def _type(declared: TypeDeclaration) -> Iterator[Line]:
    kind = declared.path[0]
    text = f"{kind} {declared.name}"
    marks = item_marks(declared)
    match declared:
        case EnumType(cases=cases, type=type_name, open=is_open):
            text += f": {type_name}" if type_name else ""
            text += " { " + " | ".join(map(_case, cases)) + " }"
            marks += [] if is_open else ["@closed"]
        case FlagsType(cases=cases):
            text += " { " + " | ".join(map(_case, cases)) + " }"
        case AliasType(type=expression, constraints=constraints):
            text += f" = {text_of(expression)}"
            marks = [*(f"@{limit}" for limit in limits(constraints)), *marks]
        case StructType(unknown=unknown, resource=resource):
            marks += [] if unknown == "ignore" else [f"@unknown {unknown}"]
            marks += ["@resource"] if resource else []
        case UnionType(open=is_open, resource=resource):
            marks += [] if is_open else ["@closed"]
            marks += ["@resource"] if resource else []
    yield Line(declared.path, " ".join([text, *marks]))
    if isinstance(declared, StructType):
        yield from _fields(declared.fields, 1)
    elif isinstance(declared, UnionType):
        for case in declared.cases:
            inside = ", ".join(map(field_text, case.fields))
            yield Line(case.path, f"{case.name} {{ {inside} }}" if inside else case.name, 1)


def _case(case: Case) -> str:
    text = case.name if case.value is None else f"{case.name} = {case.value}"
    return text if case.wire == case.name or case.value is not None else f'{text} "{case.wire}"'


def _fields(fields: tuple[Field, ...], depth: int) -> Iterator[Line]:
    for one in fields:
        yield Line(one.path, field_text(one), depth)


def _service(service: Service) -> Iterator[Line]:
    text = f"service {service.name}: {service.protocol} at {service.address}"
    marks = ["@system"] if service.domain == "system" else []
    yield Line(service.path, " ".join([text, *marks, *item_marks(service)]))
    for system in ("macos", "linux", "development"):
        rule = getattr(service, system)
        if rule is not None or system != "development":
            path = (*service.path, "peer", system)
            yield Line(path, f"{system}: {rule_text(rule)}", 1)
    if service.launchd is not None:
        text = f"launchd: {service.launchd.kind} {service.launchd.label}"
        yield Line(service.launchd.path, text, 1)
    if service.systemd is not None:
        yield Line(service.systemd.path, f"systemd: {service.systemd.unit}.socket", 1)
