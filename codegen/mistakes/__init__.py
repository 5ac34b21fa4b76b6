"""Every kind of complaint that the compiler has, by a name that never changes.

A complaint names its kind; `xpcrpc check --explain` says why the kind exists. Each has a
folder in `tests/codegen/cases`, with a contract that makes the mistake and what is said.
"""

from __future__ import annotations

from typing import Final

from . import files, names, protocols, services, shape, types, values
from .mistake import Mistake

MISTAKES: Final = tuple(
    value
    for module in (files, shape, names, types, values, protocols, services)
    for value in vars(module).values()
    if isinstance(value, Mistake)
)
"""All of them, in the order in which a contract meets them."""

__all__ = ["MISTAKES", "Mistake"]
