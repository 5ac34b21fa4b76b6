"""`raw.terminate`: a process that is about to end says so to its listeners' peers."""

from __future__ import annotations

import asyncio
import sys

import pytest

from tests.raw.test_one_process import LIMIT_S, message
from xpcrpc.errors import ConnectionInvalidError, TerminationImminentError
from xpcrpc.raw import Connection, Listener, terminate

pytestmark = pytest.mark.skipif(
    sys.platform == "darwin", reason="there launchd asks, and libxpc tells"
)


async def told(peer: Connection) -> bool:
    return isinstance(await asyncio.wait_for(anext(peer), LIMIT_S), TerminationImminentError)


async def test_every_peer_is_told_once_and_nobody_else() -> None:
    """C-123, OQ-13."""
    async with Listener.anonymous() as listener:
        clients = [Connection.to_endpoint(listener.endpoint()) for _ in range(3)]
        for client in clients:
            client.send({})
        peers = [await asyncio.wait_for(anext(listener), LIMIT_S) for _ in clients]
        for peer in peers:
            await message(peer)
        assert (terminate(), terminate()) == (3, 0)
        assert [await told(peer) for peer in peers] == [True] * 3
        newcomer = Connection.to_endpoint(listener.endpoint())  # the listener was left alone
        newcomer.send({"still": "heard"})
        late = await asyncio.wait_for(anext(listener), LIMIT_S)
        assert (await message(late)).values == {"still": "heard"}
        for client in (*clients, newcomer):
            client.cancel()


async def test_what_had_come_before_is_delivered_first_and_what_comes_later_never() -> None:
    """C-123: it may still answer, and send; it learns that its client went."""
    async with Listener.anonymous() as listener:
        client = Connection.to_endpoint(listener.endpoint())
        request = asyncio.ensure_future(client.request({"n": 1}, timeout_s=LIMIT_S))
        peer = await asyncio.wait_for(anext(listener), LIMIT_S)
        held = await message(peer)
        asked_back = asyncio.ensure_future(peer.request({"who": "are you"}))
        assert (await message(client)).values == {"who": "are you"}  # and is never answered
        assert terminate() == 1
        assert await told(peer)
        client.send({"too": "late"})
        held.reply({"n": 2})
        peer.send({"last": "words"})
        assert await request == {"n": 2}
        assert (await message(client)).values == {"last": "words"}
        assert not asked_back.done()
        client.cancel()
        assert [event async for event in peer] == []
        with pytest.raises(ConnectionInvalidError):
            await asked_back


def test_it_is_called_from_the_loop() -> None:
    with pytest.raises(RuntimeError, match="event loop"):
        terminate()
