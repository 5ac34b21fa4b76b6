"""Tasks that are ready before the work comes.

A new task starts in the loop's next turn and costs several µs. A worker is a
task that already waits on a `Waiter`: handing it a job runs the job's first step
at once, inside a real task, so that ``asyncio.timeout`` and the like work in
handlers. A job that never waits is finished before `Workers.run` returns.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextvars import copy_context
from functools import partial
from typing import Any, Final, TypeAlias

from .waiter import Waiter

MAX_IDLE: Final = 64
"""Tasks kept waiting for the next job; further ones end when theirs is done."""

STUBBORN_S: Final = 2.0
"""How long cancelled jobs may take to clean up when everything ends, in seconds."""

Job: TypeAlias = Coroutine[Any, Any, None]

_log = logging.getLogger("xpcrpc.server")


class _Start:
    """The first job of a task, until it begins."""

    __slots__ = ("job",)

    def __init__(self, job: Job) -> None:
        self.job: Job | None = job


class Workers:
    """A pool of tasks, grown by need; used in one loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._idle: list[Waiter[Job]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.starting: asyncio.Task[None] | None = None
        """Whose job takes its first step now; a job may ask only then."""
        self.busy = 0
        """How many jobs have begun and not ended."""
        self.begun = 0
        """How many jobs have begun since the beginning."""
        self._all_idle: asyncio.Future[None] | None = None
        """Set when somebody waits for it."""

    def run(self, job: Job) -> None:
        """Start a job; from a callback of the loop, never from inside a task.

        The job must not raise; whatever it does raise is logged.
        """
        self.busy += 1
        self.begun += 1
        if self._idle:
            self._idle.pop().wake(job)
        else:
            start = _Start(job)
            # An eager task factory runs it up to its first wait in here, perhaps to its end.
            task = self._loop.create_task(self._work(start), name="xpcrpc handler")
            self._tasks.add(task)
            task.add_done_callback(partial(self._ended, start))

    def _ended(self, start: _Start, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if start.job is not None:  # cancelled before its first step
            start.job.close()
            self.busy -= 1
            self._tell_idle()

    def _tell_idle(self) -> None:
        if not self.busy and self._all_idle is not None:
            self._all_idle.set_result(None)
            self._all_idle = None

    async def _work(self, start: _Start) -> None:
        this = asyncio.current_task()
        assert this is not None
        job, start.job = start.job, None
        assert job is not None
        context = copy_context()
        while True:
            self.starting = this
            try:
                await job
            except asyncio.CancelledError:
                return
            except Exception:
                _log.exception("a job raised, which jobs must not do")
            finally:
                self.busy -= 1
                if self._all_idle is not None:
                    self._tell_idle()
            # A job that changed context variables takes them to its grave.
            # So does one that was cancelled and would not end: the request to stop sticks.
            if len(self._idle) >= MAX_IDLE or this.cancelling() or copy_context() != context:
                return
            waiter: Waiter[Job] = Waiter(self._loop)
            self._idle.append(waiter)
            del job
            job = await waiter

    async def wait_idle(self) -> None:
        """Wait until every job has ended."""
        while self.busy:
            if self._all_idle is None:
                self._all_idle = self._loop.create_future()
            await asyncio.shield(self._all_idle)

    def stop(self) -> None:
        """Cancel what runs, and every idle task."""
        self._idle.clear()
        for task in list(self._tasks):
            task.cancel()

    async def close(self) -> None:
        """Cancel what runs and wait until it has ended, or for `STUBBORN_S` seconds.

        A job that ignores its cancellation is closed where it stands, with a line in the
        log: no handler may keep a service, or its event loop, from ending.
        """
        tasks = list(self._tasks)
        self.stop()
        if not tasks:
            return
        _, stubborn = await asyncio.wait(tasks, timeout=STUBBORN_S)
        if not stubborn:
            return
        _log.warning("%d call(s) ignore their cancellation; closed", len(stubborn))
        for task in stubborn:
            coroutine = task.get_coro()
            try:
                coroutine.close()  # raises GeneratorExit where the handler waits
            except Exception:  # it ignores even that, or its clean-up failed
                _log.exception("a call could not be closed")
            task.cancel()  # lets the task see that its coroutine is over
        closed, _ = await asyncio.wait(stubborn, timeout=STUBBORN_S)
        for task in closed:
            if not task.cancelled():
                task.exception()  # "cannot reuse already awaited coroutine": we closed it
