"""Handlers that end in ways nobody planned: the caller gets an answer, and only once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.streams.odd import Ask, Blob, Odd, OddService
from xpcrpc import (
    CallCancelledError,
    CallContext,
    CallError,
    ContractError,
    HandlerFailedError,
    UnavailableError,
)
from xpcrpc.testing import connected_pair
from xpcrpc.testing.pairs import Over

PATIENCE_S = 60.0


class Undeclared(ContractError):
    """Of another contract."""

    code = 100


async def _awaits_what_others_cancelled() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


async def _raises(error: BaseException) -> None:
    raise error


def _received(error: CallError) -> CallError:
    error.received = True
    return error


FAILED: dict[str, Callable[[], Any]] = {
    "awaits what others cancelled": _awaits_what_others_cancelled,
    "CancelledError": lambda: _raises(asyncio.CancelledError()),
    "a group": lambda: _raises(BaseExceptionGroup("several", [asyncio.CancelledError()])),
    "a group of exceptions": lambda: _raises(ExceptionGroup("several", [ValueError("one")])),
    "an error that cannot be sent": lambda: _raises(Odd(why="\udcff")),
    "another service's refusal": lambda: _raises(_received(UnavailableError("not mine"))),
    "another service's code": lambda: _raises(_received(CallError(7777, "not mine"))),
    "cancelled by nobody": lambda: _raises(CallCancelledError("by nobody")),
}

ANSWERED: dict[str, tuple[Exception, type[CallError], str]] = {
    "the method's own": (Odd(why="so"), Odd, "so"),
    "text that is not UTF-8": (HandlerFailedError("cannot open \udcff"), HandlerFailedError, "?"),
    "text with NUL": (HandlerFailedError("a\0b"), HandlerFailedError, "a\ufffdb"),
    "much text": (HandlerFailedError("x" * 10**6), HandlerFailedError, "x" * 4096 + "…"),
    "a number of its own": (CallError(4242, "mine"), CallError, "mine"),
    "unavailable": (UnavailableError("later"), UnavailableError, "later"),
}


@pytest.mark.parametrize("how", FAILED)
@pytest.mark.parametrize("streams", [False, True], ids=["call", "stream"])
async def test_whatever_a_handler_ends_with_is_a_failure_and_runs_once(
    over: Over, how: str, streams: bool, caplog: pytest.LogCaptureFixture
) -> None:
    runs = 0

    async def handler(request: Ask, context: CallContext) -> Blob:
        nonlocal runs
        runs += 1
        await FAILED[how]()
        raise AssertionError

    async def maker(request: Ask, context: CallContext) -> AsyncIterator[Blob]:
        yield Blob(number=0)
        await handler(request, context)

    async with connected_pair(OddService(handler=handler, maker=maker), over=over) as client:
        with pytest.raises(HandlerFailedError) as caught:
            async with asyncio.timeout(PATIENCE_S):
                if streams:
                    assert [item async for item in client.items()] == []
                else:
                    await client.again()  # idempotent: an interruption would repeat it
        assert (runs, caught.value.code) == (1, 3)
        assert caplog.records and caplog.records[-1].levelno == logging.ERROR
        assert client._link.session.own == 0
        assert (await client.take(nothing())).number == 0  # the connection is none the worse


async def nothing() -> AsyncIterator[Blob]:
    for number in range(0):
        yield Blob(number=number)


@pytest.mark.parametrize("how", ANSWERED)
async def test_an_error_with_a_number_is_the_answer(over: Over, how: str) -> None:
    error, kind, words = ANSWERED[how]

    async def handler(request: Ask, context: CallContext) -> Blob:
        raise error

    async with connected_pair(OddService(handler=handler), over=over) as client:
        with pytest.raises(CallError) as caught:
            await client.call(timeout_s=PATIENCE_S)
    assert type(caught.value) is kind
    assert words in (caught.value.why if isinstance(caught.value, Odd) else caught.value.message)


async def test_a_handler_that_exits_the_program_answers_first() -> None:
    """The loop ends with it, so it is one's own here."""

    async def handler(request: Ask, context: CallContext) -> Blob:
        raise SystemExit(3)

    async def main() -> None:
        async with connected_pair(OddService(handler=handler)) as client:
            answers.append(await asyncio.gather(client.call(), return_exceptions=True))

    answers: list[Any] = []
    with pytest.raises(SystemExit):
        await asyncio.to_thread(asyncio.run, main())


async def test_what_a_handler_leaves_running_has_no_deadline_of_its_call(over: Over) -> None:
    later: list[asyncio.Task[Blob]] = []
    others: list[Any] = []

    async def handler(request: Ask, context: CallContext) -> Blob:
        if request.count == 0:

            async def go_on() -> Blob:
                await asyncio.sleep(0.1)
                result: Blob = await others[0].call(count=1)
                return result

            later.append(asyncio.ensure_future(go_on()))
        return Blob(number=request.count)

    async with connected_pair(OddService(handler=handler), over=over) as client:
        others.append(client)
        await client.call(timeout_s=0.05)
        assert (await later[0]).number == 1


async def test_a_log_line_says_which_call_it_is_about(
    over: Over, caplog: pytest.LogCaptureFixture
) -> None:
    import os

    async def handler(request: Ask, context: CallContext) -> Blob:
        raise ValueError

    async with connected_pair(OddService(handler=handler), over=over) as client:
        with pytest.raises(HandlerFailedError):
            await client.call()
    facts = vars(caplog.records[-1])
    assert facts["xpc_method"] == "call"
    assert facts["xpc_peer_pid"] == os.getpid()
    assert facts["xpc_call"] > 0
