"""Typed requests and replies to frames, and back.

The envelope's keys are the protocol's, the bytes are the codec's; here they
meet, one function per direction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from ..codec import frame as frames
from ..codec.converter import from_value, to_value
from ..codec.passes import (
    Decode,
    DecodeItems,
    Encode,
    MakeFrame,
    Open,
    Seal,
    decoder,
    encoder,
    framing,
    items_decoder,
    opener,
    sealer,
)
from ..codec.shape import resolve
from ..codec.template import Buffer, Template
from ..contract import DEFAULT_TIMEOUT_S, ContractError, Method
from ..errors import (
    CallError,
    DecodeError,
    FrameError,
    HandlerFailedError,
    InvalidMessageError,
    RemoteProtocolError,
    ValueProblemsError,
)
from ..facts import frozen
from ..protocol import envelope, keys, signals
from ..protocol.call import Shape
from ..transport.base import ReceivedFrame
from ..values import Handle, Message, UInt64, Value
from . import layouts
from .interceptors import CallInfo

MAX_WORDS: Final = 4096
"""Characters of a failure's text that are sent; the rest is for the log."""

Encoded: TypeAlias = tuple[bytes, Sequence[Handle]]


@frozen(eq=False)
class Route:
    """A method with its types resolved and its codec at hand; see `route_of`."""

    method: Method[Any, Any]
    timeout_s: float
    """Of a unary call that is given none."""
    shape: Shape
    reply: Any
    item_in: Any
    item_out: Any
    errors: Mapping[int, type[ContractError]]
    encode_argument: Encode
    decode_argument: Decode
    decode_result: Decode
    encode_item_in: Encode
    encode_item_out: Encode
    decode_items_in: DecodeItems
    decode_items_out: DecodeItems
    frame_one_way: MakeFrame
    """From an argument."""
    frame_request: MakeFrame
    """From an argument; its numbers are the call's, and its deadline in nanoseconds."""
    frame_result: MakeFrame
    # The same in one go, but for what is unusual.
    seal_request: Seal
    seal_result: Seal
    seal_item_in: Seal
    seal_item_out: Seal
    open_argument: Open
    """From a plain request, and where its argument is."""
    open_result: Open
    """From a plain reply, and `layouts.BEGIN`."""


@lru_cache(maxsize=4096)
def route_of(method: Method[Any, Any], package: str) -> Route:
    """A method's facts, with names of types looked up in its package."""

    def known(hint: Any) -> Any:
        return resolve(hint, package) if isinstance(hint, str) else hint

    reply, item_in, item_out = map(known, (method.reply, method.items_in, method.items_out))
    layout = layouts.RequestLayout(method.selector)
    frame_request, seal_request = _framing(method.request, layout.numbered, 2)
    frame_result, seal_result = _framing(reply, layouts.RESULT, 1)
    return Route(
        method=method,
        timeout_s=DEFAULT_TIMEOUT_S if method.timeout_s is None else method.timeout_s,
        shape=Shape.of(requester=item_in is not None, responder=item_out is not None),
        reply=reply,
        item_in=item_in,
        item_out=item_out,
        errors={error.code: error for error in method.errors},
        # How many containers a value lies in: the message, and for some an array.
        encode_argument=_encoder(method.request, 2),
        decode_argument=_decoder(method.request, 2),
        decode_result=_decoder(reply, 1),
        encode_item_in=_encoder(item_in, 2),
        encode_item_out=_encoder(item_out, 2),
        decode_items_in=_items_decoder(item_in),
        decode_items_out=_items_decoder(item_out),
        frame_one_way=_framing(method.request, layout.one_way, 2)[0],
        frame_request=frame_request,
        frame_result=frame_result,
        seal_request=seal_request,
        seal_result=seal_result,
        seal_item_in=_sealer(item_in, 2),
        seal_item_out=_sealer(item_out, 2),
        open_argument=_opener(method.request, None, 2),
        open_result=_opener(reply, layouts.READ_RESULT, 1),
    )


def _encoder(hint: Any, depth: int) -> Encode:
    return _nothing_to_bytes if hint is None else encoder(hint, depth=depth)


def _decoder(hint: Any, depth: int) -> Decode:
    return _bytes_to_nothing if hint is None else decoder(hint, depth=depth)


def _items_decoder(hint: Any) -> DecodeItems:
    if hint is None:
        return lambda *_: []  # nobody streams them
    return items_decoder(hint, depth=2)


def _framing(hint: Any, template: Template, depth: int) -> tuple[MakeFrame, Seal]:
    if hint is None:
        return (
            lambda _, __, *numbers: template.wrap([layouts.NULL], *numbers),
            lambda _, *numbers: template.wrap([layouts.NULL], *numbers),
        )
    made = framing(hint, template, depth=depth)
    return made.frame, made.seal


def _sealer(hint: Any, depth: int) -> Seal:
    return (lambda *_: None) if hint is None else sealer(hint, depth=depth)


def _opener(hint: Any, template: Template | None, depth: int) -> Open:
    return (lambda *_: None) if hint is None else opener(hint, template, depth=depth)


def _nothing_to_bytes(_: Any, __: list[Handle] | None = None) -> bytes:
    return layouts.NULL


def _bytes_to_nothing(
    data: Buffer, offset: int, end: int, handles: Iterable[Handle] = ()
) -> tuple[None, int]:
    # What a peer returns for "nothing" is its own affair; null is usual.
    return None, frames.read_object(bytes(data), offset, end, iter(handles))[1]


# -- writing ------------------------------------------------------------------------


def encode_message(message: Message) -> Encoded:
    """The frame of any dictionary."""
    handles: list[Handle] = []
    return frames.encode(message, handles=handles), handles


def encode_request(
    route: Route,
    request: Any,
    call: int = 0,
    timeout_s: float | None = None,
    *,
    window: int = 0,
    metadata: Mapping[str, str] | None = None,
) -> Encoded:
    """The frame of a request; without a number for one-way ones.

    Raises:
        EncodeError: the request does not fit its types.
    """
    handles: list[Handle] = []
    if not metadata:
        if not call:
            return route.frame_one_way(request, handles), handles
        if timeout_s is not None and route.item_out is None:
            frame = route.frame_request(request, handles, call, int(timeout_s * 1e9))
            return frame, handles
    route.encode_argument(request, handles)  # it knows what to say of an argument that lies so deep
    message = envelope.request(route.method.selector, to_value(request))
    if metadata:
        message[keys.METADATA] = dict(metadata)
    if call:
        message[keys.CALL] = UInt64(call)
    if timeout_s is not None:
        message[keys.TIMEOUT] = int(timeout_s * 1e9)
    if route.item_out is not None:
        message[keys.WINDOW] = UInt64(window)
    return encode_message(message)


def encode_result(
    route: Route, value: Any, items: int = 0, metadata: Mapping[str, str] | None = None
) -> Encoded:
    """The frame of a reply that carries a result, after so many items.

    Raises:
        EncodeError: the result does not fit the method's type.
    """
    handles: list[Handle] = []
    if not items and not metadata:
        return route.frame_result(value, handles), handles
    result = None if route.reply is None else to_value(value, route.reply)
    return encode_message(_with(envelope.success(result), items, metadata))


def encode_failure(
    error: CallError, items: int = 0, metadata: Mapping[str, str] | None = None
) -> Encoded:
    """The frame of a reply that carries a failure, after so many items."""
    details = to_value(error) if isinstance(error, ContractError) else None
    # Its words alone: whoever reads them adds the code, which travels beside them.
    words = str(error) if isinstance(error, ContractError) else error.message
    failure = envelope.Failure(error.code, _sendable(words), details)
    return encode_message(_with(envelope.failure(failure), items, metadata))


def _sendable(words: str) -> str:
    """Text for people as XPC can carry it, and not too much of it."""
    if len(words) > MAX_WORDS:
        words = words[:MAX_WORDS] + "…"
    return words.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _with(message: Message, items: int, metadata: Mapping[str, str] | None) -> Message:
    if items:
        message[keys.ITEMS] = UInt64(items)
    if metadata:
        message[keys.METADATA] = dict(metadata)
    return message


def encode_item(encode: Encode, item: Any) -> Encoded:
    """One item, to be put into a frame by `encode_items`.

    Raises:
        EncodeError: it does not fit its type.
    """
    handles: list[Handle] = []
    return encode(item, handles), handles


def encode_items(call: int, batch: Sequence[Encoded]) -> Encoded:
    """The frame of several items of one call."""
    frame = layouts.ITEMS.wrap([item for item, _ in batch], call)
    return frame, [handle for _, handles in batch for handle in handles]


# -- reading ------------------------------------------------------------------------


NOT_READ: Final[Message] = {}
"""Stands for the dictionary of a plain frame."""


class Asked:
    """A request, as far as the envelope tells."""

    __slots__ = ("argument_at", "call", "message", "selector", "timeout_ns", "window")

    def __init__(
        self,
        selector: str,
        call: int | None,
        timeout_ns: int | None,
        window: int,
        argument_at: int,
        message: Message,
    ) -> None:
        self.selector = selector
        self.call = call
        self.timeout_ns = timeout_ns
        self.window = window
        self.argument_at = argument_at
        """Where the argument begins in a plain frame; 0 if `message` has it."""
        self.message = message


def asked_plainly(plain: layouts.Request) -> Asked:
    """A request in the usual form."""
    call, selector, timeout_ns, argument_at = plain
    return Asked(selector, call, timeout_ns, 0, argument_at, NOT_READ)


def read_request(message: Message) -> Asked:
    """The request in a dictionary.

    Raises:
        InvalidMessageError: there is no selector (rama's code 2).
        RemoteProtocolError: a number of ours is no number.
    """
    return Asked(
        selector=envelope.selector_of(message),
        call=signals.number(message, keys.CALL),
        timeout_ns=signals.number(message, keys.TIMEOUT),
        window=signals.number(message, keys.WINDOW) or 0,
        argument_at=0,
        message=message,
    )


def decode_message(received: ReceivedFrame) -> Message:
    """The dictionary that arrived.

    Raises:
        InvalidMessageError: it cannot be read.
    """
    try:
        message = frames.decode(received.frame, received.handles)
    except ValueError as error:
        raise InvalidMessageError(f"the message cannot be read: {error}") from error
    if not isinstance(message, dict):
        raise InvalidMessageError("the message is not a dictionary")
    return message


def decode_argument(route: Route, asked: Asked, received: ReceivedFrame) -> Any:
    """The typed request in a message.

    Raises:
        HandlerFailedError: it is missing, or does not decode (rama's code 3).
    """
    try:
        if asked.argument_at:
            frame = received.frame
            argument, _ = route.decode_argument(
                frame, asked.argument_at, len(frame), received.handles
            )
        else:
            argument = from_value(envelope.argument_of(asked.message), route.method.request)
        received.handles = ()  # the argument has them now, or they are closed with the message
        return argument
    except ValueError as error:
        raise HandlerFailedError(f"the argument does not decode: {error}") from error


def decode_event(payload: type[Any], asked: Asked) -> Any:
    """The typed payload of an event.

    Raises:
        ValueError: it is missing, or does not fit its type.
    """
    try:
        return from_value(envelope.argument_of(asked.message), payload)
    except HandlerFailedError as error:
        raise ValueError(error.message) from error


def decode_items(hint: Any, values: Sequence[Value]) -> list[Any]:
    """Typed items.

    Raises:
        DecodeError: one does not fit its type.
    """
    return [from_value(value, hint) for value in values]


class PlainItems:
    """Items in a frame of the usual form, not decoded yet."""

    __slots__ = ("_at", "_received", "call", "count")

    def __init__(self, call: int, count: int, at: int, received: ReceivedFrame) -> None:
        self.call = call
        self.count = count
        self._at = at
        self._received = received

    def decode(self, decode: DecodeItems) -> list[Any]:
        """The typed items.

        Raises:
            DecodeError: one does not fit its type.
        """
        received, frame = self._received, self._received.frame
        try:
            items = decode(frame, self._at, len(frame), self.count, received.handles)
        except FrameError as error:
            raise DecodeError.at("an item", str(error)) from error
        received.handles = ()  # the items have them now
        return items


def read_plain_items(received: ReceivedFrame) -> PlainItems | None:
    """Items in a frame of the usual form; None for any other."""
    plain = layouts.read_items(received.frame)
    if plain is None:
        return None
    return PlainItems(plain.call, plain.amount, plain.items_at, received)


class Reply:
    """A reply that is more than a plain result: a failure, or one that ends a stream."""

    __slots__ = ("message", "route", "total")

    def __init__(self, route: Route, message: Message, total: int) -> None:
        self.route = route
        self.message = message
        self.total = total
        """How many items there were."""

    def value(self) -> Any:
        """The typed result.

        Raises:
            CallError: the reply carries a failure.
            DecodeError: the result does not fit its type.
        """
        failure = envelope.failure_of(self.message)
        if failure is not None:
            raise error_of(self.route, failure)
        if keys.RESULT not in self.message:
            raise DecodeError.at(
                self.route.method.name, f"the reply has neither {keys.RESULT} nor {keys.ERROR}"
            )
        if self.route.reply is None:
            return None
        return from_value(self.message[keys.RESULT], self.route.reply)


def read_result(route: Route, received: ReceivedFrame, info: CallInfo | None = None) -> Any:
    """The typed result of a unary call.

    Raises:
        CallError: the reply carries a failure.
        DecodeError: it cannot be read, or the result does not fit its type.
    """
    frame = received.frame
    place = layouts.result_at(frame)
    if not place:
        return read_reply(route, received, info).value()
    try:
        return route.decode_result(frame, place, len(frame), received.handles)[0]
    except FrameError as error:
        raise DecodeError.at(route.method.name, str(error)) from error


def read_reply(route: Route, received: ReceivedFrame, info: CallInfo | None = None) -> Reply:
    """The reply in a frame.

    Raises:
        DecodeError: it cannot be read.
    """
    try:
        message = decode_message(received)
        if info is not None:
            info.reply_metadata.update(metadata_of(message))
        return Reply(route, message, signals.number(message, keys.ITEMS) or 0)
    except (InvalidMessageError, RemoteProtocolError) as error:
        raise DecodeError.at(route.method.name, str(error)) from error


def error_of(route: Route, failure: envelope.Failure) -> CallError:
    """The exception for a failure: the contract's own class if it declares the code."""
    declared = route.errors.get(failure.code)
    error = failure.to_error()
    if declared is not None:
        try:
            error = from_value(failure.details or {}, declared)
        except ValueProblemsError:
            # An older or foreign peer: the code is right, the fields are not there.
            error = CallError(failure.code, failure.message)
        error.message = failure.message
    error.received = True
    return error


def metadata_of(message: Mapping[str, Value]) -> dict[str, str]:
    """The words beside a message; what is not text is passed over."""
    found = message.get(keys.METADATA)
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def close_handles(received: ReceivedFrame) -> None:
    """Close what came with a message that nobody will read."""
    for handle in received.handles:
        close = getattr(handle, "close", None)
        if close is not None:
            close()
