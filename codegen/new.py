"""A contract to begin with."""

from __future__ import annotations

import re
from typing import Final

from xpcrpc.errors import MisuseError

from .naming import (
    MAX_NAME,
    TYPE_NAMES,
    pascal,
    protocol_constant,
    service_object,
    snake,
    spelled,
)

_SHAPE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z][A-Za-z0-9_-]*)*")
_FOREIGN: Final = frozenset({"Greeting", "Refused"})
"""Types of the text below, which the protocol must not be named like."""

_TEXT: Final = """\
schema  = 1
package = "@PACKAGE@"
version = "1.0"
doc     = "What this service is for, in one sentence."

[struct.Greeting]
doc = "What a greeting says."
fields.text = { type = "string", max_len = 1024, doc = "For people." }
fields.at   = { type = "date", doc = "When it was said." }

[error.Refused]
code = 100
doc  = "The service does not greet whoever asked."
fields.reason = { type = "string", max_len = 1024, doc = "For people." }

[protocol.@PROTOCOL@]
doc = "Served by one process, called by others."

[protocol.@PROTOCOL@.methods.greet]
doc        = "Say hello; nothing changes, so a lost call may be repeated."
in         = { name = { type = "string", min_len = 1, max_len = 255 } }
out        = "Greeting"
errors     = ["Refused"]
idempotent = true
timeout    = "5s"

[service.@SERVICE@]
doc      = "Found by its name, by the programs of its own user."
protocol = "@PROTOCOL@"
name     = "@PACKAGE@"

[service.@SERVICE@.peer.macos]
all = [{ team = "self" }]

[service.@SERVICE@.peer.linux]
any = [{ uid = "self" }]
"""


def new_contract(name: str) -> str:
    """The text of a contract that compiles, has no lint finding and is canonical.

    ``name`` is reverse-DNS (``org.example.clock``), or one word that gets
    ``org.example.`` before it.

    Raises:
        MisuseError: it cannot name a package, a protocol and a service.
    """
    if _SHAPE.fullmatch(name) is None:
        raise MisuseError(
            f"{name!r} cannot name a contract; write a reverse-DNS name such as org.example.clock"
        )
    package = name if "." in name else f"org.example.{name}"
    service = snake(package.rpartition(".")[2].replace("-", "_"))
    protocol = pascal(service)
    if len(package) > MAX_NAME:
        raise MisuseError(f"{name!r} is longer than {MAX_NAME} characters; shorten it")
    if protocol in _FOREIGN or spelled(protocol, TYPE_NAMES) != protocol:
        raise MisuseError(
            f"{protocol} means something else in what is generated; take another name"
        )
    if protocol_constant(protocol) == service_object(service):
        # Of a name such as x or x1: X would be the protocol's constant and the service's object.
        protocol += "Service"
    text = _TEXT.replace("@PACKAGE@", package)
    return text.replace("@PROTOCOL@", protocol).replace("@SERVICE@", service)
