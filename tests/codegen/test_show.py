"""``xpcrpc show``: a line for each thing, and the way to one of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xpcrpc.codegen.compile import compile_text
from xpcrpc.codegen.duration import parse_duration
from xpcrpc.codegen.model import PeerRule, Rule, RuleGroup
from xpcrpc.codegen.show import contract_lines
from xpcrpc.codegen.signature import duration_text, rule_text, value_text

from tests.codegen.commands import run
from tests.codegen.test_mutations import mutated

FOLDER = Path(__file__).parent / "show"
INPUT = str(FOLDER / "input.toml")


def test_the_lines_are_exactly_these(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", INPUT) == 0
    assert capsys.readouterr().out == (FOLDER / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("protocol.Control.methods.stop", ["stop() @oneway"]),
        ("Control.stop", ["stop() @oneway"]),
        ("protocol.Control.stop", ["stop() @oneway"]),
        ("error", ["error StartRefused = 100", "reason: string"]),
        ("StartRefused", ["error StartRefused = 100", "reason: string"]),
        ("Control.ended", ["event ended(why: string?)"]),
        ("Config.keylog", ["keylog: bool = false @since 1.1"]),
    ],
)
def test_a_path_may_leave_out_what_is_plain(
    path: str, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("show", INPUT, path) == 0
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == lines


def test_an_unknown_path_gets_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", INPUT, "Control.stpo") == 2
    assert "did you mean Control.stop?" in capsys.readouterr().err
    assert run("show", INPUT, "Conf") == 2


def test_a_contract_with_complaints_is_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("schema = 2\n", encoding="utf-8")
    assert run("show", str(bad)) == 1
    assert capsys.readouterr().out == ""


@given(st.integers(1, 2**62))
def test_a_span_reads_back_as_itself(span_ns: int) -> None:
    assert parse_duration(duration_text(span_ns)) == span_ns


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (None, "nobody (no rule)"),
        ("anyone", "anyone"),
        (Rule("uid", 0), "uid 0"),
        (Rule("platform", True), "platform"),
        (Rule("entitlement", "a.b", True), "entitlement a.b = true"),
        (
            RuleGroup(
                "all",
                (Rule("team", "self"), RuleGroup("any", (Rule("uid", 1), Rule("uid", 2)))),
            ),
            "team self and (uid 1 or uid 2)",
        ),
        (
            RuleGroup("any", (RuleGroup("all", (Rule("uid", 1),)), Rule("uid", 2))),
            "uid 1 or uid 2",
        ),
    ],
)
def test_peer_rules_read_as_a_sentence(rule: PeerRule | None, text: str) -> None:
    assert rule_text(rule) == text


def test_values_are_written_as_in_a_contract() -> None:
    value = {"a": [1, True, 1.5, float("inf")], "b c": 'say "x"', "d": {}}
    assert value_text(value) == """{ a = [1, true, 1.5, inf], "b c" = 'say "x"', d = {} }"""


def test_a_line_break_in_a_text_is_shown_as_an_escape(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.toml"
    header = 'schema = 1\npackage = "org.example.x"\nversion = "1.0"\n'
    path.write_text(header + '[protocol.P.methods.go]\nselector = "a\\nb"\n', encoding="utf-8")
    assert run("show", str(path), "P.go") == 0
    assert capsys.readouterr().out == "  go() @selector a\\nb\n"


@settings(max_examples=60, deadline=None)
@given(mutated())
def test_whatever_compiles_can_be_shown_on_one_line_each(data: bytes) -> None:
    for contract in compile_text(data).contracts:
        for line in contract_lines(contract):
            assert "\n" not in str(line)
