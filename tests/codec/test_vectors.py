"""Captured Apple bytes decode to their values and come out again as they went in."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from xpcrpc.codec import frame
from xpcrpc.codec.words import MACH_HEADER
from xpcrpc.codec.wrapper import WRAPPER_BYTES, Wrapper
from xpcrpc.errors import EncodeError, FrameError
from xpcrpc.values import Date, MachSend, UInt64, Value

SAMPLES = Path(__file__).parent.parent / "vectors" / "wire"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))
PORT = MachSend()
PORTS = {"snoop_sudo_lookup": 1}
"""Samples with Mach send rights, and how many; they stand in the table beside the bytes."""


def value_of(node: dict[str, Any]) -> Value:
    """The value that a sample's notation describes."""
    kind = next(iter(node))
    content = node[kind]
    match kind:
        case "null":
            return None
        case "bool" | "string":
            return content  # type: ignore[no-any-return]
        case "int64":
            return int(content)
        case "uint64":
            return UInt64(int(content))
        case "double":
            return struct.unpack(">d", bytes.fromhex(node["bits"][2:]))[0]  # type: ignore[no-any-return]
        case "date":
            return Date(int(content))
        case "data":
            return bytes.fromhex(content)
        case "mach_send":
            return PORT  # type: ignore[return-value]  # of frames alone
        case "uuid":
            return UUID(content)
        case "array":
            return [value_of(item) for item in content]
        case "dictionary":
            return {key: value_of(item) for key, item in content}
    raise AssertionError(f"unknown notation {kind}")


def messages_of(name: str) -> list[tuple[bytes, dict[str, Any]]]:
    """Each wrapper message of a sample of an HTTP/2 connection, with its description."""
    described = [
        described["message"]
        for described in json.loads((SAMPLES / f"{name}.json").read_text())["h2"]["frames"]
        if "message" in described
    ]
    raw = (SAMPLES / f"{name}.h2").read_bytes()
    place = raw.find(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    place = place + 24 if place == 0 else 0
    bodies = []
    while place < len(raw):
        length = int.from_bytes(raw[place : place + 3], "big")
        if raw[place + 3] == 0 and length:  # DATA
            bodies.append(raw[place + 9 : place + 9 + length])
        place += 9 + length
    assert len(bodies) == len(described)
    return list(zip(bodies, described, strict=True))


def check_payload(payload: bytes, described: dict[str, Any], ports: int = 0) -> None:
    table: Any = [PORT] * ports
    value = frame.decode(payload, table)
    assert value == value_of(described["object"])
    magic = int(described["magic"], 16).to_bytes(4, "little")
    assert payload[:4] == magic
    handles: list[Any] = []
    mach = magic == MACH_HEADER[:4]
    again = frame.encode(value, handles=handles, canonical=True, mach=mach)
    assert again == payload[: described["used"]]
    assert handles == table


def check_message(message: bytes, described: dict[str, Any]) -> None:
    wrapper, end = Wrapper.parse(message)
    assert end == len(message)
    assert wrapper.build() == message
    assert wrapper.flags == int(described["flags"], 16)
    assert wrapper.message_id == int(described["message_id"])
    assert len(wrapper.payload) == int(described["body_length"])
    if described["payload"] is None:
        assert wrapper.payload == b""
    else:
        check_payload(wrapper.payload, described["payload"])


def test_samples_are_there() -> None:
    assert len(NAMES) >= 30


@pytest.mark.parametrize("name", NAMES)
def test_sample_decodes_and_encodes_to_its_bytes(name: str) -> None:
    description = json.loads((SAMPLES / f"{name}.json").read_text())
    if "h2" in description:
        for message, described in messages_of(name):
            check_message(message, described)
        return
    raw = (SAMPLES / f"{name}.bin").read_bytes()
    if "wrapper" in description:
        check_message(raw, description["wrapper"])
    else:
        check_payload(raw, description["payload"], PORTS.get(name, 0))


@pytest.mark.parametrize("name", PORTS)
def test_a_port_is_looked_at_and_not_carried(name: str) -> None:
    raw = (SAMPLES / f"{name}.bin").read_bytes()
    with pytest.raises(FrameError, match="no handle is left"):
        frame.decode(raw)  # as a transport would, which has none
    with pytest.raises(EncodeError):
        frame.encode({"port": PORT})  # type: ignore[dict-item]


@pytest.mark.parametrize("cut", [0, 4, WRAPPER_BYTES - 1])
def test_wrapper_that_is_cut_is_refused(cut: int) -> None:
    with pytest.raises(FrameError):
        Wrapper.parse(Wrapper(1, 2, b"").build()[:cut])


def test_wrapper_whose_body_is_not_there_is_refused() -> None:
    with pytest.raises(FrameError, match="not there"):
        Wrapper.parse(Wrapper(1, 2, b"abcd").build()[:-1])


def test_wrapper_with_another_magic_is_refused() -> None:
    with pytest.raises(FrameError, match="magic"):
        Wrapper.parse(bytes(24))
