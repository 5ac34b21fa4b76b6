"""Strategies make valid objects of every type, however narrow or deep, and near misses of them."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Annotated, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.codegen.test_contracts import imported
from xpcrpc import DecodeError
from xpcrpc.codec.converter import from_value, to_value
from xpcrpc.constraints import Each, Items, Length, Pattern, Range
from xpcrpc.kinds import F32, U8
from xpcrpc.testing import equivalent, near_misses, strategies

CONTRACT = """
schema = 1
package = "org.example.drawn"
version = "1.0"

[enum.Three]
open = false
cases = { a = "", b = "", c = "" }

[alias.Slug]
type = "string"
pattern = "[a-z][a-z0-9-]*"
max_len = 63

[struct.Text]
fields.word = { type = "string", pattern = "[a-z]+", min_len = 30, max_len = 31 }
fields.slug = { type = "Slug", pattern = ".*x.*" }
fields.key = { type = "string", pattern = '[0-9a-f]{64}' }
fields.tight = { type = "string", min_len = 10, max_bytes = 10 }
fields.long = { type = "string", min_len = 5000 }
fields.blob = { type = "bytes", min_len = 1000, max_len = 1001 }

[struct.Lists]
fields.many = { type = "list<u8>", min_items = 300 }
fields.texts = { type = "list<Text?>", min_items = 12 }
fields.numbers = { type = "list<u8>", min_items = 200, unique = true }
fields.all = { type = "list<Three>", min_items = 3, unique = true }
fields.bools = { type = "list<bool>", min_items = 2, max_items = 2, unique = true }
fields.slugs = { type = "list<Slug>", min_items = 50, unique = true }
fields.data = { type = "list<bytes>", min_items = 30, unique = true }
fields.ids = { type = "list<uuid>", min_items = 30, unique = true }
fields.floats = { type = "list<f32>", min_items = 30, unique = true }
fields.dates = { type = "list<date>", min_items = 30, unique = true }
fields.structs = { type = "list<Number>", min_items = 30, unique = true }
fields.nested = { type = "list<list<u8>>", min_items = 3, unique = true }
fields.map = { type = "map<string, Three>", min_items = 40, max_items = 41 }

[struct.Number]
fields.narrow = { type = "f32", min = 0.1, max = 0.10001 }
fields.point = { type = "f64", min = 0.1, max = 0.1 }
fields.low = { type = "i64", min = -3, max = -3 }
fields.high = { type = "u64", min = 18446744073709551614 }

[struct.Tree]
fields.children = "list<Tree>"
fields.by_key = "map<string, list<Tree?>>"
fields.next = "Tree?"
fields.value = "Expression"

[union.Expression]
open = false
cases.sum = { left = "Expression", right = "Expression", more = "Product" }
cases.product = { of = "Product" }
cases.number = { value = "i64" }

[union.Product]
open = false
cases.all = { all = { type = "list<Expression>", min_items = 3 } }
cases.both = { one = "Expression", other = "Expression" }

[error.Failed]
code = 100
fields.text = "Text"
"""
WIDE = "[struct.Wide]\n" + "".join(
    f'fields.f{at} = "{("Tree?", "string", "list<u8>", "map<string, Tree>")[at % 4]}"\n'
    for at in range(80)
)
NAMES = ("Text", "Lists", "Number", "Tree", "Expression", "Product", "Failed", "Wide")


@pytest.fixture(scope="module")
def package() -> Iterator[ModuleType]:
    with imported(CONTRACT + WIDE) as made:
        yield made


@pytest.mark.parametrize("name", NAMES)
def test_objects_of_every_type_are_valid(package: ModuleType, name: str) -> None:
    hint = getattr(package, name)

    @settings(max_examples=8, deadline=None, database=None)
    @given(strategies(hint))
    def check(one: Any) -> None:
        assert equivalent(from_value(to_value(one, hint), hint), one)

    check()


@pytest.mark.parametrize("name", NAMES)
def test_near_misses_of_every_type_are_refused_for_one_reason(
    package: ModuleType, name: str
) -> None:
    hint = getattr(package, name)

    @settings(max_examples=8, deadline=None, database=None)
    @given(near_misses(hint))
    def check(miss: Any) -> None:
        with pytest.raises(DecodeError) as caught:
            from_value(miss.value, hint)
        assert [problem.path for problem in caught.value.problems] == [miss.path], miss.rule

    check()


MISSED: list[tuple[Any, set[str]]] = [
    (Annotated[str, Pattern("[0-9a-f]{64}")], {"pattern [0-9a-f]{64}"}),
    (Annotated[str, Pattern("[a-z]+"), Pattern(".*x.*")], {"pattern [a-z]+", "pattern .*x.*"}),
    (Annotated[str, Pattern("[a-z]+"), Length(min=30, max=31)], {"min_len 30", "max_len 31"}),
    (Annotated[bytes, Length(min=100_000, max=100_001)], {"min_len 100000", "max_len 100001"}),
    (Annotated[list[U8], Items(min=200)], {"min_items 200"}),
    (Annotated[list[str], Items(min=30, max=40, unique=True)], {"unique", "max_items 40"}),
    (Annotated[dict[str, bool], Items(min=40, max=41)], {"min_items 40", "max_items 41"}),
]


@pytest.mark.parametrize(("hint", "rules"), MISSED, ids=str)
def test_each_rule_is_missed(hint: Any, rules: set[str]) -> None:
    missed: set[str] = set()

    @settings(max_examples=120, deadline=None, database=None, phases=[Phase.generate])
    @given(near_misses(hint))
    def collect(miss: Any) -> None:
        missed.add(miss.rule)

    collect()
    assert rules <= missed


@pytest.mark.parametrize(
    "hint",
    [
        Annotated[list[bool], Items(min=3, unique=True)],
        Annotated[list[U8], Items(min=5, unique=True), Each(Range(max=3))],
        Annotated[list[str], Items(min=5, unique=True), Each(Pattern("[ab]"))],
    ],
    ids=str,
)
def test_lists_of_more_different_items_than_there_are_are_refused(hint: Any) -> None:
    def draw() -> None:
        @settings(max_examples=5, database=None, phases=[Phase.generate])
        @given(strategies(hint))
        def check(_: Any) -> None:
            raise AssertionError("there is no such list")

        check()

    with pytest.raises(ValueError, match="different values are asked for"):
        draw()


def test_long_lists_do_not_share_their_items() -> None:
    @settings(max_examples=10, database=None)
    @given(strategies(Annotated[list[list[F32]], Items(min=20)]))
    def check(items: list[list[float]]) -> None:
        assert len({id(item) for item in items}) == len(items) >= 20

    check()


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_recursive_types_become_deep_and_end(package: ModuleType, data: st.DataObject) -> None:
    def depth(value: Any) -> int:
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, inner), default=0) if isinstance(value, dict | list) else 0

    drawn = data.draw(strategies(package.Expression))
    assert depth(to_value(drawn, package.Expression)) < 60
