"""Named clients against a model, while their service is killed again and again.

Linux alone: launchd would let a service come back every ten seconds (C-183).
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable
from typing import Final, TypeVar

import pytest
from attrs import Factory, define
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.conformance.conftest import PROGRAM
from tests.conformance.harness import LIMIT_S, MACOS, NAME, OUR_OWN, SANITIZED, Watch, outcome
from xpcrpc.raw import Connection
from xpcrpc.testing.launcher import Launcher

pytestmark = pytest.mark.skipif(MACOS, reason="launchd throttles relaunches")

_T = TypeVar("_T")
WHICH: Final = st.integers(0, 3)


@define(eq=False)
class Client:
    """One client: what it must have seen."""

    number: int
    real: Connection
    watch: Watch
    suspends: int = 0
    over: bool = False
    connected: bool = True
    lost: bool = False
    """Its service died, and it has not been able to learn of it."""
    events: list[str] = Factory(list)
    unsent: list[int] = Factory(list)
    notes: list[int] = Factory(list)
    """What the instance that runs now has from it."""
    asked: dict[int, str] = Factory(dict)
    tasks: dict[int, asyncio.Task[str]] = Factory(dict)


class NamedClients(RuleBasedStateMachine):
    """Clients of one service in another process."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="xr")
        command = [sys.executable, str(PROGRAM), NAME]
        self.launcher = Launcher(NAME, command, directory=self.folder.name, throttle_s=0)
        self.launcher.__enter__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setenv("XPCRPC_BOOTSTRAP_DIR", self.folder.name)
        self.loop = asyncio.new_event_loop()
        self.clients: list[Client] = []
        self.number = 0

    def wait(self, awaitable: Awaitable[_T]) -> _T:
        async def run() -> _T:
            return await asyncio.wait_for(awaitable, LIMIT_S)

        return self.loop.run_until_complete(run())

    def pick(self, which: int) -> Client:
        return self.clients[which % len(self.clients)]

    def up(self, client: Client) -> None:
        """It sent something: whatever instance runs hears of it."""
        client.connected = True

    @precondition(lambda self: len(self.clients) < 4)
    @rule()
    def create(self) -> None:
        async def make() -> None:
            real = Connection.to_service(NAME, rule=OUR_OWN)
            assert await outcome(real, {}) == "reply"
            self.clients.append(Client(len(self.clients), real, Watch(real)))

        self.wait(make())

    @precondition(lambda self: self.clients)
    @rule(which=WHICH)
    def note(self, which: int) -> None:
        client = self.pick(which)
        self.number += 1
        number = self.number

        async def act() -> None:
            client.real.send({"do": "note", "n": f"{client.number}:{number}"})

        self.wait(act())
        if client.over:
            return
        if client.suspends:
            client.unsent.append(number)
        else:
            self.up(client)
            client.notes.append(number)
            self.look(client)

    @precondition(lambda self: self.clients)
    @rule(which=WHICH)
    def ask_in_vain(self, which: int) -> None:
        """A request that is never answered: it ends with its instance."""
        client = self.pick(which)
        self.number += 1
        number = self.number

        async def act() -> None:
            client.tasks[number] = asyncio.create_task(outcome(client.real, {"do": "hold"}))
            await asyncio.sleep(0)

        self.wait(act())
        client.asked[number] = "INVALID" if client.over else "pending"
        if not client.over and not client.suspends:
            self.up(client)
            self.look(client)

    def look(self, client: Client) -> None:
        """The instance has this client's notes, and no others of it."""
        report = self.wait(client.real.request({}, timeout_s=LIMIT_S))
        notes = report["notes"]
        assert isinstance(notes, list)
        own = [note for note in notes if str(note).startswith(f"{client.number}:")]
        assert own == [f"{client.number}:{number}" for number in client.notes]

    @precondition(lambda self: any(client.connected for client in self.clients))
    @rule()
    def kill(self) -> None:
        if self.launcher.pid is None:
            return
        self.launcher.kill()
        for client in self.clients:
            client.notes.clear()
            if client.connected and not client.over:
                client.lost = True
                self.learn(client)

    def learn(self, client: Client) -> None:
        """INTERRUPTED empties its queue (C-119)."""
        if client.lost and not client.suspends:
            client.lost = client.connected = False
            client.unsent.clear()
            client.events.append("INTERRUPTED")
            self.settle_requests(client, "INTERRUPTED")

    def settle_requests(self, client: Client, name: str) -> None:
        for number, state in client.asked.items():
            if state == "pending":
                client.asked[number] = name

    @precondition(lambda self: self.clients)
    @rule(which=WHICH)
    def suspend(self, which: int) -> None:
        client = self.pick(which)
        if not client.over and client.suspends < 2:
            self.wait(self._do(client.real.suspend))
            client.suspends += 1

    @precondition(lambda self: self.clients)
    @rule(which=WHICH)
    def resume(self, which: int) -> None:
        client = self.pick(which)
        if not client.suspends:
            return
        self.wait(self._do(client.real.resume))
        client.suspends -= 1
        if client.suspends or client.over:
            return
        waited = bool(client.unsent) or "pending" in client.asked.values()
        self.learn(client)
        if waited and client.unsent:
            self.up(client)
            client.notes += client.unsent
            client.unsent.clear()
        self.as_foretold()
        if "pending" in client.asked.values():
            self.up(client)
        if client.connected:
            self.look(client)

    @precondition(lambda self: len(self.clients) > 2)
    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        client = self.pick(which)
        self.wait(self._do(client.real.cancel))
        if not client.over:
            client.over, client.suspends = True, 0
            client.connected = client.lost = False
            client.events.append("INVALID")
            client.unsent.clear()
            self.settle_requests(client, "INVALID")

    async def _do(self, act: object) -> None:
        assert callable(act)
        act()

    @invariant()
    def as_foretold(self) -> None:
        async def settle() -> None:
            while any(self.seen(each) != (each.events, each.asked) for each in self.clients):
                await asyncio.sleep(0.001)
            for _ in range(4):
                await asyncio.sleep(0)

        try:
            self.loop.run_until_complete(asyncio.wait_for(settle(), 5))
        except TimeoutError:
            pass  # the comparison says what is missing
        for client in self.clients:
            assert self.seen(client) == (client.events, client.asked)

    def seen(self, client: Client) -> tuple[list[str], dict[int, str]]:
        return client.watch.names, {
            number: task.result() if task.done() else "pending"
            for number, task in client.tasks.items()
        }

    def teardown(self) -> None:
        for client in self.clients:
            self.wait(self._do(client.real.cancel))
            self.wait(client.watch._task)
            for task in client.tasks.values():
                self.wait(task)
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()
        self.launcher.__exit__()
        self.patch.undo()
        self.folder.cleanup()


TestNamedClients = NamedClients.TestCase
TestNamedClients.settings = settings(
    max_examples=1 if SANITIZED else 6,
    stateful_step_count=15 if SANITIZED else 30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
