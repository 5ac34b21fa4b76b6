"""The single pass and the general way agree: on bytes, on objects and on every complaint."""

from __future__ import annotations

from copy import copy
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpcrpc.codec import frame
from xpcrpc.codec.converter import converter, from_value, make_converter, to_value
from xpcrpc.codec.passes import can_pass, decoder, encoder, parts_encoder
from xpcrpc.codec.reader import read_object
from xpcrpc.codec.shape import shape_of
from xpcrpc.codec.writer import write_object
from xpcrpc.contract import UnknownCase
from xpcrpc.errors import EncodeError, FrameError, ValueProblemsError
from xpcrpc.testing import equivalent, strategies, values
from xpcrpc.values import Date, Duration, Handle, UInt64, Value

from . import contracts as c
from .effort import QUICK

AGAIN = 3
"""Times that the same keys come: the reader remembers their order."""

CASES: st.SearchStrategy[tuple[Any, Any]] = st.sampled_from(c.PLAIN).flatmap(
    lambda hint: st.tuples(st.just(hint), strategies(hint))
)


def general_decode(hint: Any, data: bytes) -> Any:
    value, end = read_object(data, 0, len(data), iter(()))
    return from_value(value, hint), end


def outcome(call: Any, *arguments: Any) -> Any:
    """A result, or what the refusal says."""
    try:
        return call(*arguments)
    except (ValueProblemsError, FrameError) as error:
        return type(error).__name__, str(error)


def same(left: Any, right: Any) -> bool:
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(equivalent, left, right))
    return equivalent(left, right)


def reordered(value: Value, draw: Any) -> Value:
    """The same value with the entries of every dictionary in another order."""
    if isinstance(value, dict):
        keys = draw(st.permutations(list(value)))
        return {key: reordered(value[key], draw) for key in keys}
    if isinstance(value, list):
        return [reordered(item, draw) for item in value]
    return value


def test_every_plain_type_has_a_single_pass() -> None:
    for hint in c.PLAIN:
        assert can_pass(shape_of(hint), converter.read_hook), hint
        assert can_pass(shape_of(hint), converter.write_hook), hint


def test_types_with_handles_go_the_general_way() -> None:
    for hint in (c.Resources, c.Ends):
        assert not can_pass(shape_of(hint), converter.read_hook)


@QUICK
@given(CASES)
def test_encoder_writes_what_the_general_way_writes(case: tuple[Any, Any]) -> None:
    hint, obj = case
    data = encoder(hint)(obj, None)
    value, end = read_object(data, 0, len(data), iter(()))
    assert end == len(data)
    assert equivalent(value, to_value(obj, hint))
    assert b"".join(parts_encoder(hint)(obj, None)) == data


@QUICK
@given(CASES, st.data())
def test_decoder_reads_what_the_general_way_reads(
    case: tuple[Any, Any], data: st.DataObject
) -> None:
    hint, obj = case
    raw = write_object(reordered(to_value(obj, hint), data.draw))
    decode = decoder(hint)
    expected = general_decode(hint, raw)
    for _ in range(AGAIN):
        assert same(decode(raw, 0, len(raw), ()), expected)
    assert equivalent(expected[0], obj)


DECODERS = {hint: decoder(hint) for hint in (*c.PLAIN,)}


@QUICK
@given(CASES, st.data())
def test_mutated_bytes_get_one_answer_from_both(case: tuple[Any, Any], data: st.DataObject) -> None:
    hint, obj = case
    decode = DECODERS[hint]
    raw = bytearray(encoder(hint)(obj, None))
    for _ in range(AGAIN):
        decode(bytes(raw), 0, len(raw), ())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del raw[data.draw(st.integers(0, len(raw))) :]
    changed = bytes(raw)
    assert same(
        outcome(decode, changed, 0, len(changed), ()), outcome(general_decode, hint, changed)
    )


@QUICK
@given(st.sampled_from(c.PLAIN), values())
def test_any_value_gets_one_answer_from_both(hint: Any, value: Value) -> None:
    raw = write_object(value)
    assert same(outcome(DECODERS[hint], raw, 0, len(raw), ()), outcome(general_decode, hint, raw))


SAMPLES: list[Any] = [
    c.Scalars(
        flag=True,
        i8=-1,
        i16=2,
        i32=3,
        i64=4,
        u8=5,
        u16=6,
        u32=7,
        u64=8,
        f32=0.5,
        f64=0.1,
        text="text",
        data=b"data",
        uuid=UUID(int=1),
        date=Date(9),
        duration=Duration(10),
        anything={"a": [True]},
        mode=c.Mode.DIRECT,
        side=c.Side.LEFT,
        level=c.Level.LOW,
        sign=c.Sign.MINUS,
        caps=c.Caps(3),
    ),
    c.Containers(
        inner=c.Inner(key="k", note="n"),
        maybe_inner=c.Inner(key=""),
        numbers=[1, 2],
        flags=[True, False],
        floats=[0.5],
        texts=["a", "bcd"],
        sides=[c.Side.LEFT],
        levels=[c.Level.HIGH],
        optionals=[1, None],
        inners=[c.Inner(key="x"), c.Inner(key="y")],
        rows=[[b"ab"], []],
        names={"n": c.Inner(key="z")},
        counts={"one": 1, "none": None},
        things=[1.5],
    ),
    c.Story(
        first=c.EventStarted(pid=1),
        rest=[c.EventStopped(), c.EventStarted(pid=2)],
        last=c.EventStopped(),
        only=c.EventStopped(),
    ),
    c.Kept(label="l", unknown_fields={"more": 1}),
    c.Strict(a=1),
    c.Nulls(a=1, b=None),
    c.Ruled(port=80, name="name", code="ab-1", blob=b"x", tags=["a"], table={"a": 1}, limit=3),
]


@pytest.mark.parametrize("obj", SAMPLES, ids=lambda obj: type(obj).__name__)
def test_every_change_of_one_byte_gets_one_answer_from_both(obj: Any) -> None:
    hint = type(obj)
    raw = encoder(hint)(obj, None)
    decode = decoder(hint)
    for _ in range(AGAIN):
        decode(raw, 0, len(raw), ())
    for place, old in enumerate(raw):
        for new in {0, 1, 2, 0x7F, 0xFF, old ^ 0x80, (old + 4) & 0xFF, (old - 1) & 0xFF} - {old}:
            changed = raw[:place] + bytes([new]) + raw[place + 1 :]
            both = (
                outcome(decode, changed, 0, len(changed), ()),
                outcome(general_decode, hint, changed),
            )
            assert same(*both), (place, old, new)


@pytest.mark.parametrize("obj", SAMPLES, ids=lambda obj: type(obj).__name__)
def test_every_cut_gets_one_answer_from_both(obj: Any) -> None:
    hint = type(obj)
    raw = encoder(hint)(obj, None)
    decode = decoder(hint)
    for _ in range(AGAIN):
        decode(raw, 0, len(raw), ())
    for end in range(len(raw)):
        cut = raw[:end]
        assert same(outcome(decode, cut, 0, end, ()), outcome(general_decode, hint, cut))
        with pytest.raises(FrameError):
            decode(raw, 0, end, ())


class TextOfMine(str):
    """A subclass of what a field holds."""

    __slots__ = ()


SPOILT: list[Any] = [
    None,
    True,
    1,
    -1,
    300,
    2**63,
    2**70,
    UInt64(5),
    1.5,
    1e300,
    "",
    "\0",
    "\ud800",
    TextOfMine("mine"),
    b"",
    bytearray(b"x"),
    [],
    [None],
    [True],
    [1.5],
    ["\0"],
    [b""],
    (1,),
    {},
    {1: 2},
    {"\0": 1},
    {"mode": 1},
    Date(1),
    c.Side.LEFT,
    c.Level.LOW,
    c.Inner(key="k"),
    c.EventStarted(pid=2**40),
    UnknownCase("new", {"a": 1}),
    object(),
]


@pytest.mark.parametrize("obj", SAMPLES, ids=lambda obj: type(obj).__name__)
def test_every_spoilt_attribute_gets_one_answer_from_both(obj: Any) -> None:
    hint = type(obj)
    encode = encoder(hint)

    def general(obj: Any) -> Value:
        data = write_object(to_value(obj), None, root=hint.__name__)
        return read_object(data, 0, len(data), iter(()))[0]

    def single(obj: Any) -> Value:
        data = encode(obj, None)
        return read_object(data, 0, len(data), iter(()))[0]

    for part in hint.__attrs_attrs__:
        for value in SPOILT:
            # As a program may: no validator runs when an attribute's content is changed.
            changed = copy(obj)
            object.__setattr__(changed, part.name, value)
            assert same(outcome(single, changed), outcome(general, changed)), (part.name, value)


def test_handles_travel_the_general_way_in_order() -> None:
    from xpcrpc.testing.strategies import descriptor, shared_memory

    obj = c.Resources(
        plain=descriptor(), read=descriptor(), memory={"m": shared_memory(b"x")}, note="n"
    )
    handles: list[Handle] = []
    data = encoder(c.Resources)(obj, handles)
    assert handles == [obj.plain, obj.read, obj.memory["m"]]
    again, end = decoder(c.Resources)(data, 0, len(data), iter(handles))
    assert end == len(data)
    assert again == obj


def test_object_in_an_envelope_is_read_where_it_is() -> None:
    obj = c.Inner(key="k")
    body = encoder(c.Inner, depth=2)(obj, None)
    for _ in range(AGAIN):
        assert decoder(c.Inner, depth=2)(b"head" + body + b"tail", 4, 4 + len(body), ()) == (
            obj,
            4 + len(body),
        )


def test_object_that_passes_its_end_is_refused() -> None:
    body = encoder(c.Inner)(c.Inner(key="key"), None)
    with pytest.raises(FrameError):
        decoder(c.Inner)(body + bytes(8), 0, len(body) - 4, ())


def chain(length: int) -> c.Node:
    node = c.Node(value=0)
    for value in range(length):
        node = c.Node(value=value, next=node)
    return node


@pytest.mark.parametrize("depth", [0, 2])
def test_depth_counts_what_is_around_the_object(depth: int) -> None:
    encode, decode = encoder(c.Node, depth=depth), decoder(c.Node, depth=depth)
    # A node has two empty containers of its own below it.
    deepest = chain(255 - depth)
    data = encode(deepest, None)
    assert decode(data, 0, len(data), ())[0] == deepest
    with pytest.raises(EncodeError, match="256 containers"):
        encode(chain(256 - depth), None)
    around: Value = to_value(deepest)
    for _ in range(depth):
        around = [around]
    assert frame.decode(frame.encode(around)) == around


def test_object_that_holds_itself_is_refused_by_the_single_pass() -> None:
    node = c.Node(value=1)
    node.children.append(node)
    with pytest.raises(EncodeError, match="may hold itself"):
        encoder(c.Node)(node, None)


def test_hook_that_is_registered_later_is_not_bypassed() -> None:
    own = make_converter()
    obj = c.Containers(inner=c.Inner(key="k"))
    encode, decode = encoder(c.Containers, using=own), decoder(c.Containers, using=own)
    before = encode(obj, None)
    assert decode(before, 0, len(before), ())[0] == obj
    own.register_unstructure_hook(c.Inner, lambda inner: inner.key)
    own.register_structure_hook(c.Inner, lambda value, _: c.Inner(key=value + "!"))
    after = encode(obj, None)
    assert read_object(after, 0, len(after), iter(()))[0]["inner"] == "k"  # type: ignore[call-overload,index]
    assert decode(after, 0, len(after), ())[0].inner == c.Inner(key="k!")
    assert b"".join(parts_encoder(c.Containers, using=own)(obj, None)) == after


def test_rules_are_checked_by_the_single_pass() -> None:
    good: Any = {
        "port": UInt64(80),
        "ratio": 0.5,
        "name": "name",
        "code": "ab-1",
        "blob": b"x",
        "tags": ["a"],
        "table": {"a": 1},
        "limit": UInt64(3),
    }
    decode = decoder(c.Ruled)
    raw = write_object(good)
    for _ in range(AGAIN):
        assert decode(raw, 0, len(raw), ())[0] == from_value(good, c.Ruled)
    bad_values: dict[str, Value] = {
        "port": UInt64(5000),
        "ratio": float("nan"),
        "name": "far too long",
        "code": "AB-1",
        "blob": b"12345",
        "tags": ["a", "a"],
        "table": {"a": -6},
        "limit": UInt64(11),
    }
    for name, value in bad_values.items():
        bad = write_object({**good, name: value})
        with pytest.raises(ValueProblemsError, match=f"Ruled.{name}"):
            decode(bad, 0, len(bad), ())


def test_long_texts_are_written_and_read_whole() -> None:
    obj = c.Inner(key="x" * 100_000, note="y" * 70_000)
    data = encoder(c.Inner)(obj, None)
    assert decoder(c.Inner)(data, 0, len(data), ())[0] == obj
    started = c.Strict(a=1)
    assert decoder(c.Strict)(encoder(c.Strict)(started, None), 0, 100, ())[0] == started


@QUICK
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_texts_of_all_lengths_are_padded_right(keys: list[str]) -> None:
    objs = [c.Frozen(a=len(key), b=key[:9]) for key in keys]
    data = encoder(list[c.Frozen])(objs, None)
    assert decoder(list[c.Frozen])(data, 0, len(data), ())[0] == objs
