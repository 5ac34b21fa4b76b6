"""What generated code states about a contract: methods, services, peer rules.

Facts only. `xpcrpc.codec` reads how types look on the wire, `xpcrpc.runtime`
what can be called and by whom.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Any, Final, Generic, Literal, Self, TypeVar

from .errors import CallError
from .facts import frozen
from .rules import PeerRule
from .values import Endpoint, Value

DEFAULT_TIMEOUT_S: Final = 30.0
"""The deadline of a call whose contract states none, in seconds."""

DEFAULT_WINDOW: Final = 64
"""Items of a stream in flight, where the contract states no number."""

WIRE: Final = "xpcrpc.wire"
"""Key of attrs field metadata: the field's name on the wire."""


def wire(name: str) -> Mapping[str, str]:
    """Field metadata: this field has another name on the wire."""
    return {WIRE: name}


class OpenEnum(StrEnum):
    """An enum whose future cases are kept: ``Mode("teleport")`` is a value, not an error.

    An unknown case has the text as its value, `known` is False, and it is
    written back unchanged. It equals any other of the same text; compare with
    ``==``, not ``is``.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member

    def __repr__(self) -> str:
        # A case that nobody declared must not look like an attribute of the class.
        return super().__repr__() if self.known else f"{type(self).__name__}({self._value_!r})"

    @property
    def known(self) -> bool:
        """Whether this version of the contract has the case."""
        return self._value_ in type(self)._value2member_map_


class OpenIntEnum(IntEnum):
    """`OpenEnum` for an enum of integers."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member

    @property
    def known(self) -> bool:
        """Whether this version of the contract has the case."""
        return self._value_ in type(self)._value2member_map_


@frozen
class UnknownCase:
    """A case of an open union that this version of the contract does not have."""

    case: str
    """Its name on the wire."""
    fields: Value
    """What came with it, unread; written back unchanged."""


class ContractError(CallError):
    """The root of the errors that contracts declare; raise a subclass in a handler.

    A subclass is an attrs class with keyword-only fields, its ``code`` a class
    variable; the fields travel beside the code and the message.
    """

    code: int = 0

    def __attrs_post_init__(self) -> None:
        self.message = ""

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in _fields_of(self).items())
        return f"{type(self).__name__}({facts})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Notes among the rest: as a state, they would go to attrs, which takes fields alone.
        return _rebuild_error, (type(self), _fields_of(self), dict(self.__dict__))


def _fields_of(error: ContractError) -> dict[str, Any]:
    names = (attribute.name for attribute in getattr(type(error), "__attrs_attrs__", ()))
    return {name: getattr(error, name) for name in names}


def _rebuild_error(
    cls: type[ContractError], fields: dict[str, Any], rest: dict[str, Any]
) -> ContractError:
    error = cls(**fields)
    error.__dict__.update(rest)
    return error


RequestT = TypeVar("RequestT")
ReplyT = TypeVar("ReplyT")
ClientT = TypeVar("ClientT")
ClientT_co = TypeVar("ClientT_co", covariant=True)
ServerT = TypeVar("ServerT")
ServerT_co = TypeVar("ServerT_co", covariant=True)


class Overflow(StrEnum):
    """What becomes of an item of a stream for which its reader has no room."""

    BLOCK = "block"
    """Its maker waits."""
    DROP_OLDEST = "drop_oldest"
    """The oldest unsent item is dropped for it."""
    DROP_NEWEST = "drop_newest"
    """It is dropped itself."""
    FAIL = "fail"
    """The stream fails."""


@frozen
class Empty:
    """The request of a method that takes nothing: ``{}`` on the wire."""


@frozen(eq=False)
class Method(Generic[RequestT, ReplyT]):
    """One method of a protocol."""

    name: str
    """Its name in Python."""
    selector: str
    """Its name on the wire."""
    request: type[Any] = Empty
    """The attrs class of the argument."""
    reply: Any = None
    """The type of the result: a type, None for nothing, or text to be read in the package."""
    errors: tuple[type[ContractError], ...] = ()
    oneway: bool = False
    timeout_s: float | None = None
    """Seconds that a call may take; None is `DEFAULT_TIMEOUT_S`, and no bound for a stream."""
    idempotent: bool = False
    """Whether it may be sent again after an interruption."""
    serial: bool = False
    """Whether a connection's calls of it run one after another."""
    items_in: Any = None
    """The type of the items that the caller streams: a type, or text as for `reply`."""
    items_out: Any = None
    """The type of the items that the server streams."""
    window: int = DEFAULT_WINDOW
    """Items of a stream that may be on their way or unread, in each direction."""
    overflow: Overflow = Overflow.BLOCK
    """What becomes of an item of the server's for which there is no room."""
    requires: PeerRule | None = None
    """A peer rule for this method, beside the service's."""


@frozen
class Event(Generic[RequestT]):
    """What a server tells its clients unasked."""

    name: str
    """Its name in Python."""
    selector: str
    """Its name on the wire."""
    payload: type[RequestT] = Empty  # type: ignore[assignment]
    """The attrs class of what it carries."""


@frozen
class Protocol:
    """The methods that one side serves, and the package that their types live in."""

    name: str
    """Full name, such as ``org.example.tproxy.Control``."""
    package: str
    """The Python package, in which names of types are looked up."""
    version: str
    """The contract's version, ``MAJOR.MINOR``."""
    methods: tuple[Method[Any, Any], ...] = ()
    events: tuple[Event[Any], ...] = ()
    fingerprint: str = ""
    """The contract's, as its lock has it; peers exchange it. Empty if no compiler made this."""


@frozen
class Service(Generic[ServerT, ClientT]):
    """A service: where it lives and who may connect."""

    name: str
    """The name to look up; ``${TEAM_ID}`` and the like are filled in when it is used."""
    protocol: Protocol
    server: type[ServerT]
    client: type[ClientT]
    domain: Literal["user", "system"] = "user"
    peer_macos: PeerRule | None = None
    peer_linux: PeerRule | None = None
    peer_development: PeerRule | None = None


@frozen
class ClientEnd(Generic[ClientT_co]):
    """The right to be a client of one protocol, wherever it is served; a typed `Endpoint`.

    It may be connected to, kept, or put into another message.
    """

    endpoint: Endpoint


@frozen
class ServerEnd(Generic[ServerT_co]):
    """The wish to be served: whoever gets it may serve one protocol to its maker."""

    endpoint: Endpoint
