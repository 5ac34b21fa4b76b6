"""A plan never says more than the general way: it agrees, or it gives up. Usual things it does."""

from __future__ import annotations

import itertools
import struct
from typing import Any
from uuid import UUID, SafeUUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.codec import contracts as c
from tests.codec.effort import QUICK
from tests.codec.test_passes import CASES, SAMPLES, general_decode, outcome, reordered, same
from xpcrpc.codec import _plan, words
from xpcrpc.codec.converter import to_value
from xpcrpc.codec.plans import is_plain, plan_of
from xpcrpc.codec.reader import read_object
from xpcrpc.codec.shape import shape_of, struct_of
from xpcrpc.codec.writer import write_object
from xpcrpc.errors import EncodeError
from xpcrpc.kinds import I8, U8, U64
from xpcrpc.testing import equivalent, strategies, values
from xpcrpc.values import MAX_DEPTH, Date, Duration, UInt64, Value

PLANS = {hint: plan_of(shape_of(hint)) for hint in c.PLAIN}


def decode(hint: Any, data: bytes) -> Any:
    """What the plan makes of the bytes; None if it gives up."""
    return PLANS[hint].decode(data, 0, len(data), 0)


def agrees(hint: Any, data: bytes) -> bool:
    """Whether the plan makes of the bytes what the general way does, or gives up; and which."""
    found = decode(hint, data)
    if found is None:
        return False
    assert same(found, outcome(general_decode, hint, data))
    return True


# -- what is usual ------------------------------------------------------------------


@QUICK
@given(CASES)
def test_a_valid_object_is_written_and_read_by_the_plan_itself(case: tuple[Any, Any]) -> None:
    hint, obj = case
    data = PLANS[hint].encode(obj, 0)
    if "UnknownCase" in repr(obj):
        return  # of a newer contract: the general way's affair
    assert data is not None
    assert equivalent(read_object(data, 0, len(data), iter(()))[0], to_value(obj, hint))
    found = decode(hint, data)
    assert found is not None
    assert found[1] == len(data)
    assert equivalent(found[0], obj)


@QUICK
@given(CASES, st.data())
def test_the_order_of_keys_does_not_matter(case: tuple[Any, Any], data: st.DataObject) -> None:
    hint, obj = case
    value = to_value(obj, hint)
    if "UnknownCase" in repr(obj):
        return
    for _ in range(3):
        assert agrees(hint, write_object(reordered(value, data.draw)))


@QUICK
@given(values())
def test_any_value_without_handles_is_the_plans(value: Value) -> None:
    plan = plan_of(shape_of(Any))
    data = plan.encode(value, 0)
    assert data == write_object(value)
    found = plan.decode(data, 0, len(data), 0)
    assert found is not None
    assert same(found, (value, len(data)))


@pytest.mark.parametrize("number", [0, 1, 2**63 - 1, 2**63, 2**64 - 1])
def test_either_word_of_an_int_is_read(number: int) -> None:
    """Peers in other languages write an i64 where ours write a u64."""
    for hint in (int, U64, U8, I8):
        plan = plan_of(shape_of(hint))
        for written in (UInt64(number), number - 2**64 if number >= 2**63 else number):
            data = write_object(written)
            expected = outcome(general_decode, hint, data)
            found = plan.decode(data, 0, len(data), 0)
            assert (found is None) == isinstance(expected[0], str)
            assert found in (None, expected)


def test_an_int_is_written_where_a_float_belongs() -> None:
    plan = plan_of(shape_of(float))
    assert plan.encode(3, 0) == write_object(3.0)
    assert plan.encode(2**53 + 1, 0) == write_object(float(2**53 + 1))
    assert plan.encode(10**400, 0) is None
    assert plan.encode(True, 0) is None


@pytest.mark.parametrize("size", [0, 1, 4, 5, 32 * 1024 - 1, 32 * 1024, 32 * 1024 + 3, 300_001])
def test_data_of_every_size_comes_out_whole(size: int) -> None:
    blob = bytes(range(256)) * (size // 256 + 1)
    rows: Any = [[blob[:size], b"x"], [], [blob[:size]]]
    plan = plan_of(shape_of(list[list[bytes]]))
    data = plan.encode(rows, 0)
    assert data == write_object(rows)
    assert plan.decode(data, 0, len(data), 0) == (rows, len(data))


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5000, 300_000])
def test_text_of_every_size_comes_out_whole(size: int) -> None:
    texts: Any = {"k" * size: "x" * size, "é" * size: "é" * size}
    plan = plan_of(shape_of(dict[str, str]))
    data = plan.encode(texts, 0)
    assert data == write_object(texts)
    assert plan.decode(data, 0, len(data), 0) == (texts, len(data))


@pytest.mark.parametrize("wrap", [bytearray, memoryview, lambda data: memoryview(data)[:]])
def test_bytes_are_read_where_they_are(wrap: Any) -> None:
    data = write_object({"key": "k", "number": UInt64(1)})
    found = PLANS[c.Inner].decode(wrap(b"head" + data + b"tail"), 4, 4 + len(data), 0)
    assert found == (c.Inner(key="k", number=1), 4 + len(data))


def test_what_is_no_memory_of_bytes_is_given_up() -> None:
    for odd in ("text", [1], None, memoryview(bytes(64))[::2]):
        assert PLANS[c.Inner].decode(odd, 0, 8, 0) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(("offset", "end"), [(-1, 8), (8, 8), (9, 8), (2**40, 2**41), (0, -5)])
def test_offsets_that_hold_nothing_are_given_up(offset: int, end: int) -> None:
    data = write_object("word")
    assert PLANS[str].decode(data, offset, end, 0) is None


def test_nothing_is_read_before_the_bytes() -> None:
    data = write_object("word")
    assert PLANS[str].decode(memoryview(data + data)[len(data) :], -len(data), 0, 0) is None
    assert PLANS[str].decode(memoryview(data)[4:], -4, len(data), 0) is None


# -- what is not --------------------------------------------------------------------


def raw(word: int, *numbers: int) -> bytes:
    return struct.pack(f"<{1 + len(numbers)}I", word, *numbers)


STRUCTS: list[Any] = [hint for hint in c.PLAIN if hasattr(hint, "__attrs_attrs__")]
KEYS = sorted(
    {part.wire for hint in STRUCTS for part in struct_of(hint).fields}
    | {"started", "stopped", "new"}
)
WORDS = [number for number in words.NAMES if number <= words.ENDPOINT]

PIECES: st.SearchStrategy[bytes] = st.one_of(
    st.sampled_from([words.padded_key(key.encode()) for key in KEYS]),
    st.sampled_from([raw(word) for word in WORDS]),
    st.integers(0, 64).map(lambda number: raw(number)),
    st.sampled_from([raw(0xFFFFFFFF), raw(0x7FFFFFFF), raw(0x80000000), bytes(4), bytes(8)]),
    values().map(write_object),
    st.binary(max_size=9),
)


@st.composite
def boxes(draw: st.DrawFn, depth: int = 3) -> bytes:
    """Bytes with lengths and counts that are nearly right, and things inside that may not be."""
    body = b"".join(draw(st.lists(PIECES if depth == 0 else PIECES | boxes(depth - 1), max_size=6)))
    word = draw(st.sampled_from([words.DICTIONARY, words.ARRAY]))
    off = draw(st.sampled_from([0, 0, 0, 0, 4, -4, 1, 2**31]))
    count = draw(st.integers(0, 4) | st.sampled_from([len(body) // 4, 2**32 - 1]))
    return raw(word, (len(body) + 4 + off) % 2**32, count) + body


@QUICK
@given(st.sampled_from(c.PLAIN), st.binary(max_size=120) | boxes())
def test_bytes_of_any_kind_get_the_general_ways_answer_or_none(hint: Any, data: bytes) -> None:
    agrees(hint, data)


@QUICK
@given(CASES, st.data())
def test_bytes_that_were_tampered_with_get_the_general_ways_answer_or_none(
    case: tuple[Any, Any], data: st.DataObject
) -> None:
    hint, obj = case
    changed = bytearray(write_object(to_value(obj, hint)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed) - 1))
        kind = data.draw(st.sampled_from(["bit", "byte", "word", "cut", "twice", "gone"]))
        if kind == "bit":
            changed[place] ^= 1 << data.draw(st.integers(0, 7))
        elif kind == "byte":
            changed[place] = data.draw(st.integers(0, 255))
        elif kind == "word":
            place &= ~3
            changed[place : place + 4] = data.draw(PIECES)
        elif kind == "cut":
            del changed[place + 1 :]
        elif kind == "twice":
            changed[place:place] = changed[place & ~3 : place + 8]
        else:
            del changed[place : place + data.draw(st.integers(1, 16))]
        if not changed:
            break
    agrees(hint, bytes(changed))


@pytest.mark.parametrize("obj", SAMPLES, ids=lambda obj: type(obj).__name__)
def test_every_flipped_bit_gets_the_general_ways_answer_or_none(obj: Any) -> None:
    hint = type(obj)
    data = write_object(to_value(obj))
    assert agrees(hint, data)
    given_up = 0
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        given_up += not agrees(hint, bytes(changed))
    assert given_up > len(data)


def entries(*pairs: tuple[str, Value]) -> bytes:
    """A dictionary of these entries, in this order, as often as they are named."""
    body = b"".join(words.padded_key(key.encode()) + write_object(value) for key, value in pairs)
    return raw(words.DICTIONARY, len(body) + 4, len(pairs)) + body


def test_of_two_equal_keys_of_a_struct_the_last_one_counts() -> None:
    first, second = ("key", "first"), ("key", "second")
    for pairs in (
        (first, second),
        (first, ("number", UInt64(1)), second),
        (first, ("x", 1), second),
    ):
        data = entries(*pairs)
        assert agrees(c.Inner, data) is False
    # Where they are no fields, the plan does it.
    assert agrees(c.Kept, entries(("more", 1), ("more", 2)))
    assert agrees(dict[str, c.Port], entries(("a", UInt64(2000)), ("a", UInt64(3000))))


def test_of_two_equal_keys_the_first_ones_value_matters_to_nobody() -> None:
    data = entries(("a", UInt64(1)), ("a", UInt64(3000)))  # 1 is no port
    assert agrees(dict[str, c.Port], data) is False
    assert general_decode(dict[str, c.Port], data)[0] == {"a": 3000}


def test_unknown_keys_are_read_whatever_becomes_of_them() -> None:
    broken = words.padded_key(b"more") + raw(words.STRING, 2) + b"\xff\0\0\0"
    whole = entries(("key", "k"))
    data = raw(words.DICTIONARY, len(whole) - 8 + len(broken), 2) + whole[12:] + broken
    assert agrees(c.Inner, data) is False
    assert outcome(general_decode, c.Inner, data)[0] == "FrameError"
    assert agrees(c.Inner, entries(("key", "k"), ("more", [None, {"x": 1.5}]), ("note", "n")))
    assert agrees(c.Strict, entries(("a", 1), ("b", 1))) is False


def test_padding_may_hold_anything() -> None:
    data = bytearray(entries(("key", "k"), ("note", "n")))
    at = data.index(b"note\0\0\0\0")
    data[at + 5 : at + 8] = b"\1\2\3"
    data[-2:] = b"\xff\xff"
    assert agrees(c.Inner, bytes(data))


@pytest.mark.parametrize("count", [2, 3, 2**16, 2**31, 2**32 - 1])
def test_a_count_that_the_bytes_cannot_back_is_given_up(count: int) -> None:
    for hint, word in (
        (list[c.Inner], words.ARRAY),
        (dict[str, c.Port], words.DICTIONARY),
        (c.Inner, words.DICTIONARY),
        (c.Kept, words.DICTIONARY),
    ):
        for body in (b"", bytes(8), entries(("key", "k"))):
            assert agrees(hint, raw(word, len(body) + 4, count) + body) is False


HOLDERS: list[tuple[Any, int]] = [
    (Any, words.ARRAY),
    (Any, words.DICTIONARY),
    (list[c.Inner], words.ARRAY),
    (list[Any], words.ARRAY),
    (dict[str, c.Port], words.DICTIONARY),
    (dict[str, list[bool]], words.DICTIONARY),
    (dict[str, bool], words.DICTIONARY),
    (dict[str, UUID], words.DICTIONARY),
    (c.Closed, words.DICTIONARY),
    (c.Inner, words.DICTIONARY),
    (c.Kept, words.DICTIONARY),
]


@pytest.mark.parametrize(("hint", "word"), HOLDERS, ids=str)
def test_every_length_and_count_gets_the_general_ways_answer_or_none(hint: Any, word: int) -> None:
    plan = plan_of(shape_of(hint))

    def check(length: int, count: int, body: bytes) -> None:
        # Nothing follows: whatever is read behind the bytes is not theirs.
        data = raw(word, length, count) + body
        found = plan.decode(data, 0, len(data), 0)
        if found is not None:
            assert same(found, outcome(general_decode, hint, data))

    inside = [words.padded_key(key) + write_object("k") for key in (b"key", b"note", b"started")]
    others: list[Value] = [True, UUID(int=1), []]
    inside += [words.padded_key(b"b") + write_object(value) for value in others]
    pairs = [first + second for first, second in itertools.product(inside, repeat=2)]
    alone = [b"", bytes(4), write_object("k"), raw(word, 4, 0), entries(("key", "k"))]
    for body in (*alone, *inside, *pairs):
        for count in (0, 1, 2, 3, 2**30, 2**32 - 1):
            for length in (*range(len(body) + 9), 2**31, 2**32 - 4, 2**32 - 1):
                check(length, count, body)
            for end in range(len(body)):
                check(end + 4, count, body[:end])


def test_text_is_utf_8_without_nul_and_ends_with_one() -> None:
    for text in (
        b"\xff\0",
        b"\xed\xa0\x80\0",
        b"a\0b\0",
        b"a",
        b"",
        b"\xc3\0",
        b"\xf4\x90\x80\x80\0",
    ):
        data = raw(words.STRING, len(text)) + text + bytes(-len(text) % 4)
        assert agrees(str, data) is False
        assert agrees(c.Mode, data) is False
        assert outcome(general_decode, str, data)[0] == "FrameError"


# -- depth --------------------------------------------------------------------------


def nested(levels: int, kind: Any) -> Any:
    value: Any = kind()
    for _ in range(levels):
        value = [value] if kind is list else {"k": value}
    return value


@pytest.mark.parametrize("kind", [list, dict])
@pytest.mark.parametrize("around", [0, 1, 2, 250, MAX_DEPTH])
def test_the_deepest_container_is_written_and_read_and_none_below_it(
    kind: Any, around: int
) -> None:
    plan = plan_of(shape_of(Any))
    deepest = nested(MAX_DEPTH - around, kind)
    data = plan.encode(deepest, around)
    assert data == write_object(deepest, depth=around)
    assert plan.decode(data, 0, len(data), around) == (deepest, len(data))
    assert plan.decode(data, 0, len(data), around + 1) is None
    assert plan.encode(deepest, around + 1) is None
    for depth in (MAX_DEPTH + 1, 2**31, 2**62):
        assert plan.encode([], depth) is None
        assert plan.decode(data, 0, len(data), depth) is None


@pytest.mark.parametrize(
    ("hint", "obj"),
    [
        (list[str], []),
        (dict[str, int], {}),
        (c.Strict, c.Strict(a=1)),
        (c.Closed, c.EventStopped()),
        (c.Story, c.Story(first=c.EventStopped(), only=c.EventStopped())),
    ],
    ids=str,
)
def test_a_typed_container_lies_as_deep_as_any_and_no_deeper(hint: Any, obj: Any) -> None:
    plan = plan_of(shape_of(hint))
    for depth in (0, MAX_DEPTH - 3, MAX_DEPTH - 2, MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1):
        data = plan.encode(obj, depth)
        try:
            expected = write_object(to_value(obj, hint), depth=depth)
        except EncodeError:
            assert data is None
            written = plan.encode(obj, 0)
            assert written is not None
            assert plan.decode(written, 0, len(written), depth) is None
        else:
            assert data is not None
            assert len(data) == len(expected)
            assert plan.decode(data, 0, len(data), depth) == (obj, len(data))


def test_a_depth_below_nothing_is_a_mistake() -> None:
    plan = plan_of(shape_of(Any))
    with pytest.raises(ValueError, match="not negative"):
        plan.encode(1, -1)
    with pytest.raises(OverflowError):
        plan.encode(1, 2**80)
    with pytest.raises(TypeError):
        plan.decode(b"", 0, 0, "deep")  # type: ignore[arg-type]


def test_a_node_of_every_depth_gets_the_general_ways_answer_or_none() -> None:
    for levels in (1, 100, 254, 255):
        node = c.Node(value=0)
        for value in range(levels):
            node = c.Node(value=value, next=node)
        data = PLANS[c.Node].encode(node, 0)
        assert data is not None
        assert decode(c.Node, data) == (node, len(data))
    node = c.Node(value=256, next=node)
    assert PLANS[c.Node].encode(node, 0) is None
    # A frame of that depth, made by hand: the innermost node has no lists of its own.
    data = entries(("value", 0))
    for value in range(MAX_DEPTH):
        body = words.padded_key(b"next") + data + words.padded_key(b"value") + write_object(value)
        data = raw(words.DICTIONARY, len(body) + 4, 2) + body
    assert agrees(c.Node, data)
    body = words.padded_key(b"next") + data + words.padded_key(b"value") + write_object(0)
    assert agrees(c.Node, raw(words.DICTIONARY, len(body) + 4, 2) + body) is False


@pytest.mark.parametrize("hint", [c.Inner, c.Kept])
def test_an_unknown_entry_lies_as_deep_as_a_known_one(hint: Any) -> None:
    for levels in (MAX_DEPTH - 2, MAX_DEPTH - 1, MAX_DEPTH):
        # By hand, as no writer of ours goes too deep.
        deep = raw(words.ARRAY, 4, 0)
        for _ in range(levels):
            deep = raw(words.ARRAY, len(deep) + 4, 1) + deep
        whole = entries(("key", "k"))
        body = whole[12:] + words.padded_key(b"more") + deep
        data = raw(words.DICTIONARY, len(body) + 4, 2) + body
        assert agrees(hint, data) == (levels < MAX_DEPTH)


def test_what_holds_itself_is_given_up() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert plan_of(shape_of(Any)).encode(loop, 0) is None
    node = c.Node(value=1)
    node.named["again"] = node
    assert PLANS[c.Node].encode(node, 0) is None


# -- which classes are made without their constructor ---------------------------------


def test_contract_classes_are_plain() -> None:
    for hint in (
        c.Scalars,
        c.Inner,
        c.Containers,
        c.Kept,
        c.Ruled,
        c.Node,
        c.Frozen,
        c.EventStarted,
    ):
        assert is_plain(struct_of(hint)), hint
    assert not is_plain(struct_of(c.Refused))  # an exception has more to it


def test_dates_and_uuids_are_as_their_constructors_make_them() -> None:
    for number in (0, 1, 2**64 - 1, 2**64, 2**128 - 1):
        made = UUID(int=number)
        data = plan_of(shape_of(UUID)).encode(made, 0)
        assert data == write_object(made)
        found = plan_of(shape_of(UUID)).decode(data, 0, len(data), 0)
        assert found is not None
        assert (found[0], found[0].is_safe, str(found[0])) == (made, SafeUUID.unknown, str(made))
    for kind in (Date, Duration):
        for ns in (-(2**63), -1, 0, 2**63 - 1):
            data = plan_of(shape_of(kind)).encode(kind(ns), 0)
            assert data is not None
            assert plan_of(shape_of(kind)).decode(data, 0, len(data), 0) == (kind(ns), 12)


@QUICK
@given(strategies(c.Scalars), st.binary(max_size=16))
def test_scalars_that_cannot_be_are_given_up(obj: c.Scalars, junk: bytes) -> None:
    odd = object.__new__(Date)  # without its number
    object.__setattr__(obj, "date", odd)
    assert PLANS[c.Scalars].encode(obj, 0) is None
    object.__setattr__(odd, "ns", junk)
    assert PLANS[c.Scalars].encode(obj, 0) is None
    object.__setattr__(odd, "ns", 2**63)
    assert PLANS[c.Scalars].encode(obj, 0) is None


class TextOfMine(str):
    """A subclass of what a key is."""

    __slots__ = ()


@pytest.mark.parametrize("key", [TextOfMine("a"), c.Side.LEFT, 1, b"a", None, "\0", "\ud800"])
def test_a_key_is_exactly_text_and_text_that_can_be_sent(key: Any) -> None:
    for hint, obj in (
        (Any, {key: 1}),
        (Any, [{"a": {key: 1}}]),
        (dict[str, int], {key: 1}),
        (c.Kept, c.Kept(unknown_fields={key: 1})),
    ):
        assert plan_of(shape_of(hint)).encode(obj, 0) is None


@pytest.mark.parametrize(
    "value", [TextOfMine("a"), c.Side.LEFT, c.Level.LOW, 2**63, -(2**63) - 1, (), set(), object()]
)
def test_an_any_value_is_of_an_exact_type(value: Any) -> None:
    for obj in (value, [value], {"k": value}, [1, {"k": [value]}]):
        assert plan_of(shape_of(Any)).encode(obj, 0) is None


# -- what a plan is told -----------------------------------------------------------------


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": 0},
        {"kind": 99},
        {"kind": -1},
        {"kind": "INT"},
        {"kind": _plan.INT},
        {"kind": _plan.INT, "ints": (True, 0)},
        {"kind": _plan.INT, "ints": (True, 0, 2**63, 0, 0)},
        {"kind": _plan.INT, "ints": (False, -1, 0, 0, 0)},
        {"kind": _plan.INT_ENUM, "ints": (True, 0, 0, 0, 0)},
        {"kind": _plan.INT_ENUM, "ints": (True, 0, 0, 0, 0), "class_": c.Level},
        {"kind": _plan.FLOAT},
        {"kind": _plan.FLOAT, "floats": (True, False, "low", 0.0)},
        {"kind": _plan.TEXT_ENUM, "class_": c.Mode},
        {"kind": _plan.TEXT_ENUM, "texts": ()},
        {"kind": _plan.TEXT_ENUM, "class_": c.Mode, "texts": ((b"a", 1), (b"a", 2))},
        {"kind": _plan.TEXT_ENUM, "class_": c.Mode, "texts": ((b"a\0", 1),)},
        {"kind": _plan.TEXT_ENUM, "class_": c.Mode, "texts": (("a", 1),)},
        {"kind": _plan.TEXT_ENUM, "class_": c.Mode, "texts": ((b"a",),)},
        {"kind": _plan.TEXT_ENUM, "class_": c.Mode, "texts": ((),)},
        {"kind": _plan.LIST},
        {"kind": _plan.MAP, "item": 1},
        {"kind": _plan.UNION},
        {"kind": _plan.UNION, "cases": ((b"a", int),)},
        {"kind": _plan.UNION, "cases": ((b"a", 1, PLANS[str]),)},
        {"kind": _plan.TEXT, "sizes": (1, 2)},
        {"kind": _plan.TEXT, "rules": [len]},
        {"kind": _plan.TEXT, "more": 1},
    ],
    ids=str,
)
def test_a_plan_of_too_little_is_not_made(facts: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError, OverflowError)):
        _plan.Plan(facts.pop("kind"), **facts)


FIELD = (b"a", "a", "a", PLANS[str], False, None, _plan.ABSENT_UNUSUAL, None)


@pytest.mark.parametrize(
    "fields",
    [
        [FIELD],
        (FIELD, FIELD),
        (FIELD[:-1],),
        ((b"\0", *FIELD[1:]),),
        (("a", *FIELD[1:]),),
        ((*FIELD[:3], None, *FIELD[4:]),),
        ((*FIELD[:6], 9, None),),
        ((*FIELD[:6], -1, None),),
    ],
    ids=str,
)
def test_a_struct_of_nonsense_is_not_made(fields: Any) -> None:
    plan = _plan.Plan(_plan.STRUCT)
    with pytest.raises((TypeError, ValueError)):
        plan.fill(c.Inner, fields)
    assert plan.encode(c.Inner(key="k"), 0) is None
    assert plan.decode(entries(("a", "x")), 0, 100, 0) is None


def test_a_plan_is_filled_once() -> None:
    plan = _plan.Plan(_plan.STRUCT)
    assert plan.encode(c.Inner(key="k"), 0) is None
    plan.fill(c.Strict, (FIELD,))
    for filled in (plan, PLANS[str]):
        with pytest.raises(ValueError, match="only a new struct's plan"):
            filled.fill(c.Strict, (FIELD,))


def test_a_class_that_is_made_otherwise_is_not_plain() -> None:
    for made_otherwise in (int, str, Exception, UInt64):
        with pytest.raises(ValueError, match="made as an object is"):
            _plan.Plan(_plan.STRUCT).fill(made_otherwise, (FIELD,), plain=True)


def test_arguments_are_counted() -> None:
    plan = PLANS[str]
    for wrong in (
        lambda: plan.encode("x"),  # type: ignore[call-arg]
        lambda: plan.decode(b"", 0, 0),  # type: ignore[call-arg]
        lambda: plan.decode_items(b"", 0, 0, 0),  # type: ignore[call-arg]
    ):
        with pytest.raises(TypeError, match="arguments"):
            wrong()
