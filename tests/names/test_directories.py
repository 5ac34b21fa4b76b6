"""The directory of names: private, the right owner's, and never a symbolic link."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

from tests.names.conftest import LIMIT_S, NAME
from xpcrpc.errors import ConnectionInvalidError
from xpcrpc.raw import Connection, Listener
from xpcrpc.rules import Uid


async def serves(name: str = NAME) -> bool:
    """Whether a listener may have the name and a client finds it there."""
    listener = Listener.named(name, rule=Uid("self"))
    coming = asyncio.ensure_future(anext(listener))
    client = Connection.to_service(name, rule=Uid("self"))
    request = asyncio.ensure_future(client.request({}, timeout_s=LIMIT_S))
    try:
        peer = await asyncio.wait_for(coming, LIMIT_S)
    except ConnectionInvalidError:
        with pytest.raises(ConnectionInvalidError):
            await request
        return False
    async for event in peer:
        event.reply({})  # type: ignore[union-attr]
        break
    await request
    client.cancel()
    listener.cancel()
    return True


async def finds(name: str = NAME) -> bool:
    """Whether a client looks a name up there at all."""
    async with Connection.to_service(name, rule=Uid("self")) as client:
        try:
            await client.request({}, timeout_s=LIMIT_S)
        except ConnectionInvalidError:
            return False
    return True


async def test_the_users_directory_is_made_and_private(runtime: Path) -> None:
    assert await serves()
    assert stat.S_IMODE((runtime / "xpcrpc").stat().st_mode) == 0o700


async def test_a_names_socket_is_its_owners_alone(runtime: Path) -> None:
    async with Listener.named(NAME, rule=Uid("self")) as listener:
        coming = asyncio.ensure_future(anext(listener))
        await asyncio.sleep(0)
        path = runtime / "xpcrpc" / NAME
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        coming.cancel()
    await asyncio.sleep(0)
    assert not path.exists()


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o707, 0o770, 0o777, 0o1777])
async def test_a_users_directory_open_to_others_is_refused(runtime: Path, mode: int) -> None:
    (runtime / "xpcrpc").mkdir()
    (runtime / "xpcrpc").chmod(mode)
    assert not await serves()


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
async def test_a_given_directory_that_others_may_fill_is_refused(
    directory: Path, mode: int
) -> None:
    os.chmod(directory, mode)
    assert not await serves()
    os.chmod(directory, 0o755)
    assert await serves()


async def test_a_given_directory_that_is_a_link_is_refused(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = directory.with_name(f"{directory.name}.link")
    link.symlink_to(directory)
    try:
        monkeypatch.setenv("XPCRPC_BOOTSTRAP_DIR", str(link))
        assert not await serves()
    finally:
        link.unlink()
    assert os.listdir(directory) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to another user")
async def test_a_given_directory_of_another_user_is_refused(directory: Path) -> None:
    os.chown(directory, 54321, 54321)
    assert not await serves()
    os.chown(directory, os.geteuid(), -1)
    assert await serves()


async def test_a_symbolic_link_is_refused(runtime: Path) -> None:
    (runtime / "elsewhere").mkdir(mode=0o700)
    (runtime / "xpcrpc").symlink_to(runtime / "elsewhere")
    assert not await serves()
    assert os.listdir(runtime / "elsewhere") == []


async def test_a_name_that_is_a_symbolic_link_is_not_followed(directory: Path) -> None:
    async with Listener.named(NAME, rule=Uid("self")):
        (directory / "org.example.alias").symlink_to(directory / NAME)
        assert not await finds("org.example.alias")


async def test_a_name_that_is_no_socket_is_nobody(directory: Path) -> None:
    (directory / NAME).write_text("a file")
    assert not await finds()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to another user")
async def test_another_users_directory_is_refused(runtime: Path) -> None:
    (runtime / "xpcrpc").mkdir(mode=0o700)
    os.chown(runtime / "xpcrpc", 54321, 54321)
    assert not await serves()


@pytest.mark.parametrize("name", [".", "..", ".hidden", "a/b", "../escape"])
async def test_a_name_cannot_leave_its_directory(directory: Path, name: str) -> None:
    assert not await serves(name)
    assert os.listdir(directory) == []
    assert not (directory.parent / "escape").exists()
