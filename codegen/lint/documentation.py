"""What a reader of the contract is told."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Contract, Item
from .rule import Finding, Rule


def _declarations(contract: Contract) -> Iterator[Finding]:
    if not contract.doc:
        yield Finding((), 'the contract has no doc; say what it is for with doc = "…"')
    items: list[Item] = [
        *contract.types.values(),
        *contract.consts,
        *contract.errors.values(),
        *contract.protocols.values(),
        *contract.services,
    ]
    for item in items:
        if not item.doc:
            yield Finding(item.path, f'{item.name} has no doc; say what it is with doc = "…"')


def _methods(contract: Contract) -> Iterator[Finding]:
    for protocol in contract.protocols.values():
        for method in protocol.methods:
            if not method.doc:
                yield Finding(
                    method.path, f'{method.name} has no doc; say what a call does with doc = "…"'
                )
        for event in protocol.events:
            if not event.doc:
                yield Finding(
                    event.path, f'{event.name} has no doc; say when it is sent with doc = "…"'
                )


RULES = (
    Rule(
        id="undocumented-declaration",
        title="The contract and each of its declarations have a doc",
        why="The doc becomes the docstring of the generated class and the text of the "
        "documentation pages; without it a reader has the name alone.",
        bad='[struct.Status]\nfields.running = "bool"',
        good='[struct.Status]\ndoc = "Whether the proxy takes flows."\nfields.running = "bool"',
        find=_declarations,
    ),
    Rule(
        id="undocumented-method",
        title="Each method and event has a doc",
        why="A signature does not say what a call changes, or when it is refused.",
        bad="[protocol.Control.methods.stop]\noneway = true",
        good='[protocol.Control.methods.stop]\ndoc    = "Let go of every flow."\noneway = true',
        find=_methods,
    ),
)
