"""What a caller sees when a call fails, and what it does not see."""

from __future__ import annotations

import pickle

import pytest

from tests.runtime.probe import Parcel, ProbeClient, Refused
from tests.runtime.processes import ServerProcess
from xpcrpc import (
    CallError,
    ConnectionInvalidError,
    ConstraintError,
    Duration,
    EncodeError,
    HandlerFailedError,
    MisuseError,
)


async def test_a_listed_error_arrives_as_its_class_with_its_fields(client: ProbeClient) -> None:
    with pytest.raises(Refused) as caught:
        await client.refuse(text="busy")
    assert caught.value.reason == "busy"
    assert caught.value.retry_after == Duration(ns=7)
    assert caught.value.code == 100


async def test_an_unlisted_error_is_a_general_failure_with_its_details_in_the_log_only(
    client: ProbeClient, shared_server: ServerProcess
) -> None:
    with pytest.raises(HandlerFailedError) as caught:
        await client.unlisted()
    assert caught.value.code == 3
    assert "in the log only" not in str(caught.value)
    shared_server.wait_for("does not list")
    shared_server.wait_for("Unlisted(secret='in the log only')")


async def test_a_handler_that_raises_is_a_general_failure_with_its_traceback_in_the_log_only(
    client: ProbeClient, shared_server: ServerProcess
) -> None:
    with pytest.raises(HandlerFailedError) as caught:
        await client.crash()
    assert "in the log only" not in str(caught.value)
    shared_server.wait_for("crash failed")
    shared_server.wait_for("RuntimeError: in the log only")


async def test_a_result_that_does_not_fit_is_a_general_failure(client: ProbeClient) -> None:
    with pytest.raises(HandlerFailedError):
        await client.misreply()


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"text": "a\0b"}, "text"),
        ({"text": "\ud800"}, "text"),
        ({"number": 2**31}, "number"),
        ({"number": -(2**31) - 1}, "number"),
        ({"small": -1}, "small"),
        ({"small": 256}, "small"),
        ({"number": "7"}, "number"),
        ({"text": 7}, "text"),
        ({"number": True}, "number"),
        ({"label": 7.5}, "label"),
    ],
)
async def test_what_does_not_fit_is_refused_with_its_path_before_it_is_sent(
    client: ProbeClient, changes: dict[str, object], path: str
) -> None:
    parcel = Parcel()
    for name, value in changes.items():
        object.__setattr__(parcel, name, value)
    with pytest.raises(EncodeError) as caught:
        await client.echo(parcel)
    assert any(problem.path.endswith(path) for problem in caught.value.problems)
    assert await client.echo(Parcel()) == Parcel()


async def test_every_problem_is_listed_at_once(client: ProbeClient) -> None:
    parcel = Parcel()
    object.__setattr__(parcel, "small", 256)
    object.__setattr__(parcel, "text", 7)
    with pytest.raises(EncodeError) as caught:
        await client.echo(parcel)
    assert len(caught.value.problems) == 2


def test_a_constraint_holds_when_the_object_is_made() -> None:
    with pytest.raises(ConstraintError, match="label"):
        Parcel(label="123456789")


async def test_a_timeout_must_be_above_zero(client: ProbeClient) -> None:
    with pytest.raises(MisuseError):
        await client.echo(Parcel(), timeout_s=0)


async def test_a_closed_client_refuses_calls_and_can_be_closed_again(
    shared_server: ServerProcess,
) -> None:
    closed = await ProbeClient.connect()
    await closed.echo(Parcel())
    await closed.close()
    await closed.close()
    with pytest.raises(ConnectionInvalidError):
        await closed.echo(Parcel())
    with pytest.raises(ConnectionInvalidError):
        await closed.note(text="too late")


def test_call_errors_of_a_contract_can_be_pickled() -> None:
    error = Refused(reason="busy", retry_after=Duration(ns=1))
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(copy, CallError)
    assert isinstance(copy, Refused)
    assert (copy.reason, copy.retry_after) == ("busy", Duration(ns=1))
