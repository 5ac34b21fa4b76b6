"""``xpcrpc check``: all complaints, in three forms, and never a traceback."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from xpcrpc.codegen.complaint import Complaint, nearest, some
from xpcrpc.codegen.mistakes import MISTAKES
from xpcrpc.codegen.report import report, say, wants_colours

from tests.codegen.commands import COMMANDS, run

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "cases"
NOTE = Complaint("a,b:c.toml", 3, 5, "struct.A", "50% wrong\nreally", "a-rule")


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


def test_good_contracts_have_no_complaint(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", str(ROOT / "schemas")) == 0
    assert capsys.readouterr().out == ""


def test_text_is_the_compilers_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CASES / "flag-bit")
    assert run("check", "input.toml") == 1
    said = capsys.readouterr()
    expected = Path("expected.txt").read_text(encoding="utf-8")
    assert said.out == expected
    assert said.err == f"{len(expected.splitlines())} complaints\n"


def test_json_has_every_part_of_a_complaint(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CASES / "error-code-range")
    assert run("check", "input.toml", "--format", "json") == 1
    records = json.loads(capsys.readouterr().out)["complaints"]
    lines = [
        "{file}:{line}:{column}: {path}: {message} [{rule}]\n".format(**record)
        for record in records
    ]
    assert "".join(lines) == Path("expected.txt").read_text(encoding="utf-8")


def test_json_without_complaints_is_still_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", str(ROOT / "schemas"), "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == {"complaints": []}


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no /dev/full")
@pytest.mark.parametrize(
    ("shell", "status", "words"),
    [
        ("{0} show {1} > /dev/full", 2, "No space left on device"),
        ("{0} lint --list > /dev/full", 2, "No space left on device"),
        ("{0} show {1} >&-", 0, ""),
        ("{0} check nothing.toml 2>&-", 2, ""),
        ("{0} entitlements {1} --out /dev/full", 2, "No space left on device"),
        ("{0} entitlements {1} --out /dev/stdout | grep -q plist", 0, ""),
        ("{0} show {1} | head -1 | grep -q contract", 0, ""),
        ("{0} gen {1} --out /dev/null/x", 2, "Not a directory"),
        ("{0} chek {1}", 2, "did you mean check?"),
        ("{0} check {1} --fromat=json", 2, "did you mean --format?"),
        ("{0} check {1} --format jsn", 2, "did you mean json?"),
    ],
)
def test_a_shell_sees_a_sentence_and_an_exit_code(shell: str, status: int, words: str) -> None:
    program = f"{sys.executable} -m xpcrpc.codegen"
    done = subprocess.run(
        ["sh", "-c", shell.format(program, ROOT / "schemas" / "echo.toml")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_nothing_is_called_written_before_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert run("gen", str(ROOT / "schemas" / "echo.toml"), "--out", str(tmp_path / "file")) == 2
    assert capsys.readouterr().out == ""
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_each_kind_of_complaint_says_why_it_exists(capsys: pytest.CaptureFixture[str]) -> None:
    for mistake in MISTAKES:
        assert run("check", "--explain", mistake.id) == 0
        said = capsys.readouterr().out
        assert said.startswith(f"{mistake.id}: {mistake.title}.\n\n{mistake.why.split()[0]}")
    assert run("check", "--list") == 0
    assert len(capsys.readouterr().out.splitlines()) == len(MISTAKES)
    assert run("check", "--list", "--format", "json") == 0
    rules = json.loads(capsys.readouterr().out)["rules"]
    assert [rule["id"] for rule in rules] == [mistake.id for mistake in MISTAKES]
    assert run("check", "--explain", "pattrn") == 2
    assert "did you mean pattern?" in capsys.readouterr().err
    assert run("check") == 2


def test_a_typo_among_thousands_of_names_is_found() -> None:
    names = [f"Message{at}" for at in range(3000)] + ["Configuration"]
    assert nearest("Configuraton", names) == "; did you mean Configuration?"
    assert nearest("Mesage77", names).startswith("; did you mean Message")
    assert nearest("Entirely", names) == ""
    assert some(names).endswith(", … (3001 in all)")


def test_github_commands_escape_what_would_end_them() -> None:
    stream = io.StringIO()
    report([NOTE], "github", stream)
    assert stream.getvalue() == (
        "::error file=a%2Cb%3Ac.toml,line=3,col=5,title=xpcrpc a-rule"
        "::struct.A: 50%25 wrong%0Areally\n"
    )


def test_colours_are_for_terminals_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert wants_colours(Terminal())
    assert not wants_colours(io.StringIO())
    terminal = Terminal()
    report([NOTE], "text", terminal)
    assert "\x1b[" in terminal.getvalue()


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    terminal = Terminal()
    report([NOTE], "text", terminal)
    assert "\x1b[" not in terminal.getvalue()


def test_what_a_stream_cannot_write_is_escaped() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    say("caf\u00e9 \udcff", stream)
    stream.seek(0)
    assert stream.read() == "caf\\xe9 \\udcff\n"


@pytest.mark.parametrize("command", ["check", "lint", "fmt", "show"])
@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe",
        b"a = '\x00'",
        b"[" * 5000,
        b"a." * 5000 + b"a = 1",
        b"a = " + b"[" * 2000 + b"]" * 2000,
        b"a = " + b"9" * 6000,
        b"a = 0x" + b"f" * 6000,
        b"\xef\xbb\xbfschema = 1",
        b"a = 2024-02-30",
    ],
    ids=["binary", "nul", "brackets", "dots", "nested", "digits", "hexadecimal", "mark", "date"],
)
def test_whatever_a_file_holds_gets_a_sentence(
    command: str, data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(data)
    assert run(command, str(path)) == 1
    said = capsys.readouterr()
    assert "bad.toml:1:" in said.out + said.err
    assert path.read_bytes() == data


@pytest.mark.parametrize("command", ["check", "lint", "fmt", "show"])
def test_what_is_no_file_is_misuse(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    loop = tmp_path / "loop.toml"
    loop.symlink_to(loop)
    for argument in (str(tmp_path / "none.toml"), str(folder), str(loop), "a\0b"):
        assert run(command, argument) == 2, argument
        assert capsys.readouterr().err.startswith("xpcrpc: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("breaking", "", "a.toml"),
        ("check", ""),
        ("check", "a.toml", ""),
        ("docs", "", "--out", "pages"),
        ("docs", "a.toml", "--out", ""),
        ("entitlements", "a.toml", "--team-id", ""),
        ("fmt", ""),
        ("freeze", ""),
        ("gen", "a.toml", "--out="),
        ("lint", "a.toml", "--only", ""),
        ("lint", "--explain", ""),
        ("new", ""),
        ("plist", "a.toml", "--service", ""),
        ("show", "a.toml", ""),
        ("units", "", "--out", "units"),
    ],
    ids=" ".join,
)
def test_an_empty_word_is_misuse(
    arguments: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # In a folder with a contract, which an empty path would mean.
    (tmp_path / "a.toml").write_bytes((ROOT / "schemas" / "echo.toml").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert run(*arguments) == 2
    assert "an empty text was given" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.toml"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__.split(".")[-1])
def test_every_command_explains_itself(
    command: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    name = command.__name__.split(".")[-1]
    assert run(name, "--help") == 0
    said = capsys.readouterr().out
    assert "exit codes: 0 " in said
    examples = said.partition("\nexamples:\n")[2].splitlines()
    assert any(f"xpcrpc {name}" in line for line in examples)
    assert all(f"  xpcrpc {name}" in line or name in ("units", "completion") for line in examples)
    assert max(map(len, examples)) <= 100


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are UTF-8")
def test_a_file_name_that_is_no_text_is_shown_escaped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.toml"
    with open(path, "wb") as file:
        file.write(b"schema = 2\n")
    assert run("check", str(tmp_path)) == 1
    assert "\\udcff.toml:1:1" in capsys.readouterr().out
