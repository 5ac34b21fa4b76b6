"""Every rule has a folder: a contract that breaks it, and the complaints word for word."""

from __future__ import annotations

from pathlib import Path

import pytest
from xpcrpc.codegen.compile import compile_text

CASES = sorted((Path(__file__).parent / "cases").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_complaints_are_exactly_these(case: Path) -> None:
    compiled = compile_text((case / "input.toml").read_bytes(), "input.toml")
    said = "".join(f"{complaint}\n" for complaint in compiled.complaints)
    assert said == (case / "expected.txt").read_text(encoding="utf-8")
    assert said
    assert compiled.contracts == ()


def test_every_complaint_points_into_its_file() -> None:
    for case in CASES:
        lines = (case / "input.toml").read_text(encoding="utf-8").split("\n")
        for complaint in compile_text((case / "input.toml").read_bytes()).complaints:
            assert 1 <= complaint.line <= len(lines)
            assert 1 <= complaint.column <= len(lines[complaint.line - 1]) + 1
