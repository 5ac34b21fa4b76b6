"""Stubs of the protocol Bench of org.example.bench 1.0."""

# Written by `xpcrpc gen` from bench.toml; change that, not this.

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Final

from xpcrpc import CallContext, Client, Method, Protocol, Server

from .types import Small

ECHO: Final[Method[Small, Small]] = Method(
    name="echo",
    selector="echo",
    request=Small,
    reply=Small,
    timeout_s=30.0,
)

BENCH: Final = Protocol(
    name="org.example.bench.Bench",
    package=__name__.rpartition(".")[0],
    version="1.0",
    methods=(ECHO,),
    fingerprint="960e909afd33970d61793b69caa6bfa2",
)


class BenchClient(Client):
    """Served by the benchmark's second process."""

    protocol: ClassVar[Protocol] = BENCH

    async def echo(self, request: Small, *, timeout_s: float | None = None) -> Small:
        """The message comes back."""
        return await self._call(ECHO, request, timeout_s)


class BenchServer(Server[BenchClient]):
    """Served by the benchmark's second process."""

    protocol: ClassVar[Protocol] = BENCH

    @abstractmethod
    async def echo(self, request: Small, context: CallContext) -> Small:
        """The message comes back."""
