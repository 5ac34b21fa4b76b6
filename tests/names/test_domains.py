"""The two domains of names, in a file system of the test's own: ``/run`` and ``/tmp`` are empty.

Each case is a process that is root there. The system's names are in ``/run/xpcrpc``,
a user's in ``$XDG_RUNTIME_DIR/xpcrpc`` or, without one, in ``/tmp/xpcrpc-UID``.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import pytest

from tests.names.conftest import LIMIT_S, NAME
from xpcrpc.errors import ConnectionInvalidError
from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.rules import Anyone, Uid

ROOT: Final = Path(__file__).resolve().parents[2]
SYSTEM: Final = Path("/run/xpcrpc")
USERS: Final = Path("/tmp/xpcrpc-0")
OTHER: Final = 65534
EMPTY: Final = "mount -t tmpfs none /run && mount -t tmpfs none /tmp"


def _in_a_world_of_its_own(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["unshare", "--mount", *command],
        cwd=ROOT, capture_output=True, text=True, timeout=3 * LIMIT_S, check=False,
    )  # fmt: skip


def _possible() -> bool:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    return _in_a_world_of_its_own("sh", "-c", EMPTY).returncode == 0


def play(case: str) -> None:
    """In that process, once all is imported: Python itself may live below ``/tmp``."""
    subprocess.run(["sh", "-c", EMPTY], check=True)
    os.chdir("/")
    (chosen,) = [each for each in CASES if each.__name__ == case]
    asyncio.run(chosen())


async def taken(*, privileged: bool) -> Listener | None:
    """The name, if it can be had."""
    path = (SYSTEM if privileged else USERS) / NAME
    listener = Listener.named(NAME, rule=Anyone(), privileged=privileged)
    coming = asyncio.ensure_future(anext(listener))
    while not (coming.done() or path.exists()):
        await asyncio.sleep(0.001)
    if coming.done():
        assert isinstance(coming.exception(), ConnectionInvalidError)
        return None
    coming.cancel()
    await asyncio.wait([coming])
    return listener


async def meet(listener: Listener, *, privileged: bool) -> bool:
    """Whether a client of that kind comes to this listener."""
    client = Connection.to_service(NAME, privileged=privileged, rule=Uid("self"))
    request = asyncio.ensure_future(client.request({}, timeout_s=LIMIT_S))
    peer = await asyncio.wait_for(anext(listener), LIMIT_S)
    event = await anext(peer)
    assert isinstance(event, ReceivedMessage)
    event.reply({})
    return await request == {}


async def refused(*, privileged: bool) -> None:
    """Nobody may serve there, and nobody is found there."""
    assert await taken(privileged=privileged) is None
    client = Connection.to_service(NAME, privileged=privileged)
    try:
        found = await client.request({}, timeout_s=LIMIT_S)
    except ConnectionInvalidError:
        return
    raise AssertionError(found)


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):o}"


def become_another() -> None:
    os.setgroups([])
    os.setresgid(OTHER, OTHER, OTHER)
    os.setresuid(OTHER, OTHER, OTHER)


# -- the cases, each in its own process


async def the_systems_directory_is_roots_and_open_to_look_up() -> None:
    listener = await taken(privileged=True)
    assert listener is not None
    assert (mode(SYSTEM), SYSTEM.stat().st_uid) == ("755", 0)
    assert await meet(listener, privileged=True)
    assert await meet(listener, privileged=False), "look-ups go up"  # C-49


async def a_users_name_hides_the_systems_but_not_from_the_privileged() -> None:
    systems, users = await taken(privileged=True), await taken(privileged=False)
    assert systems is not None
    assert users is not None
    assert await meet(users, privileged=False)
    assert await meet(systems, privileged=True)


async def a_systems_directory_that_others_may_write_is_refused() -> None:
    for wrong in (0o775, 0o757, 0o777):
        SYSTEM.mkdir(exist_ok=True)
        SYSTEM.chmod(wrong)
        await refused(privileged=True)


async def a_systems_directory_of_another_user_is_refused() -> None:
    SYSTEM.mkdir(mode=0o755)
    os.chown(SYSTEM, OTHER, OTHER)
    await refused(privileged=True)


async def a_systems_directory_that_is_a_link_is_refused() -> None:
    os.mkdir("/run/elsewhere", 0o755)
    SYSTEM.symlink_to("/run/elsewhere")
    await refused(privileged=True)
    assert os.listdir("/run/elsewhere") == []


async def only_root_serves_a_systems_name() -> None:
    SYSTEM.mkdir(mode=0o755)
    become_another()
    await refused(privileged=True)


async def without_a_runtime_directory_it_is_in_tmp_and_private() -> None:
    listener = await taken(privileged=False)
    assert listener is not None
    assert (mode(USERS), USERS.stat().st_uid) == ("700", 0)
    assert mode(USERS / NAME) == "600"
    assert await meet(listener, privileged=False)


async def a_place_in_tmp_that_somebody_took_before_is_refused() -> None:
    USERS.mkdir(mode=0o700)
    os.chown(USERS, OTHER, OTHER)
    await refused(privileged=False)
    USERS.rmdir()
    os.mkdir("/tmp/theirs", 0o700)
    USERS.symlink_to("/tmp/theirs")
    await refused(privileged=False)


CASES: Final[list[Callable[[], Coroutine[Any, Any, None]]]] = [
    the_systems_directory_is_roots_and_open_to_look_up,
    a_users_name_hides_the_systems_but_not_from_the_privileged,
    a_systems_directory_that_others_may_write_is_refused,
    a_systems_directory_of_another_user_is_refused,
    a_systems_directory_that_is_a_link_is_refused,
    only_root_serves_a_systems_name,
    without_a_runtime_directory_it_is_in_tmp_and_private,
    a_place_in_tmp_that_somebody_took_before_is_refused,
]


@pytest.mark.skipif(not _possible(), reason="only root can give a process a /run of its own")
@pytest.mark.parametrize("case", [case.__name__ for case in CASES])
def test_domain(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("XPCRPC_BOOTSTRAP_DIR", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(variable, raising=False)
    program = f"from tests.names import test_domains; test_domains.play({case!r})"
    run = _in_a_world_of_its_own(sys.executable, "-c", program)
    assert run.returncode == 0, run.stderr
