"""What the pages say about a contract."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from ..model import Contract, Service
from ..naming import package_name
from ..signature import rule_text
from .describe import Describer
from .prose import Piece, Prose, anchor, code, line, prose
from .protocols import ProtocolDescriber
from .records import EntryView, PageView, SectionView, TableView
from .types import TypeDescriber

_ENVELOPE: Final = """\
A request is a dictionary with `$selector` and `$arguments`; its answer has `$result`, or \
`$error` with a `code` and a `message`, and for an error of this contract `$details` with its \
fields. Further keys that begin with `$` may stand beside them; a peer ignores those that it \
does not know.

Items of a stream travel in messages of their own, with the `$call` of their request; who reads \
them allows further ones with `$credit`, and may stop the call with `$cancel`. An event looks \
like a request, and nothing replies to it.

Examples show the XPC type of each value behind `//`. An integer is read from int64 and from \
uint64 alike, if it fits. An optional field is left out or null; both mean none.

Besides its own errors, every method may fail with these codes:
"""
_FAILURES: Final = (
    ("1", "the selector is unknown there: the peer serves an older contract, or another one"),
    ("2", "the message is no request"),
    ("3", "the argument does not fit its type, or the handler failed"),
    ("4", "it was stopped by its caller or by its deadline"),
    ("5", "the service is ending; ask again after it was replaced"),
    ("6", "the connection has as many calls under way as it may"),
    ("7", "the method asks for more than the caller's identity gives"),
    ("8", "the reader of a stream was too slow, and the contract makes that a failure"),
)


def page_view(contract: Contract, origin: str) -> PageView:
    """Decide everything about the page; ``origin`` is the contract's file as readers know it."""
    services, protocols, types = (
        _Services(contract),
        ProtocolDescriber(contract),
        TypeDescriber(contract),
    )
    sections = [
        SectionView("services", "Services", tuple(map(services.service, contract.services))),
        SectionView(
            "protocols", "Protocols", tuple(map(protocols.protocol, contract.protocols.values()))
        ),
        SectionView("types", "Types", tuple(map(types.type, contract.types.values()))),
        SectionView("errors", "Errors", tuple(map(types.error, contract.errors.values()))),
        SectionView("constants", "Constants", types.constants()),
    ]
    return PageView(
        package=contract.package,
        version=contract.version,
        python=package_name(contract.package, contract.python),
        origin=origin,
        paragraphs=prose(contract.doc),
        sections=tuple(section for section in sections if section.entries),
        envelope=prose(_ENVELOPE),
        failures=TableView(
            ("Code", "Meaning"), tuple((line(number), line(text)) for number, text in _FAILURES)
        ),
    )


@frozen
class _Services(Describer):
    """Describes services."""

    def service(self, service: Service) -> EntryView:
        domain = "each user has one" if service.domain == "user" else "one for the whole system"
        facts = [
            ("Protocol", code(service.protocol, anchor("protocol", service.protocol))),
            ("Name", code(service.address)),
            ("Domain", Prose((*code(service.domain).pieces, Piece(f": {domain}")))),
            ("Peers on macOS", _rule(rule_text(service.macos), service.macos is None)),
            ("Peers on Linux", _rule(rule_text(service.linux), service.linux is None)),
        ]
        if service.development is not None:
            facts.append(("Peers in development", _rule(rule_text(service.development), False)))
        if service.launchd is not None:
            kind = service.launchd.kind.replace("_", " ")
            facts.append(
                ("launchd", Prose((Piece(f"{kind} "), *code(service.launchd.label).pieces)))
            )
        if service.systemd is not None:
            facts.append(("systemd", code(f"{service.systemd.unit}.socket")))
        return self.entry(service, kind="service", facts=tuple(facts))


def _rule(text: str, missing: bool) -> Prose:
    return line("no rule, so it does not start there") if missing else code(text)
