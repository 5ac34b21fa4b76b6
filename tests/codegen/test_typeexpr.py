"""Type expressions: what is written is what is read, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xpcrpc.codegen.duration import parse_duration
from xpcrpc.codegen.pattern import pattern_problem
from xpcrpc.codegen.typeexpr import (
    FD_MODES,
    SCALARS,
    ClientEnd,
    Fd,
    ListOf,
    MapOf,
    Named,
    Optional,
    Scalar,
    Shmem,
    TypeExpr,
    TypeExprError,
    parse,
    text_of,
)

NAMES = st.from_regex(r"[A-Z][A-Za-z0-9]{0,6}", fullmatch=True)


def _optional(expression: TypeExpr) -> TypeExpr:
    if isinstance(expression, Optional) or expression == Scalar("any"):
        return expression
    return Optional(expression)


expressions = st.recursive(
    st.sampled_from(sorted(SCALARS)).map(Scalar)
    | st.sampled_from([None, *FD_MODES]).map(Fd)
    | st.just(Shmem())
    | NAMES.map(ClientEnd)
    | NAMES.map(Named),
    lambda inner: inner.map(ListOf) | inner.map(MapOf) | inner.map(_optional),
    max_leaves=5,
)


@given(expressions)
def test_every_expression_is_read_back_from_its_text(expression: TypeExpr) -> None:
    assert parse(text_of(expression)) == expression


@given(expressions, st.sampled_from([" ", "\t", "  "]))
def test_space_between_tokens_says_nothing(expression: TypeExpr, space: str) -> None:
    text = text_of(expression)
    for token in "<>,?":
        text = text.replace(token, f"{space}{token}{space}")
    assert parse(text) == expression


@given(st.text(st.sampled_from("list<map>string,u8?fd.Aé \n\0")))
def test_anything_else_is_refused_at_a_place_inside_the_text(text: str) -> None:
    offset = refused_at(text)
    if offset is None:
        assert parse(text_of(parse(text))) == parse(text)
    else:
        assert 0 <= offset <= len(text)


def refused_at(text: str) -> int | None:
    """Where the parser found something wrong."""
    try:
        parse(text)
    except TypeExprError as error:
        offset: int = error.offset
        return offset
    return None


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("5s", 5_000_000_000),
        ("250ms", 250_000_000),
        ("2m", 120_000_000_000),
        ("1.5h", 5_400_000_000_000),
        ("-1ns", -1),
        ("0.001us", 1),
        ("0.5ns", None),
        ("5", None),
        ("5 s", None),
        ("s", None),
        ("1e3s", None),
        ("٥s", None),
        ("200000d", None),
    ],
)
def test_durations_are_whole_nanoseconds_with_a_unit(text: str, ns: int | None) -> None:
    assert parse_duration(text) == ns


@given(st.text(st.sampled_from(r"ab\d1[]^-(){}?:P<>=!|*+.,x0Z"), max_size=12))
def test_no_pattern_ends_in_a_traceback(pattern: str) -> None:
    problem = pattern_problem(pattern)
    assert problem is None or problem


def test_lookaround_inside_a_character_class_is_only_characters() -> None:
    assert pattern_problem(r"[(?=]+[)*+]") is None
    assert pattern_problem(r"[]a]\(\?=") is None
