"""When a rule is asked: at the first message, at each later one, and at each reply.

The other process gives up its rights between two messages on one connection, so the
socket is the same and who speaks is not: what the kernel says of each message counts,
not who connected (C-163). `tests/hostile` passes a socket on to another process.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from typing import Final

import pytest

from tests.raw.conftest import NAME
from tests.raw.test_one_process import LIMIT_S, message
from xpcrpc.errors import PeerRequirementError
from xpcrpc.raw import Connection, Event, Listener
from xpcrpc.rules import Anyone, Uid

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0,
    reason="only root can become another user",
)

OTHER: Final = 65534
"""The user that the other process becomes."""

CLIENT: Final = f"""
import asyncio, os, sys
from xpcrpc.raw import Connection
from xpcrpc.errors import XpcRpcError

def become_another():
    os.setgroups([])
    os.setresgid({OTHER}, {OTHER}, {OTHER})
    os.setresuid({OTHER}, {OTHER}, {OTHER})

async def main(name, messages_before):
    client = Connection.to_service(name)
    for n in range(messages_before):
        print((await client.request({{"n": n}}))["n"], flush=True)
    become_another()
    client.send({{"n": "secret"}})
    try:
        print((await client.request({{"n": "secret"}}))["n"], flush=True)
    except XpcRpcError as error:
        print(type(error).__name__, flush=True)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""

SERVICE: Final = f"""
import asyncio, os, sys
from xpcrpc.raw import Listener
from xpcrpc.rules import Anyone

async def main(name):
    listener = Listener.named(name, rule=Anyone())
    print("ready", flush=True)
    peer = await anext(listener)
    async for event in peer:
        if event.values.get("become another"):
            os.setgroups([])
            os.setresgid({OTHER}, {OTHER}, {OTHER})
            os.setresuid({OTHER}, {OTHER}, {OTHER})
        peer.send({{"unasked": event.values["n"]}})
        event.reply({{"uid": os.geteuid()}})

asyncio.run(main(sys.argv[1]))
"""


async def run(*arguments: object) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", *map(str, arguments), stdout=asyncio.subprocess.PIPE
    )


async def said(process: Process) -> list[str]:
    """All that it printed, once it has ended as it should."""
    out, _ = await asyncio.wait_for(process.communicate(), LIMIT_S)
    assert process.returncode == 0
    return out.decode().split()


async def test_the_first_message_of_a_stranger_shows_no_peer(bootstrap: str) -> None:
    """A client that may reach the name, and not speak."""
    os.chmod(bootstrap, 0o755)
    async with Listener.named(NAME, rule=Uid(0)) as listener:
        os.chmod(f"{bootstrap}/{NAME}", 0o666)
        coming = asyncio.ensure_future(anext(listener))
        client = await run(CLIENT, NAME, 0)
        assert await said(client) in (["ConnectionInterruptedError"], ["ConnectionInvalidError"])
        assert not coming.done()
        coming.cancel()


async def test_a_later_message_is_asked_again_after_the_sender_gave_up_its_rights() -> None:
    """Two messages of root are served; the third is another user's, and ends the peer."""
    async with Listener.named(NAME, rule=Uid(0)) as listener:
        client = await run(CLIENT, NAME, 2)
        peer = await asyncio.wait_for(anext(listener), LIMIT_S)
        for n in range(2):
            event = await message(peer)
            assert (event.values, event.sender.euid) == ({"n": n}, 0)
            event.reply({"n": n})
        async with asyncio.timeout(LIMIT_S):
            async for rest in peer:
                raise AssertionError(rest)  # INVALID is all that comes
        assert await said(client) == ["0", "1", "ConnectionInterruptedError"]


async def test_without_a_rule_each_message_shows_its_own_sender() -> None:
    """C-100, OQ-4: what a program of its own asks is asked of the right one."""
    async with Listener.named(NAME, rule=Anyone()) as listener:
        client = await run(CLIENT, NAME, 1)
        peer = await asyncio.wait_for(anext(listener), LIMIT_S)
        senders = []
        for _ in range(3):
            event = await message(peer)
            senders.append((event.sender.euid, event.sender.egid, peer.peer.euid))
            if event.expects_reply:
                event.reply({"n": 0})
        assert senders[0] == (0, os.getegid(), 0)
        assert senders[1:] == [(OTHER, OTHER, OTHER)] * 2
        assert await said(client) == ["0", "0"]


@pytest.fixture
async def service() -> AsyncIterator[Process]:
    process = await run(SERVICE, NAME)
    assert process.stdout is not None
    await asyncio.wait_for(process.stdout.readline(), LIMIT_S)
    yield process
    process.kill()
    await process.communicate()


async def test_a_reply_is_withheld_once_its_sender_gave_up_its_rights(service: Process) -> None:
    """E11, C-165: PEERREQ for that one and the next; the unasked ones are not seen."""
    async with Connection.to_service(NAME, rule=Uid(0)) as client:
        heard: list[Event] = []

        async def listen() -> None:
            async for event in client:
                heard.append(event)

        listening = asyncio.ensure_future(listen())
        assert await client.request({"n": 0}, timeout_s=LIMIT_S) == {"uid": 0}
        with pytest.raises(PeerRequirementError):
            await client.request({"n": 1, "become another": True}, timeout_s=LIMIT_S)
        with pytest.raises(PeerRequirementError):
            await client.request({"n": 2}, timeout_s=LIMIT_S)
        client.cancel()
        await listening
    assert [getattr(event, "values", event) for event in heard] == [{"unasked": 0}]
