"""Frames of the usual form are the dictionaries that the protocol speaks of, in one piece."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from attrs import define
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.runtime.probe import Parcel
from xpcrpc import Method, UInt64
from xpcrpc.codec import frame as frames
from xpcrpc.codec.template import Buffer
from xpcrpc.errors import DecodeError, HandlerFailedError, RemoteProtocolError
from xpcrpc.protocol import keys
from xpcrpc.runtime import layouts
from xpcrpc.runtime.messages import (
    asked_plainly,
    decode_argument,
    encode_item,
    encode_items,
    encode_request,
    encode_result,
    read_plain_items,
    read_request,
    read_result,
    route_of,
)
from xpcrpc.values import FileDescriptor, Handle, Message

ROUTE = route_of(
    Method("echo", "echo:é", request=Parcel, reply=Parcel, items_in=Parcel), "tests.runtime.probe"
)
UNARY = route_of(Method("echo", "echo:é", request=Parcel, reply=Parcel), "tests.runtime.probe")
SILENT = route_of(Method("nod", "nod", request=Parcel), "tests.runtime.probe")
CALL = st.integers(1, 2**64 - 1)


@define
class Received:
    """As much of an arrived message as is read here."""

    frame: Buffer
    handles: Sequence[Handle] = ()
    sender: Any = None
    expects_reply: bool = True

    def reply(self, frame: Buffer, handles: Any = ()) -> None:
        raise AssertionError

    def drop(self) -> None:
        raise AssertionError


def message(encoded: tuple[bytes, Any]) -> Any:
    return frames.decode(*encoded)


ASKED = {"text": "t"}


@settings(max_examples=30)
@given(CALL, st.integers(1, 10**6))
def test_a_request_is_the_protocols_dictionary(call: int, timeout_s: int) -> None:
    made = message(encode_request(UNARY, Parcel(text="t"), call=call, timeout_s=timeout_s))
    assert made.pop(keys.ARGUMENTS)[0].items() >= ASKED.items()
    assert made == {
        keys.SELECTOR: "echo:é",
        keys.CALL: UInt64(call),
        keys.TIMEOUT: timeout_s * 10**9,
    }
    one_way = message(encode_request(UNARY, Parcel(text="t")))
    assert one_way.keys() == {keys.SELECTOR, keys.ARGUMENTS}


def test_a_reply_is_the_protocols_dictionary() -> None:
    assert message(encode_result(UNARY, Parcel(text="t")))[keys.RESULT].items() >= ASKED.items()
    assert message(encode_result(SILENT, None)) == {keys.RESULT: None}


def test_items_are_the_protocols_dictionary() -> None:
    batch = [encode_item(ROUTE.encode_item_in, Parcel(text=text)) for text in "abc"]
    made = message(encode_items(7, batch))
    assert made[keys.CALL] == UInt64(7)
    assert [item["text"] for item in made[keys.ITEMS]] == ["a", "b", "c"]
    assert message(encode_items(7, [])) == {keys.CALL: UInt64(7), keys.ITEMS: []}


def reordered(data: bytes) -> list[bytes]:
    """The frame with its entries in every order."""
    entries = message((data, ())).items()
    return [frames.encode(dict(order)) for order in itertools.permutations(entries)]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_one_order_of_a_request_is_read_in_one_piece(kind: Any) -> None:
    frame, _ = encode_request(UNARY, Parcel(text="t"), call=9, timeout_s=2.0)
    found = []
    for each in reordered(frame):
        received = Received(kind(each))
        plain = layouts.read_request(received.frame)
        if plain is not None:
            asked = asked_plainly(plain)
            found.append((asked.selector, asked.call, asked.timeout_ns))
            assert decode_argument(UNARY, asked, received) == Parcel(text="t")
    assert found == [("echo:é", 9, 2 * 10**9)]


@pytest.mark.parametrize(("nanoseconds", "in_one_piece"), [(0, True), (-1, False)])
def test_a_deadline_that_cannot_be_is_left_to_who_knows_what_to_say(
    nanoseconds: int, in_one_piece: bool
) -> None:
    asked: Message = {
        keys.CALL: UInt64(9),
        keys.SELECTOR: "echo:é",
        keys.TIMEOUT: nanoseconds,
        keys.ARGUMENTS: [{"text": "t"}],
    }
    assert (layouts.read_request(frames.encode(asked)) is not None) is in_one_piece
    if not in_one_piece:
        with pytest.raises(RemoteProtocolError, match="-1, not a number from 0 up"):
            read_request(asked)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_result_and_items_are_read_in_one_piece(kind: Any) -> None:
    frame, _ = encode_result(UNARY, Parcel(text="t"))
    assert layouts.result_at(kind(frame))
    assert read_result(UNARY, Received(kind(frame))) == Parcel(text="t")
    batch = [encode_item(ROUTE.encode_item_in, Parcel(text=text)) for text in "ab"]
    received = Received(kind(encode_items(7, batch)[0]))
    plain = read_plain_items(received)
    assert plain is not None
    assert (plain.call, plain.count) == (7, 2)
    assert plain.decode(ROUTE.decode_items_in) == [Parcel(text="a"), Parcel(text="b")]


def test_what_is_nearly_a_usual_frame_is_none() -> None:
    request, _ = encode_request(UNARY, Parcel(text="t"), call=9, timeout_s=2.0)
    request = next(each for each in reordered(request) if layouts.read_request(each))
    result, _ = encode_result(UNARY, Parcel(text="t"))
    items, _ = encode_items(7, [encode_item(ROUTE.encode_item_in, Parcel(text="t"))])
    for frame, read in (
        (request, layouts.read_request),
        (items, layouts.read_items),
        (result, layouts.result_at),
    ):
        assert read(frame)
        for other in (b"", frame[:16], frame[:-1], frame + bytes(4), frame[:12] + bytes(60)):
            assert not read(other)
        more = frames.encode({**message((frame, ())), "more": 1})
        assert not read(more)


def test_a_wrong_argument_and_a_wrong_item_are_named() -> None:
    frame, _ = encode_request(UNARY, Parcel(text="t"), call=9, timeout_s=2.0)
    request = next(each for each in reordered(frame) if layouts.read_request(each))
    received = Received(request.replace(b"red\0", b"rot\0"))
    plain = layouts.read_request(received.frame)
    assert plain is not None
    asked = asked_plainly(plain)
    with pytest.raises(HandlerFailedError, match="expected one of red"):
        decode_argument(UNARY, asked, received)
    frame, _ = encode_items(7, [encode_item(ROUTE.encode_item_in, Parcel(text="t"))])
    items = read_plain_items(Received(frame.replace(b"red\0", b"rot\0")))
    assert items is not None
    with pytest.raises(DecodeError, match="expected one of red"):
        items.decode(ROUTE.decode_items_in)


def test_handles_of_items_come_in_their_order() -> None:
    @define
    class Held:
        fd: FileDescriptor

    route = route_of(Method("give", "give", items_in=Held), "tests.runtime.probe")
    held = [Held(FileDescriptor.duplicate(0)) for _ in range(3)]
    frame, handles = encode_items(1, [encode_item(route.encode_item_in, each) for each in held])
    assert list(handles) == [each.fd for each in held]
    received = Received(frame, tuple(handles))
    plain = read_plain_items(received)
    assert plain is not None
    assert plain.decode(route.decode_items_in) == held
    assert received.handles == ()
