"""Every rule has a folder: a contract that breaks it, and the complaints word for word."""

from __future__ import annotations

from pathlib import Path

import pytest
from xpcrpc.codegen.compile import Compiled, compile_sources
from xpcrpc.codegen.source import read_source

CASES = sorted((Path(__file__).parent / "cases").iterdir())


def compile_case(case: Path) -> Compiled:
    """The contract of a case, under its bare name, with what it imports."""
    return compile_sources([read_source(case / "input.toml", "input.toml")])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_complaints_are_exactly_these(case: Path) -> None:
    compiled = compile_case(case)
    said = "".join(f"{complaint}\n" for complaint in compiled.complaints)
    assert said == (case / "expected.txt").read_text(encoding="utf-8")
    assert said
    assert compiled.contracts == ()
    assert compiled.imported == ()


def test_every_complaint_points_into_its_file() -> None:
    for case in CASES:
        for complaint in compile_case(case).complaints:
            lines = (case / complaint.file).read_text(encoding="utf-8").split("\n")
            assert 1 <= complaint.line <= len(lines)
            assert 1 <= complaint.column <= len(lines[complaint.line - 1]) + 1
