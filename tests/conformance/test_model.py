"""Connections against a model: random acts, and the events that the contract foretells.

The model is a client and a listener's peer with a wire between them. It knows
what each has said, what waits where because somebody is suspended, and who has
ended. After each act the real connections must come to show what it foretells,
and no more. (`test_model_named` has the model of services that are killed.)

On a Mac the acts whose outcome the contract leaves open are left out: suspension
(OQ-31) and the listener's end (OQ-32); and INTERRUPTED may stand where INVALID is
foretold (OQ-1, OQ-2).
"""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from collections.abc import Awaitable
from typing import Any, ClassVar, Final, TypeVar

import pytest
from attrs import Factory, define
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.conformance.harness import MACOS, SANITIZED, Watch, outcome, soon
from xpcrpc.raw import Connection, Listener, ReceivedMessage

_T = TypeVar("_T")
PATIENCE_S: Final = 3.0
"""What an act foretells must be there so soon, on the slowest machine."""


@define(eq=False)
class End:
    """One side: what the contract says of it."""

    active: bool = True
    suspends: int = 0
    over: bool = False
    """It was cancelled, or has learnt that the other side is gone."""
    unsent: deque[tuple[str, int]] = Factory(deque)
    arriving: deque[tuple[str, int]] = Factory(deque)
    """On the wire towards it."""
    other_gone: bool = False
    log: list[str] = Factory(list)
    """Names and numbers of its events, in order."""
    requests: dict[int, str] = Factory(dict)
    """Its own, by number: what became of each, or ``pending``."""
    held: list[int] = Factory(list)
    """Requests that came here and were not answered yet."""


@define(eq=False)
class Link:
    """A client, its peer, and the real ones."""

    client: End
    peer: End
    real_client: Connection | None
    client_watch: Watch | None
    real_peer: Connection | None = None
    peer_watch: Watch | None = None
    reached: bool = False
    """The listener has heard of it."""
    tasks: dict[tuple[str, int], asyncio.Task[str]] = Factory(dict)

    def flush(self) -> None:
        """What may go goes, what may be shown is shown, until nothing moves."""
        while self._move(self.client, self.peer) or self._move(self.peer, self.client):
            pass

    def _move(self, one: End, other: End) -> bool:
        moved = False
        if not one.active:
            return False
        if one.unsent and not one.over and not one.suspends:
            moved = True
            if not one.other_gone:
                self.reached = True
                other.arriving.extend(one.unsent)
            one.unsent.clear()
        if not one.over and not one.suspends and (one is self.client or self.reached):
            while one.arriving:
                moved = True
                self._show(one, *one.arriving.popleft())
            if one.other_gone:
                moved = True
                self._end(one)
        return moved

    def _show(self, end: End, kind: str, number: int) -> None:
        if kind == "message":
            end.log.append(f"message {number}")
        elif kind == "request":
            end.log.append(f"message {number}")
            end.held.append(number)
        else:
            end.requests[number] = kind

    def _end(self, end: End) -> None:
        end.over = True
        end.log.append("INVALID")
        end.unsent.clear()
        for number, state in end.requests.items():
            if state == "pending":
                end.requests[number] = "INVALID"

    def cancel(self, one: End, other: End) -> None:
        """This side ends it; the other one learns of it when it reads."""
        if one.over:
            return
        one.suspends = 0
        one.active = True
        one.arriving.clear()
        self._end(one)
        if self.reached:
            other.other_gone = True


MOVES_ON: Final = {"INTERRUPTED": "INVALID"} if MACOS else {}
"""What may stand in the place of what is foretold."""

NUMBERS = st.integers(0, 7)
SIDES = st.sampled_from(["client", "peer"])


class Connections(RuleBasedStateMachine):
    """Clients of one anonymous listener, in one process."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.links: list[Link] = []
        self.listening = True
        self.number = 0
        self.wait(self._begin())

    steps: ClassVar[int] = 0
    """Acts of all machines together."""

    async def _begin(self) -> None:
        self.listener = Listener.anonymous()
        self.endpoint = self.listener.endpoint()
        self.accepting = asyncio.create_task(self._accept())

    async def _accept(self) -> None:
        async for peer in self.listener:
            event = await anext(peer)
            assert isinstance(event, ReceivedMessage)
            index = event.values["link"]
            assert isinstance(index, int)
            link = self.links[index]
            assert link.real_peer is None, "two peers for one client (C-64)"
            link.real_peer, link.peer_watch = peer, Watch(peer)
            link.peer_watch.names.append("message")
            link.peer_watch.messages.append(event)

    def wait(self, awaitable: Awaitable[_T]) -> _T:
        async def run() -> _T:
            return await asyncio.wait_for(awaitable, PATIENCE_S)

        return self.loop.run_until_complete(run())

    def pick(self, number: int) -> Link:
        return self.links[number % len(self.links)]

    def sides(self, link: Link, side: str) -> tuple[End, End, Connection | None]:
        if side == "client":
            return link.client, link.peer, link.real_client
        return link.peer, link.client, link.real_peer

    # -- acts

    @precondition(lambda self: len(self.links) < 8)
    @rule(active=st.booleans())
    def create(self, active: bool) -> None:
        async def make() -> None:
            client = Connection.to_endpoint(self.endpoint)
            watch = Watch(client) if active else None
            self.links.append(Link(End(active=active), End(), client, watch))

        self.wait(make())
        # Its endpoint leads nowhere: it hears of that without having sent (C-155).
        self.links[-1].client.other_gone = not self.listening

    @precondition(lambda self: any(link.client_watch is None for link in self.links))
    @rule(which=NUMBERS)
    def activate(self, which: int) -> None:
        """Read from it; whatever it had to say until then waits (C-53, C-57)."""
        link = self.pick(which)
        if link.real_client is None or link.client_watch is not None:
            return

        async def act() -> None:
            assert link.real_client is not None
            link.client_watch = Watch(link.real_client)

        self.wait(act())
        link.client.active = True

    @precondition(lambda self: self.links)
    @rule(which=NUMBERS, side=SIDES, times=st.integers(1, 3))
    def send(self, which: int, side: str, times: int) -> None:
        link = self.pick(which)
        end, _, real = self.sides(link, side)
        if real is None:
            return
        for _ in range(times):
            self.number += 1
            number, index = self.number, self.links.index(link)

            async def act(number: int = number, index: int = index) -> None:
                real.send({"n": number, "link": index})

            self.wait(act())
            end.active = True
            if not end.over:
                end.unsent.append(("message", number))

    @precondition(lambda self: self.links)
    @rule(which=NUMBERS, side=SIDES)
    def request(self, which: int, side: str) -> None:
        link = self.pick(which)
        end, _, real = self.sides(link, side)
        if real is None:
            return
        self.number += 1
        number, index = self.number, self.links.index(link)

        async def act() -> None:
            task = asyncio.create_task(outcome(real, {"n": number, "link": index}))
            link.tasks[side, number] = task
            await asyncio.sleep(0)

        self.wait(act())
        end.active = True
        if end.over:
            end.requests[number] = "INVALID"
        else:
            end.requests[number] = "pending"
            end.unsent.append(("request", number))

    @precondition(lambda self: any(link.peer.held or link.client.held for link in self.links))
    @rule(which=NUMBERS, side=SIDES, drop=st.booleans())
    def answer(self, which: int, side: str, drop: bool) -> None:
        link = self.pick(which)
        end, _, _real = self.sides(link, side)
        watch = link.client_watch if side == "client" else link.peer_watch
        if not end.held or watch is None:
            return
        number = end.held.pop(which % len(end.held))
        (message,) = [each for each in watch.messages if each.values["n"] == number]

        async def act() -> None:
            if drop:
                message.drop()
            else:
                message.reply({"n": number})

        self.wait(act())
        if not end.over:
            end.unsent.append(("INTERRUPTED" if drop else "reply", number))

    @precondition(lambda self: self.links and not MACOS)
    @rule(which=NUMBERS, side=SIDES)
    def suspend(self, which: int, side: str) -> None:
        end, _, real = self.sides(self.pick(which), side)
        if real is None or end.suspends > 2:
            return
        self.wait(self._do(real.suspend))
        end.active = True
        if not end.over:
            end.suspends += 1

    @precondition(lambda self: self.links)
    @rule(which=NUMBERS, side=SIDES)
    def resume(self, which: int, side: str) -> None:
        end, _, real = self.sides(self.pick(which), side)
        if real is not None and end.suspends:
            self.wait(self._do(real.resume))
            end.suspends -= 1

    @precondition(lambda self: self.links)
    @rule(which=NUMBERS, side=SIDES)
    def cancel(self, which: int, side: str) -> None:
        link = self.pick(which)
        end, other, real = self.sides(link, side)
        if real is not None:
            self.wait(self._do(real.cancel))
            link.cancel(end, other)

    @precondition(lambda self: self.links)
    @rule(which=NUMBERS)
    def drop(self, which: int) -> None:
        link = self.pick(which)
        if link.real_client is None or "pending" in link.client.requests.values():
            return  # whoever waits for a reply holds the connection
        if link.client.held:
            return  # so does the reply that is owed

        async def act() -> None:
            if link.client_watch is not None:
                link.client_watch._task.cancel()
                await asyncio.wait([link.client_watch._task])
            link.client_watch = link.real_client = None
            gc.collect()

        self.wait(act())
        link.cancel(link.client, link.peer)

    @precondition(lambda self: self.listening and len(self.links) > 4 and not MACOS)
    @rule()
    def cancel_listener(self) -> None:
        self.wait(self._do(self.listener.cancel))
        self.listening = False
        for link in self.links:
            if not link.reached:
                link.client.other_gone = True

    @precondition(lambda self: self.links)
    @rule(which=NUMBERS)
    def barrier(self, which: int) -> None:
        link = self.pick(which)
        if link.real_client is not None and not link.client.suspends:
            self.wait(link.real_client.barrier())
            link.client.active = True

    async def _do(self, act: Any) -> None:
        act()

    # -- what must hold

    @invariant()
    def as_foretold(self) -> None:
        type(self).steps += 1
        for link in self.links:
            link.flush()
        try:
            self.wait(self._settle())
        except TimeoutError:
            pass  # the comparison says what is missing
        for link in self.links:
            assert self.seen(link) == self.foretold(link)

    async def _settle(self) -> None:
        while any(self.seen(link) != self.foretold(link) for link in self.links):
            await asyncio.sleep(0.0005)
        for _ in range(4):  # and no more than that
            await asyncio.sleep(0)

    def foretold(self, link: Link) -> dict[str, object]:
        return {
            "client": link.client.log if link.client_watch else [],
            "peer": link.peer.log,
            "client's requests": _told(link.client.requests),
            "peer's requests": _told(link.peer.requests),
        }

    def seen(self, link: Link) -> dict[str, object]:
        return {
            "client": _log(link.client_watch),
            "peer": _log(link.peer_watch),
            "client's requests": _requests(link, "client"),
            "peer's requests": _requests(link, "peer"),
        }

    def teardown(self) -> None:
        async def end() -> None:
            for link in self.links:
                for real in (link.real_client, link.real_peer):
                    if real is not None:
                        real.cancel()
            self.listener.cancel()
            await soon(self.accepting)
            for link in self.links:
                for watch in (link.client_watch, link.peer_watch):
                    if watch is not None:
                        await soon(watch._task)
                        assert _final(watch.errors) == ["INVALID"]
                await asyncio.gather(*link.tasks.values())

        self.wait(end())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


def _log(watch: Watch | None) -> list[str]:
    if watch is None:
        return []
    messages = iter(watch.messages)
    return [
        f"message {next(messages).values['n']!r}" if name == "message" else name
        for name in watch.names
        if name not in MOVES_ON  # INVALID is yet to come
    ]


def _told(requests: dict[int, str]) -> dict[int, str]:
    return {number: MOVES_ON.get(state, state) for number, state in requests.items()}


def _final(errors: list[str]) -> list[str]:
    return [name for name in errors if name not in MOVES_ON]


def _requests(link: Link, side: str) -> dict[int, str]:
    return _told(
        {
            number: task.result() if task.done() else "pending"
            for (whose, number), task in link.tasks.items()
            if whose == side
        }
    )


TestConnections = Connections.TestCase
TestConnections.settings = settings(
    max_examples=20 if SANITIZED else 80,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],  # shrinking real connections takes minutes
)


@pytest.mark.skipif(SANITIZED, reason="fewer steps under sanitizers")
def test_thousands_of_steps_agreed() -> None:
    """The model above ran, and as long as it says."""
    if not Connections.steps:
        pytest.skip("the model was not chosen for this run")
    assert Connections.steps > 2000
