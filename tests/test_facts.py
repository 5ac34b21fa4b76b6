"""Classes that share their methods are, to whoever uses them, what attrs compiles."""

from __future__ import annotations

import copy
import inspect
import pickle
import weakref
from typing import Any, Generic, TypeVar, get_type_hints

import attrs
import pytest
from attrs import field
from attrs.exceptions import FrozenInstanceError

from xpcrpc import Method, Service, constraints, rules
from xpcrpc.facts import frozen

T = TypeVar("T")


class Base:
    """What several have in common, without fields."""

    __slots__ = ()

    def twice(self) -> tuple[Any, Any]:
        return self, self


def body() -> Any:
    """A class as the library writes it, not decorated yet."""

    class Body(Base):
        """What it is for."""

        number: int
        label: str | None = None
        aside: object = field(default="x", eq=False, repr=False)
        table: Any = field(default=(), hash=False)

        @property
        def double(self) -> int:
            return 2 * self.number

    return Body


def fresh() -> tuple[Any, Any]:
    """Such a class as the library makes it, and as attrs does."""
    return frozen(body()), attrs.frozen(body())


OURS, THEIRS = fresh()


@frozen
class Kept:
    """Of a module, so that pickle finds it."""

    number: int
    label: str = "x"


@frozen(eq=False)
class Itself(Generic[T]):
    """Equal to nothing but itself."""

    of: T


ARGUMENTS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}),
    ((1, "a"), {}),
    ((), {"number": 1, "label": "a"}),
    ((1,), {"aside": "other", "label": "a"}),
    ((1, "a", "y", {}), {}),
    ((2,), {"table": []}),
    ((), {}),
    ((1, "a", "y", {}, 5), {}),
    ((1,), {"number": 2}),
    ((1,), {"other": 2}),
]


def outcome(cls: Any, values: tuple[Any, ...], named: dict[str, Any]) -> object:
    """What comes of a call: the object's looks, or the kind of failure."""
    try:
        made = cls(*values, **named)
    except TypeError:
        return TypeError
    return repr(made), attrs.asdict(made), made.double, made.twice() == (made, made)


@pytest.mark.parametrize(("values", "named"), ARGUMENTS)
def test_what_is_made_and_what_is_refused_is_the_same(
    values: tuple[Any, ...], named: dict[str, Any]
) -> None:
    assert outcome(OURS, values, named) == outcome(THEIRS, values, named)


@pytest.mark.parametrize("left", ARGUMENTS[:6])
@pytest.mark.parametrize("right", ARGUMENTS[:6])
def test_equal_and_hashed_are_the_same(left: Any, right: Any) -> None:
    ours, theirs = (
        (cls(*left[0], **left[1]), cls(*right[0], **right[1])) for cls in (OURS, THEIRS)
    )
    assert (ours[0] == ours[1]) is (theirs[0] == theirs[1])
    assert (ours[0] != ours[1]) is (theirs[0] != theirs[1])
    if ours[0] == ours[1]:
        assert hash(ours[0]) == hash(ours[1])
    assert ours[0] != theirs[0]


def test_attrs_finds_the_fields() -> None:
    ours, theirs = fresh()
    assert "__attrs_attrs__" in vars(ours)
    assert attrs.fields(ours) == attrs.fields(theirs)
    one = ours(1, "a")
    assert attrs.evolve(one, number=5) == ours(5, "a")
    assert attrs.astuple(one) == (1, "a", "x", ())
    assert get_type_hints(ours) == get_type_hints(theirs)
    assert (ours.__doc__, ours.__qualname__) == (theirs.__doc__, theirs.__qualname__)
    assert ours.__match_args__ == theirs.__match_args__
    assert attrs.fields(type("Below", (ours,), {})) == attrs.fields(theirs)
    assert attrs.has(ours)


def test_nothing_can_be_changed_or_added() -> None:
    one: Any = Kept(1)
    for name in ("number", "nothing"):
        with pytest.raises(FrozenInstanceError):
            setattr(one, name, 2)
    with pytest.raises(FrozenInstanceError):
        del one.number
    assert not hasattr(one, "__dict__")
    assert one == Kept(1)
    assert weakref.ref(one)() is one


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_objects_are_pickled_and_copied(protocol: int) -> None:
    one = Kept(3, label="three")
    for other in (pickle.loads(pickle.dumps(one, protocol)), copy.copy(one), copy.deepcopy(one)):
        assert type(other) is Kept
        assert other == one


def test_without_equality_an_object_equals_itself_alone() -> None:
    one: Itself[int] = Itself(1)
    other: Itself[int] = Itself(1)
    assert one == one
    assert one != other
    assert len({one, other, one}) == 2
    assert Itself[int](1).of == 1


def test_objects_match_by_place() -> None:
    match Kept(3, "c"):
        case Kept(number, label):
            assert (number, label) == (3, "c")


def test_attrs_can_build_upon_such_a_class() -> None:
    @attrs.frozen
    class More(Kept):
        more: int = 0

    assert repr(More(1, "a", 2)).endswith("More(number=1, label='a', more=2)")
    assert More(1) == More(1, "x", 0)
    assert More(1) != Kept(1)


@pytest.mark.parametrize("cls", [rules.Team, constraints.Range, Method, Service])
def test_attrs_compiles_nothing_for_the_librarys_facts(cls: type) -> None:
    attrs.fields(cls)
    functions = [one for one in vars(cls).values() if inspect.isfunction(one)]
    assert functions
    assert not [one for one in functions if one.__code__.co_filename.startswith("<attrs")]
