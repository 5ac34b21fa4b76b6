"""Types of org.example.units 1.0: Units of measure."""

# Written by `xpcrpc gen` from units.toml; change that, not this.

from __future__ import annotations

from typing import Annotated, TypeAlias

from xpcrpc import F64, constraints

Degrees: TypeAlias = Annotated[F64, constraints.Range(min=-360, max=360)]
"""An angle."""
