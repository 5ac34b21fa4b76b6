"""Rules about protocols, their methods, streams and events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..model import Item, Method, Protocol, Stream
from ..signature import rule_text
from .changes import Changes, match
from .peers import implies
from .rule import Breaks, Change, Rule


def _protocol_removed(changes: Changes) -> Iterator[Change]:
    kept = {old.name for old, _ in changes.protocols}
    for name, protocol in changes.old.protocols.items():
        if name not in kept:
            yield Change(
                ("protocol", name),
                f"the protocol {name} is gone; every call of it fails",
                Breaks.CLIENTS,
                protocol.path,
            )


def _method_removed(changes: Changes) -> Iterator[Change]:
    for old, new in changes.protocols:
        _, gone, _ = match(old.methods, new.methods, "selector")
        for one in gone:
            yield Change(
                (*new.path, "methods", one.name),
                f"{new.name} lost its method {one.name}; calls of it are answered with an error",
                Breaks.CLIENTS,
                one.path,
            )


def _event_removed(changes: Changes) -> Iterator[Change]:
    for old, new in changes.protocols:
        _, gone, _ = match(old.events, new.events, "selector")
        for one in gone:
            yield Change(
                (*new.path, "events", one.name),
                f"{new.name} lost its event {one.name}; old clients wait for it in vain",
                Breaks.CLIENTS,
                one.path,
            )


def _selector_changed(changes: Changes) -> Iterator[Change]:
    explained = changes.old.wire.selector != changes.new.wire.selector
    pairs: list[tuple[Item, Item, str, str]] = [
        (old, new, old.selector, new.selector) for old, new in changes.methods
    ]
    pairs += [(old, new, old.selector, new.selector) for old, new in changes.events]
    for old, new, before, after in pairs:
        if before != after and not (explained and old.name == new.name):
            yield Change(
                (*new.path, "selector"),
                f"{new.name} is called {after!r} on the wire, and was {before!r}; old clients "
                "reach nobody by the old name",
                Breaks.CLIENTS,
                old.path,
            )


def _oneway_changed(changes: Changes) -> Iterator[Change]:
    for old, new in changes.methods:
        if old.oneway != new.oneway:
            now = (
                "no longer answers, and old clients wait for an answer"
                if new.oneway
                else "answers now, and old clients do not wait for it"
            )
            yield Change((*new.path, "oneway"), f"{new.name} {now}", Breaks.CLIENTS, old.path)


def _reply_changed(changes: Changes) -> Iterator[Change]:
    for old, new in changes.methods:
        if (old.reply is None) == (new.reply is None) or old.oneway != new.oneway:
            continue
        now = "answers with nothing now" if new.reply is None else "answered with nothing before"
        yield Change(
            (*new.path, "out"),
            f"{new.name} {now}; neither side reads the other's answer",
            Breaks.BOTH,
            (*old.path, "out"),
        )


def _stream_changed(changes: Changes) -> Iterator[Change]:
    for old, new in changes.methods:
        before, after = _sides(old.stream), _sides(new.stream)
        if before != after:
            yield Change(
                (*new.path, "stream"),
                f"{new.name} streams {_listed(after)}, and streamed {_listed(before)}",
                Breaks.CLIENTS,
                (*old.path, "stream"),
            )


def _sides(stream: Stream | None) -> tuple[str, ...]:
    if stream is None:
        return ()
    sides = (("in", stream.items_in), ("out", stream.items_out))
    return tuple(name for name, items in sides if items is not None)


def _listed(sides: tuple[str, ...]) -> str:
    return " and ".join(sides) or "nothing"


def _items_dropped(changes: Changes) -> Iterator[Change]:
    for old, new in changes.methods:
        if old.stream is None or new.stream is None:
            continue
        before, after = old.stream.overflow, new.stream.overflow
        if before != after and after != "block":
            yield Change(
                (*new.stream.path, "overflow"),
                f'items of {new.name} that have no room are handled as "{after}", '
                f'and were as "{before}"; old clients do not expect it',
                Breaks.CLIENTS,
                old.stream.path,
            )


def _idempotent_removed(changes: Changes) -> Iterator[Change]:
    for old, new in changes.methods:
        if old.idempotent and not new.idempotent:
            yield Change(
                (*new.path, "idempotent"),
                f"{new.name} may no longer be sent twice, and old clients send it again after "
                "an interruption",
                Breaks.CLIENTS,
                (*old.path, "idempotent"),
            )


def _order_removed(changes: Changes) -> Iterator[Change]:
    for old, new in changes.methods:
        if old.serial and not new.serial:
            yield Change(
                (*new.path, "concurrency"),
                f"calls of {new.name} may run side by side now; old clients rely on their order",
                Breaks.CLIENTS,
                (*old.path, "concurrency"),
            )


def _requires_more(changes: Changes) -> Iterator[Change]:
    for old, new in changes.methods:
        if new.requires is None or new.requires == old.requires:
            continue
        if old.requires is None or not implies(old.requires, new.requires):
            before = "nothing" if old.requires is None else rule_text(old.requires)
            yield Change(
                (*new.path, "requires"),
                f"{new.name} asks more of its callers: {rule_text(new.requires)}, "
                f"and asked {before}",
                Breaks.CLIENTS,
                old.path,
            )


def _callbacks_changed(changes: Changes) -> Iterator[Change]:
    names = {old.name: new.name for old, new in changes.protocols}
    for old, new in changes.protocols:
        before = names.get(old.callbacks, old.callbacks) if old.callbacks else None
        if before != new.callbacks:
            yield Change(
                (*new.path, "callbacks"),
                f"clients of {new.name} serve {new.callbacks or 'nothing'}, "
                f"and served {old.callbacks or 'nothing'}",
                Breaks.CLIENTS,
                old.path,
            )


def _added_to(changes: Changes, key: str) -> Iterator[tuple[Protocol, Item]]:
    for old, new in changes.protocols:
        _, _, added = match(getattr(old, key), getattr(new, key), "selector")
        for one in added:
            yield new, one


def _protocol_added(changes: Changes) -> Iterator[Change]:
    kept = {new.name for _, new in changes.protocols}
    for name, protocol in changes.new.protocols.items():
        if name not in kept:
            yield Change(protocol.path, f"the protocol {name} is new", Breaks.NOBODY)


def _method_added(changes: Changes) -> Iterator[Change]:
    for protocol, one in _added_to(changes, "methods"):
        yield Change(one.path, f"{protocol.name} has a new method, {one.name}", Breaks.NOBODY)


def _event_added(changes: Changes) -> Iterator[Change]:
    for protocol, one in _added_to(changes, "events"):
        yield Change(one.path, f"{protocol.name} has a new event, {one.name}", Breaks.NOBODY)


def _throws(changes: Changes) -> Iterator[Change]:
    names = {old.name: new.name for old, new in changes.errors}
    for old, new in changes.methods:
        known = {names.get(name, name) for name in old.errors}
        for index, name in enumerate(new.errors):
            if name not in known:
                yield Change(
                    (*_errors_path(new), index),
                    f"{new.name} may fail with {name}; old clients see a general error",
                    Breaks.NOBODY,
                    at_value=True,
                )


def _errors_path(method: Method) -> tuple[str | int, ...]:
    return (*method.path, "errors")


RULES: Final = (
    Rule(
        "PROTOCOL_REMOVED",
        "A protocol was removed",
        "Every call of an old client is answered with an error.",
        _protocol_removed,
    ),
    Rule(
        "METHOD_REMOVED",
        "A method was removed",
        "Old clients call it and get an error, for ever. Deprecate it instead.",
        _method_removed,
    ),
    Rule(
        "EVENT_REMOVED",
        "An event was removed",
        "Old clients wait for it, and nothing tells them that it will not come.",
        _event_removed,
    ),
    Rule(
        "SELECTOR_CHANGED",
        "A method or event has another name on the wire",
        "The old name reaches nobody: calls fail, events are not heard.",
        _selector_changed,
    ),
    Rule(
        "ONEWAY_CHANGED",
        "A method began or ceased to answer",
        "Who waits for an answer that never comes ends at a deadline; who does not wait never "
        "learns of a failure.",
        _oneway_changed,
    ),
    Rule(
        "REPLY_CHANGED",
        "A method answers with something instead of nothing, or the reverse",
        "A reader of nothing cannot read something, nor the reverse.",
        _reply_changed,
    ),
    Rule(
        "STREAM_CHANGED",
        "A method streams other sides than before",
        "One side waits for items, or for room to send them, which the other does not know of.",
        _stream_changed,
    ),
    Rule(
        "STREAM_OVERFLOW_CHANGED",
        "Items of a stream that have no room meet another fate",
        "Old clients count on every item, or on the newest, and are not told otherwise.",
        _items_dropped,
    ),
    Rule(
        "IDEMPOTENT_REMOVED",
        "A method may no longer be sent twice",
        "Old clients retry it after an interruption; now that happens twice.",
        _idempotent_removed,
    ),
    Rule(
        "ORDER_REMOVED",
        "Calls of a method may run side by side",
        "Old clients send the second call before the first is answered, and rely on their order.",
        _order_removed,
    ),
    Rule(
        "REQUIRES_NARROWED",
        "A method asks more of its callers",
        "Callers that were let in are refused.",
        _requires_more,
    ),
    Rule(
        "CALLBACKS_CHANGED",
        "Clients are to serve another protocol",
        "The server calls what old clients do not serve.",
        _callbacks_changed,
    ),
)

ADDITIONS: Final = (
    Rule("PROTOCOL_ADDED", "A protocol was added", "Old clients never call it.", _protocol_added),
    Rule("METHOD_ADDED", "A method was added", "Old clients never call it.", _method_added),
    Rule(
        "EVENT_ADDED",
        "An event was added",
        "Old clients drop events that they do not know.",
        _event_added,
    ),
    Rule(
        "METHOD_ERROR_ADDED",
        "A method may fail in a new way",
        "Old clients see a general error with its code.",
        _throws,
    ),
)
