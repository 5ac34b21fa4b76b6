"""The view of one generated package."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from attrs import frozen

from .. import naming
from ..fingerprint import fingerprint
from ..model import Contract
from .imports import import_line, name_order
from .layout import docstring
from .protocols import ProtocolView, protocol_view
from .services import ServicesView, services_view
from .types import TypesView, types_view

MARK: Final = "# Written by `xpcrpc gen` from "
"""Begins the line by which a generated file is known."""


@frozen
class PackageView:
    """All modules of a package."""

    name: str
    doc: str
    origin: str
    exports: tuple[str, ...]
    """The import lines of ``__init__.py``."""
    names: tuple[str, ...]
    """``__all__``"""
    homes: tuple[tuple[str, str], ...]
    """Each name and the module that has it."""
    types: TypesView
    protocols: tuple[ProtocolView, ...]
    services: ServicesView


def package_view(contract: Contract) -> PackageView:
    """Decide everything about the package of a contract without complaints."""
    # Only the file's own name: the bytes must not depend on where the compiler ran.
    origin = f"{MARK}{PurePosixPath(contract.file).name}; change that, not this."
    full_name = f"{contract.package} {contract.version}"
    tail = f": {contract.doc}" if contract.doc else "."
    types = types_view(contract, docstring(f"Types of {full_name}{tail}", 0), origin)
    said = fingerprint(contract)
    protocols = tuple(
        protocol_view(contract, protocol, full_name, origin, said)
        for protocol in contract.protocols.values()
    )
    services = services_view(contract, full_name, origin)

    taken_over = {service.client for service in services.services}
    modules: dict[str, list[str]] = {"types": list(types.names)}
    for protocol in protocols:
        names = [protocol.protocol, protocol.client, protocol.server]
        names.extend(sender.name for sender in protocol.senders)
        modules[protocol.module] = [name for name in names if name not in taken_over]
    for service in services.services:
        modules.setdefault("services", []).extend([service.name, service.client])
    return PackageView(
        name=naming.package_name(contract.package, contract.python),
        doc=docstring(f"{full_name}{tail}", 0),
        origin=origin,
        exports=tuple(
            import_line(f".{module}", modules[module], 1)
            for module in sorted(modules)
            if modules[module]
        ),
        names=tuple(sorted((name for names in modules.values() for name in names), key=name_order)),
        homes=tuple(
            sorted(
                ((name, module) for module, names in modules.items() for name in names),
                key=lambda home: name_order(home[0]),
            )
        ),
        types=types,
        protocols=protocols,
        services=services,
    )
