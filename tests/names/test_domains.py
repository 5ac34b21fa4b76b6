"""The two domains of names, in a file system of the test's own: ``/run`` and ``/tmp`` are empty.

The system's names are in ``/run/xpcrpc``, a user's in ``$XDG_RUNTIME_DIR/xpcrpc`` or,
without one, in ``/tmp/xpcrpc-UID``; a daemon, root without a session, has the system's.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.names.conftest import LIMIT_S, NAME
from xpcrpc.errors import ConnectionInvalidError
from xpcrpc.raw import Connection, Listener, ReceivedMessage
from xpcrpc.rules import Anyone, Uid

ROOT: Final = Path(__file__).resolve().parents[2]
SYSTEM: Final = Path("/run/xpcrpc")
OTHER: Final = 65534
THEIRS: Final = f"/tmp/xpcrpc-{OTHER}"
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


def users() -> Path:
    """Where this user's own names are."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return Path(runtime, "xpcrpc") if runtime else Path(f"/tmp/xpcrpc-{os.geteuid()}")


def has_it(place: Path) -> bool:
    """Whether the name is there, as far as we may look."""
    return os.access(place / NAME, os.F_OK)


async def serve(*, privileged: bool = False) -> tuple[Listener, Path | None]:
    """A listener, and the directory that its name is in; None if it can have it nowhere."""
    listener = Listener.named(NAME, rule=Anyone(), privileged=privileged)
    coming = asyncio.ensure_future(anext(listener))
    places = (SYSTEM, users())
    while not (coming.done() or any(has_it(place) for place in places)):
        await asyncio.sleep(0.001)
    if coming.done():
        assert isinstance(coming.exception(), ConnectionInvalidError)
        return listener, None
    coming.cancel()
    await asyncio.wait([coming])
    return listener, next(place for place in places if has_it(place))


async def meet(listener: Listener, *, privileged: bool) -> bool:
    """Whether a client of that kind comes to this listener."""
    client = Connection.to_service(NAME, privileged=privileged, rule=Uid("self"))
    request = asyncio.ensure_future(client.request({}, timeout_s=LIMIT_S))
    peer = await asyncio.wait_for(anext(listener), LIMIT_S)
    event = await anext(peer)
    assert isinstance(event, ReceivedMessage)
    event.reply({})
    return await request == {}


async def nobody(*, privileged: bool) -> bool:
    """Whether a client of that kind finds nobody."""
    client = Connection.to_service(NAME, privileged=privileged)
    try:
        await client.request({}, timeout_s=LIMIT_S)
    except ConnectionInvalidError:
        return True
    return False


async def distrusted(*, why: str = "") -> None:
    """The system's directory is left alone, by who serves and by who looks up.

    ``why`` is said in a line of the log for each who serves; if it is empty, there is none.
    """
    instead = "names go to the user's directory instead; it must be root's, with mode 755"
    said = [f"xpc: {SYSTEM} {why}: {instead}"] if why else []
    for privileged in (True, False):
        with logged() as lines:
            listener, place = await serve(privileged=privileged)
            assert lines == said  # at once, and not with the first client
            assert place != SYSTEM
            assert await nobody(privileged=True)
            listener.cancel()
            while place is not None and has_it(place):
                await asyncio.sleep(0.001)
        assert [line for line in lines if str(SYSTEM) in line] == said


@contextmanager
def logged() -> Iterator[list[str]]:
    """What libxpc says meanwhile."""
    lines: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("xpcrpc.transport")
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):o}"


def become_another() -> None:
    os.setgroups([])
    os.setresgid(OTHER, OTHER, OTHER)
    os.setresuid(OTHER, OTHER, OTHER)


# -- the cases, each in its own process, which is root's and in no session


async def a_daemons_names_are_the_systems_and_open_to_look_up() -> None:
    listener, place = await serve()
    assert place == SYSTEM
    assert (mode(SYSTEM), SYSTEM.stat().st_uid) == ("755", 0)
    assert await meet(listener, privileged=True)
    assert await meet(listener, privileged=False), "look-ups go up"  # C-49


async def a_users_name_hides_the_systems_but_not_from_the_privileged() -> None:
    systems, place = await serve(privileged=True)
    assert place == SYSTEM
    os.mkdir("/run/session", 0o700)
    os.environ["XDG_RUNTIME_DIR"] = "/run/session"
    users_own = Listener.named(NAME, rule=Anyone())
    while not has_it(users()):
        await asyncio.sleep(0.001)
    assert await meet(users_own, privileged=False)
    assert await meet(systems, privileged=True)


async def a_systems_directory_that_others_may_write_is_left_alone() -> None:
    for wrong in (0o775, 0o757, 0o777):
        SYSTEM.mkdir(exist_ok=True)
        SYSTEM.chmod(wrong)
        await distrusted(why=f"is not trusted (owner uid 0, mode {wrong:o})")


async def a_systems_directory_of_another_user_is_left_alone() -> None:
    SYSTEM.mkdir(mode=0o755)
    os.chown(SYSTEM, OTHER, OTHER)
    await distrusted(why=f"is not trusted (owner uid {OTHER}, mode 755)")


async def a_systems_directory_that_is_a_link_is_left_alone() -> None:
    os.mkdir("/run/elsewhere", 0o755)
    SYSTEM.symlink_to("/run/elsewhere")
    await distrusted(why="cannot be used (Not a directory)")
    assert os.listdir("/run/elsewhere") == []


async def only_root_serves_a_systems_name() -> None:
    SYSTEM.mkdir(mode=0o755)
    become_another()
    await distrusted()


async def without_a_runtime_directory_a_users_names_are_in_tmp_and_private() -> None:
    become_another()
    listener, place = await serve()
    assert place == users() == Path(THEIRS)
    assert (mode(place), place.stat().st_uid) == ("700", OTHER)
    assert mode(place / NAME) == "600"
    assert await meet(listener, privileged=False)


async def a_place_in_tmp_that_somebody_took_before_is_refused() -> None:
    os.mkdir(THEIRS, 0o700)
    os.chown(THEIRS, 54321, 54321)
    os.mkdir("/tmp/theirs", 0o700)
    os.chown("/tmp/theirs", OTHER, OTHER)
    become_another()
    assert (await serve())[1] is None
    assert await nobody(privileged=False)


async def a_link_in_tmp_is_refused() -> None:
    os.mkdir("/tmp/theirs", 0o700)
    os.chown("/tmp/theirs", OTHER, OTHER)
    os.symlink("/tmp/theirs", THEIRS)
    become_another()
    assert (await serve())[1] is None
    assert os.listdir("/tmp/theirs") == []


CASES: Final[list[Callable[[], Coroutine[Any, Any, None]]]] = [
    a_daemons_names_are_the_systems_and_open_to_look_up,
    a_users_name_hides_the_systems_but_not_from_the_privileged,
    a_systems_directory_that_others_may_write_is_left_alone,
    a_systems_directory_of_another_user_is_left_alone,
    a_systems_directory_that_is_a_link_is_left_alone,
    only_root_serves_a_systems_name,
    without_a_runtime_directory_a_users_names_are_in_tmp_and_private,
    a_place_in_tmp_that_somebody_took_before_is_refused,
    a_link_in_tmp_is_refused,
]


@pytest.mark.skipif(not _possible(), reason="only root can give a process a /run of its own")
@pytest.mark.parametrize("case", [case.__name__ for case in CASES])
def test_domain(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("XPCRPC_BOOTSTRAP_DIR", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(variable, raising=False)
    program = f"from tests.names import test_domains; test_domains.play({case!r})"
    run = _in_a_world_of_its_own(sys.executable, "-c", program)
    assert run.returncode == 0, run.stderr
