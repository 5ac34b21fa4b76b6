"""The ``launchd`` and ``systemd`` sections of a service."""

from __future__ import annotations

import re
from typing import Any, Final

from ..launch import (
    APP_GROUP,
    JOBS,
    LAUNCHD,
    LAUNCHD_KINDS,
    REFUSED,
    SYSTEMD,
    TEAM,
    Launchd,
    LaunchdKind,
    Systemd,
    app_group_of,
    without_team,
)
from ..mistakes.services import (
    ABSOLUTE_PATH,
    APP_GROUP_NAME,
    JOB_PROGRAM,
    LABEL_FORM,
    LAUNCH_DOMAIN,
    LAUNCH_KIND_KEY,
    LAUNCH_REFUSED,
    SOCKET_PATH,
    UNIT_NAME,
)
from ..mistakes.shape import MISSING_KEY, UNKNOWN_WORD
from .settings import read_settings
from .table import Table

_LABEL: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,126}")
_UNIT_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}")
_USER_FOLDER: Final = f"/run/user/{2**32 - 2}/xpcrpc/"
_SOCKET_PATH_MAX: Final = 107


def read_launchd(table: Table | None, address: str, domain: str) -> Launchd | None:
    """The section, if there is one."""
    if table is None:
        return None
    kind = _kind(table)
    if kind in JOBS and (kind == "daemon") != (domain == "system"):
        wanted = "system" if kind == "daemon" else "user"
        table.complain(
            LAUNCH_DOMAIN,
            "kind",
            f'{kind} belongs to domain = "{wanted}"; change the service\'s domain, or kind',
        )
    for key, reason in REFUSED.items():
        if key in table.values:
            table.take(key)
            table.complaints.at_key(
                LAUNCH_REFUSED, table.at(key), f"{key} cannot be used: {reason}"
            )
    settings = read_settings(table, LAUNCHD, system=kind == "daemon", what='kind = "daemon"')
    if table.values.get("kind") in JOBS:
        _needs_program(table, settings)
    elif kind not in JOBS:
        for key in settings:
            table.complaints.at_key(
                LAUNCH_KIND_KEY, table.at(key), f"{key} is for an agent or a daemon; drop it"
            )
    read = Launchd(
        path=table.path,
        kind=kind,
        label=_label(table, address),
        app_group=_app_group(table, kind, address),
        reset_at_close=_only(table, "reset_at_close", kind, JOBS) and table.flag("reset_at_close"),
        service_type=_service_type(table, kind),
        provider_classes=_provider_classes(table, kind),
        settings=settings,
    )
    table.finish(also=(*LAUNCHD, "provider_classes", "reset_at_close", "service_type"))
    return read


def read_systemd(table: Table | None, address: str, domain: str) -> Systemd | None:
    """The section, if there is one."""
    if table is None:
        return None
    settings = read_settings(table, SYSTEMD, system=domain == "system", what='domain = "system"')
    room = socket_room(domain)
    if len(address) > room:
        table.complaints.at_value(
            SOCKET_PATH,
            (*table.path[:-1], "name"),
            f"a socket's path has {_SOCKET_PATH_MAX} bytes, which leaves {room} for the name; "
            f"it has {len(address)}",
        )
    if "exec" not in table.values:
        table.complaints.at_key(
            MISSING_KEY, table.path, "'exec' is missing; give the program and its arguments as exec"
        )
    unit = table.text("unit")
    if unit is not None and _UNIT_NAME.fullmatch(unit) is None:
        table.complain(
            UNIT_NAME, "unit", f"{unit!r} cannot name a unit; letters, digits, '.', '_', '-'"
        )
    read = Systemd(
        path=table.path,
        unit=unit or without_team(address),
        settings=settings,
    )
    table.finish(also=SYSTEMD)
    return read


def socket_room(domain: str) -> int:
    """The characters that a socket's path leaves for the service's name."""
    return _SOCKET_PATH_MAX - len("/run/xpcrpc/" if domain == "system" else _USER_FOLDER)


def _kind(table: Table) -> LaunchdKind:
    known = " or ".join(f'"{kind}"' for kind in LAUNCHD_KINDS)
    kind = table.text("kind")
    if kind is None:
        if "kind" not in table.values:
            table.complaints.at_key(
                MISSING_KEY, table.path, f"'kind' is missing; give {known} as kind"
            )
        return "agent"
    if kind not in LAUNCHD_KINDS:
        table.complain(UNKNOWN_WORD, "kind", f"{kind!r} is not known here; write {known}")
        return "agent"
    return kind


def _needs_program(table: Table, settings: dict[str, Any]) -> None:
    if not {"program", "bundle_program", "arguments"} & table.values.keys():
        table.complaints.at_key(
            JOB_PROGRAM,
            table.path,
            "nothing says what to run; give program, bundle_program or arguments",
        )
    if "program" in table.values and "bundle_program" in table.values:
        table.complaints.at_key(
            JOB_PROGRAM, table.at("bundle_program"), "a job runs one program; drop this, or program"
        )
    arguments = settings.get("arguments")
    alone = not {"program", "bundle_program"} & table.values.keys()
    if alone and arguments and not arguments[0].startswith("/"):
        table.complaints.at_value(
            ABSOLUTE_PATH,
            (*table.at("arguments"), 0),
            f"{arguments[0]!r} is no absolute path, and launchd searches no PATH; "
            "write the whole path, or give program",
        )


def _label(table: Table, address: str) -> str:
    label = table.text("label")
    if label is None:
        return without_team(address)
    if _LABEL.fullmatch(label) is None:
        table.complain(
            LABEL_FORM,
            "label",
            f"{label!r} is no label: letters, digits, '.', '_', '-', at most 127 of them",
        )
    return label


def _app_group(table: Table, kind: LaunchdKind, address: str) -> str | None:
    group = table.text("app_group")
    if group is None:
        if derived := app_group_of(address):
            return derived
        if kind == "network_extension" and address:
            table.complaints.at_key(
                APP_GROUP_NAME,
                table.path,
                f"the name {address} is below no app group, so the system would refuse it; begin "
                f'it with {TEAM}, as in "{TEAM}.{address}", or give app_group',
            )
        return None
    if APP_GROUP.fullmatch(group) is None:
        table.complain(
            APP_GROUP_NAME,
            "app_group",
            f'{group!r} is no app group; write "{TEAM}.org.example" or "group.…"',
        )
        return None
    if not address.startswith(f"{group}."):
        table.complain(
            APP_GROUP_NAME,
            "app_group",
            f"the service's name {address} does not begin with {group}.; change one of them",
        )
    return group


def _only(table: Table, key: str, kind: str, kinds: frozenset[str]) -> bool:
    """Whether the key may stand here; complains if it does and may not."""
    if key in table.values and kind not in kinds:
        table.take(key)
        table.complaints.at_key(
            LAUNCH_KIND_KEY,
            table.at(key),
            f"{key} is for kind = {' or '.join(sorted(kinds))}; drop it",
        )
    return kind in kinds


def _service_type(table: Table, kind: LaunchdKind) -> str:
    if not _only(table, "service_type", kind, frozenset({"xpc_service"})):
        return "Application"
    return table.choice("service_type", ("application", "user", "system"), "application").title()


def _provider_classes(table: Table, kind: LaunchdKind) -> dict[str, str] | None:
    if not _only(table, "provider_classes", kind, frozenset({"network_extension"})):
        return None
    inner = table.table("provider_classes")
    if inner is None:
        return None
    return {key: value for key in inner.values if (value := inner.text(key)) is not None}
