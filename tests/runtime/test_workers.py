"""The workers: tasks that wait for their work."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable

import pytest

from xpcrpc.runtime.workers import MAX_IDLE, Job, Workers

_leak: contextvars.ContextVar[str] = contextvars.ContextVar("_leak", default="clean")


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    """A pool, closed at the end."""
    pool = Workers(asyncio.get_running_loop())
    yield pool
    await pool.close()


async def _from_a_callback(call: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    ran: asyncio.Future[None] = loop.create_future()

    def run() -> None:
        call()
        ran.set_result(None)

    loop.call_soon(run)
    await ran


def _run_each(workers: Workers, jobs: list[Job]) -> None:
    for job in jobs:
        workers.run(job)


def _this_task() -> asyncio.Task[None]:
    task = asyncio.current_task()
    assert task is not None
    return task


async def test_a_job_is_told_its_task_as_it_begins(workers: Workers) -> None:
    tasks: list[tuple[asyncio.Task[None] | None, asyncio.Task[None]]] = []

    async def job() -> None:
        tasks.append((workers.starting, _this_task()))
        await asyncio.sleep(0)

    for _ in range(3):  # new workers, then idle ones
        await _from_a_callback(lambda: _run_each(workers, [job() for _ in range(5)]))
        await workers.wait_idle()
    assert len(tasks) == 15
    assert all(told is actual for told, actual in tasks)


async def test_a_job_on_an_idle_worker_runs_before_run_returns(workers: Workers) -> None:
    order: list[str] = []

    async def job(name: str) -> None:
        order.append(name)

    def both() -> None:
        workers.run(job("second"))
        order.append("returned")

    await _from_a_callback(lambda: workers.run(job("first")))
    await workers.wait_idle()
    await _from_a_callback(both)
    assert order == ["first", "second", "returned"]
    assert workers.busy == 0


async def test_jobs_that_wait_run_at_the_same_time(workers: Workers) -> None:
    together = asyncio.Barrier(40)

    async def job() -> None:
        await together.wait()

    def begin() -> None:
        for _ in range(40):
            workers.run(job())
        assert workers.busy == 40

    await _from_a_callback(begin)
    await workers.wait_idle()
    assert workers.busy == 0


async def test_no_more_workers_stay_than_the_limit(workers: Workers) -> None:
    together = asyncio.Barrier(MAX_IDLE + 10)

    async def job() -> None:
        await together.wait()

    await _from_a_callback(lambda: _run_each(workers, [job() for _ in range(MAX_IDLE + 10)]))
    await workers.wait_idle()
    await asyncio.sleep(0)
    assert len(workers._tasks) == MAX_IDLE


async def test_a_jobs_context_variables_do_not_reach_the_next_job(workers: Workers) -> None:
    seen: list[str] = []

    async def stain() -> None:
        _leak.set("stained")

    async def look() -> None:
        seen.append(_leak.get())

    for _ in range(3):
        await _from_a_callback(lambda: workers.run(stain()))
        await workers.wait_idle()
        await _from_a_callback(lambda: workers.run(look()))
        await workers.wait_idle()
    assert seen == ["clean"] * 3


async def test_a_job_that_raises_is_logged_and_the_pool_goes_on(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[int] = []

    async def bad() -> None:
        raise RuntimeError("not done")

    async def good() -> None:
        ran.append(1)

    await _from_a_callback(lambda: workers.run(bad()))
    await workers.wait_idle()
    await _from_a_callback(lambda: workers.run(good()))
    await workers.wait_idle()
    assert ran == [1]
    assert "not done" in caplog.text


async def test_a_cancelled_job_ends_only_itself(workers: Workers) -> None:
    begun: asyncio.Future[asyncio.Task[None]] = asyncio.get_running_loop().create_future()
    ended = asyncio.Event()

    async def waits() -> None:
        begun.set_result(_this_task())
        await asyncio.Event().wait()

    async def other() -> None:
        ended.set()

    await _from_a_callback(lambda: workers.run(waits()))
    (await begun).cancel()
    await workers.wait_idle()
    await _from_a_callback(lambda: workers.run(other()))
    await ended.wait()


async def test_a_job_that_swallows_its_cancellation_does_not_harm_the_next_one(
    workers: Workers,
) -> None:
    begun: asyncio.Future[asyncio.Task[None]] = asyncio.get_running_loop().create_future()
    outcome: list[str] = []

    async def stubborn() -> None:
        begun.set_result(_this_task())
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    async def limited() -> None:
        try:
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
        except TimeoutError:
            outcome.append("timed out")

    await _from_a_callback(lambda: workers.run(stubborn()))
    (await begun).cancel()
    await workers.wait_idle()
    await _from_a_callback(lambda: workers.run(limited()))
    await workers.wait_idle()
    assert outcome == ["timed out"]


async def test_close_cancels_what_runs_and_what_never_began() -> None:
    pool = Workers(asyncio.get_running_loop())
    ends: list[str] = []

    async def job() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    begun = asyncio.Event()

    async def first() -> None:
        begun.set()
        await job()

    await _from_a_callback(lambda: pool.run(first()))
    await begun.wait()
    pool.run(job())  # its task has not begun when the pool closes
    await pool.close()
    await asyncio.wait_for(pool.wait_idle(), 20)
    assert ends == ["cancelled"]
    assert pool.busy == 0


async def test_each_job_runs_inside_a_task_of_its_own(workers: Workers) -> None:
    tasks: set[asyncio.Task[None] | None] = set()
    together = asyncio.Barrier(3)

    async def job() -> None:
        tasks.add(asyncio.current_task())
        await together.wait()

    await _from_a_callback(lambda: _run_each(workers, [job() for _ in range(3)]))
    await workers.wait_idle()
    assert len(tasks) == 3
    assert None not in tasks
