"""Classes that attrs finishes at their first use are what attrs makes at once."""

from __future__ import annotations

import copy
import inspect
import pickle
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, get_type_hints

import attrs
import pytest
from attrs import field

from xpcrpc import ConstraintError, ContractError, constraints, wire
from xpcrpc.definition import _PLACEHOLDERS, _RECIPE, define


def body() -> Any:
    """A class as the compiler writes it, not decorated yet."""

    class Body:
        """What it is for."""

        UNKNOWN: ClassVar[str] = "keep"
        number: int
        label: str | None = field(default=None, validator=constraints.Length(max=3))
        items: list[int] = field(factory=list, metadata=wire("Items"))
        rest: dict[str, int] = field(factory=dict, repr=False)

    return Body


def waits(cls: type) -> bool:
    """Whether nothing has used the class yet."""
    return _RECIPE in vars(cls)


def late() -> Any:
    made = define(kw_only=True)(body())
    assert waits(made)
    return made


@define(kw_only=True)
class Kept:
    """Of a module, so that pickle finds it."""

    number: int
    label: str | None = field(default=None, validator=constraints.Length(max=3))


USES: dict[str, Callable[[Any], object]] = {
    "call": lambda cls: cls(number=1),
    "fields": attrs.fields,
    "has": attrs.has,
    "signature": inspect.signature,
    "equality": lambda cls: cls.__eq__,
    "representation": lambda cls: cls.__repr__,
    "setting": lambda cls: cls.__setattr__,
    "subclass": lambda cls: attrs.define(type("Sub", (cls,), {})),
    "members": inspect.getmembers,
    "state": lambda cls: cls.__new__(cls).__setstate__,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_any_use_finishes_a_class(use: Callable[[Any], object]) -> None:
    cls = late()
    use(cls)
    assert not waits(cls)
    assert not any(vars(cls).get(name) is one for name, one in _PLACEHOLDERS.items())


def test_a_finished_class_has_what_attrs_gives() -> None:
    ours = late()
    theirs: Any = attrs.define(kw_only=True)(body())
    assert attrs.has(ours)
    # What a class with slots of attrs' own making has besides.
    assert vars(theirs).keys() - vars(ours).keys() <= {"__attrs_own_setattr__"}
    assert vars(ours).keys() - vars(theirs).keys() == set()
    assert attrs.fields(ours) == attrs.fields(theirs)
    assert inspect.signature(ours) == inspect.signature(theirs)
    assert (ours.__doc__, ours.__qualname__) == (theirs.__doc__, theirs.__qualname__)
    assert get_type_hints(ours) == get_type_hints(theirs)
    assert ours.__hash__ is theirs.__hash__ is None
    assert ours.__match_args__ == theirs.__match_args__


def test_objects_do_what_attrs_objects_do() -> None:
    cls = late()
    one: Any = cls(number=1, label="abc")
    assert repr(one).endswith("Body(number=1, label='abc', items=[])")
    assert one == cls(number=1, label="abc")
    assert one != cls(number=2, label="abc")
    assert not hasattr(one, "__dict__")
    assert weakref.getweakrefcount(one) == 0
    reference = weakref.ref(one)
    assert weakref.getweakrefs(one) == [reference]
    assert attrs.evolve(one, number=5) == cls(number=5, label="abc")
    assert attrs.asdict(one) == {"number": 1, "label": "abc", "items": [], "rest": {}}
    assert copy.deepcopy(one) == one
    with pytest.raises(AttributeError):
        one.nothing = 1
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'number'"):
        cls()


def test_rules_hold_on_setting_too() -> None:
    one = late()(number=1)
    one.label = "ab"
    with pytest.raises(ConstraintError):
        one.label = "abcd"
    assert one.label == "ab"
    without: Any = define(kw_only=True)(type("Plain", (), {"__annotations__": {"x": "int"}}))
    assert without(x=1).x == 1
    assert without.__setattr__ is object.__setattr__


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_objects_are_pickled_and_read_by_a_class_that_nobody_has_used(protocol: int) -> None:
    raw = pickle.dumps(Kept(number=3, label="x"), protocol)
    fresh: Any = define(kw_only=True)(type("Kept", (), vars_of_kept()))
    assert waits(fresh)
    old = globals()["Kept"]
    globals()["Kept"] = fresh
    try:
        read: Any = pickle.loads(raw)
    finally:
        globals()["Kept"] = old
    assert type(read) is fresh
    assert attrs.astuple(read) == (3, "x")
    with pytest.raises(ConstraintError):
        read.label = "four"


def vars_of_kept() -> dict[str, Any]:
    """The body of `Kept`, to be decorated anew."""
    return {
        "__module__": __name__,
        "__qualname__": "Kept",
        "__annotations__": {"number": "int", "label": "str | None"},
        "label": field(default=None, validator=constraints.Length(max=3)),
    }


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns after every few instructions."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("restless")
def test_threads_may_use_a_class_for_the_first_time_together() -> None:
    for _ in range(30):
        cls = late()
        ready = threading.Barrier(4)
        made: list[Any] = []

        def use(cls: Any = cls, ready: threading.Barrier = ready, made: list[Any] = made) -> None:
            ready.wait()
            made.append(cls(number=len(attrs.fields(cls))))

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert made == [cls(number=4)] * 4


def test_a_class_that_is_more_than_fields_is_attrs_own_affair() -> None:
    @define(kw_only=True)
    class Doubled:
        number: int

        def double(self) -> int:
            return 2 * self.number

    @define
    class Positional:
        number: int

    @define(kw_only=True)
    class Failed(ContractError):
        code = 100
        reason: str

    @define(kw_only=True)
    class Derived(Kept):
        more: int = 0

    for cls in (Doubled, Positional, Failed, Derived):
        assert not waits(cls)
    assert Doubled(number=2).double() == 4
    assert Positional(3).number == 3
    assert Failed(reason="no").reason == "no"
    assert Derived(number=1, more=2) == Derived(number=1, more=2)


def test_a_plain_subclass_finishes_the_class_above_it() -> None:
    cls = late()
    below: Any = type("Below", (cls,), {})
    assert below(number=1).number == 1
    assert not waits(cls)
    assert repr(below(number=1)).endswith("Below(number=1, label=None, items=[])")
