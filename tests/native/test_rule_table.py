"""docs/libxpc.md names a test for each rule of the contract, or says why there is none."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "libxpc.md"
RULES = [
    *(f"C-{number}" for number in [*range(1, 172), 175, 176, *range(202, 220)]),
    *(f"E{number}" for number in range(1, 13)),
    *(f"X{number}" for number in range(1, 39)),
]
"""Sections 1 to 7, 9 and 11, the error matrix, and what is misuse."""
BINDINGS_OWN = {19, 20}
"""Open questions about macOS alone: rich errors, pointer authentication."""


def rows() -> dict[str, str]:
    """Rule to what its row says."""
    text = PAGE.read_text(encoding="utf-8").split("\n## Rules and the tests", 1)[1]
    return dict(re.findall(r"^\| ([CEX]-?\d+) \| (.+) \|$", text, re.MULTILINE))


def proven() -> set[str]:
    """The names of all C tests."""
    return {
        name
        for source in HERE.glob("test_*.c")
        for name in re.findall(r"^TEST\((\w+)\)", source.read_text(encoding="utf-8"), re.MULTILINE)
    }


def test_every_rule_has_a_row() -> None:
    """In order, none twice, none left out."""
    assert list(rows()) == RULES


def test_every_row_names_tests_that_exist_or_gives_a_reason() -> None:
    """A name in backquotes is a C test; a row without one begins with a dash."""
    known = proven()
    for rule, said in rows().items():
        named = re.findall(r"`(\w+)`", said)
        if said.startswith("– "):
            assert len(said) > 8, rule
            continue
        assert named and set(named) <= known, (rule, set(named) - known)


def test_every_open_question_has_its_decision() -> None:
    """But those that only a binding or a Mac's release can answer."""
    text = PAGE.read_text(encoding="utf-8").split("\n## Differences", 1)[1]
    told = {
        int(number)
        for row in re.findall(r"^\| OQ-([\d, ]+) ", text, re.MULTILINE)
        for number in row.split(",")
    }
    assert told == set(range(1, 34)) - BINDINGS_OWN


def test_the_number_of_tests_is_told() -> None:
    """As the page says it."""
    told = re.search(r"`tests/native/`: (\d+) C tests", PAGE.read_text(encoding="utf-8"))
    assert told is not None and int(told[1]) == len(proven())


def test_a_test_that_bears_a_rules_number_is_in_its_row() -> None:
    """A new ``c123_…``, ``e10_…`` or ``x9_…`` is entered where a reader looks for it."""
    table = rows()
    for name in proven():
        if found := re.match(r"([cex])(\d+)_", name):
            rule = f"C-{found[2]}" if found[1] == "c" else f"{found[1].upper()}{found[2]}"
            assert f"`{name}`" in table[rule], (rule, name)
