"""Typed calls at random over both transports: each ends once, in order, and nothing is left.

Over memory everything that XPC may do happens on purpose, and some of what it
may not: messages are late, lost or doubled, connections are cut, servers killed.
Time is virtual there, so deadlines of any length come.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, ClassVar

from attrs import define
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.streams.mill import Grain, Jammed, Mill, MillClient, MillService
from tests.streams.virtual import VirtualLoop
from xpcrpc import TransportError, XpcRpcError
from xpcrpc.standard.standard import HELLO
from xpcrpc.testing import (
    Cut,
    Delay,
    Drop,
    Duplicate,
    Fault,
    FaultPlan,
    Kill,
    Late,
    Match,
    Slow,
    served,
)
from xpcrpc.testing.pairs import Over
from xpcrpc.transport.memory import Direction, Kind

TURNS = 60
"""Turns of the loop in which whatever is under way arrives."""

LONG_S = 30.0
"""A deadline that only what is lost for good reaches."""


@define(eq=False)
class Operation:
    """One call of the client's, and what it must come to."""

    task: asyncio.Task[Any]
    cancelled: bool = False


class TypedCalls(RuleBasedStateMachine):
    """The machine; see the module. Subclasses say over which transport."""

    over: ClassVar[Over]
    new_loop: ClassVar[Callable[[], asyncio.AbstractEventLoop] | None] = None

    def __init__(self) -> None:
        super().__init__()
        gc.collect()
        self.fds = descriptors()
        self.runner = asyncio.Runner(loop_factory=type(self).new_loop)
        self.reported: list[Any] = []
        self.runner.get_loop().set_exception_handler(lambda _, what: self.reported.append(what))
        self.operations: list[Operation] = []
        self.mills: list[Mill] = []
        self.clients: list[MillClient] = []
        self.plan = FaultPlan()
        self.honest = True
        """Whether no message was lost or doubled, which XPC does not do."""
        self.stack = AsyncExitStack()
        self.run(self.begin())

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run it in the machine's loop."""
        return self.runner.run(coroutine)

    def new_mill(self) -> Mill:
        self.mills.append(Mill())
        return self.mills[-1]

    async def begin(self) -> None:
        faults = self.plan if self.over == "memory" else None
        self.running = await self.stack.enter_async_context(
            served(MillService, self.new_mill(), over=self.over, faults=faults)
        )

    async def client(self) -> MillClient:
        if not self.clients or self.clients[-1]._link.closed:
            self.clients.append(await self.running.connect())
        return self.clients[-1]

    async def start(self, make: Callable[[MillClient], Coroutine[Any, Any, None]]) -> None:
        client = await self.client()
        self.operations.append(Operation(asyncio.create_task(make(client))))

    # -- calls ----------------------------------------------------------------------

    @rule(
        method=st.sampled_from(["echo", "again", "hold", "stubborn"]),
        count=st.integers(0, 9),
        fail=st.booleans(),
        timeout_s=st.sampled_from([0.001, 1.0, LONG_S]),
    )
    def unary(self, method: str, count: int, fail: bool, timeout_s: float) -> None:
        more = {} if method == "stubborn" else {"fail": fail}

        async def call(client: MillClient) -> None:
            try:
                reply = await getattr(client, method)(count=count, timeout_s=timeout_s, **more)
                assert reply.number == count
            except Jammed:
                assert fail

        self.run(self.start(call))

    @rule(
        count=st.integers(0, 12),
        leave_after=st.integers(0, 14),
        fail=st.booleans(),
        back=st.booleans(),
        lazy=st.booleans(),
        timeout_s=st.sampled_from([0.001, LONG_S]),
    )
    def read(
        self, count: int, leave_after: int, fail: bool, back: bool, lazy: bool, timeout_s: float
    ) -> None:
        async def call(client: MillClient) -> None:
            got: list[int] = []
            if back:
                items = client.grind(grains(count), count=count, fail=fail, timeout_s=timeout_s)
            else:
                items = client.pour(count=count, fail=fail, timeout_s=timeout_s)
            try:
                async with items:
                    async for item in items:
                        got.append(item.number)
                        if len(got) == leave_after:
                            return
                        if lazy:
                            await asyncio.sleep(0)
                assert not self.honest or len(got) == count
            except Jammed:
                assert fail and (not self.honest or len(got) == count)
            finally:
                assert not self.honest or got == list(range(len(got))), "order"

        self.run(self.start(call))

    @rule(
        count=st.integers(0, 12),
        fail=st.booleans(),
        broken=st.booleans(),
        timeout_s=st.sampled_from([0.001, LONG_S]),
    )
    def write(self, count: int, fail: bool, broken: bool, timeout_s: float) -> None:
        async def call(client: MillClient) -> None:
            try:
                reply = await client.fill(
                    grains(count, broken=broken), count=count, fail=fail, timeout_s=timeout_s
                )
                assert reply.number == count and not broken
            except Jammed:
                assert fail
            except LookupError:
                assert broken

        self.run(self.start(call))

    # What happens over libxpc depends on real time, and what may be drawn must not:
    # these rules have no precondition, and do nothing where there is nothing to do.

    @rule(pick=st.integers(0, 10**6))
    def cancel(self, pick: int) -> None:
        under_way = [each for each in self.operations if not each.task.done()]
        if under_way:
            operation = under_way[pick % len(under_way)]
            operation.cancelled = True
            operation.task.cancel()

    # -- the world --------------------------------------------------------------------

    @rule(turns=st.integers(1, 20))
    def go_on(self, turns: int) -> None:
        self.run(self.turn(turns))

    async def turn(self, turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)

    @rule()
    def release(self) -> None:
        for mill in self.mills:
            mill.release.set()
            mill.release = asyncio.Event()
        self.run(self.turn(1))

    @rule()
    def close_the_client(self) -> None:
        if self.clients:
            self.run(self.clients[-1].close())

    # -- the end ----------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self.run(self.finish())
        finally:
            self.runner.close()
        gc.collect()
        assert descriptors() == self.fds
        assert self.reported == []

    async def finish(self) -> None:
        self.plan.table = {}
        tasks = [operation.task for operation in self.operations]
        for _ in range(20):
            self.plan.clock.advance(100.0)
            await self.turn(TURNS)
            for mill in self.mills:
                mill.release.set()
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=LONG_S + 5)
            assert not stuck, f"calls that did not end: {stuck}"
        for operation in self.operations:
            self.judge(operation)
        await self.greetings_end()
        await self.turn(TURNS)
        for client in self.clients:
            assert client._link.session.own == 0
            assert not client._link.deadlines.members
            await client.close()
        await self.turn(TURNS)
        if any(isinstance(fault, Kill) for fired in self.plan.fired for fault in fired.faults):
            await self.running.kill()  # the fault ends connections; with a process, handlers end
        assert [mill.running for mill in self.mills] == [0] * len(self.mills)
        await self.stack.aclose()
        await self.turn(TURNS)
        assert [client._link.session.theirs for client in self.clients] == [0] * len(self.clients)
        assert [mill.links for mill in self.mills] == [set()] * len(self.mills)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"tasks left over: {left}"

    async def greetings_end(self) -> None:
        """Wait for what no call waits for any more: a greeting outlives a cancelled call."""

    def judge(self, operation: Operation) -> None:
        """It has a result, a typed error, or was cancelled by us."""
        if operation.task.cancelled():
            assert operation.cancelled, "a call ended as cancelled, but nobody cancelled it"
            return
        error = operation.task.exception()
        if error is not None and not isinstance(error, XpcRpcError):
            raise error


class FaultyCalls(TypedCalls):
    """In memory, with all that can go wrong."""

    over = "memory"
    new_loop = VirtualLoop

    @rule(
        fault=st.sampled_from(
            [
                Cut(),
                Cut(after=True),
                Kill(),
                Kill(after=True),
                Delay(turns=5),
                Delay(seconds=3.0),
                Slow(turns=5),
                Late(after=2),
            ]
        ),
        direction=st.sampled_from(Direction),
        kind=st.sampled_from(Kind),
        nth=st.integers(1, 3),
    )
    def plan_a_fault(self, fault: Fault, direction: Direction, kind: Kind, nth: int) -> None:
        if isinstance(fault, Late):
            kind = Kind.REPLY
        # A predicate of its own makes the row one more, though it is like another.
        match = Match(direction, kind, nth, when=lambda _: True, own_calls=True)
        self.plan.table = {**self.plan.table, match: fault}

    @rule(
        fault=st.sampled_from([Drop(), Duplicate()]),
        direction=st.sampled_from(Direction),
        kind=st.sampled_from(Kind),
    )
    def plan_what_xpc_never_does(self, fault: Fault, direction: Direction, kind: Kind) -> None:
        self.honest = False
        match = Match(direction, kind, 1, when=lambda _: True, own_calls=True)
        self.plan.table = {**self.plan.table, match: fault}

    @rule(seconds=st.sampled_from([0.0005, 0.5, 2.0, 40.0]))
    def time_passes(self, seconds: float) -> None:
        self.plan.clock.advance(seconds)
        self.run(asyncio.sleep(seconds))

    async def greetings_end(self) -> None:
        # One whose reply was lost ends with its own deadline, not before.
        assert HELLO.timeout_s is not None
        await asyncio.sleep(HELLO.timeout_s + 1)

    @precondition(lambda self: len(self.mills) < 4)
    @rule()
    def restart_the_server(self) -> None:
        self.run(self.running.restart(self.new_mill()))


class RealCalls(TypedCalls):
    """Over libxpc, in one process."""

    over = "libxpc"


def descriptors() -> int:
    """How many this process has open, but for libxpc's own two, made at its first use."""
    links = (f"/dev/fd/{name}" for name in os.listdir("/dev/fd"))
    named = [os.readlink(link) for link in links if os.path.exists(link)]
    return sum(not name.startswith("anon_inode:[event") for name in named)


async def grains(count: int, *, broken: bool = False) -> AsyncIterator[Grain]:
    """So many items, and then perhaps a failure."""
    for number in range(count):
        yield Grain(number=number)
    if broken:
        raise LookupError("no more of it")


def test_the_transports_errors_are_typed() -> None:
    assert issubclass(TransportError, XpcRpcError)


TestFaultyCalls = FaultyCalls.TestCase
TestFaultyCalls.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestRealCalls = RealCalls.TestCase
TestRealCalls.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
