"""Property lists for macOS: jobs of launchd, parts of Info.plist, entitlements."""

from __future__ import annotations

import plistlib
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from .launch import JOBS, LAUNCHD, Launchd, app_group_of, filled
from .model import PeerRule, Rule, RuleGroup, Service


@frozen
class PropertyList:
    """One file."""

    file: str
    """Its name, without a folder."""
    values: dict[str, Any]

    @property
    def data(self) -> bytes:
        """The file's text, in the XML form."""
        return plistlib.dumps(self.values, sort_keys=True)


def launch_plist(service: Service, variables: Mapping[str, str]) -> PropertyList:
    """What launchd needs of an agent or daemon; of the others, their part of Info.plist.

    The service has a ``launchd`` section; ``variables`` has a value for each in its name.
    """
    launchd = service.launchd
    assert launchd is not None
    name, label = filled(service.address, variables), filled(launchd.label, variables)
    if launchd.kind in JOBS:
        # launchd wants the file to be named for the job.
        return PropertyList(f"{label}.plist", _job(launchd, name, label))
    if launchd.kind == "network_extension":
        extension: dict[str, Any] = {"NEMachServiceName": name}
        if launchd.provider_classes:
            extension["NEProviderClasses"] = launchd.provider_classes
        values: dict[str, Any] = {"NetworkExtension": extension}
    else:
        values = {
            "CFBundleIdentifier": name,
            "CFBundlePackageType": "XPC!",
            "XPCService": {"ServiceType": launchd.service_type},
        }
    return PropertyList(f"{label}.Info.plist", values)


def _job(launchd: Launchd, name: str, label: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "Label": label,
        "MachServices": {name: {"ResetAtClose": True} if launchd.reset_at_close else True},
        # Follows the activity of its clients, which is what an XPC service is for.
        "ProcessType": "Adaptive",
    }
    for key, value in launchd.settings.items():
        known = LAUNCHD[key]
        if known.shape == "octal":
            value = int(value, 8)
        elif known.shape == "words" and len(value) == 1:
            (value,) = value
        values[known.name] = value
    return values


def client_entitlements(
    services: Iterable[Service], variables: Mapping[str, str]
) -> dict[str, Any]:
    """What a sandboxed program needs to reach the services, and to be admitted by them."""
    found: dict[str, Any] = {"com.apple.security.app-sandbox": True}
    for service in services:
        group = _group(service, variables)
        if group is not None:
            _add(found, "com.apple.security.application-groups", group)
        else:
            key = "com.apple.security.temporary-exception.mach-lookup.global-name"
            _add(found, key, filled(service.address, variables))
        for rule in _certain(service.macos):
            if rule.kind == "entitlement":
                found[rule.value] = True if rule.extra is None else rule.extra
    return found


def server_entitlements(
    services: Iterable[Service], variables: Mapping[str, str]
) -> dict[str, Any]:
    """What the programs that serve need: the app groups that their names are below."""
    found: dict[str, Any] = {}
    for service in services:
        group = _group(service, variables)
        if group is not None:
            _add(found, "com.apple.security.application-groups", group)
    return found


def _group(service: Service, variables: Mapping[str, str]) -> str | None:
    launchd = service.launchd
    group = app_group_of(service.address) if launchd is None else launchd.app_group
    return None if group is None else filled(group, variables)


def _add(found: dict[str, Any], key: str, value: str) -> None:
    values = found.setdefault(key, [])
    if value not in values:
        values.append(value)


def _certain(rule: PeerRule | None) -> Iterable[Rule]:
    """The facts that every peer must meet."""
    if isinstance(rule, Rule):
        yield rule
    elif isinstance(rule, RuleGroup) and (rule.kind == "all" or len(rule.rules) == 1):
        for inner in rule.rules:
            yield from _certain(inner)
