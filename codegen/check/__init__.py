"""What a contract must keep to besides its shape; every rule complains by itself."""

from __future__ import annotations

from ..complaint import Complaints
from ..model import Contract
from .constraints import check_constraints
from .evolution import check_evolution
from .names import check_names
from .recursion import check_recursion
from .references import check_references
from .resources import check_resources
from .values import check_values
from .wire import check_wire

__all__ = ["check"]

_CHECKS = (
    check_names,
    check_references,
    check_recursion,
    check_resources,
    check_constraints,
    check_values,
    check_wire,
    check_evolution,
)


def check(contract: Contract, complaints: Complaints) -> None:
    """Add every complaint about the contract's meaning."""
    for one in _CHECKS:
        one(contract, complaints)
