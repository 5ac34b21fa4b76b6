"""Typed objects to bytes and back: this library beside cattrs + msgpack and msgspec.

Run ``python benchmarks/codec.py``; rounds are interleaved, so that a busy
machine slows all rows alike, and medians are printed in microseconds.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import define

sys.path.insert(0, str(Path(__file__).parent.parent))

from xpcrpc.codec import frame
from xpcrpc.codec.converter import from_value, to_value
from xpcrpc.codec.passes import decoder, encoder
from xpcrpc.kinds import I32, I64, U16, U64

ROUNDS = 15


@define(kw_only=True)
class Small:
    """A small call: 12 characters, an int, three bools, 64 bytes."""

    name: str
    number: I64
    a: bool
    b: bool
    c: bool
    data: bytes


@define(kw_only=True)
class Item:
    """One of fifty."""

    id: U64
    name: str
    score: float
    active: bool
    port: U16
    tag: str


@define(kw_only=True)
class Medium:
    """Twenty fields, one of them the fifty items."""

    i1: I64
    i2: I64
    i3: I64
    i4: I32
    i5: U64
    f1: float
    f2: float
    f3: float
    b1: bool
    b2: bool
    b3: bool
    s1: str
    s2: str
    s3: str
    s4: str
    s5: str
    d1: bytes
    d2: bytes
    note: str | None = None
    items: list[Item]


SMALL = Small(name="abcdefghijkl", number=5, a=True, b=False, c=True, data=bytes(64))
ITEMS = [
    Item(id=i, name=f"item {i}", score=i / 3, active=i % 2 == 0, port=i, tag="blue")
    for i in range(50)
]
MEDIUM = Medium(
    i1=1,
    i2=-2,
    i3=3,
    i4=4,
    i5=5,
    f1=1.5,
    f2=2.5,
    f3=3.5,
    b1=True,
    b2=False,
    b3=True,
    s1="one",
    s2="two",
    s3="three",
    s4="a longer piece of text, as labels are",
    s5="",
    d1=b"12345678",
    d2=bytes(32),
    note="note",
    items=ITEMS,
)


def plain(obj: Any) -> Any:
    """Attributes as dictionaries, for the other libraries."""
    if isinstance(obj, list):
        return [plain(item) for item in obj]
    if hasattr(type(obj), "__attrs_attrs__"):
        return {a.name: plain(getattr(obj, a.name)) for a in type(obj).__attrs_attrs__}
    return obj


def rows(obj: Any) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """Each library's encode and decode of one object."""
    cls = type(obj)
    encode, decode = encoder(cls), decoder(cls)
    body = encode(obj, None)
    size = len(body)
    assert decode(body, 0, size, ()) == (obj, size)
    general = frame.encode(to_value(obj))
    found = {
        "xpcrpc": (lambda: encode(obj, None), lambda: decode(body, 0, size, ())),
        "xpcrpc, general way": (
            lambda: frame.encode(to_value(obj)),
            lambda: from_value(frame.decode(general), cls),
        ),
    }
    try:
        import msgpack  # type: ignore[import-untyped, unused-ignore]
        from cattrs.preconf.msgpack import make_converter

        other = make_converter(detailed_validation=False)
        packed = other.dumps(obj)
        assert other.loads(packed, cls) == obj
        del msgpack
        found["cattrs + msgpack"] = (lambda: other.dumps(obj), lambda: other.loads(packed, cls))
    except ImportError:
        print("msgpack is not installed; its row is missing")
    try:
        import msgspec

        item = msgspec.defstruct("Item", [(a.name, Any) for a in Item.__attrs_attrs__])
        types = {int: int, float: float, bool: bool, str: str, bytes: bytes}
        fields = []
        for attribute in cls.__attrs_attrs__:
            value = getattr(obj, attribute.name)
            fields.append((attribute.name, types.get(type(value), list[item])))  # type: ignore[valid-type]
        typed = msgspec.defstruct(cls.__name__, fields)
        made = msgspec.convert(plain(obj), typed)
        encoded = msgspec.msgpack.encode(made)
        reader = msgspec.msgpack.Decoder(typed)
        writer = msgspec.msgpack.Encoder()
        found["msgspec"] = (lambda: writer.encode(made), lambda: reader.decode(encoded))
    except ImportError:
        print("msgspec is not installed; its row is missing")
    return found


def once(work: Callable[[], Any], count: int) -> float:
    """Mean microseconds of ``count`` runs."""
    start = time.perf_counter_ns()
    for _ in range(count):
        work()
    return (time.perf_counter_ns() - start) / count / 1000


def main() -> None:
    """Print a table for each message."""
    for title, obj, count in (("small", SMALL, 3000), ("medium", MEDIUM, 150)):
        table = rows(obj)
        times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in table}
        for work in table.values():
            once(work[0], 50), once(work[1], 50)
        for _ in range(ROUNDS):
            for name, (encode, decode) in table.items():
                times[name][0].append(once(encode, count))
                times[name][1].append(once(decode, count))
        print(f"{title:22} {'encode µs':>10} {'decode µs':>10}   {'× cattrs+msgpack':>17}")
        base = times.get("cattrs + msgpack")
        for name, (encodes, decodes) in times.items():
            down, up = statistics.median(encodes), statistics.median(decodes)
            ratio = ""
            if base is not None:
                ratio = (
                    f"{statistics.median(base[0]) / down:8.2f} "
                    f"{statistics.median(base[1]) / up:8.2f}"
                )
            print(f"  {name:20} {down:10.2f} {up:10.2f}   {ratio:>17}")


if __name__ == "__main__":
    main()
