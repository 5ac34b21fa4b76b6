"""Plain calls take the short way through the frame; everything else still works."""

from __future__ import annotations

import pytest

from tests.runtime.probe import Parcel, ProtocolClient
from tests.runtime.probe_server import Implementation
from xpcrpc import Host
from xpcrpc.codec.template import Buffer
from xpcrpc.runtime import layouts, link


async def test_a_stubs_request_arrives_in_the_form_that_is_read_in_one_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """libxpc orders a dictionary's entries by its own rule; ours must survive that."""
    found: list[layouts.Request | None] = []

    def watched(frame: Buffer, begin: int) -> layouts.Request | None:
        assert begin == layouts.BEGIN
        found.append(layouts.read_request(frame))
        return found[-1]

    monkeypatch.setattr(link, "_read_request", watched)
    async with (
        Host() as host,
        await ProtocolClient.from_end(host.offer(Implementation()), greet=False) as client,
    ):
        assert await client.echo(Parcel(text="short")) == Parcel(text="short")
        await client.notes()
    assert None not in found
    assert [request[1] for request in found if request][-2:] == ["echo", "notes"]
