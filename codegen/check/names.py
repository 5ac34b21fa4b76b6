"""Names: spelled as the language asks, and still different once they are Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from attrs import define, field

from .. import naming
from ..complaint import Complaints
from ..mistakes.names import NAME_SPELLING, NAME_TOO_LONG, PYTHON_COLLISION, PYTHON_NAME
from ..model import Contract, EnumType, ErrorType, FlagsType, Item, StructType, UnionType
from ..scanner import Path

_STYLES: Final = {
    naming.SNAKE: "snake_case",
    naming.PASCAL: "PascalCase",
    naming.UPPER: "UPPER_CASE",
}
_EXAMPLES: Final = {
    naming.SNAKE: "badge_label",
    naming.PASCAL: "FlowEvent",
    naming.UPPER: "MAX_FLOWS",
}
_RESPELL: Final[dict[re.Pattern[str], Callable[[str], str]]] = {
    naming.SNAKE: naming.snake,
    naming.PASCAL: naming.pascal,
    naming.UPPER: naming.upper,
}


@define
class _Scope:
    """Names of one Python namespace and who has them."""

    complaints: Complaints
    _owners: dict[str, Path] = field(factory=dict)

    def add(self, python: str, path: Path) -> None:
        earlier = self._owners.setdefault(python, path)
        if earlier != path:
            self.complaints.at_key(
                PYTHON_COLLISION,
                path,
                f"it becomes {python} in Python, and so does "
                f"{self.complaints.place(earlier)}; rename one of them",
            )


def check_names(contract: Contract, complaints: Complaints) -> None:
    """Spelling, length, and collisions in each namespace of the generated package."""
    names = _Names(contract, complaints)
    names.package()
    names.types()
    names.protocols_and_services()
    names.fields()


@define
class _Names:
    contract: Contract
    complaints: Complaints
    package_scope: _Scope = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.package_scope = _Scope(self.complaints)

    def _spell(self, item: Item, shape: re.Pattern[str], advice: str = "") -> bool:
        name = item.name
        if shape.fullmatch(name) is None:
            better = _RESPELL[shape](name)
            example = f"write {better}" if shape.fullmatch(better) else f"as in {_EXAMPLES[shape]}"
            self.complaints.at_key(
                NAME_SPELLING,
                item.path,
                f"{name!r} is not spelled in {_STYLES[shape]}; {example}{advice}",
            )
            return False
        if len(name) > naming.MAX_NAME:
            self.complaints.at_key(
                NAME_TOO_LONG,
                item.path,
                f"the name is longer than {naming.MAX_NAME} characters; shorten it",
            )
            return False
        return True

    def package(self) -> None:
        python = self.contract.python
        if python is not None and (
            naming.SNAKE.fullmatch(python) is None
            or naming.spelled(python, frozenset()) != python
            or len(python) > naming.MAX_NAME
        ):
            self.complaints.at_value(
                PYTHON_NAME,
                ("python",),
                f"{python!r} cannot name a Python package; write it in snake_case",
            )

    def types(self) -> None:
        for declared in self.contract.types.values():
            if not self._spell(declared, naming.PASCAL):
                continue
            self.package_scope.add(naming.spelled(declared.name, naming.TYPE_NAMES), declared.path)
            if isinstance(declared, (EnumType, FlagsType)):
                scope = _Scope(self.complaints)
                for case in declared.cases:
                    if self._spell(case, naming.SNAKE, '; its name on the wire can be wire = "…"'):
                        scope.add(naming.case_constant(case.name), case.path)
            elif isinstance(declared, UnionType):
                for union_case in declared.cases:
                    if self._spell(union_case, naming.SNAKE):
                        python = naming.union_case(declared.name, union_case.name)
                        self.package_scope.add(python, union_case.path)
        for error in self.contract.errors.values():
            if self._spell(error, naming.PASCAL):
                self.package_scope.add(naming.spelled(error.name, naming.TYPE_NAMES), error.path)
        for const in self.contract.consts:
            if self._spell(const, naming.UPPER):
                self.package_scope.add(naming.spelled(const.name, naming.TYPE_NAMES), const.path)
        for _, _, table, _ in self.contract.tables():
            self.package_scope.add(table.name, table.path)
        for _, _, table in self.contract.event_tables():
            self.package_scope.add(table.name, table.path)

    def protocols_and_services(self) -> None:
        modules = _Scope(self.complaints)
        for protocol in self.contract.protocols.values():
            if not self._spell(protocol, naming.PASCAL):
                continue
            modules.add(naming.module_name(protocol.name), protocol.path)
            self.package_scope.add(f"{protocol.name}Client", protocol.path)
            self.package_scope.add(f"{protocol.name}Server", protocol.path)
            self.package_scope.add(naming.protocol_constant(protocol.name), protocol.path)
            scope = _Scope(self.complaints)
            if protocol.events:
                self.package_scope.add(naming.events_class(protocol.name), protocol.path)
            for method in (*protocol.methods, *protocol.events):
                if self._spell(method, naming.SNAKE, '; the wire can have selector = "…"'):
                    scope.add(naming.spelled(method.name, naming.METHOD_NAMES), method.path)
        for service in self.contract.services:
            if not self._spell(service, naming.SNAKE):
                continue
            self.package_scope.add(naming.service_object(service.name), service.path)
            client = naming.service_client(service.name)
            # A service may take over the client class of the protocol that it serves.
            if client != f"{service.protocol}Client":
                self.package_scope.add(client, service.path)

    def fields(self) -> None:
        taken_by = {
            id(table): naming.STREAM_REQUEST_NAMES
            if method.stream is not None and method.stream.items_in is not None
            else naming.REQUEST_NAMES
            for _, method, table, side in self.contract.tables()
            if side == "request"
        }
        for owner, fields in self.contract.field_owners():
            taken = naming.FIELD_NAMES
            if isinstance(owner, ErrorType):
                taken = naming.ERROR_NAMES
            elif isinstance(owner, StructType):
                taken = taken_by.get(id(owner), taken)
            scope = _Scope(self.complaints)
            for one in fields:
                if self._spell(one, naming.SNAKE, '; its name on the wire can be wire = "…"'):
                    scope.add(naming.spelled(one.name, taken), one.path)
