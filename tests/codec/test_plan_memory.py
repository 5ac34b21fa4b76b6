"""Plans hold what they use, give back what they took, and survive code that runs in between."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, ClassVar, cast
from uuid import UUID

import pytest
from attrs import define, evolve, field, make_class

from tests.codec import contracts as c
from tests.codec.test_passes import SAMPLES, general_decode, outcome, same
from tests.codec.test_plans import entries, nested, raw
from xpcrpc.codec import _plan, words
from xpcrpc.codec._plan import Envelope
from xpcrpc.codec.converter import converter, make_converter, to_value
from xpcrpc.codec.passes import decoder, encoder
from xpcrpc.codec.plans import plan_of
from xpcrpc.codec.reader import read_object
from xpcrpc.codec.shape import shape_of
from xpcrpc.codec.template import LENGTH, UINT64, Template
from xpcrpc.codec.writer import write_object
from xpcrpc.constraints import Constraint
from xpcrpc.contract import OpenEnum
from xpcrpc.values import Date, UInt64, Value

Counted = make_class(
    "Counted", {f"f{number}": field(type=int) for number in range(300)}, slots=False
)
"""More fields than are counted on the stack, and none of them in a slot."""

# -- nothing is left over ---------------------------------------------------------------


def lasting(plan: _plan.Plan) -> list[object]:
    """Objects that every pass touches and none may keep."""
    classes = [kind for kind in vars(c).values() if isinstance(kind, type)]
    members = [member for kind in (c.Mode, c.Side, c.Level, c.Sign, c.Caps) for member in kind]
    return [plan, *classes, *members, list, dict, "x", 0.5, b"", ()]


def drift(
    work: Callable[[], object], watched: list[object], *, times: int = 200
) -> list[tuple[object, int]]:
    """Whose reference counts are not what they were, after the work was done often."""
    work()
    gc.collect()
    # From Python 3.12 on some objects live for ever, and their counts mean nothing.
    watched = [each for each in watched if sys.getrefcount(each) < 2**28]
    before = [sys.getrefcount(each) for each in watched]
    for _ in range(times):
        work()
    gc.collect()
    after = [sys.getrefcount(each) for each in watched]
    return [
        (each, now - then)
        for each, then, now in zip(watched, before, after, strict=True)
        if abs(now - then) >= min(20, times)
    ]


def grown(work: Callable[[], object]) -> int:
    """Bytes that are allocated more after the work was done often."""
    for _ in range(3):
        work()
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(3):
            work()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(60):
            work()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def broken(data: bytes) -> list[bytes]:
    """The bytes cut everywhere, and with each word spoilt."""
    cut = [data[:end] for end in range(0, len(data), 3)]
    spoilt = [
        data[:place] + word + data[place + 4 :]
        for place in range(0, len(data), 4)
        for word in (b"\xff" * 4, bytes(4), raw(words.STRING))
    ]
    return cut + spoilt


NEWER = evolve(
    SAMPLES[0],
    mode=c.Mode("new"),
    level=c.Level(77),
    caps=c.Caps(2**40 + 1),
    uuid=UUID(int=2**127 + 1),
    i64=-(2**62),
    u64=2**63 + 1,
    date=Date(2**61),
    anything=[UInt64(2**63), Date(2**60), UUID(int=2**126), 2**50, b"data", {"key": "é"}],
)
"""What a newer contract has more of, and numbers that are objects of their own."""


MANY = Counted(**{f"f{number}": number for number in range(300)})


@pytest.mark.parametrize("obj", [*SAMPLES, NEWER, MANY], ids=lambda obj: type(obj).__name__)
def test_reading_what_is_right_and_what_is_broken_leaves_nothing(obj: Any) -> None:
    plan = plan_of(shape_of(type(obj)))
    data = write_object(to_value(obj))
    inputs = [data, *broken(data)[:: 1 + len(data) // 60]]

    def work() -> None:
        for each in inputs:
            plan.decode(each, 0, len(each), 0)
            plan.decode_items(each, 0, len(each), 0, 2)

    assert drift(work, lasting(plan)) == []
    assert grown(work) < 2000


@pytest.mark.parametrize("obj", [*SAMPLES, NEWER], ids=lambda obj: type(obj).__name__)
def test_writing_what_is_right_and_what_is_spoilt_leaves_nothing(obj: Any) -> None:
    from copy import copy

    plan = plan_of(shape_of(type(obj)))
    spoilt: list[Any] = [obj, None, object(), type(obj)]
    for part in type(obj).__attrs_attrs__:
        for value in (None, object(), 2**70, "\0", "\ud800", [1, "x", object()], {"k": {1: 2}}):
            spoilt.append(copy(obj))
            object.__setattr__(spoilt[-1], part.name, value)

    def work() -> None:
        for each in spoilt:
            plan.encode(each, 0)

    assert drift(work, lasting(plan)) == []
    assert grown(work) < 2000


def test_large_data_is_held_while_it_is_written_and_no_longer() -> None:
    plan = plan_of(shape_of(list[bytes]))
    blob = bytes(100_000)
    before = sys.getrefcount(blob)
    assert plan.encode([blob] * 9, 0) is not None
    assert plan.encode([blob, blob, 1], 0) is None
    assert sys.getrefcount(blob) == before


def test_a_call_inside_a_call_has_memory_of_its_own() -> None:
    plan = plan_of(shape_of(list[Sly]))
    outer = [Sly("first"), Sly("tricky"), Sly("last")]
    inner: list[Any] = []

    def nest(sly: Sly, name: str) -> None:
        inner.append(plan.encode([Sly("inner" * 1000)], 0))

    outer[1].__dict__["trick"] = nest

    def work() -> None:
        inner.clear()
        data = plan.encode(outer, 0)
        assert data is not None
        assert [each["a"] for each in cast(Any, read_object(data, 0, len(data), iter(())))[0]] == [
            "first",
            "tricky",
            "last",
        ]
        assert len(inner) == 2 and inner[0] == inner[1] is not None

    assert grown(work) < 2000


def test_memory_that_was_read_may_grow_again() -> None:
    plan = plan_of(shape_of(str))
    for good in (True, False):
        data = bytearray(write_object("text" if good else 1))
        assert (plan.decode(data, 0, len(data), 0) is None) != good
        assert (plan.decode_items(data, 0, len(data), 0, 1) is None) != good
        assert (Template(bytes(data[:4]) if good else b"no").read(data, 0) is None) != good
        data.append(0)  # a BufferError if anybody still looks at it


def test_a_plan_gives_up_all_that_it_was_told() -> None:
    text, value, name = plan_of(shape_of(str)), object(), "a name of some length"
    rule, texts, table = (len,), ((b"t", value),), {1: value}
    watched = [text, value, name, c.Inner, c.Mode, rule, table]
    before = [sys.getrefcount(each) for each in watched]
    fields = (
        (b"a", name, name, text, True, None, _plan.ABSENT_VALUE, value),
        (b"b", name, name, text, True, None, _plan.ABSENT_FACTORY, value),
    )
    plan = _plan.Plan(_plan.STRUCT, rules=rule)
    plan.fill(c.Inner, fields, rest=(name, None))
    others = [
        _plan.Plan(_plan.UNION, cases=((b"a", c.Inner, plan), (b"b", c.Inner, text))),
        _plan.Plan(_plan.TEXT_ENUM, class_=c.Mode, texts=texts),
        _plan.Plan(_plan.INT_ENUM, class_=c.Mode, members=table, ints=(True, 0, 1, 0, 1)),
        _plan.Plan(_plan.LIST, item=text),
    ]
    assert [sys.getrefcount(each) for each in watched] != before
    del plan, others, fields
    gc.collect()
    assert [sys.getrefcount(each) for each in watched] == before


def test_a_plan_and_its_class_go_when_nobody_holds_them() -> None:
    @define
    class Local:
        again: Any = None

    plan = _plan.Plan(_plan.STRUCT)
    several = _plan.Plan(_plan.LIST, item=plan, rules=(partial(print, Local),))
    union = _plan.Plan(_plan.UNION, cases=((b"local", Local, plan),))
    Local.plan = plan  # type: ignore[attr-defined]
    plan.fill(
        Local,
        (
            (b"again", "again", "again", several, True, None, _plan.ABSENT_FACTORY, Local),
            (b"union", "union", "union", union, True, None, _plan.ABSENT_VALUE, [Local]),
        ),
        rest=("rest", None),
    )
    gone = weakref.ref(Local)
    del Local, plan, several, union
    gc.collect()
    assert gone() is None


def test_the_module_may_be_there_twice_and_goes_when_nobody_holds_it() -> None:
    before = [sys.getrefcount(each) for each in (Date, UInt64, UUID)]
    spec = importlib.util.spec_from_file_location(_plan.__name__, _plan.__file__)
    assert spec is not None
    assert spec.loader is not None
    other = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(other)
    assert other.Plan is not _plan.Plan
    data = other.Plan(other.LIST, item=other.Plan(other.DATE)).encode([Date(1)], 0)
    assert data == write_object([Date(1)])
    with pytest.raises(TypeError):
        other.Plan(other.LIST, item=plan_of(shape_of(str)))
    vars(other)["kept"] = other.Plan(other.DATE)  # leads back here by way of its type
    gone = [weakref.ref(other), weakref.ref(other.Plan), weakref.ref(other.Template)]
    del other, spec
    gc.collect()
    assert [each() for each in gone] == [None, None, None]
    assert [sys.getrefcount(each) for each in (Date, UInt64, UUID)] == before


def test_encoders_and_decoders_are_forgotten_by_their_converter() -> None:
    own = make_converter()
    for _ in range(50):
        encoder(c.Inner, using=own)(c.Inner(key="k"), None)
    gc.collect()
    assert len(own._listeners) == 0
    kept = encoder(c.Inner, using=own)
    assert len(own._listeners) == 1
    assert kept(c.Inner(key="k"), None)
    assert len(converter._listeners) < 10_000


# -- when there is no memory -------------------------------------------------------------------


SHORT = [*SAMPLES, [bytes(40_000), ["x" * 5000]], MANY]


@pytest.mark.parametrize("obj", SHORT, ids=lambda obj: type(obj).__name__)
def test_no_allocation_is_taken_for_granted(obj: Any) -> None:
    """Each allocation in turn fails; whatever comes of it, nothing breaks or is left over."""
    testcapi = pytest.importorskip("_testcapi", reason="makes allocations fail")
    shape = shape_of(list[Any] if isinstance(obj, list) else type(obj))
    plan = plan_of(shape)
    data = plan.encode(obj, 0)
    assert data is not None
    size = len(data)
    template = Template(b"head", LENGTH, UINT64)
    envelope = Envelope(template, 0, lambda: plan)
    opened = Envelope(Template(b"head", LENGTH), 0, lambda: plan)
    frame = opened.seal(obj)
    assert frame is not None

    def attempt(call: Callable[..., Any], *arguments: Any) -> int:
        for nth in range(500):
            testcapi.set_nomemory(nth, nth + 1)
            try:
                result = call(*arguments)
            except MemoryError:
                result = None
            finally:
                testcapi.remove_mem_hooks()
            if result is not None and nth > 60:
                return nth
        return 500

    def work() -> None:
        attempt(plan.encode, obj, 0)
        attempt(envelope.seal, obj, 2**60)
        attempt(opened.open, frame, 0)
        attempt(template.wrap, [data] * 3, 2**60)
        attempt(plan.decode, data, 0, size, 0)
        attempt(plan.decode_items, data, 0, size, 0, 1)

    assert drift(work, lasting(plan), times=2) == []
    assert plan.encode(obj, 0) == data
    found = plan.decode(data, 0, size, 0)
    assert found is not None
    assert same(found, (obj, size))


def test_a_plan_is_made_whole_or_not_at_all() -> None:
    testcapi = pytest.importorskip("_testcapi", reason="makes allocations fail")
    fields = tuple(
        (b"%d" % n, f"a{n}", f"a{n}", plan_of(shape_of(str)), True, None, _plan.ABSENT_NONE, None)
        for n in range(3)
    )
    texts = tuple((b"%d" % n, n) for n in range(9))
    cases = tuple((b"%d" % n, c.Inner, plan_of(shape_of(c.Inner))) for n in range(9))

    def make() -> None:
        _plan.Plan(_plan.TEXT_ENUM, class_=c.Mode, texts=texts)
        _plan.Plan(_plan.UNION, cases=cases)
        _plan.Plan(_plan.STRUCT).fill(c.Inner, fields, rest=("rest", None))
        Template(b"a", LENGTH, b"b")

    def work() -> None:
        for nth in range(120):
            testcapi.set_nomemory(nth, nth + 1)
            try:
                make()
            except MemoryError:
                pass
            finally:
                testcapi.remove_mem_hooks()

    assert drift(work, [c.Mode, c.Inner, plan_of(shape_of(str)), *fields, *cases], times=2) == []


# -- what a peer can make us allocate -----------------------------------------------------


def peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_claimed_counts_allocate_nothing() -> None:
    """Arrays in arrays, each of which claims as many items as its bytes could hold."""
    filling = bytes(400_000)
    data = filling
    for _ in range(200):
        data = raw(words.ARRAY, len(data) + 4, len(data) // 4) + data
    for hint in (Any, list[list[list[int]]], c.Containers):
        plan = plan_of(shape_of(hint))
        assert peak(lambda plan=plan: plan.decode(data, 0, len(data), 0)) < 100_000  # type: ignore[misc]
    plan = plan_of(shape_of(int))
    assert peak(lambda: plan.decode_items(data, 0, len(data), 0, 2**40)) < 100_000


def test_a_text_in_a_thousand_copies_takes_no_more_than_its_bytes() -> None:
    data = write_object(["x" * 1000] * 100)
    plan = plan_of(shape_of(list[c.Side]))
    assert peak(lambda: plan.decode(data, 0, len(data), 0)) < 5_000


# -- code that runs in between --------------------------------------------------------------


@define(slots=False)
class Sly:
    """Reading an attribute runs whatever it was given."""

    a: Any = None
    b: Any = None

    def __getattribute__(self, name: str) -> Any:
        trick = object.__getattribute__(self, "__dict__").get("trick")
        if trick is not None and name in ("a", "b"):
            trick(self, name)
        return object.__getattribute__(self, name)


@define(slots=False)
class Holder:
    items: list[Sly] = field(factory=list)
    table: dict[str, Sly] = field(factory=dict)
    rest: list[bytes] = field(factory=list)


def tricky(place: str, trick: Callable[[Holder], object]) -> Holder:
    """A holder one of whose objects does the trick when it is read."""
    holder = Holder([Sly(n, "x") for n in range(5)], {str(n): Sly(n) for n in range(5)})
    sly = holder.items[2] if place == "items" else holder.table["2"]
    sly.__dict__["trick"] = lambda _, name: trick(holder) if name == "a" else None
    return holder


TRICKS: list[Callable[[Holder], object]] = [
    lambda holder: holder.items.clear(),
    lambda holder: holder.items.pop(),
    lambda holder: holder.items.append(Sly()),
    lambda holder: holder.items.insert(0, Sly()),
    lambda holder: holder.items.__setitem__(slice(None), []),
    lambda holder: holder.items.__setitem__(2, None),  # type: ignore[call-overload]
    lambda holder: holder.table.clear(),
    lambda holder: holder.table.popitem(),
    lambda holder: holder.table.update({str(n): Sly() for n in range(1000)}),
    lambda holder: holder.table.__setitem__("2", Sly()),
    lambda holder: holder.table.update({"0": holder.table.pop("0")}),
    lambda holder: setattr(holder, "items", []),
    lambda holder: setattr(holder, "rest", [bytes(100_000)]),
    lambda holder: holder.__dict__.clear(),
    lambda holder: gc.collect(),
    lambda holder: plan_of(shape_of(Holder)).encode(Holder([Sly(1)]), 0),
    lambda holder: 1 / 0,
]


@pytest.mark.parametrize("place", ["items", "table"])
@pytest.mark.parametrize("index", range(len(TRICKS)))
def test_an_object_that_changes_while_it_is_written_gives_a_whole_frame_or_none(
    place: str, index: int
) -> None:
    plan = plan_of(shape_of(Holder))
    data = plan.encode(tricky(place, TRICKS[index]), 0)
    if data is not None:
        value, end = read_object(data, 0, len(data), iter(()))
        assert end == len(data)
        assert set(value) == {"items", "table", "rest"}  # type: ignore[arg-type]


@pytest.mark.parametrize("index", [0, 1, 2, 3, 4])
def test_a_list_that_gets_longer_or_shorter_is_given_up(index: int) -> None:
    holder = tricky("items", TRICKS[index])
    assert plan_of(shape_of(list[Sly])).encode(holder.items, 0) is None


@pytest.mark.parametrize("index", [6, 7, 8])
def test_a_map_that_gets_more_or_fewer_entries_is_given_up(index: int) -> None:
    holder = tricky("table", TRICKS[index])
    assert plan_of(shape_of(dict[str, Sly])).encode(holder.table, 0) is None


def test_a_map_that_grows_as_fast_as_it_is_read_is_given_up() -> None:
    table: dict[str, Sly] = {}

    def grow(*_: Any) -> None:
        more = table[str(len(table))] = Sly()
        more.__dict__["trick"] = grow

    grow()
    assert plan_of(shape_of(dict[str, Sly])).encode(table, 0) is None
    assert len(table) < 10


@define(slots=False)
class Mortal:
    """Whatever is set here happens when it dies."""

    number: int = 0
    at_death: ClassVar[Callable[[], object]] = int

    def __del__(self) -> None:
        type(self).at_death()


@define(slots=False)
class Giver:
    """Its part is made when it is read, and nobody else holds it."""

    part: Mortal | None = None

    def __getattribute__(self, name: str) -> Any:
        return Mortal(7) if name == "part" else object.__getattribute__(self, name)


def test_what_an_attribute_gives_may_die_as_soon_as_it_is_written() -> None:
    givers = [Giver(), Giver(), Giver()]
    died: list[int] = []
    Mortal.at_death = lambda: died.append(1) or givers.clear()  # type: ignore[func-returns-value]
    try:
        assert plan_of(shape_of(list[Giver])).encode(givers, 0) is None
        assert died == [1]
        Mortal.at_death = lambda: died.append(1)
        data = plan_of(shape_of(list[Giver])).encode([Giver()], 0)
    finally:
        Mortal.at_death = int
    assert data == write_object([{"part": {"number": 7}}])
    assert died == [1, 1]


class Meddler(OpenEnum):
    """An enum whose unknown cases run whatever is set here."""

    KNOWN = "known"

    @classmethod
    def _missing_(cls, value: object) -> Any:
        return HOOKS[0](value)


HOOKS: list[Callable[[Any], Any]] = [lambda value: Meddler.KNOWN]


@define
class Meddled:
    a: Meddler
    b: list[Meddler] = field(factory=list)
    c: str = "c"


MEDDLED = write_object({"b": ["new", "known", "newer"], "c": "x", "a": "newest"})


def test_a_constructor_may_read_with_the_same_plan() -> None:
    plan = plan_of(shape_of(Meddled))
    other = write_object({"a": "known", "c": "y"})
    seen: list[Any] = []

    def again(value: Any) -> Meddler:
        seen.append(plan.decode(other, 0, len(other), 0))
        gc.collect()
        return Meddler.KNOWN

    HOOKS[0] = again
    found = plan.decode(MEDDLED, 0, len(MEDDLED), 0)
    known = Meddler.KNOWN
    assert found == (Meddled(known, [known, known, known], "x"), len(MEDDLED))
    assert seen == [(Meddled(known, c="y"), len(other))] * 3


@pytest.mark.parametrize("error", [ValueError, RecursionError, MemoryError, KeyError])
def test_what_a_constructor_raises_is_given_up(error: type[Exception]) -> None:
    def fail(value: Any) -> Meddler:
        raise error("no")

    HOOKS[0] = fail
    assert plan_of(shape_of(Meddled)).decode(MEDDLED, 0, len(MEDDLED), 0) is None


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_the_end_of_the_program_is_passed_on(error: type[BaseException]) -> None:
    def fail(value: Any) -> Meddler:
        raise error

    HOOKS[0] = fail
    data = MEDDLED
    with pytest.raises(error):
        plan_of(shape_of(Meddled)).decode(data, 0, len(data), 0)
    with pytest.raises(error):
        decoder(Meddled)(data, 0, len(data), ())
    sly = Sly()
    sly.__dict__["trick"] = lambda *_: fail(None)
    with pytest.raises(error):
        encoder(Sly)(sly, None)


def test_a_half_read_object_may_be_found_and_touched() -> None:
    """The collector shows it to whoever asks."""

    other: Any = ["meddled"]

    def touch(value: Any) -> Meddler:
        for each in gc.get_objects():
            if type(each) is Meddled and not hasattr(each, "a"):
                each.c = each.a = other
        return Meddler.KNOWN

    HOOKS[0] = touch
    before = sys.getrefcount(other)
    found = plan_of(shape_of(Meddled)).decode(MEDDLED, 0, len(MEDDLED), 0)
    assert found is not None
    assert found[0] == Meddled(Meddler.KNOWN, [Meddler.KNOWN] * 3, "x")
    assert sys.getrefcount(other) == before


class Nosy(Constraint):
    """A rule that keeps what it sees."""

    seen: ClassVar[list[Any]] = []

    def problem(self, value: Any) -> str | None:
        self.seen.append(value)
        return "it is empty" if not value else None


@define
class Watched:
    text: str = field(validator=Nosy())
    items: list[str] = field(factory=list, validator=Nosy())


def test_a_rule_of_somebodys_own_is_asked_and_may_keep_the_value() -> None:
    plan = plan_of(shape_of(Watched))
    Nosy.seen.clear()
    good = entries(("text", "t"), ("items", ["a"]))
    assert plan.decode(good, 0, len(good), 0) is not None
    assert Nosy.seen == ["t", ["a"]]
    for bad in (entries(("text", ""), ("items", ["a"])), entries(("text", "t"), ("items", []))):
        assert plan.decode(bad, 0, len(bad), 0) is None
        assert outcome(general_decode, Watched, bad)[0] == "DecodeError"
    # Whether the default follows a rule that is not ours, only the constructor can tell.
    assert plan.decode(entries(("text", "t")), 0, 100, 0) is None


class Reason(str):
    """Why a rule is broken; unlike plain text, it can be watched."""

    __slots__ = ("__weakref__",)


class Grumpy(Constraint):
    """A rule that nothing follows."""

    given: ClassVar[list[weakref.ref[Any]]] = []

    def problem(self, value: Any) -> str | None:
        reason = Reason("it never is right")
        self.given.append(weakref.ref(reason))
        return reason


def test_what_a_rule_says_is_not_kept() -> None:
    data = write_object("text")
    grumpy: Any = Annotated[str, Grumpy()]
    assert plan_of(shape_of(grumpy)).decode(data, 0, len(data), 0) is None
    (given,) = Grumpy.given
    assert given() is None


def test_threads_write_and_read_with_one_plan_at_once() -> None:
    obj = SAMPLES[1]
    plan = plan_of(shape_of(type(obj)))
    data = plan.encode(obj, 0)
    assert data is not None
    wrong: list[Any] = []

    def work(order: int) -> None:
        value: Any = read_object(data, 0, len(data), iter(()))[0]
        keys = list(value)
        mine = write_object({key: value[key] for key in keys[order:] + keys[:order]})
        for _ in range(300):
            found = plan.decode(mine, 0, len(mine), 0)
            if found is None or not same(found, (obj, len(mine))) or plan.encode(obj, 0) != data:
                wrong.append(found)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(order,)) for order in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []


@pytest.mark.skipif("XPCRPC_TESTS_SANITIZED" in os.environ, reason="sanitizers take more stack")
def test_the_deepest_value_fits_on_a_small_stack() -> None:
    results: list[Any] = []

    def work() -> None:
        plan = plan_of(shape_of(Any))
        value: Value = nested(256, list)
        data = plan.encode(value, 0)
        assert data is not None
        results.append(plan.decode(data, 0, len(data), 0) == (value, len(data)))
        node = c.Node(value=0)
        for number in range(255):
            node = c.Node(value=number, children=[], next=node)
        typed = plan_of(shape_of(c.Node))
        written = typed.encode(node, 0)
        assert written is not None
        results.append(typed.decode(written, 0, len(written), 0) is not None)

    before = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert results == [True, True]
