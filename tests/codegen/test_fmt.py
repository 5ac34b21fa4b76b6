"""The canonical form: one form, no value and no comment lost, files replaced whole."""

from __future__ import annotations

import errno
import io
import os
import re
import shutil
import stat
import sys
import tomllib
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from xpcrpc.codegen.compile import compile_files, compile_text
from xpcrpc.codegen.fmt import canonical
from xpcrpc.codegen.fmt.diff import unified
from xpcrpc.codegen.source import Source, parse_source

from tests.codegen.commands import run
from tests.codegen.contracts import contracts
from tests.codegen.documents import documents
from tests.codegen.test_mutations import mutated

ROOT = Path(__file__).parents[2]
SCHEMAS = sorted((ROOT / "schemas").rglob("*.toml"))
CASES = sorted((Path(__file__).parent / "fmt").iterdir())
MESSY = b'package="org.example.x"   \nschema=1\n'
NEAT = b'schema  = 1\npackage = "org.example.x"\n'


def layout(text: str) -> str:
    """The canonical form of a document that has one."""
    source = parse_source(text.encode("utf-8"), "x.toml")
    assert isinstance(source, Source), source
    laid_out = canonical(source)
    assert isinstance(laid_out, str), laid_out
    return laid_out


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_form_is_exactly_this(case: Path) -> None:
    expected = (case / "expected.toml").read_text(encoding="utf-8")
    assert layout((case / "input.toml").read_text(encoding="utf-8")) == expected
    assert layout(expected) == expected


@settings(
    max_examples=70,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(documents())
def test_values_and_comments_survive_and_a_second_time_changes_nothing(text: str) -> None:
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assume(False)
        raise
    once = layout(text)
    # repr tells 1 from 1.0 and true, and knows nan; the order of keys may change.
    assert _ordered(tomllib.loads(once)) == _ordered(before)
    # Longer than any text of the strategy, so these are comments and nothing else.
    for comment in ("# comment", "# a ] \" ' } comment"):
        assert once.count(comment) == text.count(comment)
    assert layout(once) == once


@st.composite
def commented(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A contract with comments and blank lines between and behind its lines; and the comments."""
    lines: list[str] = []
    comments: list[str] = []

    def comment() -> str:
        comments.append(f'#{draw(st.sampled_from([" ", "", "# "]))}{len(comments)} é [x] = "')
        return comments[-1]

    for line in draw(contracts()).splitlines():
        for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
            lines.append(draw(st.sampled_from(["", "  "])) + comment())
        lines += [""] * draw(st.sampled_from([0, 0, 1, 3]))
        after = draw(st.sampled_from(["", "", "", " ", "\t"])) if line.strip() else ""
        lines.append(f"{line}{after}{comment()}" if after else line)
    lines += [comment() for _ in range(draw(st.sampled_from([0, 1])))]
    return "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n\n"])), comments


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(commented())
def test_a_contract_keeps_its_meaning_and_every_comment(drawn: tuple[str, list[str]]) -> None:
    text, comments = drawn
    before, once = compile_text(text), layout(text)
    after = compile_text(once)
    assert before.contracts
    # repr has every name in its order, which generated code follows; places are no part of it.
    assert repr(after.contracts) == repr(before.contracts)
    found = [line[line.index("#") :].rstrip() for line in once.splitlines() if "é [x]" in line]
    assert sorted(found) == sorted(comments)
    assert layout(once) == once


def _ordered(value: object) -> str:
    if isinstance(value, dict):
        pairs = [f"{key!r}: {_ordered(value[key])}" for key in sorted(value)]
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_ordered, value)) + "]"
    return repr(value)


@settings(max_examples=60, deadline=None)
@given(mutated())
def test_whatever_can_be_read_can_be_laid_out(data: bytes) -> None:
    source = parse_source(data, "x.toml")
    if isinstance(source, Source):
        assert isinstance(canonical(source), str)


@pytest.mark.parametrize(
    "broken",
    ["schema = 2  # one\n", "schema = 1\n", "schema = 1.0  # one\n", "schema = true  # one\n"],
    ids=["value", "comment", "number's type", "type"],
)
def test_a_result_that_lost_something_is_not_used(
    broken: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"schema=1 # one\n")
    monkeypatch.setattr("xpcrpc.codegen.fmt.layout.write_document", lambda _: broken)
    assert run("fmt", str(path)) == 1
    said = capsys.readouterr().err
    assert "laying it out would change it" in said
    assert said.endswith(" [form-would-change]\n")
    assert path.read_bytes() == b"schema=1 # one\n"


def test_what_is_newer_than_toml_1_0_is_refused_where_it_stands() -> None:
    # A newer `tomllib` reads it; this one is told what that would say.
    source = parse_source(b"schema = 1\nx = { a = 1 }\n", "x.toml")
    assert isinstance(source, Source)
    said = canonical(evolve(source, text="schema = 1\nx = {   \na=1}\n"))
    assert str(said) == (
        "x.toml:2:9: this is not TOML 1.0, so it cannot be laid out; "
        "the file was left as it is [form-would-change]"
    )


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_a_contract_means_the_same_afterwards(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "schemas"
    shutil.copytree(ROOT / "schemas", folder)  # what it imports lies beside it
    copy = folder / path.relative_to(ROOT / "schemas")
    before = compile_files([str(copy)])
    assert before.contracts
    assert not before.complaints
    copy.write_text(layout(path.read_text(encoding="utf-8")), encoding="utf-8")
    after = compile_files([str(copy)])
    # The model's repr has every name in its order, which generated code follows.
    assert repr(after.contracts) == repr(before.contracts)
    assert not after.complaints


def test_names_keep_their_order_while_settings_move() -> None:
    text = '[struct.A]\nfields.b = "u8"\ndoc = "x"\nfields.a = { doc = "y", type = "u8" }\n'
    assert layout(text) == (
        '[struct.A]\ndoc = "x"\nfields.b = "u8"\nfields.a = { type = "u8", doc = "y" }\n'
    )


def test_the_first_key_of_a_peer_rule_stays_first() -> None:
    text = '[service.a.peer.macos]\nall = [{ value = 1, entitlement = "x" }]\n'
    assert layout(text) == text


def test_files_are_rewritten_and_named_only_if_they_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    messy, neat = tmp_path / "a.toml", tmp_path / "b.toml"
    messy.write_bytes(MESSY)
    messy.chmod(0o640)
    neat.write_bytes(NEAT)
    inode = neat.stat().st_ino
    assert run("fmt", str(tmp_path)) == 0
    assert capsys.readouterr().out == f"wrote {messy.as_posix()}\n"
    assert messy.read_bytes() == NEAT
    assert stat.S_IMODE(messy.stat().st_mode) == 0o640
    assert neat.stat().st_ino == inode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.toml", "b.toml"]
    assert run("fmt", "--check", str(tmp_path)) == 0


@pytest.mark.parametrize("flag", ["--check", "--diff"])
def test_check_and_diff_write_nothing(
    flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(MESSY)
    assert run("fmt", flag, str(path)) == 1
    assert path.read_bytes() == MESSY
    said = capsys.readouterr().out
    assert ("+schema  = 1" in said) == (flag == "--diff")
    assert "a.toml" in said


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("abcd")), st.lists(st.sampled_from("abcde"), max_size=40))
def test_a_diff_applied_to_the_old_lines_gives_the_new_ones(old: list[str], new: list[str]) -> None:
    made, at = [], 0
    for line in list(unified("x.toml", old, new))[2:]:
        if head := re.match(r"@@ -(\d+)(?:,(\d+))? ", line):
            start = int(head[1]) - (head[2] != "0")
            made += old[at:start]
            at = start
        elif line[0] == "+":
            made.append(line[1:])
        else:
            assert old[at] == line[1:]
            made += old[at : at + 1] if line[0] == " " else []
            at += 1
    assert made + old[at:] == new


def test_long_texts_of_lines_that_are_alike_are_compared_piece_by_piece() -> None:
    # Minutes with difflib alone: every pair of the equal lines is tried.
    old = [line for at in range(20_000) for line in (f"[struct.S{at}]", "fields.a='u8'")]
    new = [line.replace("'", '"') for line in old]
    assert len(list(unified("x.toml", old, new))) == 2 + 1 + 3 * 20_000


def test_line_ends_of_windows_become_plain_ones(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(NEAT.replace(b"\n", b"\r\n"))
    assert run("fmt", "--check", str(path)) == 1
    assert run("fmt", str(path)) == 0
    assert path.read_bytes() == NEAT


def test_a_link_stays_and_its_file_changes(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "a.toml"
    target.write_bytes(MESSY)
    link = tmp_path / "link.toml"
    link.symlink_to(target)
    assert run("fmt", str(link)) == 0
    assert link.is_symlink()
    assert target.read_bytes() == NEAT


def test_a_full_disk_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.toml"
    path.write_bytes(MESSY)
    monkeypatch.setattr(os, "fsync", full)
    assert run("fmt", str(path)) == 2
    assert "No space left on device; it is as it was" in capsys.readouterr().err
    assert path.read_bytes() == MESSY
    assert [one.name for one in tmp_path.iterdir()] == ["a.toml"]


def test_one_bad_file_does_not_keep_the_others_from_their_form(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"not toml")
    (tmp_path / "b.toml").write_bytes(MESSY)
    assert run("fmt", str(tmp_path)) == 1
    assert (tmp_path / "a.toml").read_bytes() == b"not toml"
    assert (tmp_path / "b.toml").read_bytes() == NEAT


def test_what_is_no_contract_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b"[project]\nversion='1'\n")
    assert run("fmt", str(tmp_path)) == 1
    assert "it is no contract" in capsys.readouterr().err
    assert path.read_bytes() == b"[project]\nversion='1'\n"


def test_it_is_a_filter_for_editors(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MESSY)))
    assert run("fmt", "-") == 0
    assert capfdbinary.readouterr().out == NEAT
