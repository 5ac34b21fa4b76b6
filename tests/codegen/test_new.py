"""``xpcrpc new``: what it writes needs no correction."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xpcrpc.codegen.compile import compile_text
from xpcrpc.codegen.complaint import Complaints
from xpcrpc.codegen.emit import emit
from xpcrpc.codegen.fmt import canonical
from xpcrpc.codegen.lint import lint
from xpcrpc.codegen.new import new_contract
from xpcrpc.codegen.source import Source, parse_source
from xpcrpc.codegen.view import package_view

from tests.codegen.commands import run
from xpcrpc.errors import MisuseError

NAMES = [
    *("clock", "org.example.clock", "org.example.flow-tap", "com.Example.HTTPProxy", "a.b.clock"),
    *("x", "org.example.x", "org.example.X", "org.example.x1", "org.example.x-1", "a.b.c"),
]


@pytest.mark.parametrize("name", NAMES)
def test_it_compiles_has_no_finding_and_is_canonical(name: str) -> None:
    text = new_contract(name)
    source = parse_source(text.encode("utf-8"), "new.toml")
    assert isinstance(source, Source)
    compiled = compile_text(text)
    assert not compiled.complaints, compiled.complaints
    assert lint(compiled.contracts[0], Complaints(source)) == []
    assert canonical(source) == text
    assert emit(package_view(compiled.contracts[0]))


@settings(max_examples=60, deadline=None)
@given(st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,9}(\.[A-Za-z][A-Za-z0-9_-]{0,9})?", fullmatch=True))
def test_any_name_gives_a_contract_or_a_reason(name: str) -> None:
    try:
        text = new_contract(name)
    except MisuseError:
        return
    for complaint in compile_text(text).complaints:
        # Only names that collide in Python are left to the compiler.
        assert "becomes" in complaint.message or "spelled" in complaint.message


@pytest.mark.parametrize(
    "name", ["", ".", "a b", "1.2", "a..b", "org.example.2", "x" * 70, "client", "é", "a\n", "a\0"]
)
def test_a_name_that_does_not_serve_is_misuse(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("new", name) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("xpcrpc: ")


def test_it_is_printed_or_written_but_never_over_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "clock.toml"
    assert run("new", "clock") == 0
    printed = capsys.readouterr().out
    assert run("new", "clock", "--out", str(path)) == 0
    assert path.read_text(encoding="utf-8") == printed == new_contract("clock")
    path.write_text("mine", encoding="utf-8")
    assert run("new", "clock", "--out", str(path)) == 2
    assert path.read_text(encoding="utf-8") == "mine"
    assert run("new", "clock", "--out", str(tmp_path / "no" / "clock.toml")) == 2
    assert run("new", "clock", "--out", str(tmp_path)) == 2
