"""Methods, and what is declared for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..check.references import expressions
from ..model import Contract, Item
from ..scanner import Path
from ..typeexpr import ClientEnd, Named, ServerEnd, parts
from .rule import Finding, Rule

_GETTER: Final = re.compile(r"(get|list|find|lookup|read|count|describe|is|has)_")


def _getters(contract: Contract) -> Iterator[Finding]:
    for protocol in contract.protocols.values():
        for method in protocol.methods:
            if method.idempotent or method.oneway or method.stream is not None:
                continue  # what streams cannot be repeated
            if _GETTER.match(method.name):
                yield Finding(
                    method.path,
                    f"{method.name} sounds as if it changed nothing; add idempotent = true, "
                    "so that it may be retried, or name it for what it changes",
                )


def _unused(contract: Contract) -> Iterator[Finding]:
    named: set[str] = set()
    ends = {service.protocol for service in contract.services}
    for expression, path in expressions(contract):
        for part in parts(expression):
            # A type that holds itself is not in use for that.
            if isinstance(part, Named) and path[1] != part.name:
                named.add(part.name)
            elif isinstance(part, (ClientEnd, ServerEnd)):
                ends.add(part.protocol)
    ends.update(one.callbacks for one in contract.protocols.values() if one.callbacks)
    for protocol in contract.protocols.values():
        for method in protocol.methods:
            named.update(method.errors)
            if isinstance(method.request, str):
                named.add(method.request)
        for event in protocol.events:
            if isinstance(event.payload, str):
                named.add(event.payload)
    # A contract without protocols is there for others to import; errors are not imported.
    types = contract.types.values() if contract.protocols else ()
    items: list[Item] = [*types, *contract.errors.values()]
    for item in items:
        if item.name not in named and not item.deprecated:
            yield Finding(item.path, f"nothing names {item.name}; use it or drop it")
    for protocol in contract.protocols.values():
        if protocol.name not in ends and not protocol.deprecated:
            yield Finding(
                protocol.path,
                f"no service serves {protocol.name} and no client_end<{protocol.name}> is "
                "passed; add a service, or drop it",
            )


def _deprecated(contract: Contract) -> Iterator[Finding]:
    types = {**contract.types, **contract.imported}
    old = {name for name, item in types.items() if item.deprecated}
    old_errors = {error.name for error in contract.errors.values() if error.deprecated}
    aside = _deprecated_paths(contract)

    def is_aside(path: Path) -> bool:
        return any(path[:end] in aside for end in range(1, len(path) + 1))

    for expression, path in expressions(contract):
        for part in parts(expression):
            if isinstance(part, Named) and part.name in old and not is_aside(path):
                yield Finding(path, f"{part.name} is deprecated; {_MOVE_ON}", at_value=True)
    for protocol in contract.protocols.values():
        for owner, struct in (
            *((method, method.request) for method in protocol.methods),
            *((event, event.payload) for event in protocol.events),
        ):
            if isinstance(struct, str) and struct in old and not is_aside(owner.path):
                path = (*owner.path, "in")
                yield Finding(path, f"{struct} is deprecated; {_MOVE_ON}", at_value=True)
        for method in protocol.methods:
            if is_aside(method.path):
                continue
            for index, name in enumerate(method.errors):
                if name in old_errors:
                    path = (*method.path, "errors", index)
                    yield Finding(path, f"{name} is deprecated; {_MOVE_ON}", at_value=True)


_MOVE_ON: Final = "name what replaces it, or deprecate this too"


def _deprecated_paths(contract: Contract) -> set[Path]:
    items: list[Item] = [*contract.types.values(), *contract.errors.values()]
    for _, fields in contract.field_owners():
        items.extend(fields)
    for protocol in contract.protocols.values():
        items.extend((protocol, *protocol.methods, *protocol.events))
    return {item.path for item in items if item.deprecated}


RULES = (
    Rule(
        id="getter-not-idempotent",
        title="Methods that only look are idempotent",
        why="After an interruption the runtime may repeat an idempotent call by itself; any "
        "other fails, and every caller has to write the retry.",
        bad='[protocol.Store.methods.get_item]\nout = "Item"',
        good='[protocol.Store.methods.get_item]\nout        = "Item"\nidempotent = true',
        find=_getters,
    ),
    Rule(
        id="unused-declaration",
        title="Everything declared is in use, unless the contract is there to be imported",
        why="A type that no message holds, or an error that no method answers with, is read, "
        "generated and kept compatible for nobody.",
        bad='[error.Busy]\ncode = 100  # and no method has errors = ["Busy"]',
        good='[protocol.Store.methods.put]\nerrors = ["Busy"]',
        find=_unused,
    ),
    Rule(
        id="deprecated-in-use",
        title="Nothing current depends on what is deprecated",
        why="Callers of the current method are told not to use its own types, and the old "
        "type can never be retired.",
        bad='fields.address = "OldAddress"  # [struct.OldAddress] deprecated = "use Address"',
        good='fields.address = "Address"',
        find=_deprecated,
    ),
)
