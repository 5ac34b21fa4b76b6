"""Rules about services: found under the same name, by the same programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..model import Service
from ..signature import rule_text
from .changes import Changes, match
from .peers import implies
from .rule import Breaks, Change, Rule


def _split(changes: Changes) -> tuple[list[Service], list[Service]]:
    _, gone, added = match(changes.old.services, changes.new.services, "address")
    return gone, added


def _removed(changes: Changes) -> Iterator[Change]:
    for service in _split(changes)[0]:
        yield Change(
            ("service", service.name),
            f"nobody is found under {service.address} any more",
            Breaks.CLIENTS,
            service.path,
        )


def _name_changed(changes: Changes) -> Iterator[Change]:
    for old, new in changes.services:
        if old.address != new.address:
            yield Change(
                (*new.path, "name"),
                f"the service is found under {new.address}, and was under {old.address}",
                Breaks.CLIENTS,
                (*old.path, "name"),
            )


def _domain_changed(changes: Changes) -> Iterator[Change]:
    for old, new in changes.services:
        if old.domain != new.domain:
            yield Change(
                (*new.path, "domain"),
                f"the service is found in the {new.domain} domain, and was in the {old.domain} one",
                Breaks.CLIENTS,
                old.path,
            )


def _protocol_changed(changes: Changes) -> Iterator[Change]:
    paired = {(old.name, new.name) for old, new in changes.protocols}
    for old, new in changes.services:
        if old.protocol != new.protocol and (old.protocol, new.protocol) not in paired:
            yield Change(
                (*new.path, "protocol"),
                f"the service speaks {new.protocol}, and spoke {old.protocol}",
                Breaks.CLIENTS,
                (*old.path, "protocol"),
            )


def _narrowed(changes: Changes) -> Iterator[Change]:
    for before, after in changes.services:
        for system in ("macos", "linux"):
            old, new = getattr(before, system), getattr(after, system)
            if old is None or old == new:
                continue
            if new is None:
                yield Change(
                    (*after.path, "peer", system),
                    f"the service has no peer rule for {system} any more, so it does not start "
                    "there",
                    Breaks.CLIENTS,
                    (*before.path, "peer", system),
                )
            elif not implies(old, new):
                yield Change(
                    (*after.path, "peer", system),
                    f"fewer programs may connect: {rule_text(new)}; before: {rule_text(old)}",
                    Breaks.CLIENTS,
                    (*before.path, "peer", system),
                )


def _added(changes: Changes) -> Iterator[Change]:
    for service in _split(changes)[1]:
        yield Change(service.path, f"the service {service.address} is new", Breaks.NOBODY)


RULES: Final = (
    Rule(
        "SERVICE_REMOVED",
        "A service was removed",
        "Old clients look it up and find nobody.",
        _removed,
    ),
    Rule(
        "SERVICE_NAME_CHANGED",
        "A service is found under another name",
        "Old clients look for the old name.",
        _name_changed,
    ),
    Rule(
        "SERVICE_DOMAIN_CHANGED",
        "A service moved between the user's and the system's domain",
        "Old clients look in the old one.",
        _domain_changed,
    ),
    Rule(
        "SERVICE_PROTOCOL_CHANGED",
        "A service speaks another protocol",
        "Calls of old clients name methods that it does not have.",
        _protocol_changed,
    ),
    Rule(
        "PEER_NARROWED",
        "Fewer programs may connect",
        "Programs that were let in are refused, without a word of why. What cannot be proved to "
        "let in all old peers is taken to be narrower.",
        _narrowed,
    ),
)

ADDITIONS: Final = (
    Rule("SERVICE_ADDED", "A service was added", "Old clients never look for it.", _added),
)
