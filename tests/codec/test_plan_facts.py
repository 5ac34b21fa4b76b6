"""What a class and its rules say reaches the plan: defaults, constructors, every constraint."""

from __future__ import annotations

import itertools
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

import attr
import pytest
from attrs import define, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from tests.codec.effort import QUICK
from tests.codec.test_passes import general_decode, outcome, same
from xpcrpc.codec.passes import decoder, encoder
from xpcrpc.codec.plans import is_plain, plan_of
from xpcrpc.codec.shape import shape_of, struct_of
from xpcrpc.codec.writer import write_object
from xpcrpc.constraints import (
    AllOf,
    ByteLength,
    Constraint,
    Each,
    Items,
    Length,
    Pattern,
    Range,
)
from xpcrpc.contract import wire
from xpcrpc.errors import DecodeError
from xpcrpc.kinds import F32, I8, I64, U8, U64
from xpcrpc.values import UInt64, Value


def verdict(hint: Any, value: Value) -> bool:
    """Whether the plan takes the value; if it does, the general way must make the same of it."""
    data = write_object(value)
    found = plan_of(shape_of(hint)).decode(data, 0, len(data), 0)
    try:
        expected = outcome(general_decode, hint, data)
    except TypeError:
        expected = None  # a rule for values of another type
    if found is not None:
        assert same(found, expected)
    return found is not None


# -- defaults ---------------------------------------------------------------------------


class Even(Constraint):
    """A rule that no plan knows."""

    def problem(self, value: int) -> str | None:
        return f"{value} is odd" if value % 2 else None


def twos() -> list[int]:
    return [2]


@define(kw_only=True)
class Defaults:
    required: int
    number: U8 = field(default=5, validator=Range(max=9))
    words: list[str] = field(factory=list, validator=Items(max=2))
    table: dict[str, int] = field(factory=dict)
    made: list[int] = field(factory=twos)
    none: str | None = None
    some: str | None = "some"


@define(kw_only=True)
class Doubtful:
    """Defaults whose rules only the constructor can ask."""

    made: list[int] = field(factory=twos, validator=Each(Even()))
    empty: list[int] = field(factory=list, validator=Items(min=1))
    number: int = field(default=3, validator=Even())
    shared: list[int] = field(default=[2], validator=Items(max=1))


FULL: dict[str, Value] = {
    "required": 1,
    "number": UInt64(2),
    "words": ["w"],
    "table": {"t": 1},
    "made": [1],
    "none": "n",
    "some": None,
}


def test_every_choice_of_keys_gives_what_the_constructor_gives() -> None:
    for size in range(len(FULL) + 1):
        for keys in itertools.combinations(FULL, size):
            assert verdict(Defaults, {key: FULL[key] for key in keys}) == ("required" in keys)


def test_what_a_factory_makes_is_made_each_time() -> None:
    data = write_object({"required": 1})
    first, second = (decoder(Defaults)(data, 0, len(data), ())[0] for _ in range(2))
    assert first == second == Defaults(required=1, some=None)
    for name in ("words", "table", "made"):
        assert getattr(first, name) is not getattr(second, name)


def test_a_default_that_breaks_its_rule_is_the_constructors_affair() -> None:
    good: dict[str, Value] = {"made": [2], "empty": [1], "number": 4, "shared": [7]}
    assert verdict(Doubtful, good)
    for key in good:
        assert not verdict(Doubtful, {name: good[name] for name in good if name != key})
    data = write_object({key: good[key] for key in good if key != "made"})
    assert decoder(Doubtful)(data, 0, len(data), ())[0].made == [2]
    with pytest.raises(DecodeError):
        decoder(Doubtful)(write_object({}), 0, 12, ())


# -- constructors -------------------------------------------------------------------------


@define
class After:
    a: int

    def __attrs_post_init__(self) -> None:
        self.a += 100


@define
class Before:
    a: int

    def __attrs_pre_init__(self) -> None:
        type(self).made += 1

    made: ClassVar[int] = 0


def doubled(value: int) -> int:
    return value * 2


@define
class Converted:
    a: int = field(converter=doubled)


@define
class Own:
    a: int

    def __init__(self, a: int) -> None:
        self.__attrs_init__(a + 1)  # type: ignore[attr-defined]


@define
class New:
    a: int

    def __new__(cls, a: int) -> Self:
        made = object.__new__(cls)
        made.a = 1
        return made


@attr.s(auto_attribs=True, slots=True)
class Setting:
    a: int

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value + 1)


class Counting(type):
    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        made = super().__call__(*arguments, **named)
        made.a += 7
        return made


@define
class Made(metaclass=Counting):
    a: int


@frozen(cache_hash=True)
class Hashed:
    a: int


@attr.s(auto_attribs=True, frozen=True, slots=False, hash=True, cache_hash=True)
class HashedInDict:
    a: int


@define
class Unlike:
    a: int = field(validator=attr.validators.instance_of(int))


@define
class Born:
    a: int
    b: int = field(init=False, default=3)


@define
class Taking:
    a: int
    b: int = field(default=attr.Factory(lambda self: self.a + 1, takes_self=True))


PECULIAR: list[Any] = [
    After, Before, Converted, Own, New, Setting, Made, Hashed, HashedInDict, Unlike, Born, Taking,
]  # fmt: skip


@pytest.mark.parametrize("cls", PECULIAR)
def test_a_class_with_a_will_of_its_own_is_made_by_calling_it(cls: Any) -> None:
    assert not is_plain(struct_of(cls))
    assert verdict(cls, {"a": 5})
    data = write_object({"a": 5})
    made = decoder(cls)(data, 0, len(data), ())[0]
    assert made == cls(a=5)
    if "ash" in cls.__name__:
        assert hash(made) == hash(cls(a=5))
    assert not verdict(cls, {"a": "x"})
    assert not verdict(cls, {})


@define
class More(After):
    b: int = 3
    c: str | None = "c"


def test_a_constructor_that_is_called_knows_its_defaults() -> None:
    assert not is_plain(struct_of(More))
    assert verdict(More, {"a": 5})
    assert verdict(More, {"a": 5, "c": None})
    assert verdict(More, {"b": 1, "a": 5, "c": "d"})


@define(kw_only=True)
class Plain:
    a: int
    b: str = "b"


@define(kw_only=True, slots=False)
class InDict:
    a: int
    b: str = "b"


@frozen(kw_only=True)
class Frozen:
    a: int
    b: str = "b"


@frozen(kw_only=True, slots=False)
class FrozenInDict:
    a: int
    b: str = "b"


@define(kw_only=True)
class Child(Plain):
    c: int = 3


@define(kw_only=True)
class Renamed:
    _a: int = field(metadata=wire("a"))
    b: str = "b"


@define(kw_only=True, on_setattr=[])
class Unchecked:
    a: int = field(validator=Range(max=9))


ORDINARY: list[Any] = [Plain, InDict, Frozen, FrozenInDict, Child, Renamed, Unchecked]


@pytest.mark.parametrize("cls", ORDINARY)
def test_an_ordinary_class_is_made_without_calling_it(cls: Any) -> None:
    assert is_plain(struct_of(cls))
    assert verdict(cls, {"a": 5})
    data = encoder(cls)(cls(a=5), None)
    assert plan_of(shape_of(cls)).encode(cls(a=5), 0) == data
    assert decoder(cls)(data, 0, len(data), ())[0] == cls(a=5)


def test_an_attribute_is_what_the_class_says_it_is() -> None:
    @define
    class Louder:
        a: int

        def __getattribute__(self, name: str) -> Any:
            found = object.__getattribute__(self, name)
            return found + 1 if name == "a" else found

    @define
    class Late:
        a: int

        def __getattr__(self, name: str) -> Any:
            return 7

    assert encoder(Louder)(Louder(1), None) == write_object({"a": 2})
    assert plan_of(shape_of(Louder)).encode(Louder(1), 0) == write_object({"a": 2})
    empty = object.__new__(Late)
    assert encoder(Late)(empty, None) == write_object({"a": 7})


def test_a_slot_of_another_class_is_no_slot() -> None:
    """Its place in an object of this class may hold anything."""

    @define(slots=False)
    class Odd:
        a: int

    setattr(Odd, "a", vars(Child)["c"])  # noqa: B010
    obj = object.__new__(Odd)
    obj.__dict__["a"] = 1
    assert plan_of(shape_of(Odd)).encode(obj, 0) is None
    data = write_object({"a": 1})
    assert plan_of(shape_of(Odd)).decode(data, 0, len(data), 0) is None


def test_an_attribute_that_was_deleted_is_given_up() -> None:
    for cls in ORDINARY[:4]:
        obj = cls(a=5)
        object.__delattr__(obj, "a")
        assert plan_of(shape_of(cls)).encode(obj, 0) is None


def test_a_type_that_cannot_be_compiled_goes_the_general_way() -> None:
    @define
    class Twice:
        a: int
        b: int = field(metadata=wire("a"))

    data = encoder(Twice)(Twice(1, 2), None)
    assert decoder(Twice)(data, 0, len(data), ())[0] == Twice(2, 2)
    with pytest.raises(ValueError, match="twice"):
        plan_of(shape_of(Twice))


# -- rules --------------------------------------------------------------------------------------


class Size(StrEnum):
    S = "s"
    XL = "xl"


INTS = st.integers(-(2**63), 2**63 - 1) | st.integers(-20, 20)
FLOATS = st.floats() | st.sampled_from([0.0, -0.0, 0.1, 1.0, 1.5, float("nan"), float("inf")])
BOUNDS = st.none() | st.integers(-20, 20) | st.floats(allow_nan=False, width=16)
RANGES = st.builds(Range, min=BOUNDS, max=BOUNDS)
SIZES = st.none() | st.integers(0, 4)
LENGTHS = st.builds(Length, min=SIZES, max=SIZES)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
AMOUNTS = st.builds(Items, min=SIZES, max=SIZES, unique=st.booleans())


def ruled(*cases: tuple[Any, st.SearchStrategy[Any], st.SearchStrategy[Any]]) -> Any:
    """A type, rules for it, and a value."""

    def one(case: tuple[Any, Any, Any]) -> Any:
        hint, rules, contents = case
        several = st.lists(rules, min_size=1, max_size=2)
        conjoined = several.map(lambda found: [AllOf(tuple(found))])
        return st.tuples(st.just(hint), several | conjoined, contents)

    return st.sampled_from(cases).flatmap(one)


def unsigned(values: st.SearchStrategy[int]) -> st.SearchStrategy[UInt64]:
    return values.map(lambda value: UInt64(abs(value)))


EVERY = ruled(
    (int, RANGES, INTS),
    (I8, RANGES, st.integers(-128, 127)),
    (U64, RANGES, unsigned(INTS)),
    (int | None, RANGES, st.none() | INTS),
    (float, RANGES, FLOATS),
    (F32, RANGES, st.floats(width=32)),
    (str, LENGTHS | st.builds(ByteLength, max=st.integers(0, 9)), TEXTS),
    (str, st.sampled_from([Pattern("[a-z]*"), Pattern(".")]), TEXTS),
    (Size, LENGTHS, st.sampled_from(["s", "xl"])),
    (bytes, LENGTHS, st.binary(max_size=6)),
    (list[int], AMOUNTS | st.builds(Each, RANGES), st.lists(st.integers(-9, 9), max_size=5)),
    (
        dict[str, str],
        st.builds(Items, min=SIZES, max=SIZES) | st.builds(Each, LENGTHS),
        st.dictionaries(TEXTS, TEXTS, max_size=5),
    ),
    (
        list[list[str] | None],
        st.builds(Each, AMOUNTS) | st.builds(Each, st.builds(Each, LENGTHS)),
        st.lists(st.none() | st.lists(TEXTS, max_size=4), max_size=4),
    ),
)


@QUICK
@given(EVERY)
def test_a_rule_of_an_alias_decides_as_the_general_way_does(case: Any) -> None:
    hint, rules, value = case
    alias: Any = Annotated[hint, *rules]
    refused = outcome(general_decode, alias, write_object(value))[0] == "DecodeError"
    assert verdict(alias, value) == (not refused)


@QUICK
@given(EVERY)
def test_a_rule_of_a_field_decides_as_the_general_way_does(case: Any) -> None:
    hint, rules, value = case
    cls: Any = attr.make_class("Local", {"a": attr.ib(type=hint, validator=rules)}, slots=True)
    assert is_plain(struct_of(cls))
    refused = outcome(general_decode, cls, write_object({"a": value}))[0] == "DecodeError"
    assert verdict(cls, {"a": value}) == (not refused)


@pytest.mark.parametrize(
    ("hint", "rule", "value"),
    [
        (int, Range(min=float("nan")), 1),
        (int, Range(max=float("inf")), 2**63 - 1),
        (int, Range(min=float("-inf"), max=10**30), -(2**63)),
        (int, Range(min=-(10**400)), 5),
        (int, Range(min=2**63 - 1), 2**63 - 1),
        (int, Range(min=0.5, max=1.5), 1),
        (int, Range(max=2**63), 1),
        (U8, Range(min=300), UInt64(255)),
        (U8, Range(min=True), UInt64(1)),
        (float, Range(min=2**53 + 1), float(2**53 + 2)),
        (float, Range(max=2**60 - 1), float(2**60)),
        (float, Range(min=float("nan")), 1.0),
        (float, Range(min=10**400), 1.0),
        (str, Length(max=2**40), "x"),
        (str, Length(min=-1), "x"),
        (str, ByteLength(max=-1), "x"),
        (list[int], Items(max=2**64), [1]),
        (list[Size], Each(Length(max=1)), ["s", "s"]),
        (list[Plain], Each(Even()), [{"a": 1}]),
        (Plain, Even(), {"a": 1}),
        (int, Length(max=2), 5),
    ],
    ids=str,
)
def test_bounds_that_are_no_plain_numbers_decide_alike(hint: Any, rule: Any, value: Value) -> None:
    verdict(Annotated[hint, rule], value)
    cls: Any = attr.make_class("Local", {"a": attr.ib(type=hint, validator=rule)}, slots=True)
    verdict(cls, {"a": value})


def decided(hint: Any, values: list[Any]) -> None:
    """The plan takes exactly what the general way takes."""
    for value in values:
        refused = outcome(general_decode, hint, write_object(value))[0] == "DecodeError"
        assert verdict(hint, value) == (not refused), value


@pytest.mark.parametrize("low", [None, -1.5, -1, -0.5, -0.0, 0.5, 1, 1.0])
@pytest.mark.parametrize("high", [None, -0.5, 0, 0.5, 1.5, 2])
def test_a_bound_between_two_whole_numbers_leaves_out_what_is_beyond(low: Any, high: Any) -> None:
    rule = Range(min=low, max=high)
    decided(Annotated[int, rule], list(range(-4, 5)))
    decided(Annotated[float, rule], [number / 4 for number in range(-12, 13)])


def test_the_narrowest_of_several_rules_decides() -> None:
    texts: list[Any] = ["x" * size for size in range(8)] + ["é" * size for size in range(5)]
    rows: list[Any] = [[0] * size for size in range(8)]
    several = (Length(min=2), Length(min=1, max=5), Length(max=6), Length(min=0))
    for rules in itertools.permutations(several, 3):
        decided(Annotated[str, *rules], texts)
        decided(Annotated[str, AllOf(rules)], texts)
    for sizes in ((3, 7), (7, 3)):
        decided(Annotated[str, *map(ByteLength, sizes)], texts)
    for counts in itertools.permutations([Items(min=2), Items(min=1, max=5), Items(max=6)]):
        decided(Annotated[list[int], *counts], rows)
    for ranges in itertools.permutations([Range(min=-1), Range(min=-3, max=2), Range(max=3)]):
        decided(Annotated[int, *ranges], list(range(-5, 6)))
        decided(Annotated[float, *ranges], [float(number) for number in range(-5, 6)])


def test_what_is_absent_follows_every_rule() -> None:
    for hint in (Annotated[Any, Even()], Annotated[int | None, Even()]):
        assert verdict(hint, None)
        assert verdict(hint, 2)
        assert not verdict(hint, 3)
    alias: Any = Annotated[list[Any], Each(Even())]
    assert verdict(alias, [None, 2, None])
    assert not verdict(alias, [None, 3])


def test_a_rule_belongs_to_its_own_place_alone() -> None:
    """Plans of one struct are shared; what one field asks of it, another does not."""

    @define
    class Both:
        free: Plain
        ruled: Annotated[list[Plain], Each(Even())] = field(factory=list)

    class Small(Constraint):
        def problem(self, value: Plain) -> str | None:
            return "it is large" if value.a > 9 else None

    alias: Any = Annotated[list[Plain], Each(Small())]
    assert not verdict(alias, [{"a": 10}])
    assert verdict(alias, [{"a": 9}])
    assert verdict(list[Plain], [{"a": 10}])
    assert verdict(Both, {"free": {"a": 10}})


def test_numbers_at_the_edges_of_every_range_are_decided_alike() -> None:
    edges = [0, 1, -1, 127, 128, -128, -129, 255, 256, 2**63 - 1, -(2**63)]
    for hint in (I8, U8, I64, U64, Annotated[U8, Range(min=1, max=255)], Annotated[I8, Range(-1)]):
        for number in edges:
            verdict(hint, number)
            if number >= 0:
                verdict(hint, UInt64(number))
        verdict(hint, UInt64(2**64 - 1))
