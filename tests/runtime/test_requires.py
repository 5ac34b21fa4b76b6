"""A method's own rule is asked of each message's sender, whoever made the connection."""

from __future__ import annotations

import asyncio
import os
import sys
from abc import abstractmethod
from typing import ClassVar, Final

import pytest
from attrs import define

from tests.runtime.processes import ROOT
from xpcrpc import (
    U64,
    CallContext,
    Client,
    Host,
    Method,
    NotPermittedError,
    Protocol,
    Server,
    Service,
    rules,
)

OTHER: Final = 65534
LIMIT_S: Final = 60.0


@define(kw_only=True)
class Sender:
    """Who asked."""

    uid: U64


OF_ROOT: Final[Method[Sender, Sender]] = Method(
    name="of_root", selector="ofRoot", request=Sender, reply=Sender,
    requires=rules.AnyOf((rules.Uid(0), rules.Gid(4_000_000_000))),
)  # fmt: skip
OF_ALL: Final[Method[Sender, Sender]] = Method(
    name="of_all", selector="ofAll", request=Sender, reply=Sender
)
GUARD: Final = Protocol(
    name="org.example.guard.Guard", package=__name__, version="1.0", methods=(OF_ROOT, OF_ALL)
)


class GuardClient(Client):
    """The client's stub."""

    protocol: ClassVar[Protocol] = GUARD

    async def of_root(self) -> int:
        return (await self._call(OF_ROOT, Sender(uid=os.geteuid()), LIMIT_S)).uid

    async def of_all(self) -> int:
        return (await self._call(OF_ALL, Sender(uid=os.geteuid()), LIMIT_S)).uid


class GuardServer(Server[GuardClient]):
    """The server's base."""

    protocol: ClassVar[Protocol] = GUARD

    @abstractmethod
    async def of_root(self, request: Sender, context: CallContext) -> Sender: ...
    @abstractmethod
    async def of_all(self, request: Sender, context: CallContext) -> Sender: ...


class Guard(GuardServer):
    """Answers with whom the context names, and keeps who claimed to be whom."""

    def __init__(self) -> None:
        self.served: list[tuple[str, int]] = []

    async def of_root(self, request: Sender, context: CallContext) -> Sender:
        self.served.append(("of_root", request.uid))
        return Sender(uid=context.peer.euid)

    async def of_all(self, request: Sender, context: CallContext) -> Sender:
        self.served.append(("of_all", request.uid))
        return Sender(uid=context.peer.euid)


SERVICE: Final = Service(
    name="org.example.guard", protocol=GUARD, server=GuardServer, client=GuardClient,  # type: ignore[type-abstract]
    peer_linux=rules.Anyone(),
)  # fmt: skip
GuardClient.service = SERVICE


async def client() -> None:
    """One connection, two users: what each method says to each."""
    async with await GuardClient.connect() as guard:
        print("of_root", await guard.of_root())
        print("of_all", await guard.of_all())
        os.setgroups([])
        os.setresgid(OTHER, OTHER, OTHER)
        os.setresuid(OTHER, OTHER, OTHER)
        try:
            print("of_root", await guard.of_root())
        except NotPermittedError:
            print("of_root refused")
        print("of_all", await guard.of_all())


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0,
    reason="only root can become another user",
)
async def test_a_methods_rule_is_asked_of_the_sender_and_not_of_the_connection(
    bootstrap: str,
) -> None:
    """The connection is root's and lives on; the one method is not for its new user."""
    guard = Guard()
    async with Host() as host:
        host.serve(SERVICE, guard)
        program = "import asyncio; from tests.runtime import test_requires as t"
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", f"{program}; asyncio.run(t.client())",
            cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(child.communicate(), LIMIT_S)
    assert child.returncode == 0
    assert out.decode().splitlines() == [
        "of_root 0", "of_all 0", "of_root refused", f"of_all {OTHER}"
    ]  # fmt: skip
    assert guard.served == [("of_root", 0), ("of_all", 0), ("of_all", OTHER)]
