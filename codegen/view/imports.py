"""Import lines, sorted as ``ruff check --select I`` wants them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from attrs import define, field

from .layout import Call, lay_out

_STANDARD = ("__future__", "abc", "collections.abc", "enum", "typing", "uuid")


def natural(name: str) -> tuple[Any, ...]:
    """Sort key by which ``I8`` comes before ``I16``."""
    return tuple(
        (0, int(part), part) if part.isdigit() else (1, 0, part)
        for part in re.split(r"([0-9]+)", name)
        if part
    )


def name_order(name: str) -> tuple[Any, ...]:
    """Constants, then classes, then the rest, each in natural order: as in ``__all__``."""
    if name.isupper() and len(name) > 1:
        group = 0
    elif name[:1].isupper():
        group = 1
    else:
        group = 2
    return (group, natural(name), name)


def import_order(name: str) -> tuple[Any, ...]:
    """The same with case said last: as in an import."""
    group, exact, _ = name_order(name)
    return (group, natural(name.lower()), exact)


@define
class Imports:
    """What one module imports, gathered while its view is made."""

    _names: dict[str, set[str]] = field(factory=dict)
    _typing_only: dict[str, set[str]] = field(factory=dict)

    def add(self, module: str, *names: str) -> None:
        """``from module import names``"""
        self._names.setdefault(module, set()).update(names)

    def add_for_typing(self, module: str, *names: str) -> None:
        """The same under ``if TYPE_CHECKING``."""
        self._typing_only.setdefault(module, set()).update(names)
        self.add("typing", "TYPE_CHECKING")

    def blocks(self) -> tuple[str, ...]:
        """One text for each block, in order; a blank line belongs between them."""
        future = ("__future__",)
        standard = sorted(name for name in self._names if name in _STANDARD[1:])
        local = sorted(name for name in self._names if name.startswith("."))
        rest = sorted(set(self._names) - {*standard, *local, *future})
        blocks = [
            _lines(self._names, modules, 0)
            for modules in (("__future__",), standard, rest, local)
            if any(module in self._names for module in modules)
        ]
        for_typing = {
            module: names - self._names.get(module, set())
            for module, names in self._typing_only.items()
        }
        if any(for_typing.values()):
            modules = sorted(module for module, names in for_typing.items() if names)
            blocks.append("if TYPE_CHECKING:\n" + _lines(for_typing, modules, 1))
        return tuple(blocks)


def _lines(names: dict[str, set[str]], modules: Iterable[str], depth: int) -> str:
    return "\n".join(import_line(module, names[module], depth) for module in modules)


def import_line(module: str, names: Iterable[str], depth: int = 0) -> str:
    """``from module import a, b``, broken if it is too long; ``a as b`` has its own line."""
    renamed = sorted(name for name in names if " as " in name)
    if renamed:
        lines = [f"{'    ' * depth}from {module} import {name}" for name in renamed]
        rest = [name for name in names if " as " not in name]
        return "\n".join([import_line(module, rest, depth), *lines] if rest else lines)
    ordered = tuple(sorted(names, key=import_order))
    line = f"{'    ' * depth}from {module} import {', '.join(ordered)}"
    if len(line) <= 100:
        return line
    return lay_out(Call(f"from {module} import (", ordered), depth)
