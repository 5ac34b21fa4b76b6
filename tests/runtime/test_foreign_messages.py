"""What a server does with messages that no generated client would send."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.runtime.probe import Parcel, Probe, ProbeClient
from tests.runtime.processes import ServerProcess
from tests.runtime.raw_peer import RawPeer
from xpcrpc import FileDescriptor, MisuseError, UInt64
from xpcrpc.codec import frame as frames

UNKNOWN_SELECTOR, INVALID_MESSAGE, HANDLER_FAILED = 1, 2, 3


@pytest.fixture
async def raw(shared_server: ServerProcess) -> Any:
    """A client that sends what it likes."""
    with RawPeer.of_service(Probe.name) as peer:
        yield peer


def _echo(**fields: Any) -> dict[str, Any]:
    whole = {"text": "", "number": 0, "small": UInt64(0), "mode": "direct", "colour": "red"}
    return {"$selector": "echo", "$arguments": [{**whole, **fields}]}


async def test_an_unknown_selector_is_code_1(raw: RawPeer) -> None:
    assert await raw.code_of({"$selector": "fly", "$arguments": [{}]}) == UNKNOWN_SELECTOR


async def test_selectors_are_matched_exactly(raw: RawPeer) -> None:
    for nearly in ("Echo", "echo:", "echo ", "note", ""):
        request: dict[str, Any] = {"$selector": nearly, "$arguments": [{}]}
        assert await raw.code_of(request) == UNKNOWN_SELECTOR


@pytest.mark.parametrize("selector", [None, 7, b"echo", ["echo"], {"echo": "echo"}, True])
async def test_a_selector_that_is_not_text_is_code_2(raw: RawPeer, selector: Any) -> None:
    assert await raw.code_of({"$selector": selector, "$arguments": [{}]}) == INVALID_MESSAGE


async def test_a_missing_selector_is_code_2(raw: RawPeer) -> None:
    assert await raw.code_of({"$arguments": [{}]}) == INVALID_MESSAGE
    assert await raw.code_of({}) == INVALID_MESSAGE


@pytest.mark.parametrize("arguments", [None, {}, "x", 7])
async def test_arguments_that_are_no_array_are_code_3(raw: RawPeer, arguments: Any) -> None:
    request = {"$selector": "echo", "$arguments": arguments}
    assert await raw.code_of(request) == HANDLER_FAILED


async def test_missing_arguments_are_code_3(raw: RawPeer) -> None:
    assert await raw.code_of({"$selector": "echo"}) == HANDLER_FAILED


async def test_an_empty_list_of_arguments_is_no_struct(raw: RawPeer) -> None:
    assert await raw.code_of({"$selector": "echo", "$arguments": []}) == HANDLER_FAILED


async def test_further_arguments_and_further_keys_are_ignored(raw: RawPeer) -> None:
    request: dict[str, Any] = _echo(text="first", unheard_of=[1, {}])
    request["$arguments"] += [{"text": "second"}, 3]
    request["$trace"] = "abc"
    reply = await raw.ask(request)
    assert reply["$result"]["text"] == "first"
    assert "unheard_of" not in reply["$result"]


@pytest.mark.parametrize(
    "fields",
    [
        {"text": 7},
        {"text": b"bytes"},
        {"text": None},
        {"number": "7"},
        {"number": 1.0},
        {"number": True},
        {"number": 2**31},
        {"number": UInt64(2**31)},
        {"small": 256},
        {"small": -1},
        {"colour": "blue"},
        {"colour": 1},
        {"mode": 1},
        {"label": 7},
        {"label": "123456789"},
    ],
    ids=repr,
)
async def test_arguments_that_do_not_decode_are_code_3(raw: RawPeer, fields: Any) -> None:
    assert await raw.code_of(_echo(**fields)) == HANDLER_FAILED


async def test_either_kind_of_integer_is_read_if_it_fits(raw: RawPeer) -> None:
    reply = await raw.ask(_echo(number=UInt64(5), small=6))
    result = reply["$result"]
    assert (result["number"], type(result["number"])) == (5, int)
    assert (result["small"], type(result["small"])) == (6, UInt64)


async def test_an_unknown_case_of_an_open_enum_goes_back_unchanged(raw: RawPeer) -> None:
    assert (await raw.ask(_echo(mode="teleport")))["$result"]["mode"] == "teleport"


async def test_null_stands_for_an_absent_optional_field(raw: RawPeer) -> None:
    result = (await raw.ask(_echo(label=None)))["$result"]
    assert result.get("label") is None


async def test_a_one_way_message_sent_as_a_request_is_answered_with_null(raw: RawPeer) -> None:
    reply = await raw.ask({"$selector": "note:", "$arguments": [{"text": "asked"}]})
    assert reply == {"$result": None}


async def test_a_request_sent_without_asking_for_a_reply_is_carried_out(
    raw: RawPeer, client: ProbeClient
) -> None:
    raw.send(_echo(text="nobody listens"))
    raw.send({"$selector": "note:", "$arguments": [{"text": "unasked"}]})
    await raw.ask(_echo())
    assert "unasked" in await client.notes()


async def test_a_bad_message_that_wants_no_reply_harms_nobody(raw: RawPeer) -> None:
    raw.send({"$selector": "fly"})
    raw.send({})
    assert (await raw.ask(_echo(text="still here")))["$result"]["text"] == "still here"


async def test_nesting_up_to_the_limit_is_read_and_more_is_refused_before_sending(
    raw: RawPeer,
) -> None:
    # The root, its arguments and the struct are three levels already.
    assert (await raw.ask(_echo(unheard_of=_nested(256 - 3))))["$result"]["text"] == ""
    with pytest.raises(ValueError, match="256"):
        await raw.ask(_echo(unheard_of=_nested(257)))


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def _malformed() -> Iterator[bytes]:
    good = frames.encode({"$selector": "notes", "$arguments": [{}]}, handles=[])
    yield b""
    yield b"@XPC"
    yield good[:-4]
    yield b"XXXX" + good[4:]
    yield good[:8] + b"\xff" * (len(good) - 8)


@pytest.mark.parametrize("frame", list(_malformed()), ids=lambda frame: f"{len(frame)}b")
async def test_a_malformed_frame_is_refused_before_it_is_sent(
    raw: RawPeer, client: ProbeClient, frame: bytes
) -> None:
    with pytest.raises(MisuseError):
        await raw.ask_frame(frame)
    assert await client.echo(Parcel(number=1)) == Parcel(number=1)


async def test_a_thousand_descriptors_that_nobody_wants_leak_on_neither_side(
    raw: RawPeer, client: ProbeClient, shared_server: ServerProcess
) -> None:
    await raw.ask(_echo())
    before_there, before_here = await client.open_files(), len(os.listdir("/dev/fd"))
    with FileDescriptor(os.open(os.devnull, os.O_RDONLY)) as file:
        for _ in range(5):
            reply = await raw.ask(_echo(unheard_of=[file] * 200))
            assert "$result" in reply
        assert len(os.listdir("/dev/fd")) == before_here + 1
    assert await client.open_files() == before_there
    assert len(os.listdir("/dev/fd")) == before_here


async def test_descriptors_of_a_refused_message_are_closed(
    raw: RawPeer, client: ProbeClient
) -> None:
    await raw.ask(_echo())
    before = await client.open_files()
    with FileDescriptor(os.open(os.devnull, os.O_RDONLY)) as file:
        assert await raw.code_of({"$selector": "fly", "x": [file] * 50}) == UNKNOWN_SELECTOR
        assert await raw.code_of({"x": [file] * 50}) == INVALID_MESSAGE
        assert await raw.code_of(_echo(text=file)) == HANDLER_FAILED
        raw.send({"$selector": "fly", "x": [file] * 50})
    await raw.ask(_echo())
    assert await client.open_files() == before


async def test_a_descriptor_of_the_wrong_mode_is_refused(raw: RawPeer) -> None:
    with FileDescriptor(os.open(os.devnull, os.O_WRONLY)) as file:
        request = {"$selector": "read", "$arguments": [{"file": file}]}
        assert await raw.code_of(request) == HANDLER_FAILED
