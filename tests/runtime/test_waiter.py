"""The waiter: a future in asyncio's sense that wakes its task on the spot."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import math
import weakref
from typing import Any

import pytest

from tests.refcounts import drift
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


async def test_what_arrives_wakes_at_once_but_for_exceptions() -> None:
    order: list[str] = []
    loop = asyncio.get_running_loop()
    reply: Waiter[str] = Waiter(loop)
    failure: Waiter[Exception] = Waiter(loop)
    error = ValueError("no reply")

    async def wait(waiter: Waiter[Any]) -> None:
        order.append(f"got {await waiter}")

    def arrive() -> None:
        reply.arrived("reply")
        order.append("after the reply")
        failure.arrived(error)
        order.append("after the failure")

    tasks = [await _started(wait(waiter)) for waiter in (reply, failure)]
    await _from_a_callback(arrive)
    await asyncio.gather(*tasks)
    assert order == ["got reply", "after the reply", "after the failure", "got no reply"]
    assert await failure is error


async def test_what_arrives_late_is_handed_on_but_for_exceptions() -> None:
    late: list[str] = []
    waiter: Waiter[str | None] = Waiter(asyncio.get_running_loop(), math.inf, late.append)
    waiter.expire()
    assert await waiter is None
    waiter.arrived("too late")
    waiter.arrived(ValueError("too late"))  # type: ignore[arg-type]
    assert late == ["too late"]
    forgetful: Waiter[str] = Waiter(asyncio.get_running_loop())
    forgetful.wake("x")
    forgetful.arrived("y")
    assert await forgetful == "x"


async def test_an_exception_of_the_woken_task_is_the_tasks() -> None:
    waiter: Waiter[int] = Waiter(asyncio.get_running_loop())

    async def wait() -> None:
        await waiter
        raise ValueError("mine")

    task = await _started(wait())
    await _from_a_callback(waiter.wake, 1)
    with pytest.raises(ValueError, match="mine"):
        await task


async def test_what_ends_the_loop_comes_out_of_wake() -> None:
    waiter: Waiter[int] = Waiter(asyncio.get_running_loop())
    seen: list[BaseException] = []

    async def wait() -> None:
        await waiter
        raise KeyboardInterrupt

    def wake() -> None:
        try:
            waiter.wake(1)
        except KeyboardInterrupt as error:
            seen.append(error)

    task = await _started(wait())
    await _from_a_callback(wake)
    assert len(seen) == 1
    with pytest.raises(KeyboardInterrupt):
        task.result()


async def test_a_failure_is_raised_once_and_keeps_nothing_alive() -> None:
    class Failure(Exception):
        pass

    waiter: Waiter[int] = Waiter(asyncio.get_running_loop())
    error = Failure("no")
    waiter.fail_soon(error)
    with pytest.raises(Failure, match="no"):
        waiter.result()
    with pytest.raises(asyncio.InvalidStateError, match="already raised"):
        waiter.result()
    gone = weakref.ref(error)
    del error
    gc.collect()
    assert gone() is None


async def test_a_waiter_that_is_garbage_goes_with_what_it_leads_to() -> None:
    class Owner:
        def late(self, _: object) -> None: ...

    owner = Owner()
    waiter: Waiter[Any] = Waiter(asyncio.get_running_loop(), 1.0, owner.late)
    assert waiter.deadline == 1.0
    waiter.add_done_callback(owner.late)
    waiter.wake_soon(waiter)
    owner.waiter = waiter  # type: ignore[attr-defined]
    await asyncio.sleep(0)
    gone = weakref.ref(owner)
    del owner, waiter
    gc.collect()
    assert gone() is None


async def test_waiters_keep_the_count_of_what_they_hold() -> None:
    loop = asyncio.get_running_loop()
    value, seen, context = object(), list[Any](), contextvars.copy_context()
    late = seen.append
    watched = [value, late, loop, context]

    async def wait(waiter: Waiter[Any]) -> object:
        return await waiter

    async def work() -> None:
        waiter: Waiter[Any] = Waiter(loop, math.inf, late)
        task = await _started(wait(waiter))
        await _from_a_callback(waiter.arrived, value)
        assert await task is value
        other: Waiter[Any] = Waiter(loop)
        other.add_done_callback(late, context=context)
        other.remove_done_callback(late)
        other.cancel("why")
        with pytest.raises(asyncio.CancelledError, match="why"):
            other.result()

    assert await drift(work, watched, times=200) == []


@pytest.mark.parametrize(
    "arguments", [(), ("loop", "soon"), ("loop", 1.0, print, None), ("loop", None)]
)
def test_a_waiter_takes_a_loop_a_deadline_and_whom_to_tell(arguments: Any) -> None:
    with pytest.raises(TypeError):
        Waiter(*arguments)
    with pytest.raises(TypeError):
        Waiter(loop=None)  # type: ignore[call-arg]


async def test_other_arguments_are_refused() -> None:
    waiter: Waiter[int] = Waiter(asyncio.get_running_loop())
    for call in (
        lambda: waiter.fail_soon("no"),  # type: ignore[arg-type]
        lambda: waiter.add_done_callback(),  # type: ignore[call-arg]
        lambda: waiter.add_done_callback(print, loop=None),  # type: ignore[call-arg]
        lambda: waiter.cancel("a", "b"),  # type: ignore[call-arg]
    ):
        with pytest.raises(TypeError):
            call()
    assert not waiter.done()
