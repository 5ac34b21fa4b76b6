"""What every service answers beside its own protocol: hello, health, describe."""

from __future__ import annotations

import time
from typing import Final

from ..contract import Protocol
from ..standard import (
    Description,
    Health,
    HelloReply,
    HelloRequest,
    StandardServer,
)
from ..values import Duration
from .context import CallContext
from .describe import describe, identity_of
from .scope import Scope

VERSION: Final = "0.1.0"
"""This library's, as pyproject.toml has it. `importlib.metadata` would know, and takes 2 MiB."""


class Standard(StandardServer):
    """The standard methods of one served protocol."""

    def __init__(self, protocol: Protocol, scope: Scope) -> None:
        self._protocol = protocol
        self._scope = scope
        self._began = time.monotonic_ns()

    async def hello(self, request: HelloRequest, context: CallContext) -> HelloReply:
        selectors = [method.selector for method in self._protocol.methods]
        return HelloReply(server=identity_of(self._protocol), selectors=selectors)

    async def health(self, context: CallContext) -> Health:
        return Health(
            serving=not self._scope.draining,
            calls=self._scope.workers.busy - 1,
            uptime=Duration(time.monotonic_ns() - self._began),
            version=VERSION,
        )

    async def describe(self, context: CallContext) -> Description:
        return describe(self._protocol)
