"""Every lint rule has a folder: what it dislikes, what it likes, and its words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from xpcrpc.codegen.compile import compile_sources
from xpcrpc.codegen.complaint import Complaints
from xpcrpc.codegen.lint import RULES, Rule, lint, read_ignores
from xpcrpc.codegen.source import Source, parse_source

from tests.codegen.commands import run
from tests.codegen.test_mutations import mutated

FOLDER = Path(__file__).parent / "lint"
HEADER = 'schema = 1\npackage = "org.example.x"\nversion = "1.0"\ndoc = "d"\n'


def test_every_rule_has_its_folder_and_every_folder_its_rule() -> None:
    assert sorted(rule.id for rule in RULES) == sorted(path.name for path in FOLDER.iterdir())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_findings_are_exactly_these(
    rule: Rule, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = FOLDER / rule.id
    monkeypatch.chdir(folder)
    # An exception can only be unneeded next to the rule that it is about.
    only = rule.id if rule.id != "unused-ignore" else "unused-ignore,single-precision"
    assert run("lint", "input.toml", "--only", only) == 1
    assert capsys.readouterr().out == (folder / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_gives_its_reason_and_examples(
    rule: Rule, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("lint", "--explain", rule.id) == 0
    said = capsys.readouterr().out
    assert rule.title in said
    assert rule.bad.split("\n")[0] in said
    assert rule.good.split("\n")[0] in said
    assert rule.why.split()[0] in said


def notes(text: str) -> list[str]:
    """The findings in a contract of this text, its exceptions observed."""
    source = parse_source((HEADER + text).encode("utf-8"), "x.toml")
    assert isinstance(source, Source)
    complaints = Complaints(source)
    ignores = read_ignores(complaints)
    assert not complaints.found
    compiled = compile_sources([source])
    assert not compiled.complaints, compiled.complaints
    found = lint(compiled.contracts[0], complaints, ignores)
    return [f"{one.rule} {one.path}" for one in found]


COINS = """
[enum.Side]
doc   = "d"
open  = false
cases = { heads = "d", tails = "d" }

[alias.Toss]
doc  = "d"
type = "Side"

[enum.Way]
doc   = "d"
open  = false
cases = { up = "d" }

[protocol.P]
doc = "d"
methods.toss = { doc = "d", in = { way = "Way" }, out = "Toss" }

[service.s]
doc = "d"
protocol = "P"
name = "x"
peer.linux = { uid = "self" }
"""


def test_an_exception_holds_for_the_file_or_for_one_place() -> None:
    assert notes(COINS) == ["closed-enum enum.Side.open", "closed-enum enum.Way.open"]
    one = '[lint.ignore]\n"closed-enum:enum.Side" = "two sides"\n'
    assert notes(COINS + one) == ["closed-enum enum.Way.open"]
    whole = '[lint]\nignore = { closed-enum = "a game" }\n'
    assert notes(COINS + whole) == []


def test_an_exception_for_a_longer_name_is_not_for_a_shorter() -> None:
    other = '[lint.ignore]\n"closed-enum:enum.Sid" = "no such enum"\n'
    assert notes(COINS + other)[-1] == "unused-ignore lint.ignore.'closed-enum:enum.Sid'"
    assert len(notes(COINS + other)) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[lint]\nignore = { closed-enm = "x" }', "there is no lint rule 'closed-enm'"),
        ('[lint]\nignore = { closed-enum = "" }', "the text is empty"),
        ("[lint]\nignore = { closed-enum = 1 }", "text is needed here"),
        ("[lint]\nignore = []", "a table is needed here"),
        ("[lint]\nignored = {}", "did you mean ignore?"),
        ("lint = 1", "a table is needed here"),
    ],
)
def test_an_exception_needs_a_rule_and_a_reason(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(HEADER + text, encoding="utf-8")
    assert run("lint", str(path)) == 1
    assert words in capsys.readouterr().out


def test_what_others_import_is_in_use() -> None:
    library = '[struct.A]\ndoc = "d"\nfields.x = "u8"\n'
    assert notes(library) == []
    assert notes(library + '[error.E]\ndoc = "d"\ncode = 100\n') == ["unused-declaration error.E"]


def test_rules_are_chosen_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    run("lint", "--list", "--only", "closed-enum", "--only", "long-timeout")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "long-timeout",
        "closed-enum",
    ]
    run("lint", "--list", "--ignore", "closed-enum,long-timeout", "--format", "json")
    ids = [rule["id"] for rule in json.loads(capsys.readouterr().out)["rules"]]
    assert len(ids) == len(RULES) - 2
    assert "closed-enum" not in ids


def test_an_unknown_rule_is_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("--only", "--ignore", "--explain"):
        assert run("lint", "x.toml", flag, "closed-enm") == 2
        assert "did you mean closed-enum?" in capsys.readouterr().err
    assert run("lint") == 2


def test_a_contract_with_complaints_is_not_linted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.toml"
    path.write_text("schema = 2", encoding="utf-8")
    assert run("lint", str(path)) == 1
    assert "undocumented" not in capsys.readouterr().out


@settings(max_examples=60, deadline=None)
@given(mutated())
def test_whatever_compiles_can_be_linted(data: bytes) -> None:
    source = parse_source(data, "x.toml")
    if isinstance(source, Source):
        for contract in compile_sources([source]).contracts:
            lint(contract, Complaints(source))
