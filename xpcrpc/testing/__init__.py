"""For tests of programs that use xpcrpc.

* `connected_pair` and `served`: a client and a server in one test;
* `FaultPlan`: connections that fail on purpose, the same way each time;
* `record`: what was said, for people;
* `strategies`, `values`, `messages`: Hypothesis strategies from contract types;
* `near_misses`: values that a contract type refuses, each for one reason;
* `equivalent`: comparison that looks through handles.

The fixtures in `xpcrpc.testing.plugin` are there as soon as pytest is. Each name
is loaded when it is first used: only the strategies need Hypothesis.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ..transport.memory import MemoryNetwork, MemoryTransport
    from .equivalence import equivalent
    from .faults import Cut, Delay, Drop, Duplicate, Fault, Hold, Kill, Late, Slow
    from .gates import Clock, Latch
    from .matches import TO_CLIENT, TO_SERVER, Match, message, reply, request
    from .near_misses import NearMiss, near_misses
    from .pairs import Served, bootstrap_directory, connected_pair, served
    from .plan import FaultPlan, random_plan
    from .record import Transcript, record
    from .strategies import messages, strategies, values

_HOMES: Final = {
    "..transport.memory": ("MemoryNetwork", "MemoryTransport"),
    ".equivalence": ("equivalent",),
    ".faults": ("Cut", "Delay", "Drop", "Duplicate", "Fault", "Hold", "Kill", "Late", "Slow"),
    ".gates": ("Clock", "Latch"),
    ".matches": ("Match", "TO_CLIENT", "TO_SERVER", "message", "reply", "request"),
    ".near_misses": ("NearMiss", "near_misses"),
    ".pairs": ("Served", "bootstrap_directory", "connected_pair", "served"),
    ".plan": ("FaultPlan", "random_plan"),
    ".record": ("Transcript", "record"),
    ".strategies": ("messages", "strategies", "values"),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "TO_CLIENT",
    "TO_SERVER",
    "Clock",
    "Cut",
    "Delay",
    "Drop",
    "Duplicate",
    "Fault",
    "FaultPlan",
    "Hold",
    "Kill",
    "Latch",
    "Late",
    "Match",
    "MemoryNetwork",
    "MemoryTransport",
    "NearMiss",
    "Served",
    "Slow",
    "Transcript",
    "bootstrap_directory",
    "connected_pair",
    "equivalent",
    "message",
    "messages",
    "near_misses",
    "random_plan",
    "record",
    "reply",
    "request",
    "served",
    "strategies",
    "values",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(home, __name__), name)
    globals()[name] = found
    return found


class _Package(ModuleType):
    """This package. A submodule that has the name of what it exports (`record`,
    `strategies`) would hide it, as an import puts submodules into their package."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in _HOME_OF and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
