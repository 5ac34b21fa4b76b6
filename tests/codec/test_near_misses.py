"""A near miss is refused, for one reason, at the place that it names."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from tests.codec.contracts import (
    PLAIN,
    Caps,
    Closed,
    Containers,
    Ends,
    Node,
    Resources,
    Side,
    Sign,
    Strict,
)
from tests.codec.effort import QUICK
from xpcrpc import DecodeError
from xpcrpc.codec.converter import from_value
from xpcrpc.codec.passes import decoder, encoder
from xpcrpc.constraints import ByteLength, Each, Items, Length, Pattern, Range
from xpcrpc.kinds import F32, I64, U16, U64, SocketFd, WriteFd
from xpcrpc.testing import NearMiss, near_misses
from xpcrpc.values import Endpoint, Value

FEW = settings(QUICK, max_examples=5)
# Any example will do: making it small takes longer than finding it.
ANY = settings(max_examples=300, deadline=None, database=None, phases=[Phase.generate])


def an_endpoint() -> Endpoint:
    """Stands for the right to connect to somebody."""
    return Endpoint(object())


def refusal(miss: NearMiss, hint: Any) -> list[str]:
    """The paths that reading complains about."""
    with pytest.raises(DecodeError) as caught:
        from_value(miss.value, hint)
    return [problem.path for problem in caught.value.problems]


@pytest.mark.parametrize("hint", PLAIN, ids=str)
@FEW
@given(st.data())
def test_a_near_miss_is_refused_at_its_place_and_nowhere_else(
    hint: Any, data: st.DataObject
) -> None:
    miss = data.draw(near_misses(hint))
    assert refusal(miss, hint) == [miss.path], miss


@pytest.mark.parametrize("hint", PLAIN, ids=str)
@settings(QUICK, max_examples=5)
@given(st.data())
def test_the_compiled_reader_refuses_it_alike(hint: Any, data: st.DataObject) -> None:
    miss = data.draw(near_misses(hint))
    written = encoder(Value)(miss.value, None)
    with pytest.raises(DecodeError) as caught:
        decoder(hint)(written, 0, len(written), ())
    assert [problem.path for problem in caught.value.problems] == [miss.path]


@settings(FEW, suppress_health_check=list(HealthCheck))
@given(near_misses(Resources))
def test_descriptors_of_the_wrong_mode_are_among_them(miss: NearMiss) -> None:
    assert refusal(miss, Resources) == [miss.path]


@FEW
@given(near_misses(Ends, endpoint=an_endpoint))
def test_types_with_ends_have_them_too(miss: NearMiss) -> None:
    assert refusal(miss, Ends) == [miss.path]


Numbers = Annotated[U16, Range(min=1, max=4096)]
Ratio = Annotated[float, Range(min=0, max=1)]
Words = Annotated[str, Length(min=2, max=8), ByteLength(12)]
Code = Annotated[str, Pattern("[a-z]{2,4}-[0-9]+")]
Blob = Annotated[bytes, Length(min=1, max=4)]
Tags = Annotated[list[str], Items(min=1, max=3, unique=True), Each(Length(max=5))]

EVERY_RULE = [
    *((Numbers, rule) for rule in ("type int", "u16", "min 1", "max 4096")),
    *((Ratio, rule) for rule in ("type float", "min 0", "max 1")),
    *((Words, rule) for rule in ("type text", "min_len 2", "max_len 8", "max_bytes 12")),
    *((Code, rule) for rule in ("type text", "pattern [a-z]{2,4}-[0-9]+")),
    *((Blob, rule) for rule in ("type data", "min_len 1", "max_len 4")),
    *((Tags, rule) for rule in ("min_items 1", "unique", "max_len 5", "type list")),
    *((Strict, rule) for rule in ("unknown reject", "required", "type struct")),
    *((Closed, rule) for rule in ("closed", "one case", "type union")),
    (Side, "closed"),
    (Sign, "closed"),
    (F32, "f32"),
    (Caps, "u64"),
    (WriteFd, "fd write"),
    (SocketFd, "fd socket"),
]


@pytest.mark.parametrize(("hint", "rule"), EVERY_RULE, ids=str)
def test_every_rule_of_a_type_is_missed(hint: Any, rule: str) -> None:
    found = find(
        near_misses(hint),
        lambda miss: miss.rule == rule,
        settings=ANY,
    )
    assert refusal(found, hint) == [found.path]


def test_a_place_deep_in_a_recursive_type_is_found() -> None:
    found = find(
        near_misses(Node),
        lambda miss: miss.path.count(".") >= 3,
        settings=ANY,
    )
    assert refusal(found, Node) == [found.path]


def test_an_optional_field_that_is_absent_can_be_wrong_when_it_is_there() -> None:
    found = find(
        near_misses(Containers),
        lambda miss: miss.path == "Containers.maybe_inner",
        settings=ANY,
    )
    assert refusal(found, Containers) == ["Containers.maybe_inner"]


@pytest.mark.parametrize(
    "hint",
    [
        Annotated[list[str], Items(min=2, max=4, unique=True)],
        Annotated[dict[str, int], Items(min=1, max=3)],
        Annotated[str, Pattern("[ab]*"), Length(min=1, max=3)],
        list[F32],
        U64 | None,
        Annotated[I64 | None, Range(min=-5)],
    ],
    ids=str,
)
@FEW
@given(st.data())
def test_aliases_at_the_root_have_them(hint: Any, data: st.DataObject) -> None:
    miss = data.draw(near_misses(hint))
    assert refusal(miss, hint) == [miss.path], miss


def test_a_type_that_takes_everything_has_none() -> None:
    with pytest.raises(ValueError, match="nothing to miss"):
        near_misses(Value)
