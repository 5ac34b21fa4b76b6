"""Every kind of complaint has a folder: a contract that makes the mistake, and what is said.

`cases` has a folder for each kind, `several` contracts with many mistakes at once.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
import xpcrpc.codegen
from xpcrpc.codegen.complaint import Complaints
from xpcrpc.codegen.lint import RULES
from xpcrpc.codegen.mistakes import MISTAKES
from xpcrpc.codegen.source import MAX_BYTES
from xpcrpc.codegen.typeexpr import TypeExprError

from tests.codegen.commands import run

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").iterdir())
SEVERAL = sorted((HERE / "several").iterdir())
COMPILER = Path(xpcrpc.codegen.__file__).parent
HEADER = 'schema  = 1\npackage = "org.example.{}"\nversion = "1.0"\n'

ELSEWHERE = {
    "form-would-change": "no input is known: test_fmt breaks the writer to see it",
    "import-without-file": "no command: test_imports compiles text that is no file",
}
"""Kinds that no file can make the command say, and the test that sees them."""


def made(name: str) -> dict[str, str]:
    """The files of cases that are long and dull."""
    chain = {f"a{at}.toml": chained(at) for at in range(1, 33)}
    return {
        "file-too-long": {"input.toml": HEADER.format("case") + "#" * MAX_BYTES},
        "import-depth": {"input.toml": chained(0), **chain},
    }.get(name, {})


def chained(at: int) -> str:
    """One of many contracts in a row."""
    return HEADER.format(f"a{at}") + f'\n[imports]\nnext = "a{at + 1}.toml"\n'


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    """What the commands print."""
    return capsys


def complaints_of(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: pytest.CaptureFixture[str]
) -> str:
    """What the case's command says; `xpcrpc check input.toml` unless it has its own."""
    monkeypatch.chdir(case)
    if files := made(case.name):
        monkeypatch.chdir(tmp_path)
        for name, text in files.items():
            Path(name).write_text(text, encoding="utf-8")
    own = case / "command.txt"
    command = own.read_text(encoding="utf-8").split() if own.exists() else ["check", "input.toml"]
    assert run(*command) == 1
    printed = said.readouterr()
    return printed.out or printed.err


def test_every_kind_of_complaint_has_its_folder_and_every_folder_its_kind() -> None:
    kinds = [mistake.id for mistake in MISTAKES]
    assert len(set(kinds)) == len(kinds)
    assert not {*kinds} & {rule.id for rule in RULES}
    assert sorted([case.name for case in CASES] + [*ELSEWHERE]) == sorted(kinds)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_folder_has_complaints_of_its_own_kind_alone(
    case: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: pytest.CaptureFixture[str],
) -> None:
    lines = complaints_of(case, tmp_path, monkeypatch, said)
    assert lines == (case / "expected.txt").read_text(encoding="utf-8")
    for line in lines.splitlines():
        assert re.match(r"[^ ]+:[0-9]+:[0-9]+: .*[^ ] \[" + case.name + r"\]$", line), line


@pytest.mark.parametrize("case", SEVERAL, ids=lambda case: case.name)
def test_several_mistakes_are_all_told_at_once(
    case: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: pytest.CaptureFixture[str],
) -> None:
    lines = complaints_of(case, tmp_path, monkeypatch, said)
    assert lines == (case / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", [*CASES, *SEVERAL], ids=lambda case: case.name)
def test_every_complaint_points_into_its_file(case: Path) -> None:
    for line in (case / "expected.txt").read_text(encoding="utf-8").splitlines():
        file, row, column = line.split(":")[:3]
        if (case / file).exists():
            text = (case / file).read_bytes().decode("utf-8", "replace").split("\n")
            assert 1 <= int(row) <= len(text)
            assert 1 <= int(column) <= len(text[int(row) - 1]) + 1


def test_every_line_that_complains_is_reached_by_a_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: pytest.CaptureFixture[str]
) -> None:
    reached: set[tuple[str, int]] = set()

    def note(frame: FrameType | None) -> None:
        while frame is not None and Path(frame.f_code.co_filename).is_relative_to(COMPILER):
            reached.add((frame.f_code.co_filename, frame.f_lineno))
            frame = frame.f_back

    def watched(owner: type, name: str) -> None:
        real = getattr(owner, name)

        def spy(*arguments: object, **keywords: object) -> object:
            note(sys._getframe(1))
            return real(*arguments, **keywords)

        monkeypatch.setattr(owner, name, spy)

    watched(Complaints, "_add")
    watched(TypeExprError, "__init__")
    for case in (*CASES, *SEVERAL):
        complaints_of(case, tmp_path, monkeypatch, said)
    missed = [
        f"{Path(file).relative_to(COMPILER).as_posix()}:{first}"
        for file, first, last in complaining_calls()
        if not any((file, line) in reached for line in range(first, last + 1))
    ]
    # One needs a contract that is no file; see ELSEWHERE.
    assert [place.partition(":")[0] for place in missed] == ["imports.py"], missed


def complaining_calls() -> Iterator[tuple[str, int, int]]:
    """File, first and last line of each call that is given a kind of complaint."""
    kinds = {mistake.id.upper().replace("-", "_") for mistake in MISTAKES}
    for path in sorted(COMPILER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and node.args
                and isinstance(node.args[0], ast.Name)
                and node.args[0].id in kinds
                # `_complaint` is for files that cannot be read: one case each is enough.
                and not (isinstance(node.func, ast.Name) and node.func.id == "_complaint")
            ):
                yield str(path), node.lineno, node.end_lineno or node.lineno
