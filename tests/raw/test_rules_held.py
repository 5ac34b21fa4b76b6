"""Peer rules of Linux, each kind on each side, held by the real library against real senders."""

from __future__ import annotations

import asyncio
import grp
import os
import pwd
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.raw.test_one_process import LIMIT_S, message
from xpcrpc.errors import ConnectionInvalidError, PeerRequirementError
from xpcrpc.raw import Connection, Listener
from xpcrpc.rules import (
    All,
    AnyOf,
    Anyone,
    Executable,
    Gid,
    Group,
    PeerRule,
    SecurityLabel,
    Uid,
    User,
)

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="a Mac holds peers to signatures"
)

NOBODY: Final = 54321
"""An id that no process has."""
UID, GID = os.geteuid(), os.getegid()
PROGRAM: Final = str(Path("/proc/self/exe").resolve()) if Path("/proc/self/exe").exists() else "/"
OTHER_USER: Final = next(each.pw_name for each in pwd.getpwall() if each.pw_uid != UID)
OTHER_GROUP: Final = next(each.gr_name for each in grp.getgrall() if each.gr_gid != GID)

MET: Final[list[PeerRule]] = [
    Anyone(),
    Uid("self"),
    Uid(UID),
    Gid("self"),
    Gid(GID),
    User(pwd.getpwuid(UID).pw_name),
    Group(grp.getgrgid(GID).gr_name),
    Executable(PROGRAM),
    All((Uid("self"), Gid("self"), Executable(PROGRAM))),
    AnyOf((Uid(NOBODY), Gid("self"))),
    All((AnyOf((Gid(NOBODY), Uid("self"))), AnyOf((Executable(PROGRAM), SecurityLabel("none"))))),
]
FAILED: Final[list[PeerRule]] = [
    Uid(NOBODY),
    Gid(NOBODY),
    User(OTHER_USER),
    Group(OTHER_GROUP),
    Executable("/usr/bin/true"),
    Executable("/nonexistent/program"),
    SecurityLabel("no label of anybody"),
    All((Uid("self"), Gid(NOBODY))),
    All((Uid("self"), SecurityLabel("no label of anybody"))),
    AnyOf((Uid(NOBODY), Executable("/usr/bin/true"))),
    AnyOf((All((Uid("self"), Gid(NOBODY))), All((Uid(NOBODY), Gid("self"))))),
]


@pytest.mark.parametrize("rule", MET, ids=str)
async def test_whoever_meets_it_is_heard(rule: PeerRule) -> None:
    """By the listener that has the rule, and by the client that has it."""
    async with Listener.anonymous(rule=rule) as listener:
        async with Connection.to_endpoint(listener.endpoint(), rule=rule) as client:
            request = asyncio.ensure_future(client.request({"n": 1}, timeout_s=LIMIT_S))
            peer = await asyncio.wait_for(anext(listener), LIMIT_S)
            (await message(peer)).reply({"n": 2})
            peer.send({"n": 3})
            assert await request == {"n": 2}
            assert (await message(client)).values == {"n": 3}


@pytest.mark.parametrize("rule", FAILED, ids=str)
async def test_a_listener_never_shows_who_fails_it(rule: PeerRule) -> None:
    """C-164, OQ-18: nothing of it reaches a handler; its client's connection ends."""
    async with Listener.anonymous(rule=rule) as listener:
        coming = asyncio.ensure_future(anext(listener))
        async with Connection.to_endpoint(listener.endpoint()) as client:
            client.send({"secret": True})
            with pytest.raises(ConnectionInvalidError):
                await client.request({"secret": True}, timeout_s=LIMIT_S)
            assert not coming.done()
        coming.cancel()


@pytest.mark.parametrize("rule", FAILED, ids=str)
async def test_a_client_takes_nothing_of_who_fails_it(rule: PeerRule) -> None:
    """C-165, E11: PEERREQ for each reply, silence for what nobody asked for."""
    async with Listener.anonymous() as listener:
        async with Connection.to_endpoint(listener.endpoint(), rule=rule) as client:
            for n in range(2):  # and the connection goes on (OQ-14)
                request = asyncio.ensure_future(client.request({"n": n}, timeout_s=LIMIT_S))
                if n == 0:
                    peer = await asyncio.wait_for(anext(listener), LIMIT_S)
                peer.send({"unasked": n})
                (await message(peer)).reply({"secret": n})
                with pytest.raises(PeerRequirementError):
                    await request
            heard = asyncio.ensure_future(anext(client))
            await asyncio.sleep(0)
            assert not heard.done()
            heard.cancel()
