"""Text is made from patterns: every word matches, and there is a word wherever one matches."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from xpcrpc.constraints import ByteLength, Constraint, Length, Pattern
from xpcrpc.testing.automaton import ASCII, Language, UnsuitedPatternError, automaton
from xpcrpc.testing.texts import data, text_within


def _patterns() -> SearchStrategy[str]:
    """Patterns about the letters a and b."""
    letters = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "(?:)", r"\w", "[a-b]"])

    def larger(inner: SearchStrategy[str]) -> SearchStrategy[str]:
        return st.one_of(
            st.tuples(inner, inner).map("".join),
            st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
            st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,2}?", "*?"])).map(
                lambda two: f"(?:{two[0]}){two[1]}"
            ),
            inner.map(lambda one: f"^{one}"),
            inner.map(lambda one: f"(?:{one}|b)$"),
        )

    return st.recursive(letters, larger, max_leaves=6)


AB = ((97, 98),)


@settings(max_examples=150, deadline=None)
@given(st.lists(_patterns(), min_size=1, max_size=2))
def test_there_is_a_word_of_a_length_exactly_if_one_matches(patterns: list[str]) -> None:
    language = Language(tuple(map(automaton, patterns)), AB)
    for length in range(5):
        matching = any(
            all(re.fullmatch(pattern, "".join(word)) for pattern in patterns)
            for word in product("ab", repeat=length)
        )
        assert language.has(length) == matching, length


@settings(max_examples=100, deadline=None)
@given(_patterns(), st.data())
def test_what_is_made_from_a_pattern_matches_it(pattern: str, data: st.DataObject) -> None:
    language = Language((automaton(pattern),))
    if not any(map(language.has, range(30))):
        return  # such as a^
    word = data.draw(text_within([Pattern(pattern), Length(max=30)]))
    assert Pattern(pattern).problem(word) is None


HARD: list[list[Constraint]] = [
    [Pattern("[a-z]+"), Length(min=30, max=31)],
    [Pattern("[0-9a-f]{64}")],
    [Pattern(r"\d{3}-\w+\s?")],
    [Pattern("[a-z][a-z0-9-]*"), Length(max=63), Pattern(".*x.*"), Pattern(".*-.*")],
    [Pattern(".*"), ByteLength(8), Length(min=8)],
    [Pattern("[^a-z]{4}"), ByteLength(13)],
    [Pattern(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"), Length(min=100, max=253)],
    [Pattern("(a|b)*c"), Length(min=1000)],
    [Pattern(r"[^\S]+[\W]"), Length(min=3)],
    [Pattern(r"a\b.*")],
    [Length(min=10), ByteLength(10)],
    [Length(min=5000)],
    [Length(min=100_000, max=100_000)],
    [Length(max=0)],
    [ByteLength(0)],
    [ByteLength(3)],
]


@pytest.mark.parametrize("rules", HARD, ids=str)
@settings(max_examples=20, deadline=None)
@given(st.data())
def test_text_follows_rules_that_are_hard_to_meet(
    rules: list[Constraint], data: st.DataObject
) -> None:
    word = data.draw(text_within(rules))
    assert [rule.problem(word) for rule in rules] == [None] * len(rules)
    assert "\0" not in word
    word.encode()


def test_text_beyond_ascii_and_limits_themselves_are_among_it() -> None:
    @settings(max_examples=200, database=None, deadline=None)
    @given(text_within([Pattern(".{2,9}"), ByteLength(20)]))
    def collect(word: str) -> None:
        seen.append(word)

    seen: list[str] = []
    collect()
    assert {len(word) for word in seen} >= {2, 9}
    assert not all(map(str.isascii, seen))
    assert any(map(str.isascii, seen))


@pytest.mark.parametrize(
    "rules",
    [
        [Pattern("[a-z]{3}"), Length(min=4)],
        [Pattern("a+"), Pattern("b+")],
        [Length(min=5), ByteLength(4)],
        [Pattern("é+"), ByteLength(1)],
    ],
    ids=str,
)
def test_rules_that_nothing_meets_are_refused(rules: list[Constraint]) -> None:
    with pytest.raises(ValueError, match="no text of"):
        text_within(rules)


def test_what_has_no_automaton_is_said() -> None:
    for pattern in (r"a\b", "(?=a)b", r"(a)\1", "(?:(?:a{1000}){1000}){1000}"):
        with pytest.raises(UnsuitedPatternError):
            automaton(pattern)


def test_classes_are_of_ascii_as_for_re2() -> None:
    for pattern, wrong in ((r"\w", "é"), (r"\d", "٣"), (r"\s", "\u00a0")):
        assert Pattern(pattern).problem(wrong) is not None
    language = Language((automaton(r"[^\w\s]"),), ASCII)
    assert language.has(1)


@settings(max_examples=20, deadline=None)
@given(data(70_000, 70_002))
def test_long_data_has_its_size(drawn: bytes) -> None:
    assert 70_000 <= len(drawn) <= 70_002
