"""The view of ``services.py``: where the protocols are served, and for whom."""

from __future__ import annotations

from attrs import define, field, frozen

from .. import naming
from ..model import Contract, PeerRule, Rule, RuleGroup, Service
from .imports import Imports
from .layout import Call, docstring, lay_out, text_literal
from .spelling import plain_literal, prefixed
from .types import notes


@frozen
class ServiceView:
    """One service; all texts are laid out."""

    constant: str
    doc: str
    name: str
    client: str
    base: str
    client_doc: str


@frozen
class ServicesView:
    """The whole module."""

    doc: str
    origin: str
    imports: tuple[str, ...]
    services: tuple[ServiceView, ...]


_CLASSES = {
    "team": "Team",
    "identifier": "Identifier",
    "entitlement": "Entitlement",
    "platform": "Platform",
    "requirement": "Requirement",
    "lwcr": "Lwcr",
    "uid": "Uid",
    "gid": "Gid",
    "user": "User",
    "group": "Group",
    "exe": "Executable",
    "label": "SecurityLabel",
}


def services_view(contract: Contract, full_name: str, origin: str) -> ServicesView:
    """Decide everything about the module."""
    builder = _Builder(contract)
    services = tuple(map(builder.service, contract.services))
    builder.imports.add("__future__", "annotations")
    builder.imports.add("typing", "Final")
    return ServicesView(
        doc=docstring(f"Services of {full_name}.", 0),
        origin=origin,
        imports=builder.imports.blocks(),
        services=services,
    )


@define
class _Builder:
    contract: Contract
    imports: Imports = field(factory=Imports)

    def service(self, service: Service) -> ServiceView:
        """All that is printed for one service."""
        module = naming.module_name(service.protocol)
        name = naming.service_object(service.name)
        client = naming.service_client(service.name)
        base = f"{service.protocol}Client"
        constant = naming.protocol_constant(service.protocol)
        server = f"{service.protocol}Server"
        self.imports.add("xpcrpc", "Service")
        self.imports.add(f".{module}", constant, server)
        if self._takes_over(service):
            # The service's client has the name of its protocol's client, and replaces it.
            self.imports.add(f".{module}", f"{base} as {self._base(service)}")
        else:
            self.imports.add(f".{module}", base)
        base = self._base(service)
        facts: list[Call | str] = [
            f"name={text_literal(service.address)}",
            f"protocol={constant}",
            # A class that leaves its methods open is meant here, which mypy cannot know.
            f"server={server},  # type: ignore[type-abstract]",
            f"client={base}",
            f'domain="{service.domain}"',
        ]
        for key, rule in (
            ("peer_macos", service.macos),
            ("peer_linux", service.linux),
            ("peer_development", service.development),
        ):
            if rule is not None:
                self.imports.add("xpcrpc", "rules")
                facts.append(prefixed(f"{key}=", rule_call(rule)))
        opening = f"{name}: Final[Service[{server}, {base}]] = Service("
        lines = [opening, *(_line(fact) for fact in facts), ")"]
        doc = notes(service) or f"``{service.address}`` serves `{service.protocol}`."
        return ServiceView(
            constant="\n".join(lines),
            doc=docstring(doc, 0),
            name=name,
            client=client,
            base=base,
            client_doc=docstring(f"A client of `{name}`; ``connect`` finds it by its name."),
        )

    def _takes_over(self, service: Service) -> bool:
        return any(
            naming.service_client(other.name) == f"{service.protocol}Client"
            for other in self.contract.services
        )

    def _base(self, service: Service) -> str:
        base = f"{service.protocol}Client"
        return f"Any{base}" if self._takes_over(service) else base


def _line(fact: Call | str) -> str:
    commented = isinstance(fact, str) and "  # " in fact
    return lay_out(fact, 1, "" if commented else ",")


def rule_call(rule: PeerRule) -> Call | str:
    """The expression that makes a peer rule."""
    if rule == "anyone":
        return "rules.Anyone()"
    if isinstance(rule, RuleGroup):
        kind = "rules.All(" if rule.kind == "all" else "rules.AnyOf("
        inner = tuple(map(rule_call, rule.rules))
        return Call(kind, (Call("(", inner, trailing="," if len(inner) == 1 else ""),))
    assert isinstance(rule, Rule)
    arguments: tuple[Call | str, ...] = ()
    if rule.kind != "platform":
        arguments = (plain_literal(rule.value),)
    if rule.extra is not None:
        arguments = (*arguments, prefixed("value=", plain_literal(rule.extra)))
    return Call(f"rules.{_CLASSES[rule.kind]}(", arguments)
