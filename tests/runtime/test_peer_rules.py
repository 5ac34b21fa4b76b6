"""Who may connect: services without a rule, peers that do not meet it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from attrs import evolve

from tests.runtime.probe import (
    SERVICES,
    GuardedClient,
    NestClient,
    Parcel,
    Probe,
    ProbeClient,
    TeamedClient,
    Unguarded,
)
from tests.runtime.probe_server import Implementation, Nest
from tests.runtime.processes import ROOT, probe_server
from xpcrpc import Host, MisuseError, ServiceConfigurationError, TransportError, rules, serve
from xpcrpc.runtime import names
from xpcrpc.runtime.names import resolve_name, rule_for_this_system
from xpcrpc.transport.xpc import XpcTransport
from xpcrpc.transport.xpc_connection import XpcListener
from xpcrpc.transport.xpc_requirement import macos_call


async def test_a_service_without_a_peer_rule_does_not_start() -> None:
    with pytest.raises(ServiceConfigurationError, match=r"peer\.linux|peer\.macos"):
        await serve(Unguarded, Implementation())


async def test_a_service_without_a_development_rule_does_not_start_for_development() -> None:
    with pytest.raises(ServiceConfigurationError, match=r"peer\.development"):
        await serve(Unguarded, Implementation(), development=True)


@pytest.mark.skipif(sys.platform == "darwin", reason="the rules above are Linux's")
def test_a_development_rule_is_used_only_by_name_and_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert rule_for_this_system(Probe) == Probe.peer_linux
    assert not caplog.records
    assert rule_for_this_system(Probe, development=True) == Probe.peer_development
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize(
    ("rule", "here"),
    [
        (rules.AnyOf((rules.Uid(1), rules.Team("self"))), rules.Uid(1)),
        (
            rules.AnyOf((rules.Uid(1), rules.Platform(), rules.Gid(2))),
            rules.AnyOf((rules.Uid(1), rules.Gid(2))),
        ),
        (rules.AnyOf((rules.Anyone(), rules.Team("self"))), rules.Anyone()),
        (rules.All((rules.Uid(1), rules.Gid(2))), rules.All((rules.Uid(1), rules.Gid(2)))),
    ],
)
@pytest.mark.skipif(sys.platform == "darwin", reason="the rules above are Linux's")
def test_a_development_rule_may_name_both_systems(
    rule: rules.PeerRule, here: rules.PeerRule
) -> None:
    assert rule_for_this_system(evolve(Probe, peer_development=rule), development=True) == here


@pytest.mark.parametrize(
    "rule",
    [
        rules.Team("self"),
        rules.AnyOf((rules.Team("self"), rules.Platform())),
        rules.All((rules.Uid(1), rules.Team("self"))),
        rules.All((rules.AnyOf((rules.Team("self"),)), rules.Uid(1))),
    ],
)
@pytest.mark.skipif(sys.platform == "darwin", reason="the rules above are macOS's")
def test_a_development_rule_that_can_never_hold_here_is_refused(rule: rules.PeerRule) -> None:
    with pytest.raises(ServiceConfigurationError, match="never hold"):
        rule_for_this_system(evolve(Probe, peer_development=rule), development=True)


async def test_another_protocols_server_is_refused() -> None:
    with pytest.raises(TypeError, match="ProbeServer"):
        await serve(Probe, Nest())  # type: ignore[misc]  # that is the point


async def test_a_peer_that_fails_the_rule_gets_an_error_and_no_handler_runs(
    bootstrap: str,
) -> None:
    with probe_server("guarded") as server:
        async with await GuardedClient.connect() as client:
            with pytest.raises(TransportError):
                await client.hold(key="forbidden", timeout_s=20)
        assert server.stop() == 0
        assert "holding" not in server.log


STRANGER = """
import asyncio, os
import xpcrpc.transport.xpc
from tests.runtime.probe import ProbeClient
from xpcrpc import TransportError

# Only now: the other user may not be able to read where Python itself lives.
os.setgroups([])
os.setgid(65534)
os.setuid(65534)

async def main():
    async with await ProbeClient.connect() as client:
        try:
            await client.hold(key="forbidden", timeout_s=20)
        except TransportError as error:
            print(type(error).__name__)

asyncio.run(main())
"""


def _run_stranger(bootstrap: str) -> str:
    """What another user's client reports; it may reach the socket, but not be served."""
    os.chmod(bootstrap, 0o755)
    ended = subprocess.run(
        [sys.executable, "-c", STRANGER],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_another_user_gets_an_error_and_no_handler_runs(bootstrap: str) -> None:
    with probe_server() as server:
        reported = await asyncio.to_thread(_run_stranger, bootstrap)
        assert reported in {"ConnectionInvalidError", "ConnectionInterruptedError",
                            "PeerRequirementError"}  # fmt: skip
        async with await ProbeClient.connect() as client:
            assert await client.echo(Parcel()) == Parcel()
        assert server.stop() == 0
        assert "holding" not in server.log


async def test_a_name_with_a_variable_says_which_one_is_missing(bootstrap: str) -> None:
    with pytest.raises(ServiceConfigurationError, match="XPCRPC_TEAM_ID"):
        await TeamedClient.connect()
    with pytest.raises(ServiceConfigurationError, match="TEAM_ID"):
        await serve(SERVICES["teamed"], Implementation())


def test_a_variable_is_taken_from_the_arguments_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XPCRPC_TEAM_ID", "FROM.ENV")
    assert resolve_name(SERVICES["teamed"]) == "FROM.ENV.org.example.probe"
    assert resolve_name(SERVICES["teamed"], {"TEAM_ID": "GIVEN"}) == "GIVEN.org.example.probe"


class _Ruled(XpcTransport):
    """Keeps the rules it is asked to hold peers to, and holds none to them."""

    def __init__(self) -> None:
        super().__init__(asyncio.get_running_loop())
        self.rules: list[rules.PeerRule | None] = []

    def listen(
        self, name: str, *, privileged: bool = False, rule: rules.PeerRule | None = None
    ) -> XpcListener:
        self.rules.append(rule)
        return super().listen(name, rule=rules.Anyone())


TEAM = "A1B2C3D4E5"
OWN_TEAM = f'anchor apple generic and certificate leaf[subject.OU] = "{TEAM}"'


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (rules.Team("self"), OWN_TEAM),
        (
            rules.AnyOf(
                (rules.Platform(), rules.All((rules.Team("self"), rules.Identifier("org.x"))))
            ),
            f'(anchor apple) or (({OWN_TEAM}) and (identifier "org.x"))',
        ),
        (
            rules.Team("OTHERTEAM1"),
            'anchor apple generic and certificate leaf[subject.OU] = "OTHERTEAM1"',
        ),
    ],
)
@pytest.mark.parametrize("development", [False, True])
async def test_the_variable_of_the_team_reaches_the_requirement_of_macos(
    bootstrap: str,
    monkeypatch: pytest.MonkeyPatch,
    rule: rules.PeerRule,
    text: str,
    development: bool,
) -> None:
    """Both what is served and whom it is served to, from one argument."""
    monkeypatch.delenv("XPCRPC_TEAM_ID", raising=False)
    monkeypatch.setattr(names, "sys", SimpleNamespace(platform="darwin"))
    service = evolve(SERVICES["teamed"], peer_macos=None if development else rule,
                     peer_development=rule if development else None)  # fmt: skip
    with _Ruled() as transport:
        async with Host(transport=transport) as host:
            host.serve(
                service, Implementation(), variables={"TEAM_ID": TEAM}, development=development
            )
        (held,) = transport.rules
    assert held is not None
    assert macos_call(held, macos=(13, 0)) == {
        "api": "code_signing_requirement", "form": "text", "text": text
    }  # fmt: skip


def test_a_team_that_is_filled_in_is_the_same_rule() -> None:
    """Newer systems need no text for it, and a party in memory meets it by name."""
    filled = rules.Team("self", own=TEAM)
    assert filled == rules.Team("self")
    assert str(filled) == "Team(team='self')"
    assert macos_call(filled, macos=(14, 4)) == {"api": "setter", "form": "team_identity"}


async def test_a_variable_makes_client_and_server_meet(bootstrap: str) -> None:
    with probe_server("teamed", XPCRPC_TEAM_ID="ABCDE12345") as server:
        async with await TeamedClient.connect(variables={"TEAM_ID": "ABCDE12345"}) as client:
            assert (await client.who()).server_pid == server.pid


async def test_a_protocols_client_has_no_name_to_connect_to() -> None:
    with pytest.raises(MisuseError, match="from_end"):
        await NestClient.connect()
