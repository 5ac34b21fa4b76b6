"""Who may connect."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Contract, PeerRule, RuleGroup
from ..model import Rule as PeerFact
from .rule import Finding, Rule


def _has_anyone(rule: PeerRule | None) -> bool:
    return rule == "anyone"


def _anyone(contract: Contract) -> Iterator[Finding]:
    for service in contract.services:
        for system, rule in (("macos", service.macos), ("linux", service.linux)):
            if _has_anyone(rule):
                yield Finding(
                    (*service.path, "peer", system),
                    f"every process that finds {service.name} may call it; name a team, a "
                    "user or a program, or give the reason in [lint] ignore",
                    at_value=True,
                )


def _development(contract: Contract) -> Iterator[Finding]:
    for service in contract.services:
        if service.development is not None:
            yield Finding(
                (*service.path, "peer", "development"),
                "a program that asks for this rule by name is open to whom it lists; take it "
                "out before you ship",
            )


def _identifier_alone(contract: Contract) -> Iterator[Finding]:
    for service in contract.services:
        if service.macos is not None and _passes_by_identifier(service.macos):
            yield Finding(
                (*service.path, "peer", "macos"),
                "anybody can sign a program with this identifier; write all = "
                '[{ team = "self" }, { identifier = "…" }]',
            )


def _passes_by_identifier(rule: PeerRule) -> bool:
    """Whether some peer fits by its identifier and nothing else."""
    match rule:
        case PeerFact(kind):
            return kind == "identifier"
        case RuleGroup("all", rules):
            return bool(rules) and all(map(_passes_by_identifier, rules))
        case RuleGroup("any", rules):
            return any(map(_passes_by_identifier, rules))
    return False


def _no_rule(contract: Contract) -> Iterator[Finding]:
    for service in contract.services:
        if service.macos is None and service.linux is None:
            yield Finding(
                service.path,
                f"{service.name} has no peer rule, so it starts nowhere; add "
                f"[service.{service.name}.peer.macos] or .linux",
            )


RULES = (
    Rule(
        id="anyone-may-connect",
        title='No service is open to "anyone"',
        why="Names of services can be found, and every process of the machine can then call "
        "every method, with any value the contract allows.",
        bad='[service.store.peer]\nlinux = "anyone"',
        good='[service.store.peer.linux]\nany = [{ uid = "self" }]',
        find=_anyone,
    ),
    Rule(
        id="development-rule",
        title="No development rule is left in",
        why="It is meant for programs that are not signed yet; in a product it is a second door.",
        bad='[service.store.peer]\ndevelopment = "anyone"',
        good='[service.store.peer.macos]\nall = [{ team = "self" }]',
        find=_development,
    ),
    Rule(
        id="identifier-without-team",
        title="A signing identifier is asked for together with a team",
        why="An ad-hoc signature may carry any identifier, so the identifier alone proves nothing.",
        bad='[service.store.peer.macos]\nall = [{ identifier = "org.example.host" }]',
        good="[service.store.peer.macos]\n"
        'all = [{ team = "self" }, { identifier = "org.example.host" }]',
        find=_identifier_alone,
    ),
    Rule(
        id="no-peer-rule",
        title="Each service says who may connect",
        why="A service without a rule for the system it runs on refuses to start; the contract "
        "is the place to notice.",
        bad='[service.store]\nprotocol = "Store"\nname     = "org.example.store"',
        good='[service.store.peer.linux]\nany = [{ uid = "self" }]',
        find=_no_rule,
    ),
)
