"""Plain calls take the short way through the frame; everything else still works."""

from __future__ import annotations

import pytest

from tests.runtime.probe import Parcel, ProtocolClient
from tests.runtime.probe_server import Implementation
from xpcrpc import Host
from xpcrpc.runtime import link
from xpcrpc.runtime.messages import Asked, read_plain_request
from xpcrpc.transport.base import ReceivedFrame


async def test_a_stubs_request_arrives_in_the_form_that_is_read_in_one_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """libxpc orders a dictionary's entries by its own rule; ours must survive that."""
    found: list[Asked | None] = []

    def watched(received: ReceivedFrame) -> Asked | None:
        found.append(read_plain_request(received))
        return found[-1]

    monkeypatch.setattr(link, "read_plain_request", watched)
    async with (
        Host() as host,
        await ProtocolClient.from_end(host.offer(Implementation()), greet=False) as client,
    ):
        assert await client.echo(Parcel(text="short")) == Parcel(text="short")
        await client.notes()
    assert None not in found
    assert [asked.selector for asked in found if asked][-2:] == ["echo", "notes"]
