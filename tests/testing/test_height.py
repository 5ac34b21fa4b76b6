"""Of a recursive type's cases, those are known that end it soonest."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.codegen.test_contracts import imported
from xpcrpc.codec.shape import shape_of
from xpcrpc.testing.height import flattest

CONTRACT = """
schema = 1
package = "org.example.drawn"
version = "1.0"

[union.Chain]
open = false
cases.end = {}
cases.more = { next = "Chain" }

[union.Fork]
open = false
cases.leaf = { chain = "Chain" }
cases.fork = { one = "Fork", two = "Fork", three = "Fork" }

[union.Open]
cases.far = { chain = "Chain" }

[union.Near]
open = false
cases.by_open = { it = "Open" }
cases.by_chain = { it = "Chain" }

[alias.Some]
type = "list<Chain>"
min_items = 1

[union.Lists]
open = false
cases.empty = { none = "list<Lists>", nothing = "map<string, Lists>", perhaps = "Lists?" }
cases.own = { one = { type = "list<Chain>", min_items = 1 } }
cases.shared = { one = "Some" }
cases.inside = { lists = { type = "list<Some>", min_items = 1 } }
"""


@pytest.fixture(scope="module")
def package() -> Iterator[ModuleType]:
    with imported(CONTRACT) as made:
        yield made


@pytest.mark.parametrize(
    ("union", "flat"),
    [
        ("Chain", ["end"]),
        # A chain can end at once. If its longer case counted, a leaf would seem to need as
        # many levels as a fork, and strategies of forks would never end.
        ("Fork", ["leaf"]),
        # Of an open union there are cases without any fields.
        ("Near", ["by_open"]),
        # What may be empty or missing needs nothing; what must have an item needs that.
        ("Lists", ["empty"]),
    ],
)
def test_the_cases_that_end_a_type_soonest(
    package: ModuleType, union: str, flat: list[str]
) -> None:
    cases = shape_of(getattr(package, union)).cases
    assert [getattr(case, "CASE", None) for case in flattest(cases)] == flat
