"""A template makes the frame that the general way makes, and takes apart that frame alone."""

from __future__ import annotations

import gc
import struct
import sys
import weakref
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.codec import contracts as c
from tests.codec.effort import QUICK
from tests.codec.test_passes import CASES, outcome, same
from xpcrpc.codec import frame, words
from xpcrpc.codec._plan import Envelope
from xpcrpc.codec.converter import make_converter, to_value
from xpcrpc.codec.passes import decoder, encoder, framing, items_decoder, opener, sealer
from xpcrpc.codec.plans import plan_of
from xpcrpc.codec.shape import shape_of
from xpcrpc.codec.template import COUNT, INT64, LENGTH, TEXT, UINT64, Template
from xpcrpc.codec.writer import write_object
from xpcrpc.errors import DecodeError, EncodeError, FrameError
from xpcrpc.values import MAX_DEPTH, Handle, UInt64

HEAD = frame.PAYLOAD_HEADER + words.word(words.DICTIONARY)
NUMBER = words.padded_key(b"number") + words.word(words.UINT64)
TIME = words.padded_key(b"time") + words.word(words.INT64)
VALUE = words.padded_key(b"value")
ITEMS = words.padded_key(b"items") + words.word(words.ARRAY)
NAME = words.padded_key(b"name") + words.word(words.STRING)


def u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


ONE = Template(HEAD, LENGTH, u32(3) + NUMBER, UINT64, TIME, INT64, VALUE)
SEVERAL = Template(HEAD, LENGTH, u32(2) + NUMBER, UINT64, ITEMS, LENGTH, COUNT)
U64 = st.integers(0, 2**64 - 1)
I64 = st.integers(-(2**63), 2**63 - 1)


@QUICK
@given(CASES, U64, I64)
def test_a_frame_is_what_the_general_way_writes(
    case: tuple[Any, Any], number: int, time: int
) -> None:
    hint, obj = case
    made = framing(hint, ONE, depth=1).frame(obj, [], number, time)
    message = {"number": UInt64(number), "time": time, "value": to_value(obj, hint)}
    assert same(frame.decode(made), message)
    body = encoder(hint, depth=1)(obj, None)
    assert made == ONE.wrap([body], number, time)
    assert made.endswith(body)


@QUICK
@given(st.lists(CASES, max_size=5), U64)
def test_items_that_were_written_before_are_put_into_one_frame(
    cases: list[tuple[Any, Any]], number: int
) -> None:
    bodies = [encoder(hint, depth=2)(obj, None) for hint, obj in cases]
    message = {"number": UInt64(number), "items": [to_value(obj, hint) for hint, obj in cases]}
    assert same(frame.decode(SEVERAL.wrap(bodies, number)), message)


@QUICK
@given(st.lists(st.builds(c.Inner, key=st.just("k"), number=st.integers(0, 9)), max_size=5), U64)
def test_items_are_taken_out_of_a_frame_in_one_piece(items: list[c.Inner], number: int) -> None:
    made = SEVERAL.wrap([encoder(c.Inner)(item, None) for item in items], number)
    found = SEVERAL.read(made, 0)
    assert found is not None
    *numbers, at = found
    assert numbers == [number, len(items)]
    assert items_decoder(c.Inner, depth=2)(made, at, len(made), len(items), ()) == items


@QUICK
@given(U64, I64, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_numbers_and_text_come_out_as_they_went_in(number: int, time: int, name: str) -> None:
    reads = Template(LENGTH, u32(3) + NAME, TEXT, NUMBER, UINT64, TIME, INT64)
    data = frame.encode({"name": name, "number": UInt64(number), "time": time})
    assert reads.read(data, 12) == (name, number, time, len(data))
    assert reads.read(memoryview(b"..." + data)[3:], 12) == (name, number, time, len(data))


READS = Template(LENGTH, u32(4) + NUMBER, UINT64, NAME, TEXT, TIME, INT64, ITEMS, LENGTH, COUNT)
MESSAGE = frame.encode({"number": UInt64(7), "name": "names", "time": -1, "items": ["a", "b"]})


def test_every_change_of_a_frame_is_noticed_or_comes_out_as_a_value() -> None:
    expected = READS.read(MESSAGE, 12)
    assert expected is not None
    assert expected[:-1] == (7, "names", -1, 2)
    at = expected[-1]
    assert MESSAGE[at:].startswith(write_object("a"))
    noticed = 0
    for place in range(12, at):
        for bit in range(8):
            changed = bytearray(MESSAGE)
            changed[place] ^= 1 << bit
            found = READS.read(bytes(changed), 12)
            noticed += found is None
            if found is not None and found != expected:
                # Only one of the four can be another; keys, words and lengths are constant.
                assert sum(a != b for a, b in zip(found, expected, strict=True)) == 1
    assert noticed > 8 * (at - 12 - 8 - 8 - 8 - 4 - 4)


def test_a_frame_that_is_shorter_or_longer_is_another() -> None:
    for end in range(len(MESSAGE)):
        assert READS.read(MESSAGE[:end], 12) is None
    assert READS.read(MESSAGE + bytes(4), 12) is None
    for offset in (-1, 0, 11, 13, len(MESSAGE), len(MESSAGE) + 1, 2**70):
        assert READS.read(MESSAGE, offset) is None


@pytest.mark.parametrize("text", [b"", b"a", b"a\0b\0", b"\xff\0", b"\xed\xa0\x80\0"])
def test_a_text_that_is_none_is_another_frame(text: bytes) -> None:
    data = u32(len(text)) + text + bytes(-len(text) % 4)
    assert Template(TEXT).read(data, 0) is None
    assert Template(TEXT).read(u32(2**32 - 1) + text, 0) is None


# -- envelopes ------------------------------------------------------------------------------

SEALS = Template(HEAD, LENGTH, u32(1) + VALUE)
OPENS = Template(LENGTH, u32(1) + VALUE)


@QUICK
@given(CASES)
def test_a_frame_that_opens_holds_what_the_general_way_finds(case: tuple[Any, Any]) -> None:
    hint, obj = case
    made = framing(hint, SEALS, depth=1)
    data = made.frame(obj, [])
    at = len(HEAD) + 4 + 4 + len(VALUE)
    sealed = made.seal(obj)
    assert sealed in (None, data)
    expected, _ = decoder(hint, depth=1)(data, at, len(data), ())
    for found in (
        opener(hint, OPENS, depth=1)(data, len(HEAD)),
        opener(hint, OPENS, depth=1)(memoryview(b"..." + data)[3:], len(HEAD)),
        opener(hint, depth=1)(data, at),
    ):
        # What is unusual for the one is so for the other, but for defaults and the like.
        assert found is None or same(found[0], expected)
    assert (opener(hint, OPENS, depth=1)(data, len(HEAD)) is None) == (
        opener(hint, depth=1)(data, at) is None
    )


@QUICK
@given(CASES)
def test_an_object_alone_is_what_the_encoder_writes(case: tuple[Any, Any]) -> None:
    hint, obj = case
    assert sealer(hint, depth=1)(obj) in (None, encoder(hint, depth=1)(obj, None))


def test_a_usual_object_needs_no_general_way() -> None:
    assert sealer(c.Inner)(c.Inner(key="k")) == encoder(c.Inner)(c.Inner(key="k"), None)
    inner = c.Inner(key="k", number=3)
    data = framing(c.Inner, SEALS, depth=1).seal(inner)
    assert data is not None
    assert opener(c.Inner, OPENS, depth=1)(data, len(HEAD)) == (inner,)


def test_an_envelope_opens_no_other_frame() -> None:
    data = framing(c.Inner, SEALS, depth=1).seal(c.Inner(key="k"))
    assert data is not None
    opens = opener(c.Inner, OPENS, depth=1)
    for end in range(len(data)):
        assert opens(data[:end], len(HEAD)) is None
    assert opens(data + bytes(4), len(HEAD)) is None
    for offset in (-1, 0, len(HEAD) + 1, len(data), len(data) + 1):
        assert opens(data, offset) is None
    assert opens("text", 0) is None  # type: ignore[arg-type]
    assert opener(str, OPENS, depth=1)(data, len(HEAD)) is None
    # A template with numbers says more than an envelope can give.
    assert opener(c.Inner, ONE, depth=1)(data, 0) is None


def test_an_envelope_asks_for_its_plan_once_and_after_each_reset() -> None:
    asked = 0

    def find() -> Any:
        nonlocal asked
        asked += 1
        return plan_of(shape_of(str)) if asked == 1 else None

    envelope = Envelope(SEALS, 1, find)
    assert asked == 0
    assert envelope.seal("x") == envelope.seal("x") != None  # noqa: E711
    assert asked == 1
    envelope.reset()
    assert envelope.seal("x") is envelope.seal("x") is None
    assert asked == 2


def test_what_finds_no_plan_is_told() -> None:
    def broken() -> Any:
        raise LookupError("no such plan")

    def wrong() -> Any:
        return "plan"

    for find, kind in ((broken, LookupError), (wrong, TypeError)):
        envelope = Envelope(SEALS, 1, find)
        for call in (lambda: envelope.seal("x"), lambda: envelope.open(b"", 0)):  # noqa: B023
            with pytest.raises(kind):
                call()


def test_an_envelope_takes_nothing_else() -> None:
    envelope = Envelope(None, 1, lambda: plan_of(shape_of(str)))
    for call in (
        lambda: envelope.seal("x", 1),  # there is no template with numbers
        lambda: Envelope(SEALS, 1, lambda: None).seal(),  # type: ignore[call-arg]
        lambda: envelope.open(b""),  # type: ignore[call-arg]
        lambda: envelope.open(b"", "0"),  # type: ignore[arg-type]
        lambda: Envelope("template", 1, lambda: None),  # type: ignore[arg-type]
        lambda: Envelope(SEALS, "deep", lambda: None),  # type: ignore[arg-type]
        lambda: Envelope(SEALS, 1),  # type: ignore[call-arg]
    ):
        with pytest.raises(TypeError):
            call()


def test_an_envelope_that_is_garbage_goes_with_what_it_leads_to() -> None:
    class Finder:
        def find(self) -> Any:
            return plan_of(shape_of(str))

    finder = Finder()
    finder.envelope = Envelope(SEALS, 1, finder.find)  # type: ignore[attr-defined]
    gone = weakref.ref(finder)
    del finder
    gc.collect()
    assert gone() is None


# -- what is wrong --------------------------------------------------------------------------


def test_what_does_not_fit_is_refused_with_its_path_and_leaves_the_handles_alone() -> None:
    handles: list[Handle] = []
    with pytest.raises(EncodeError, match=r"Strict\.a: expected int, found 'x'"):
        framing(c.Strict, ONE, depth=1).frame(c.Strict(a="x"), handles, 1, 2)  # type: ignore[arg-type]
    assert handles == []


def test_depth_counts_the_templates_containers() -> None:
    deepest: Any = []
    for _ in range(MAX_DEPTH - 1):
        deepest = [deepest]
    made = framing(Any, ONE, depth=1).frame(deepest, [], 1, 2)
    assert frame.decode(made)["value"] == deepest  # type: ignore[call-overload,index]
    with pytest.raises(EncodeError, match="256 containers"):
        framing(Any, ONE, depth=1).frame([deepest], [], 1, 2)


def test_types_with_handles_are_framed_the_general_way() -> None:
    from xpcrpc.testing.strategies import descriptor

    obj = c.Resources(plain=descriptor(), read=descriptor())
    handles: list[Handle] = []
    made = framing(c.Resources, ONE, depth=1).frame(obj, handles, 1, 2)
    assert handles == [obj.plain, obj.read]
    found = ONE.read(made, 0)
    assert found is not None
    assert items_decoder(c.Resources, depth=1)(made, found[-1], len(made), 1, handles) == [obj]


def test_a_hook_that_is_registered_later_is_not_bypassed() -> None:
    own = make_converter()
    frames, items = (
        framing(c.Inner, ONE, depth=1, using=own).frame,
        items_decoder(c.Inner, using=own),
    )
    body = write_object({"key": "k"})
    assert items(body, 0, len(body), 1, ()) == [c.Inner(key="k")]
    assert frame.decode(frames(c.Inner(key="k"), [], 1, 2))["value"] == {"key": "k", "number": 7}  # type: ignore[call-overload,index]
    own.register_unstructure_hook(c.Inner, lambda inner: inner.key)
    own.register_structure_hook(c.Inner, lambda value, _: c.Inner(key=value["key"] + "!"))
    assert frame.decode(frames(c.Inner(key="k"), [], 1, 2))["value"] == "k"  # type: ignore[call-overload,index]
    assert items(body, 0, len(body), 1, ()) == [c.Inner(key="k!")]


def test_an_item_that_is_wrong_is_named_as_the_general_way_does() -> None:
    good, bad = write_object({"a": 1}), write_object({"a": "x"})
    items = items_decoder(c.Strict)
    assert items(good + good, 0, 2 * len(good), 2, ()) == [c.Strict(a=1)] * 2
    assert items(good + good, 0, len(good), 1, ()) == [c.Strict(a=1)]
    assert items(good, 0, len(good), 0, ()) == []
    with pytest.raises(DecodeError, match=r"Strict\.a: expected i32, found string 'x'"):
        items(good + bad, 0, len(good + bad), 2, ())
    for count in (2, 2**32, 2**70):
        with pytest.raises(FrameError):
            items(good, 0, len(good), count, ())


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_the_general_way_reads_from_any_memory(kind: Any) -> None:
    from xpcrpc.testing.strategies import descriptor

    wrong = kind(write_object({"a": "x"}))
    with pytest.raises(DecodeError, match="expected i32"):
        decoder(c.Strict)(wrong, 0, len(wrong), ())
    with pytest.raises(DecodeError, match="expected i32"):
        items_decoder(c.Strict)(wrong, 0, len(wrong), 1, ())
    obj = c.Resources(plain=descriptor(), read=descriptor())
    handles: list[Handle] = []
    held = kind(encoder(c.Resources)(obj, handles))
    assert decoder(c.Resources)(held, 0, len(held), iter(handles))[0] == obj


def test_large_data_is_framed_whole() -> None:
    blob = bytes(range(256)) * 1000
    made = framing(bytes, ONE, depth=1).frame(blob, [], 1, 2)
    assert frame.decode(made) == {"number": UInt64(1), "time": 2, "value": blob}
    assert frame.decode(SEVERAL.wrap([write_object(blob)] * 3, 1))["items"] == [blob] * 3  # type: ignore[call-overload,index]


# -- misuse ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts", [(0,), (9,), (-1,), ("text",), (None,), (bytearray(4),), (True,), (b"", 2**70)]
)
def test_a_template_is_bytes_and_holes(parts: Any) -> None:
    with pytest.raises((TypeError, ValueError, OverflowError)):
        Template(*parts)
    with pytest.raises(TypeError):
        Template(b"", parts=parts)  # type: ignore[call-arg]


def test_numbers_are_counted_and_must_fit() -> None:
    seal = framing(str, ONE, depth=1).seal
    numbers: tuple[int, ...]
    for numbers in ((), (1,), (1, 2, 3)):
        with pytest.raises(TypeError, match="2 numbers"):
            seal("x", *numbers)
        with pytest.raises(TypeError, match="2 numbers"):
            ONE.wrap([], *numbers)
    for numbers in ((-1, 0), (2**64, 0), (0, 2**63), (0, -(2**63) - 1)):
        with pytest.raises(OverflowError):
            seal("x", *numbers)
        with pytest.raises(OverflowError):
            ONE.wrap([], *numbers)
    with pytest.raises(TypeError):
        ONE.wrap([], "x", 1)  # type: ignore[arg-type]


def test_a_template_gives_up_its_constants() -> None:
    constant = bytes(100)
    before = sys.getrefcount(constant)
    for _ in range(50):
        Template(constant, LENGTH, constant).wrap([])
        with pytest.raises(ValueError, match="no such hole"):
            Template(constant, 99)
    assert sys.getrefcount(constant) == before


def test_other_arguments_are_refused() -> None:
    for call in (
        lambda: ONE.wrap((b"",), 1, 2),  # type: ignore[arg-type]
        lambda: ONE.wrap(["text"], 1, 2),  # type: ignore[list-item]
        lambda: ONE.wrap(),  # type: ignore[call-arg]
        lambda: ONE.read(b""),  # type: ignore[call-arg]
    ):
        with pytest.raises(TypeError):
            call()
    assert ONE.read("text", 0) is None  # type: ignore[arg-type]
    assert outcome(ONE.read, b"", 0) is None


def test_a_template_that_reads_text_writes_none() -> None:
    with pytest.raises(ValueError, match="only reads"):
        Template(TEXT).wrap([])


def test_constants_are_as_long_as_they_like() -> None:
    long = struct.pack("<5000I", *range(5000))
    template = Template(long, LENGTH, long, UINT64)
    made = template.wrap([b"tail"], 5)
    assert made == long + u32(len(long) + 12) + long + struct.pack("<Q", 5) + b"tail"
    assert template.read(made, 0) == (5, len(made) - 4)
