"""Every class that the compiler wrote travels, both ways through the codec."""

from __future__ import annotations

import importlib
import pkgutil
from enum import Enum
from types import ModuleType
from typing import Any

import pytest
from attrs import has
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import generated
from xpcrpc.codec.converter import from_value, to_value
from xpcrpc.codec.passes import decoder, encoder
from xpcrpc.codec.reader import read_object
from xpcrpc.codec.shape import Kind, shape_of
from xpcrpc.contract import Protocol
from xpcrpc.testing import equivalent, strategies
from xpcrpc.values import Endpoint, Handle

PACKAGES = [
    importlib.import_module(f"generated.{found.name}")
    for found in pkgutil.iter_modules(generated.__path__)
    if found.ispkg
]


def types_of(package: ModuleType) -> list[Any]:
    """The attrs classes and enums of a package, in the order of their names."""
    return [
        kind
        for kind in (getattr(package, name) for name in sorted(package.__all__))
        if isinstance(kind, type)
        and kind.__module__.startswith(package.__name__)
        and (has(kind) or (issubclass(kind, Enum) and len(kind)))
    ]


def replies_of(package: ModuleType) -> list[Any]:
    """The reply types of every method, resolved."""
    methods = [
        (protocol, method)
        for protocol in (getattr(package, name) for name in package.__all__)
        if isinstance(protocol, Protocol)
        for method in protocol.methods
    ]
    hints = [(method.reply, protocol.package) for protocol, method in methods]
    return [shape_of(hint, module).hint for hint, module in hints if hint is not None]


TYPES = [(package.__name__, kind) for package in PACKAGES for kind in types_of(package)]
REPLIES = [(package.__name__, kind) for package in PACKAGES for kind in replies_of(package)]


def test_there_is_something_to_walk() -> None:
    assert len(TYPES) > 20


@pytest.mark.parametrize(
    "hint", [kind for _, kind in TYPES + REPLIES], ids=[f"{p}-{k}" for p, k in TYPES + REPLIES]
)
def test_generated_type_travels_both_ways(hint: Any) -> None:
    assert shape_of(hint).kind is not Kind.OPAQUE

    @settings(max_examples=10, suppress_health_check=list(HealthCheck), deadline=None)
    @given(strategies(hint, endpoint=lambda: Endpoint(object())), st.data())
    def travels(obj: Any, data: st.DataObject) -> None:
        handles: list[Handle] = []
        raw = encoder(hint)(obj, handles)
        value, end = read_object(raw, 0, len(raw), iter(handles))
        assert equivalent(value, to_value(obj, hint))
        again, stop = decoder(hint)(raw, 0, len(raw), iter(handles))
        assert (end, stop) == (len(raw), len(raw))
        assert equivalent(again, obj)
        assert equivalent(from_value(value, hint), obj)

    travels()
