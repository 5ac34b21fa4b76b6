"""Typed objects and XPC values: the shapes on the wire, and every complaint with its path."""

from __future__ import annotations

import os
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpcrpc.codec.converter import from_value, make_converter, to_value
from xpcrpc.codec.shape import shape_of, struct_of
from xpcrpc.contract import ClientEnd, UnknownCase
from xpcrpc.errors import DecodeError, EncodeError, ValueProblemsError
from xpcrpc.kinds import F32, U8, FdMode
from xpcrpc.testing import equivalent, strategies
from xpcrpc.testing.strategies import descriptor
from xpcrpc.values import Date, Duration, Endpoint, FileDescriptor, SharedMemory, UInt64, Value

from . import contracts as c
from .effort import QUICK


def complaints(call: Any, *arguments: Any) -> list[str]:
    with pytest.raises(ValueProblemsError) as caught:
        call(*arguments)
    return [str(problem) for problem in caught.value.problems]


# -- round trips ----------------------------------------------------------------------


@QUICK
@given(st.sampled_from(c.PLAIN).flatmap(lambda t: st.tuples(st.just(t), strategies(t))))
def test_reading_gives_back_what_was_written(case: tuple[Any, Any]) -> None:
    hint, obj = case
    again = from_value(to_value(obj, hint), hint)
    assert equivalent(again, obj) or isinstance(obj, float)


@QUICK
@given(strategies(c.Resources))
def test_resources_pass_through(obj: c.Resources) -> None:
    assert equivalent(from_value(to_value(obj), c.Resources), obj)


def test_client_end_is_an_endpoint() -> None:
    end: ClientEnd[c.PingClient] = ClientEnd(Endpoint("a"))
    assert to_value(c.Ends(ping=end)) == {"ping": Endpoint("a"), "more": []}
    assert from_value({"ping": Endpoint("a")}, c.Ends) == c.Ends(ping=end)


# -- shapes on the wire ---------------------------------------------------------------


def test_scalars_have_the_types_of_the_contract_language() -> None:
    obj = c.Scalars(
        flag=True,
        i8=-1,
        i16=2,
        i32=3,
        i64=4,
        u8=5,
        u16=6,
        u32=7,
        u64=8,
        f32=0.1,
        f64=0.1,
        text="t",
        data=b"d",
        uuid=uuid.UUID(int=1),
        date=Date(9),
        duration=Duration(10),
        anything=UInt64(11),
        mode=c.Mode("new"),
        side=c.Side.LEFT,
        level=c.Level(77),
        sign=c.Sign.MINUS,
        caps=c.Caps(5),
    )
    expected = {
        "flag": True,
        "i8": -1,
        "i16": 2,
        "i32": 3,
        "i64": 4,
        "u8": UInt64(5),
        "u16": UInt64(6),
        "u32": UInt64(7),
        "u64": UInt64(8),
        "f32": 0.10000000149011612,
        "f64": 0.1,
        "text": "t",
        "data": b"d",
        "uuid": uuid.UUID(int=1),
        "date": Date(9),
        "duration": 10,
        "anything": UInt64(11),
        "mode": "new",
        "side": "left",
        "level": UInt64(77),
        "sign": -1,
        "caps": UInt64(5),
    }
    assert equivalent(to_value(obj), expected)


def test_none_is_left_out_and_missing_and_null_are_read() -> None:
    assert to_value(c.Inner(key="k")) == {"key": "k", "number": UInt64(7)}
    values: list[Value] = [{"key": "k"}, {"key": "k", "note": None}]
    for value in values:
        assert from_value(value, c.Inner) == c.Inner(key="k")


def test_none_is_null_where_the_contract_says_so() -> None:
    assert to_value(c.Nulls(b=None)) == {"a": None, "b": None, "c": None}
    assert from_value({}, c.Nulls) == c.Nulls(b=None)


def test_none_in_a_list_is_null() -> None:
    obj = c.Containers(inner=c.Inner(key=""), optionals=[1, None])
    value = to_value(obj)
    assert isinstance(value, dict)
    assert value["optionals"] == [1, None]


def test_wire_names_and_unknown_fields_are_kept() -> None:
    value: Value = {"mode": "warp", "html_label": "x", "later": [1]}
    obj = from_value(value, c.Kept)
    assert obj == c.Kept(mode=c.Mode("warp"), label="x", unknown_fields={"later": [1]})
    assert to_value(obj) == value


def test_unknown_field_that_is_known_is_refused() -> None:
    obj = c.Kept(unknown_fields={"mode": "inspect"})
    assert complaints(to_value, obj) == ["Kept.unknown_fields['mode']: is a field of its own"]


def test_unknown_fields_are_ignored_by_default_and_refused_where_told() -> None:
    assert from_value({"key": "k", "more": 1}, c.Inner) == c.Inner(key="k")
    assert complaints(from_value, {"a": 1, "b": 2}, c.Strict) == [
        "Strict['b']: is no field of this struct"
    ]


def test_union_is_one_labelled_case() -> None:
    assert to_value(c.EventStarted(pid=4)) == {"started": {"pid": 4}}
    assert to_value(c.EventStopped(), c.Event) == {"stopped": {}}
    unknown = from_value({"paused": {"why": 1}}, c.Event)
    assert unknown == UnknownCase("paused", {"why": 1})
    assert to_value(unknown, c.Event) == {"paused": {"why": 1}}


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({}, "expected one case, found 0 keys"),
        ({"started": {}, "stopped": {}}, "expected one case, found 2 keys"),
        ({"paused": {}}, "expected one of started, stopped; found case 'paused'"),
        ("started", "expected dictionary, found string 'started'"),
    ],
)
def test_what_is_no_case_is_refused(value: Any, complaint: str) -> None:
    assert complaints(from_value, value, c.Closed) == [f"value: {complaint}"]


def test_problem_in_a_case_has_its_label_in_the_path() -> None:
    value = {"first": {"started": {"pid": "x"}}, "rest": [{"started": {}}], "only": {"stopped": {}}}
    assert complaints(from_value, value, c.Story) == [
        "Story.first.started.pid: expected i32, found string 'x'",
        "Story.rest[0].started.pid: is missing",
    ]


def test_error_class_travels_as_its_fields() -> None:
    error = c.Refused(reason="busy", retry_after=Duration(5))
    assert to_value(error) == {"reason": "busy", "retry_after": 5}
    assert equivalent(from_value({"reason": "busy", "retry_after": 5}, c.Refused), error)


def test_absent_field_takes_its_default() -> None:
    assert from_value({}, c.Kept) == c.Kept()


# -- what readers accept ----------------------------------------------------------------


def test_integers_of_either_kind_are_read_if_they_fit() -> None:
    assert equivalent(from_value(5, U8), 5)
    assert equivalent(from_value(UInt64(5), int), 5)
    assert complaints(from_value, UInt64(2**63), int) == [
        f"value: {2**63} is outside i64 ({-(2**63)} to {2**63 - 1})"
    ]
    assert complaints(from_value, -1, U8) == ["value: -1 is outside u8 (0 to 255)"]
    assert complaints(from_value, True, U8) == ["value: expected u8, found bool true"]


def test_floats_are_read_from_integers() -> None:
    assert equivalent(from_value(2, float), 2.0)
    assert equivalent(from_value(UInt64(2**64 - 1), float), 1.8446744073709552e19)
    assert complaints(from_value, True, float) == ["value: expected double, found bool true"]


def test_single_precision_rounds_and_refuses_what_overflows() -> None:
    assert from_value(0.1, F32) == 0.10000000149011612
    assert from_value(float("inf"), F32) == float("inf")
    assert complaints(from_value, 1e300, F32) == ["value: 1e+300 is too large for f32"]
    assert complaints(to_value, 1e300, F32) == ["value: 1e+300 is too large for f32"]


def test_uuid_is_read_from_sixteen_bytes() -> None:
    assert from_value(bytes(16), uuid.UUID) == uuid.UUID(int=0)
    assert complaints(from_value, bytes(15), uuid.UUID) == [
        "value: expected uuid, found data of 15"
    ]


@pytest.mark.parametrize(
    ("hint", "value", "complaint"),
    [
        (bool, 1, "expected bool, found int64 1"),
        (str, b"x", "expected string, found data of 1"),
        (bytes, "x", "expected data, found string 'x'"),
        (Date, 5, "expected date, found int64 5"),
        (list[str], {}, "expected array, found dictionary of 0"),
        (dict[str, str], None, "expected dictionary, found null"),
        (FileDescriptor, 3, "expected fd, found int64 3"),
        (SharedMemory, b"", "expected shmem, found data of 0"),
    ],
)
def test_other_types_are_refused(hint: Any, value: Any, complaint: str) -> None:
    assert complaints(from_value, value, hint) == [f"value: {complaint}"]


def test_closed_enums_refuse_unknown_cases() -> None:
    assert complaints(from_value, "up", c.Side) == ["Side: expected one of left, right; found 'up'"]
    assert complaints(from_value, 3, c.Sign) == ["Sign: expected one of -1, 1; found 3"]
    assert complaints(from_value, 300, c.Level) == ["Level: 300 is outside u8 (0 to 255)"]


@pytest.mark.parametrize("wanted", list(FdMode))
@pytest.mark.parametrize("given_mode", list(FdMode))
def test_descriptor_must_be_of_its_mode(wanted: FdMode, given_mode: FdMode) -> None:
    from typing import Annotated

    hint: Any = Annotated[FileDescriptor, wanted]
    fd = descriptor(given_mode)
    good = {
        FdMode.READ: {FdMode.READ, FdMode.READWRITE, FdMode.SOCKET},
        FdMode.WRITE: {FdMode.WRITE, FdMode.READWRITE, FdMode.SOCKET},
        FdMode.READWRITE: {FdMode.READWRITE, FdMode.SOCKET},
        FdMode.SOCKET: {FdMode.SOCKET},
    }
    if given_mode in good[wanted]:
        assert from_value(fd, hint) is fd
    else:
        (complaint,) = complaints(from_value, fd, hint)
        assert wanted.value in complaint


@pytest.mark.skipif(not hasattr(os, "O_PATH"), reason="the system has no O_PATH")
def test_mere_path_is_not_open_for_reading() -> None:
    from xpcrpc.kinds import ReadFd

    fd = FileDescriptor(os.open("/", os.O_PATH))
    assert "mere path" in complaints(from_value, fd, ReadFd)[0]


# -- problems ---------------------------------------------------------------------------


def test_every_problem_of_a_message_is_reported_at_once() -> None:
    value = {
        "inner": {"number": -1, "note": 7},
        "numbers": [1, UInt64(7), 70000],
        "texts": ["a", UInt64(7)],
        "names": {"a b": {"key": 1}},
        "rows": [[b"", 0]],
        "optionals": [None, "x"],
    }
    assert complaints(from_value, value, c.Containers) == [
        "Containers.inner.key: is missing",
        "Containers.inner.number: -1 is outside u32 (0 to 4294967295)",
        "Containers.inner.note: expected string, found int64 7",
        "Containers.numbers[2]: 70000 is outside u16 (0 to 65535)",
        "Containers.texts[1]: expected string, found uint64 7",
        "Containers.optionals[1]: expected i32, found string 'x'",
        "Containers.rows[0][1]: expected data, found int64 0",
        "Containers.names['a b'].key: expected string, found int64 1",
    ]


def test_every_broken_rule_is_reported_at_its_path() -> None:
    value = {
        "port": UInt64(0),
        "ratio": 2.0,
        "name": "x",
        "code": "nope",
        "blob": b"",
        "tags": ["ok", "too long"],
        "table": {"a": -6},
        "limit": "ten",
    }
    found = complaints(from_value, value, c.Ruled)
    assert [complaint.split(": ")[0] for complaint in found] == [
        "Ruled.limit",
        "Ruled.port",
        "Ruled.ratio",
        "Ruled.name",
        "Ruled.code",
        "Ruled.blob",
        "Ruled.tags[1]",
        "Ruled.table['a']",
    ]


def test_rules_of_an_alias_hold_where_it_stands_alone() -> None:
    assert complaints(from_value, [80, 8080, 8081, 8081], c.Ports) == ["value[0]: 80 is below 1024"]
    assert complaints(from_value, [8081, 8081], c.Ports) == [
        "value: 8081 is there twice, but items must differ"
    ]


def test_objects_that_cannot_be_sent_are_refused_at_every_path() -> None:
    obj: Any = c.Containers(inner=c.Inner(key="a\0"))
    obj.numbers = [1, "2", 70000, True]
    obj.texts = "abc"
    obj.inners = [c.Inner(key="\ud800"), c.Nothing()]
    obj.names = {"\0": c.Inner(key="k")}
    obj.things = [{"x": 2**64}]
    nul = "has a NUL at character 0; XPC text ends at the first NUL"
    assert complaints(to_value, obj) == [
        "Containers.inner.key: has a NUL at character 1; XPC text ends at the first NUL",
        "Containers.numbers[1]: expected int, found '2'",
        "Containers.numbers[2]: 70000 is outside u16 (0 to 65535)",
        "Containers.numbers[3]: expected int, found True",
        "Containers.texts: expected list, found 'abc'",
        "Containers.inners[0].key: has a lone surrogate at character 0; it has no UTF-8 form",
        "Containers.inners[1]: expected Inner, found a Nothing",
        f"Containers.names['\\x00']: the key {nul}",
        "Containers.things[0].x: 18446744073709551616 is outside int64; UInt64 holds up to 2**64-1",
    ]


def test_object_that_holds_itself_is_refused() -> None:
    node = c.Node(value=1)
    node.next = node
    for complaint in complaints(to_value, node):
        assert complaint.startswith("Node.next.next.")
        assert "may hold itself" in complaint
    assert to_value(c.Node(value=1)) == {"value": 1, "children": [], "named": {}}


def test_problems_are_of_the_side_that_made_them() -> None:
    with pytest.raises(DecodeError):
        from_value(1, str)
    with pytest.raises(EncodeError):
        to_value(1, str)


def test_hostile_value_gives_a_bounded_complaint() -> None:
    found = complaints(from_value, ["x" * 10_000] * 10_000, list[int])
    assert len(found) == 101
    assert max(map(len, found)) < 200


# -- hooks of the user's ------------------------------------------------------------------


def test_registered_hooks_are_used_inside_other_types() -> None:
    own = make_converter()
    own.register_structure_hook(c.Inner, lambda value, _: c.Inner(key=value))
    own.register_unstructure_hook(c.Inner, lambda inner: inner.key)
    obj = c.Containers(inner=c.Inner(key="k"))
    value = own.to_value(obj)
    assert isinstance(value, dict)
    assert value["inner"] == "k"
    assert own.from_value(value, c.Containers) == obj
    assert own.structure(value, c.Containers) == obj
    assert own.unstructure(obj) == value


def test_whatever_a_hook_raises_is_a_problem_at_its_path() -> None:
    own = make_converter()

    def refuse(value: Any, _: Any) -> c.Inner:
        raise KeyError("no")

    own.register_structure_hook(c.Inner, refuse)
    assert complaints(own.from_value, {"inner": 1}, c.Containers) == ["Containers.inner: 'no'"]


def test_hook_for_an_enum_of_text_wins_over_ours() -> None:
    own = make_converter()
    own.register_structure_hook(c.Side, lambda value, _: c.Side.RIGHT)
    assert own.from_value(["left", "?"], list[c.Side]) == [c.Side.RIGHT, c.Side.RIGHT]


def test_type_without_a_form_names_the_remedy() -> None:
    with pytest.raises(Exception, match=r"complex.*Register a structure hook"):
        from_value(1, complex)


# -- types --------------------------------------------------------------------------------


def test_names_are_found_in_the_module_and_in_its_package() -> None:
    names = {part.name: part.shape.name for part in struct_of(c.Node).fields}
    assert names == {"value": "value", "next": "value", "children": "value", "named": "value"}
    assert struct_of(c.Node).fields[1].shape.item == shape_of(c.Node)
