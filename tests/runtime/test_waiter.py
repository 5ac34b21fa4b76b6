"""The waiter: a future in asyncio's sense that wakes its task on the spot."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest

from xpcrpc.runtime.waiter import Waiter

_where: contextvars.ContextVar[str] = contextvars.ContextVar("_where", default="outside")


async def _started(coroutine: Any) -> asyncio.Task[Any]:
    """A task that has run up to its first wait."""
    task = asyncio.create_task(coroutine)
    await asyncio.sleep(0)
    return task


async def _from_a_callback(call: Any, *arguments: Any) -> None:
    """Run a plain callable where no task is running, and wait until it has."""
    loop = asyncio.get_running_loop()
    ran: asyncio.Future[None] = loop.create_future()

    def run() -> None:
        call(*arguments)
        ran.set_result(None)

    loop.call_soon(run)
    await ran


async def test_wake_runs_the_waiting_task_inside_the_call() -> None:
    order: list[str] = []
    waiter: Waiter[int] = Waiter(asyncio.get_running_loop())

    async def wait() -> None:
        order.append(f"got {await waiter}")

    def wake() -> None:
        order.append("before")
        waiter.wake(7)
        order.append("after")

    task = await _started(wait())
    await _from_a_callback(wake)
    await task
    assert order == ["before", "got 7", "after"]


async def test_wake_soon_leaves_the_task_to_the_loops_next_turn() -> None:
    order: list[str] = []
    waiter: Waiter[int] = Waiter(asyncio.get_running_loop())

    async def wait() -> None:
        order.append(f"got {await waiter}")

    task = await _started(wait())
    waiter.wake_soon(7)
    order.append("after")
    await task
    assert order == ["after", "got 7"]


async def test_a_value_given_before_anyone_waits_is_there_at_once() -> None:
    waiter: Waiter[str | None] = Waiter(asyncio.get_running_loop())
    assert not waiter.done()
    waiter.wake(None)
    assert waiter.done()
    assert waiter.result() is None
    assert await waiter is None


async def test_only_the_first_end_counts() -> None:
    waiter: Waiter[int] = Waiter(asyncio.get_running_loop())
    waiter.wake(1)
    waiter.wake(2)
    waiter.wake_soon(3)
    waiter.fail_soon(ValueError("late"))
    assert waiter.cancel() is False
    assert await waiter == 1
    assert not waiter.cancelled()


async def test_a_failure_is_raised_in_the_waiting_task() -> None:
    waiter: Waiter[int] = Waiter(asyncio.get_running_loop())

    async def wait() -> int:
        return await waiter

    task = await _started(wait())
    waiter.fail_soon(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        await task


async def test_the_result_of_a_pending_waiter_is_no_value() -> None:
    waiter: Waiter[int] = Waiter(asyncio.get_running_loop())
    with pytest.raises(asyncio.InvalidStateError):
        waiter.result()


async def test_cancelling_the_task_cancels_the_waiter() -> None:
    waiter: Waiter[int] = Waiter(asyncio.get_running_loop())

    async def wait() -> int:
        return await waiter

    task = await _started(wait())
    task.cancel("why")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert waiter.cancelled()
    assert waiter.done()
    waiter.wake(1)
    assert waiter.cancelled()


async def test_cancelling_the_task_wins_over_a_value_on_its_way() -> None:
    waiter: Waiter[int] = Waiter(asyncio.get_running_loop())

    async def wait() -> int:
        return await waiter

    task = await _started(wait())
    waiter.wake_soon(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not waiter.cancelled()


async def test_asyncio_timeout_ends_the_wait() -> None:
    waiter: Waiter[int] = Waiter(asyncio.get_running_loop())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await waiter


async def test_the_task_goes_on_in_its_own_context() -> None:
    waiter: Waiter[int] = Waiter(asyncio.get_running_loop())

    async def wait() -> str:
        _where.set("task")
        await waiter
        return _where.get()

    def wake() -> None:
        _where.set("callback")
        waiter.wake(1)
        assert _where.get() == "callback"

    task = await _started(wait())
    await _from_a_callback(wake)
    assert await task == "task"
    assert _where.get() == "outside"


async def test_a_task_woken_inline_may_wait_again_and_be_woken_again() -> None:
    loop = asyncio.get_running_loop()
    waiters: list[Waiter[int]] = [Waiter(loop) for _ in range(100)]

    async def wait() -> list[int]:
        return [await waiter for waiter in waiters]

    def wake() -> None:
        for number, waiter in enumerate(waiters):
            waiter.wake(number)

    task = await _started(wait())
    await _from_a_callback(wake)
    assert await task == list(range(100))


async def test_wait_for_and_gather_take_it_for_a_future() -> None:
    waiter: Waiter[int] = Waiter(asyncio.get_running_loop())
    assert asyncio.isfuture(waiter)

    async def wait() -> int:
        return await waiter

    task = asyncio.create_task(asyncio.wait_for(wait(), 60))
    asyncio.get_running_loop().call_soon(waiter.wake_soon, 3)
    assert await task == 3


async def test_a_forgotten_callback_is_not_called() -> None:
    waiter: Waiter[int] = Waiter(asyncio.get_running_loop())
    called: list[Any] = []
    waiter.add_done_callback(called.append)
    assert waiter.remove_done_callback(called.append) == 1
    assert waiter.remove_done_callback(called.append) == 0
    waiter.wake(1)
    await asyncio.sleep(0)
    assert called == []
