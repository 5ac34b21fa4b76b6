"""The bytes in docs/protocol.md are what the words beside them say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from xpcrpc import UInt64, Value
from xpcrpc.codec import frame as frames
from xpcrpc.protocol import keys, signals

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"
EXAMPLES = re.findall(r"```text\n(.+)\n```\n```hex\n([0-9a-f \n]+)\n```", PAGE.read_text("utf-8"))


def value_of(notation: str) -> Any:
    python = notation.replace("true", "True").replace("null", "None")
    return eval(python, {"u64": UInt64, "i64": int})  # the page is ours


def test_the_page_has_every_kind_of_message() -> None:
    assert len(EXAMPLES) == 15


@pytest.mark.parametrize(("notation", "bytes_"), EXAMPLES)
def test_an_example_is_its_bytes(notation: str, bytes_: str) -> None:
    data = bytes.fromhex(bytes_)
    value: Value = value_of(notation)
    assert frames.decode(data) == value
    assert frames.encode(value, canonical=True) == data


@pytest.mark.parametrize(("notation", "bytes_"), EXAMPLES)
def test_a_signal_of_the_page_is_read_as_one(notation: str, bytes_: str) -> None:
    message = value_of(notation)
    if any(key in message for key in (keys.SELECTOR, keys.RESULT, keys.ERROR)):
        return
    signal = signals.read(message)
    assert signal is not None and not isinstance(signal, signals.Unknown)
    assert signals.write(signal) == message


def test_the_page_names_every_key() -> None:
    text = PAGE.read_text("utf-8")
    for name, key in vars(keys).items():
        if name.isupper():
            assert f"`{key}`" in text, key
