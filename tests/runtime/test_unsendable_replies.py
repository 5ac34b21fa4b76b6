"""A reply that libxpc will not take: the caller hears of it as of any other failure."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import ClassVar, Final

import pytest
from attrs import define

from xpcrpc import (
    CallContext,
    Client,
    HandlerFailedError,
    Host,
    Method,
    Protocol,
    Server,
)


@define(kw_only=True)
class PourRequest:
    """How much."""

    mebibytes: int


POUR: Final[Method[PourRequest, bytes]] = Method(
    name="pour", selector="pour", request=PourRequest, reply=bytes
)
PITCHER: Final = Protocol(
    name="org.example.pitcher.Pitcher", package=__name__, version="1.0", methods=(POUR,)
)


class PitcherClient(Client):
    """The client's stub."""

    protocol: ClassVar[Protocol] = PITCHER

    async def pour(self, *, mebibytes: int) -> bytes:
        return await self._call(POUR, PourRequest(mebibytes=mebibytes), None)


class PitcherServer(Server[PitcherClient]):
    """The server's stub."""

    protocol: ClassVar[Protocol] = PITCHER

    @abstractmethod
    async def pour(self, request: PourRequest, context: CallContext) -> bytes: ...


class Pitcher(PitcherServer):
    """Pours as much as is asked for."""

    async def pour(self, request: PourRequest, context: CallContext) -> bytes:
        return bytes(request.mebibytes * 2**20)


@pytest.fixture
async def client() -> AsyncIterator[PitcherClient]:
    async with Host() as host, await PitcherClient.from_end(host.offer(Pitcher())) as client:
        yield client


async def test_a_reply_over_the_message_limit_fails_the_call_and_nothing_else(
    client: PitcherClient, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(HandlerFailedError) as caught:
        await client.pour(mebibytes=129)
    assert str(caught.value) == "the reply of pour cannot be sent (code 3)"
    assert "pour: the reply cannot be sent" in caplog.text
    assert await client.pour(mebibytes=1) == bytes(2**20)
