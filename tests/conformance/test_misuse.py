"""X1 to X38 by table: refused before the C call with a sentence, or impossible to write."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from tests.conformance import test_misuse_in_use
from tests.conformance.harness import Watch, pair_of
from tests.conformance.misuse import ELSEWHERE, IMPOSSIBLE, REFUSED, Bench, Impossible, Refused
from xpcrpc import raw
from xpcrpc.native import lib
from xpcrpc.raw import Listener
from xpcrpc.transport import xpc, xpc_connection, xpc_handles, xpc_message
from xpcrpc.transport.xpc import XpcTransport


def test_every_row_of_the_contract_is_here() -> None:
    """38 rows, each refused, impossible, or a test of its own."""
    rows = {row.number for row in REFUSED} | {row.number for row in IMPOSSIBLE} | set(ELSEWHERE)
    assert rows == set(range(1, 39))
    for number, name in ELSEWHERE.items():
        assert inspect.isroutine(getattr(test_misuse_in_use, name))
        assert f"x{number:02}" in name


RELEASES: Final = {
    "xr_object_release", "xr_message_release", "xr_connection_cancel", "xr_connection_close"
}  # fmt: skip
"""What garbage of whatever was before may call at any time."""


class Bridge:
    """The extension, and which of its functions were called meanwhile."""

    def __init__(self) -> None:
        self.called: list[str] = []

    def __getattr__(self, name: str) -> object:
        found = getattr(lib, name)
        if not callable(found) or name in RELEASES:
            return found

        def call(*arguments: object) -> object:
            self.called.append(name)
            return found(*arguments)

        return call


@contextmanager
def _watched() -> Iterator[list[str]]:
    """The names of what is called meanwhile."""
    bridge = Bridge()
    with pytest.MonkeyPatch.context() as patch:
        for module in (xpc, xpc_connection, xpc_handles, xpc_message):
            patch.setattr(module, "lib", bridge)
        yield bridge.called


@pytest.mark.parametrize("row", REFUSED, ids=[f"x{row.number:02} {row.title}" for row in REFUSED])
async def test_misuse_is_refused(row: Refused, listener: Listener) -> None:
    """The exception comes before the C call and says what to do; the connection goes on."""
    pair = await pair_of(listener)
    served = Watch(pair.peer)
    asked = await pair.ask({"held": True}, served)
    bench = Bench(
        listener, listener.endpoint(), pair.client, served.messages[0],
        XpcTransport.of_running_loop(),
    )  # fmt: skip
    with _watched() as called, pytest.raises(row.error, match=row.advice):
        result = row.act(bench)
        if inspect.isawaitable(result):
            await result
    assert set(called) <= row.calls
    assert called.count("xr_connection_set_peer_rule") <= 1
    served.messages[0].reply({})
    assert await asked == "reply"
    pair.client.send({"still": "here"})
    assert (await served.until_messages(2))[1].values == {"still": "here"}
    pair.client.cancel()


@pytest.mark.parametrize(
    "row", IMPOSSIBLE, ids=[f"x{row.number:02} {row.title}" for row in IMPOSSIBLE]
)
def test_misuse_cannot_be_written(row: Impossible) -> None:
    """No such function in the extension, no such method in the raw layer."""
    names = [name.lower() for name in dir(lib)]
    for public in raw.__all__:
        names += [name.lower() for name in dir(getattr(raw, public)) if name[0] != "_"]
    for word in row.words:
        assert not [name for name in names if word in name.split("_") or f"_{word}" in name], (
            row.reason
        )
