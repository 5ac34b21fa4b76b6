"""``[imports]``: other contracts read, and their types made usable by ``alias.Name``.

A type of another contract gets a name with a dot here, and so does every type
that it names itself: ``net.Address`` may hold ``net.Port``. What the other
contract imports in turn has a dot more, ``net.geo.Point``. So everything that
asks what a name means finds it in one table, `Contract.imported`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Final

from attrs import define, evolve, field, frozen

from xpcrpc.errors import MisuseError

from .check import check
from .complaint import Complaint, Complaints
from .mistakes.files import (
    IMPORT_CIRCLE,
    IMPORT_DEPTH,
    IMPORT_TWICE,
    IMPORT_UNREADABLE,
    IMPORT_WITHOUT_FILE,
)
from .model import (
    AliasType,
    Contract,
    Field,
    Foreign,
    Import,
    StructType,
    TypeDeclaration,
    UnionType,
)
from .naming import package_name
from .read import read_contract
from .source import Source, read_source
from .typeexpr import ClientEnd, ListOf, MapOf, Named, Optional, ServerEnd, TypeExpr

MAX_DEPTH: Final = 32
"""Contracts that import each other in a row."""


@frozen(eq=False)
class Loaded:
    """One file: its contract, and what was said about it."""

    contract: Contract
    complaints: Complaints


@define
class Loader:
    """Reads contracts, each once, and those that they import before them."""

    loaded: dict[object, Loaded | Complaint] = field(factory=dict)
    """By the file's resolved path, in the order in which they were finished."""
    _open: dict[object, str] = field(factory=dict)
    """Files that are being read now, outermost first, by what they are called."""

    def load(self, source: Source | Complaint, path: Path | None = None) -> Loaded | Complaint:
        """A contract of the given source, with all its imports."""
        if isinstance(source, Complaint):
            return self.loaded.setdefault(_identity(path) if path else source, source)
        key = _identity(source.path) if source.path else id(source)
        if key in self.loaded:
            return self.loaded[key]
        found = Complaints(source)
        self._open[key] = source.file
        contract = read_contract(found)
        contract = self._with_imports(contract, source, found)
        check(contract, found)
        del self._open[key]
        self.loaded[key] = loaded = Loaded(contract, found)
        return loaded

    def _with_imports(self, contract: Contract, source: Source, found: Complaints) -> Contract:
        imported: dict[str, TypeDeclaration] = {}
        foreign: dict[str, Foreign] = {}
        seen: dict[object, Import] = {}
        for one in contract.imports:
            other = self._import(one, source, found)
            if other is None:
                # Nothing is said of its names: why they are unknown has been said.
                foreign[f"{one.alias}."] = Foreign("", "")
                continue
            earlier = seen.setdefault(id(other), one)
            if earlier is not one:
                found.at_key(
                    IMPORT_TWICE,
                    one.path,
                    f"{earlier.alias} at {found.place(earlier.path)} is the same contract; "
                    "drop one of them",
                )
            package = package_name(other.package, other.python)
            for name, declared in other.types.items():
                imported[f"{one.alias}.{name}"] = _moved(declared, one.alias)
                foreign[f"{one.alias}.{name}"] = Foreign(package, name)
            for name, declared in other.imported.items():
                imported[f"{one.alias}.{name}"] = _moved(declared, one.alias)
            for name, place in other.foreign.items():
                foreign[f"{one.alias}.{name}"] = place
        return evolve(contract, imported=imported, foreign=foreign)

    def _import(self, one: Import, source: Source, found: Complaints) -> Contract | None:
        if source.path is None:
            found.at_value(
                IMPORT_WITHOUT_FILE,
                one.path,
                "a contract that is no file cannot import another one",
            )
            return None
        path = source.path.parent / one.file
        shown = normpath((PurePosixPath(source.file).parent / one.file).as_posix())
        key = _identity(path)
        if key in self._open:
            files = list(self._open)
            chain = [self._open[at] for at in files[files.index(key) :]]
            found.at_value(
                IMPORT_CIRCLE,
                one.path,
                "contracts import each other in a circle: "
                + " imports ".join([*chain, chain[0]])
                + "; move what they share into a contract of its own",
            )
            return None
        if len(self._open) >= MAX_DEPTH:
            found.at_value(
                IMPORT_DEPTH,
                one.path,
                f"more than {MAX_DEPTH} contracts import each other in a row; join some",
            )
            return None
        loaded = self.loaded.get(key)
        if loaded is None:
            try:
                loaded = self.load(read_source(path, shown), path)
            except MisuseError as error:
                found.at_value(
                    IMPORT_UNREADABLE, one.path, f"{error}; the path is relative to this file"
                )
                return None
        return loaded.contract if isinstance(loaded, Loaded) else None


def _identity(path: Path) -> object:
    """The same for two ways to name one file."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return path.absolute()


def _moved(declared: TypeDeclaration, alias: str) -> TypeDeclaration:
    """A declaration as another contract sees it: every name in it gets the alias."""

    def name(inner: TypeExpr) -> TypeExpr:
        return _renamed(inner, lambda old: f"{alias}.{old}")

    def fields(owned: tuple[Field, ...]) -> tuple[Field, ...]:
        return tuple(evolve(one, type=name(one.type)) for one in owned)

    match declared:
        case StructType():
            return evolve(declared, fields=fields(declared.fields))
        case UnionType():
            cases = tuple(evolve(case, fields=fields(case.fields)) for case in declared.cases)
            return evolve(declared, cases=cases)
        case AliasType():
            return evolve(declared, type=name(declared.type))
    return declared


def _renamed(expression: TypeExpr, name: Callable[[str], str]) -> TypeExpr:
    match expression:
        case Named(old):
            return Named(name(old))
        case ClientEnd(protocol):
            return ClientEnd(name(protocol))
        case ServerEnd(protocol):
            return ServerEnd(name(protocol))
        case ListOf(inner):
            return ListOf(_renamed(inner, name))
        case MapOf(inner):
            return MapOf(_renamed(inner, name))
        case Optional(inner):
            return Optional(_renamed(inner, name))
    return expression
