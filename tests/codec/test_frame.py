"""The frame: what it carries, what it refuses, and that bad bytes are only ever refused."""

from __future__ import annotations

import struct
from enum import IntFlag, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpcrpc.codec import frame, words
from xpcrpc.errors import EncodeError, FrameError
from xpcrpc.testing import equivalent, messages, values
from xpcrpc.testing.strategies import descriptor, shared_memory
from xpcrpc.values import MAX_HANDLES, Date, Endpoint, Handle, UInt64, Value

from .effort import QUICK

HEADER = frame.PAYLOAD_HEADER


def nested(containers: int) -> Value:
    """A list with so many containers below it."""
    root: list[Value] = []
    current = root
    for _ in range(containers):
        inner: list[Value] = []
        current.append(inner)
        current = inner
    return root


def word(kind: int, *rest: int) -> bytes:
    return struct.pack(f"<{1 + len(rest)}I", kind, *rest)


def one_entry(body: bytes, *, count: int = 1, length: int | None = None) -> bytes:
    """A payload of a dictionary with key "k" and this object."""
    content = b"k\0\0\0" + body
    size = len(content) + 4 if length is None else length
    return HEADER + word(words.DICTIONARY, size, count) + content


# -- what goes in comes out ---------------------------------------------------------


@QUICK
@given(values())
def test_decode_gives_back_what_was_encoded(value: Value) -> None:
    assert equivalent(frame.decode(frame.encode(value)), value)


@QUICK
@given(messages())
def test_canonical_order_changes_order_only(message: dict[str, Value]) -> None:
    plain, canonical = frame.encode(message), frame.encode(message, canonical=True)
    assert len(plain) == len(canonical)
    assert equivalent(frame.decode(canonical), message)


@QUICK
@given(messages())
def test_canonical_bytes_are_a_fixed_point(message: dict[str, Value]) -> None:
    canonical = frame.encode(message, canonical=True)
    assert frame.encode(frame.decode(canonical), canonical=True) == canonical


@QUICK
@given(messages(), st.integers(0, 9))
def test_zero_bytes_may_follow(message: dict[str, Value], zeros: int) -> None:
    assert equivalent(frame.decode(frame.encode(message) + bytes(zeros)), message)


@QUICK
@given(messages())
def test_both_magics_and_all_buffers_are_read(message: dict[str, Value]) -> None:
    data = words.MACH_HEADER + frame.encode(message)[8:]
    for buffer in (data, bytearray(data), memoryview(data)):
        assert equivalent(frame.decode(buffer), message)


@QUICK
@given(messages())
def test_objects_are_aligned_to_four_bytes(message: dict[str, Value]) -> None:
    assert len(frame.encode(message)) % 4 == 0


def test_subclasses_travel_as_what_they_are() -> None:
    class Colour(StrEnum):
        RED = "red"

    class Bits(IntFlag):
        ONE = 1

    class Wide(UInt64):
        pass

    value: Any = {"a": Colour.RED, "b": Bits.ONE, "c": Wide(2**63), Colour.RED: True}
    decoded = frame.decode(frame.encode(value))
    assert equivalent(decoded, {"a": "red", "b": 1, "c": UInt64(2**63), "red": True})


def test_handles_are_taken_in_serialisation_order() -> None:
    first, second = descriptor(), shared_memory(b"abc")
    third = Endpoint("there")
    value: Value = {"x": [first, {"y": second}], "z": third, "again": first}
    handles: list[Handle] = []
    data = frame.encode(value, handles=handles)
    assert handles == [first, second, third, first]
    assert frame.decode(data, handles) == value


@QUICK
@given(messages(), messages())
def test_last_of_two_equal_keys_counts(first: dict[str, Value], second: dict[str, Value]) -> None:
    body = frame.write_object(first) + b"k\0\0\0" + frame.write_object(second)
    assert equivalent(frame.decode(one_entry(body, count=2)), {"k": second})


# -- what cannot be written ---------------------------------------------------------


def problems_of(value: Any, **options: Any) -> list[str]:
    with pytest.raises(EncodeError) as caught:
        frame.encode(value, **options)
    return [str(problem) for problem in caught.value.problems]


def test_every_refusal_is_listed_with_its_path() -> None:
    value = {
        "ints": [0, 2**63, -(2**63) - 1],
        "text": "a\0b",
        "half \ud800": {"x": "\udfff"},
        7: None,
        "tuple": (1, 2),
        "set": {"deep": [object()]},
        "nul\0": 1,
    }
    found = problems_of(value, root="Config")
    paths = [problem.split(": ")[0] for problem in found]
    assert paths == [
        "Config.ints[1]",
        "Config.ints[2]",
        "Config.text",
        "Config['half \\ud800']",
        "Config['half \\ud800'].x",
        "Config[7]",
        "Config.tuple",
        "Config.set.deep[0]",
        "Config['nul\\x00']",
    ]
    assert "NUL at character 1" in found[2]
    assert "use a list" in found[6]


def test_cycle_is_refused() -> None:
    loop: list[Any] = [1]
    loop.append({"again": loop})
    (problem,) = problems_of(loop, root="Loop")
    assert problem == "Loop[1].again: contains itself; send a copy without the circle"


def test_one_object_in_two_places_is_no_cycle() -> None:
    shared: list[Value] = [1]
    assert frame.decode(frame.encode([shared, shared])) == [[1], [1]]


def test_256_containers_below_the_root_are_the_limit() -> None:
    data = frame.encode(nested(256))
    assert frame.decode(data) == nested(256)
    (problem,) = problems_of(nested(257), root="R")
    assert problem.startswith("R[0][0]")
    assert problem.endswith("[0]: more than 256 containers deep; send the inner ones by themselves")
    assert len(problem) < 200


def test_257_containers_are_refused_by_the_reader() -> None:
    body = word(words.ARRAY, 4, 0)
    for _ in range(257):
        body = word(words.ARRAY, len(body) + 4, 1) + body
    with pytest.raises(FrameError, match="256 containers"):
        frame.decode(HEADER + body)


def test_handle_without_a_table_is_refused() -> None:
    assert problems_of({"fd": descriptor()}) == ["fd: fd cannot travel here"]


def test_closed_handles_are_refused_and_the_table_is_left_as_it_was() -> None:
    open_one, closed, memory = descriptor(), descriptor(), shared_memory(b"x")
    closed.close()
    memory.close()
    handles: list[Handle] = [open_one]
    found = problems_of([open_one, closed, memory], handles=handles)
    later = "close it after it was sent"
    assert found == [f"[1]: the fd is closed; {later}", f"[2]: the shmem is closed; {later}"]
    assert handles == [open_one]


def test_too_many_handles_are_refused() -> None:
    ends: list[Value] = [Endpoint(number) for number in range(MAX_HANDLES + 1)]
    handles: list[Handle] = []
    assert problems_of(ends, handles=handles, root="R") == [
        f"R: {MAX_HANDLES + 1} handles, but a message carries {MAX_HANDLES}"
    ]
    assert handles == []


def test_a_hundred_problems_are_listed_and_no_more() -> None:
    assert len(problems_of([object()] * 5000)) == 101


# -- what cannot be read --------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "magic"),
        (b"\0" * 12, "magic"),
        (HEADER[:6], "magic"),
        (HEADER[:4] + word(6) + word(words.NULL), "version 6"),
        (HEADER, "end inside"),
        (HEADER + word(words.DICTIONARY), "end inside"),
        (HEADER + word(words.DICTIONARY, 8, 0), "past its container"),
        (HEADER + word(words.DICTIONARY, 8, 0, 0), "does not end where"),
        (HEADER + word(words.DICTIONARY, 3, 0), "do not fit"),
        (HEADER + word(words.ARRAY, 4, 0xFFFFFFFF), "do not fit"),
        (HEADER + word(words.NULL) + b"\0\0\1", "not zero follow"),
        (one_entry(word(words.NULL), count=2), "do not fit"),
        (one_entry(word(words.NULL), length=8), "do not fit"),
        (one_entry(word(words.INT64, 0, 0), length=12), "past its container"),
        (one_entry(word(words.BOOL, 2)), "0 or 1"),
        (one_entry(word(words.STRING, 0)), "does not end with NUL"),
        (one_entry(word(words.STRING, 2) + b"ab\0\0"), "does not end with NUL"),
        (one_entry(word(words.STRING, 4) + b"a\0b\0"), "NUL before its end"),
        (one_entry(word(words.STRING, 2) + b"\xff\0\0\0"), "not UTF-8"),
        (one_entry(word(words.STRING, 4) + b"\xed\xa0\x80\0"), "not UTF-8"),
        (one_entry(word(words.STRING, 0xFFFFFFFF) + b"a\0\0\0"), "past its container"),
        (one_entry(word(words.DATA, 0xFFFFFFFF) + b"aaaa"), "past its container"),
        (one_entry(word(words.UUID) + bytes(12)), "past its container"),
        (one_entry(word(words.INT64, 0)), "end inside"),
        (one_entry(word(words.NULL + 1)), "no type has this word"),
        (one_entry(word(0x11000)), "connection are not supported"),
        (one_entry(word(words.FD)), "no handle is left"),
        (HEADER + word(words.DICTIONARY, 12, 1) + b"\xff\0\0\0" + word(words.NULL), "not UTF-8"),
        (HEADER + word(words.DICTIONARY, 12, 1) + b"kkkkkkkk", "no end"),
    ],
)
def test_malformed_frame_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(FrameError, match=reason) as caught:
        frame.decode(data)
    assert 0 <= caught.value.offset <= len(data)


def test_handle_of_another_kind_is_refused() -> None:
    data = one_entry(word(words.ENDPOINT))
    with pytest.raises(FrameError, match="Endpoint belongs here"):
        frame.decode(data, [descriptor()])


def test_handle_that_is_left_over_is_refused() -> None:
    with pytest.raises(FrameError, match="left over"):
        frame.decode(frame.encode({}), [descriptor()])


@QUICK
@given(messages(), st.data())
def test_truncated_frame_is_refused(message: dict[str, Value], data: st.DataObject) -> None:
    whole = frame.encode(message)
    with pytest.raises(FrameError):
        frame.decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


@QUICK
@given(messages(), st.data())
def test_mutated_frame_is_a_value_or_a_frame_error(
    message: dict[str, Value], data: st.DataObject
) -> None:
    raw = bytearray(frame.encode(message))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    try:
        value = frame.decode(bytes(raw))
    except FrameError:
        return
    assert equivalent(frame.decode(frame.encode(value)), value)


@QUICK
@given(st.binary(max_size=80))
def test_any_bytes_are_a_value_or_a_frame_error(tail: bytes) -> None:
    try:
        frame.decode(HEADER + tail)
    except FrameError:
        pass


def test_dates_keep_their_nanoseconds() -> None:
    moments: Value = [Date(-(2**63)), Date(-1), Date(2**63 - 1)]
    assert frame.decode(frame.encode(moments)) == moments
