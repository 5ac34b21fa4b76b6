"""Server stubs: what every generated server inherits, and its table of routes."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias, TypeVar

from ..contract import Empty, Method, Protocol
from ..errors import UnknownSelectorError
from ..facts import frozen
from ..protocol.call import Shape
from .messages import Route, route_of

if TYPE_CHECKING:
    from .link import Link

ClientT = TypeVar("ClientT")

Handler: TypeAlias = Callable[..., Any]
"""A coroutine function, or one that gives an async iterator where the method streams."""


class Server(ABC, Generic[ClientT]):
    """An implementation of one protocol: one ``async`` method for each of its methods.

    One object serves all peers, and their calls run at the same time. A handler
    that raises one of its method's errors answers with it; any other exception
    becomes a general failure (code 3), and its traceback stays in this
    process's log.
    """

    protocol: ClassVar[Protocol]

    @property
    def links(self) -> set[Link]:
        """The connections that this object serves; for event senders."""
        # No __init__ here: an implementation need not call one.
        found: set[Link] = self.__dict__.setdefault("_xpcrpc_links", set())
        return found


@frozen
class Target:
    """A route and the handler that serves it."""

    route: Route
    handler: Handler
    takes_request: bool
    own: bool
    """Whether it is the program's own, not one that every service has."""
    plain: bool
    """Whether it takes one request, streams nothing, and need not wait for its turn."""


class Router:
    """Finds the handler for a selector."""

    def __init__(self, *servers: Server[Any]) -> None:
        """Serve these objects' methods; of two with one selector, the first one's."""
        self._targets: Mapping[str, Target] = {
            method.selector: _target(server, method, own=server is servers[0])
            for server in reversed(servers)
            for method in server.protocol.methods
        }

        self.plain: Mapping[str, Target] = {
            selector: target
            for selector, target in self._targets.items()
            if target.plain and target.own and target.route.method.requires is None
        }
        """Those that anybody may call who is let in, with one request and one reply."""

    def find(self, selector: str) -> Target:
        """The target of a selector, matched exactly.

        Raises:
            UnknownSelectorError: there is none (rama's code 1).
        """
        target = self._targets.get(selector)
        if target is None:
            raise UnknownSelectorError(f"there is no method {selector!r}")
        return target


def _target(server: Server[Any], method: Method[Any, Any], *, own: bool) -> Target:
    route = route_of(method, server.protocol.package)
    takes_request = method.request is not Empty
    return Target(
        route=route,
        handler=getattr(server, method.name),
        takes_request=takes_request,
        own=own,
        plain=takes_request and route.shape is Shape.UNARY and not method.serial,
    )
