"""docs/contract-language.md names every key and every taken name that the compiler knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from xpcrpc.codegen import naming
from xpcrpc.codegen.launch import LAUNCHD, SYSTEMD
from xpcrpc.codegen.typeexpr import WORDS

WORDS_OF_IT = frozenset(
    re.findall(
        r"[A-Za-z0-9_]+",
        (Path(__file__).parents[2] / "docs" / "contract-language.md").read_text(encoding="utf-8"),
    )
)


@pytest.mark.parametrize(
    "names",
    [
        LAUNCHD.keys(),
        SYSTEMD.keys(),
        WORDS,
        naming.FIELD_NAMES,
        naming.STREAM_REQUEST_NAMES,
        naming.ERROR_NAMES,
        naming.METHOD_NAMES - {"abstractmethod"},
        naming.QUIET_NAMES,
    ],
)
def test_every_name_is_documented(names: frozenset[str]) -> None:
    assert set(names) - WORDS_OF_IT == set()
