"""T-11, T-12, T-13: replies."""

from __future__ import annotations

import asyncio

import pytest

from tests.conformance.conftest import Observe
from tests.conformance.harness import LIMIT_S, Watch, outcome, pair_of, permitted, quiet, soon
from xpcrpc.errors import MisuseError
from xpcrpc.raw import Listener


async def test_t11_dropped_request(listener: Listener, observe: Observe) -> None:
    """C-139, C-140, E9: dropped unanswered is told at once, and breaks nothing."""
    pair = await pair_of(listener)
    served, heard = Watch(pair.peer), Watch(pair.client)
    dropped = await pair.ask({"n": 1}, served)
    held = await pair.ask({"n": 2}, served)
    served.messages[0].drop()
    told = await soon(dropped)
    observe("dropped", told)
    assert permitted(told, linux="INTERRUPTED", macos=("INTERRUPTED", "INVALID"))
    await quiet()
    observe("held is answered", held.done())
    assert not held.done()
    assert heard.names == []
    again = await pair.ask({"n": 3}, served)
    served.messages[2].reply({"fine": True})
    assert await soon(again) == "reply"
    served.messages[1].reply({})
    assert await soon(held) == "reply"
    pair.client.cancel()


async def test_t12_create_reply(listener: Listener, observe: Observe) -> None:
    """C-131, C-134: a plain message has no reply, a request has one, once."""
    pair = await pair_of(listener)
    served = Watch(pair.peer)
    pair.client.send({"plain": True})
    request = await pair.ask({"request": True}, served)
    plain, asked = await served.until_messages(2)
    assert not plain.expects_reply
    with pytest.raises(MisuseError, match="nobody waits"):
        plain.reply({})
    assert asked.expects_reply
    asked.reply({})
    assert await soon(request) == "reply"
    with pytest.raises(MisuseError, match="one reply"):
        asked.reply({})
    observe("expects a reply", [plain.expects_reply, asked.expects_reply])
    pair.client.cancel()


async def test_t13_reply_outside_the_stream(listener: Listener, observe: Observe) -> None:
    """C-75, C-79: A, B, C in order; the reply once, and never as an event."""
    pair = await pair_of(listener)
    served, heard = Watch(pair.peer), Watch(pair.client)
    request = asyncio.ensure_future(pair.client.request({}, timeout_s=LIMIT_S))
    message = (await served.until_messages(1))[0]
    pair.peer.send({"event": "A"})
    pair.peer.send({"event": "B"})
    message.reply({"reply": True})
    pair.peer.send({"event": "C"})
    assert await request == {"reply": True}
    await heard.until_messages(3)
    await heard.stays()
    observe("events", [values["event"] for values in heard.values])
    assert heard.values == [{"event": letter} for letter in "ABC"]
    pair.client.cancel()


async def test_both_sides_may_ask(listener: Listener) -> None:
    """C-143: a peer requests something of its client."""
    pair = await pair_of(listener)
    heard = Watch(pair.client)
    request = asyncio.ensure_future(outcome(pair.peer, {"who": "are you"}))
    (await heard.until_messages(1))[0].reply({"a": "client"})
    assert await soon(request) == "reply"
    pair.client.cancel()
