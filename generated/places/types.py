"""Types of org.example.places 1.0: Types that several contracts share; nothing is served here."""

# Written by `xpcrpc gen` from places.toml; change that, not this.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from typing import Annotated, ClassVar, TypeAlias

from attrs import field
from xpcrpc import OpenEnum, Value, constraints, define

from ..units import types as _units


class Transport(OpenEnum):
    """How one gets there."""

    FOOT = "foot"
    """Slowly."""
    TRAIN = "train"
    """Fast."""


@define(kw_only=True)
class Position:
    """Degrees on the globe."""

    x: _units.Degrees = field(default=0.0, validator=constraints.Range(min=-360, max=360))
    y: _units.Degrees = field(default=0.0, validator=constraints.Range(min=-360, max=360))


@define(kw_only=True)
class Place:
    """Somewhere."""

    UNKNOWN: ClassVar[str] = "keep"
    name: str = field(validator=constraints.Length(max=100))
    """At most 100 characters."""
    at: Position = field(factory=lambda: Position())
    unknown_fields: dict[str, Value] = field(factory=dict, repr=False)
    """What a newer peer sent besides; written back unchanged."""


Sign: TypeAlias = Annotated[str, constraints.Length(max=40)]
"""What stands at the road."""
Signs: TypeAlias = Annotated[list[Sign], constraints.Items(min=1)]
"""All that stands at one road."""
