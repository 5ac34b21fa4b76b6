"""What an object's constructor says about values that the contract does not allow."""

from __future__ import annotations

import pickle
from typing import Annotated, Any, Optional, TypeAlias

import attrs
import pytest
from attrs import field
from hypothesis import given
from hypothesis import strategies as st

from generated import gallery, places, tproxy, units
from generated.gallery import Point
from generated.tproxy import Config
from xpcrpc import ConstraintError, Problem, ValueProblemsError
from xpcrpc.codec.shape import Field, struct_of
from xpcrpc.constraints import AllOf, ByteLength, Each, Items, Length, Pattern, Range
from xpcrpc.testing import strategies, values


@attrs.define(kw_only=True)
class Everything:
    """A field for each rule."""

    number: int = field(default=1, validator=Range(min=0, max=100))
    label: str | None = field(default=None, validator=Length(min=2, max=4))
    text: str = field(default="ab", validator=ByteLength(max=3))
    code: str = field(default="a", validator=AllOf((Pattern("[a-z]+"), Length(max=4))))
    tags: list[str] = field(
        factory=list, validator=AllOf((Items(max=3, unique=True), Each(Length(min=1))))
    )
    ports: dict[str, int] = field(factory=dict, validator=Each(Range(max=9)))


def said(**arguments: Any) -> list[str]:
    with pytest.raises(ConstraintError) as caught:
        Everything(**arguments)
    assert str(caught.value) == "; ".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("number", -1, "Everything.number: -1 is below 0"),
        ("number", 101, "Everything.number: 101 is above 100"),
        ("number", "7", "Everything.number: expected a number, found '7'"),
        ("number", True, "Everything.number: expected a number, found True"),
        ("number", 1 << 300, "Everything.number: an int of 301 bits is above 100"),
        ("label", "x", "Everything.label: 1 character, but at least 2 needed"),
        ("label", "x" * 5, "Everything.label: 5 characters, but at most 4 allowed"),
        ("label", 5, "Everything.label: expected str or bytes, found 5"),
        ("text", "éé", "Everything.text: 4 bytes as UTF-8, but at most 3 allowed"),
        ("text", b"a", "Everything.text: expected str, found b'a'"),
        ("code", "A", "Everything.code: 'A' does not match [a-z]+"),
        ("code", 3, "Everything.code: expected str, found 3"),
        ("tags", list("abcd"), "Everything.tags: 4 items, but at most 3 allowed"),
        ("tags", ["a", "b", "a"], "Everything.tags: 'a' is there twice, but items must differ"),
        ("tags", ["a", ""], "Everything.tags[1]: 0 characters, but at least 1 needed"),
        ("tags", ["a", 7], "Everything.tags[1]: expected str or bytes, found 7"),
        ("tags", "abc", "Everything.tags: expected list or dict, found 'abc'"),
        ("ports", {"a": 10}, "Everything.ports['a']: 10 is above 9"),
        ("ports", 10, "Everything.ports: expected list or dict, found 10"),
    ],
)
def test_the_sentence_names_the_place_what_was_given_and_what_is_allowed(
    name: str, value: object, words: str
) -> None:
    found = said(**{name: value})
    assert words in found
    assert all(one.startswith(f"Everything.{name}") for one in found)


def test_all_that_is_wrong_with_an_object_is_said_at_once() -> None:
    assert said(
        number=-1, label="x", code="ABCDEF", tags=["", "", ""], ports={"a": 10, "b": 11}
    ) == [
        "Everything.number: -1 is below 0",
        "Everything.label: 1 character, but at least 2 needed",
        "Everything.code: 'ABCDEF' does not match [a-z]+",
        "Everything.code: 6 characters, but at most 4 allowed",
        "Everything.tags: '' is there twice, but items must differ",
        "Everything.tags[0]: 0 characters, but at least 1 needed",
        "Everything.tags[1]: 0 characters, but at least 1 needed",
        "Everything.tags[2]: 0 characters, but at least 1 needed",
        "Everything.ports['a']: 10 is above 9",
        "Everything.ports['b']: 11 is above 9",
    ]


def test_generated_classes_say_it_too() -> None:
    with pytest.raises(ConstraintError) as caught:
        Config(badge_label="x" * 65, exclude_domains=[""] * 513)
    assert caught.value.problems == (
        Problem("Config.badge_label", "65 characters, but at most 64 allowed"),
        Problem("Config.exclude_domains", "513 items, but at most 512 allowed"),
    )


def test_setting_an_attribute_speaks_of_that_one_alone() -> None:
    one = Everything()
    one.tags.extend("abcd")  # nobody looks at this
    with pytest.raises(ConstraintError) as caught:
        one.number = 101
    assert [problem.path for problem in caught.value.problems] == ["Everything.number"]
    assert one.number == 1


def test_the_error_is_a_value_error_and_travels() -> None:
    with pytest.raises(ValueError, match=r"Everything\.number") as caught:
        Everything(number=-1)
    assert isinstance(caught.value, ValueProblemsError)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), again.problems) == (ConstraintError, caught.value.problems)


def test_absent_values_of_optional_fields_meet_every_rule() -> None:
    assert Everything(label=None).label is None
    assert Config(badge_label=None).badge_label is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("number", {"expected a number, found None"}),
        ("text", {"expected str, found None"}),
        ("code", {"expected str, found None", "expected str or bytes, found None"}),
        ("tags", {"expected list or dict, found None"}),
        ("ports", {"expected list or dict, found None"}),
    ],
)
def test_none_is_of_a_wrong_type_where_a_field_is_not_optional(name: str, words: set[str]) -> None:
    assert set(said(**{name: None})) == {f"Everything.{name}: {problem}" for problem in words}


def test_none_is_said_with_all_that_is_wrong_in_generated_classes() -> None:
    with pytest.raises(ConstraintError) as caught:
        Config(badge_label="x" * 65, exclude_domains=None)  # type: ignore[arg-type]
    assert caught.value.problems == (
        Problem("Config.badge_label", "65 characters, but at most 64 allowed"),
        Problem("Config.exclude_domains", "expected list or dict, found None"),
    )


CONSTRAINED = [
    (cls, part)
    for module in (gallery, places, tproxy, units)
    for cls in vars(module.types).values()
    if isinstance(cls, type) and attrs.has(cls) and cls.__module__ == module.types.__name__
    for part in struct_of(cls).fields
    if part.attribute.validator is not None
]


@pytest.mark.parametrize(
    ("cls", "part"), CONSTRAINED, ids=[f"{cls.__name__}.{part.name}" for cls, part in CONSTRAINED]
)
def test_generated_classes_take_none_where_the_contract_does(cls: type, part: Field) -> None:
    arguments = {
        one.alias: None for one in struct_of(cls).fields if one.required or one.alias == part.alias
    }
    try:
        cls(**arguments)
    except ConstraintError as error:
        paths = {problem.path for problem in error.problems}
    else:
        paths = set()
    assert (f"{cls.__name__}.{part.name}" in paths) is not part.optional


def test_the_generated_classes_have_constrained_fields_of_both_kinds() -> None:
    assert {part.optional for _, part in CONSTRAINED} == {True, False}


def test_none_is_refused_when_it_is_set() -> None:
    one = Everything()
    with pytest.raises(ConstraintError, match=r"Everything\.number: expected a number, found None"):
        one.number = None  # type: ignore[assignment]
    one.label = None
    assert (one.number, one.label) == (1, None)


MaybePort: TypeAlias = Annotated[int | None, Range(min=1)]
Port: TypeAlias = Annotated[int, Range(min=1)]


@attrs.define(kw_only=True)
class Annotations:
    """Ways to say that a value may be absent, or may not."""

    alias: MaybePort = field(default=None, validator=Range(min=1))
    typing: Optional[int] = field(default=None, validator=Range(min=1))  # noqa: UP045
    items: list[int | None] = field(factory=list, validator=Each(Range(min=1)))
    stubs: list[NobodyKnows] = field(factory=list, validator=Items(max=1))  # type: ignore[name-defined] # noqa: F821
    no_stubs: list[NobodyKnows] | None = field(default=None, validator=Items(max=1))  # type: ignore[name-defined] # noqa: F821
    plain: Port = field(default=1, validator=Range(min=1))


@attrs.define(kw_only=True)
class Inheriting(Annotations):
    """Of another module, as far as names go."""

    __module__ = "builtins"


@pytest.mark.parametrize("cls", [Annotations, Inheriting])
def test_whether_none_is_allowed_is_read_from_the_annotation(cls: type[Annotations]) -> None:
    cls(alias=None, typing=None, items=[None], no_stubs=None)
    with pytest.raises(ConstraintError) as caught:
        cls(items=None, stubs=None, plain=None)  # type: ignore[arg-type]
    assert [problem.path.partition(".")[2] for problem in caught.value.problems] == [
        "items",
        "stubs",
        "plain",
    ]


Slug: TypeAlias = Annotated[str, Length(min=1)]


@attrs.define(kw_only=True)
class Holders:
    """Lists and maps whose items have rules, and may be absent or may not."""

    slugs: list[Slug] = field(factory=list, validator=AllOf((Items(max=4), Each(Length(min=1)))))
    ports: dict[str, int] | None = field(default=None, validator=Each(Range(max=9)))
    nested: list[list[Slug]] = field(factory=list, validator=Each(Each(Length(min=1))))
    sized: list[dict[str, str]] = field(factory=list, validator=Each(Items(max=1)))
    maybe: list[Slug | None] = field(factory=list, validator=Each(Length(min=1)))
    outer: list[list[Slug] | None] = field(factory=list, validator=Each(Each(Length(min=1))))
    inner: list[dict[str, Slug | None]] = field(
        factory=list, validator=Each(AllOf((Items(max=2), Each(Length(min=1)))))
    )
    plain: list[str] = field(factory=list, validator=Items(max=4))
    stubs: list[NobodyKnows] = field(factory=list, validator=Each(Length(min=1)))  # type: ignore[name-defined] # noqa: F821
    later: list["Slug"] = field(factory=list, validator=Each(Length(min=1)))  # noqa: UP037
    both: list[int] = field(factory=list, validator=[Items(max=4), Each(Range(min=1))])


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("slugs", ["a", None, "b", None], "[1]: expected str or bytes, found None"),
        ("ports", {"a": 1, "b": None}, "['b']: expected a number, found None"),
        ("nested", [["a"], None], "[1]: expected list or dict, found None"),
        ("nested", [["a"], ["b", None]], "[1][1]: expected str or bytes, found None"),
        ("sized", [{}, None], "[1]: expected list or dict, found None"),
        ("outer", [None, ["a", None]], "[1][1]: expected str or bytes, found None"),
        ("inner", [{"a": None}, None], "[1]: expected list or dict, found None"),
        ("both", [1, None], "[1]: expected a number, found None"),
    ],
)
def test_none_is_of_a_wrong_type_where_an_item_is_not_optional(
    name: str, value: Any, words: str
) -> None:
    with pytest.raises(ConstraintError) as caught:
        Holders(**{name: value, "maybe": [None, ""]})
    path = f"Holders.{name}"
    found = [str(problem) for problem in caught.value.problems]
    assert f"{path}{words}" in found
    assert "Holders.maybe[1]: 0 characters, but at least 1 needed" in found
    assert all(one.startswith((path, "Holders.maybe[1]")) for one in found)
    with pytest.raises(ConstraintError) as caught:
        setattr(Holders(), name, value)
    assert f"{path}{words}" in map(str, caught.value.problems)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ports", None),
        ("maybe", [None, "a", None]),
        ("outer", [None, ["a"], None]),
        ("inner", [{"a": None, "b": "b"}, {}]),
        # What has no rule, or an annotation that cannot be read, is looked at when it is encoded.
        ("sized", [{"a": None}]),
        ("plain", [None]),
        ("stubs", [None]),
        ("later", [None]),
    ],
)
def test_none_is_an_item_where_the_annotation_does_not_say_otherwise(name: str, value: Any) -> None:
    assert getattr(Holders(**{name: value}), name) == value


def test_long_values_are_cut() -> None:
    (problem,) = said(code="A" * 4) and said(tags=["x" * 1000] * 2)
    assert len(problem) < 200


def repeated(items: list[Any]) -> bool:
    """Whether two are equal, found by comparing each with each."""
    return any(one in items[:index] for index, one in enumerate(items))


@given(
    st.lists(strategies(Point), max_size=4)
    | st.lists(values(), max_size=6)
    | st.lists(
        st.sampled_from([0, False, 0.0, -0.0, float("nan"), [0], {"a": 0}, [False]]), max_size=4
    )
)
def test_unique_means_that_no_two_are_equal(items: list[Any]) -> None:
    assert (Items(unique=True).problem(items) is not None) == repeated(items)


def test_unique_looks_at_a_long_list_once() -> None:
    class Counted:
        """Counts how often it is compared."""

        compared = 0

        def __init__(self, number: int) -> None:
            self.number = number

        def __eq__(self, other: object) -> bool:
            type(self).compared += 1
            return isinstance(other, Counted) and self.number == other.number

        def __hash__(self) -> int:
            return hash(self.number)

    many: list[Any] = [Counted(number) for number in range(5000)]
    assert Items(unique=True).problem(many) is None
    assert Counted.compared < 5000
    points: list[Any] = [Point(x=float(number), y=0.0) for number in range(20_000)]
    assert Items(unique=True).problem([*points, Point(x=0.0, y=0.0)]) is not None
