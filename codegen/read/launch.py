"""The ``launchd`` and ``systemd`` sections of a service."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from ..complaint import nearest
from ..launch import (
    APP_GROUP,
    CALENDAR,
    JOBS,
    LAUNCHD,
    LAUNCHD_KINDS,
    LIMITS,
    REFUSED,
    SYSTEMD,
    TEAM,
    Key,
    Launchd,
    LaunchdKind,
    Systemd,
    app_group_of,
)
from .table import Table, kind_of

_LABEL: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,126}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNIT: Final = re.compile(
    r"[A-Za-z0-9:_.@\\-]{1,200}\.(service|socket|target|mount|path|timer|device|slice|scope)"
)
_UNIT_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}")
_OCTAL: Final = re.compile(r"0?[0-7]{3}")
_USER_FOLDER: Final = f"/run/user/{2**32 - 2}/xpcrpc/"
_SOCKET_PATH_MAX: Final = 107
_SECONDS_MAX: Final = 10**9


def read_launchd(table: Table | None, address: str, domain: str) -> Launchd | None:
    """The section, if there is one."""
    if table is None:
        return None
    kind = _kind(table)
    if kind in JOBS and (kind == "daemon") != (domain == "system"):
        wanted = "system" if kind == "daemon" else "user"
        table.complain(
            "kind", f'{kind} belongs to domain = "{wanted}"; change the service\'s domain, or kind'
        )
    for key, reason in REFUSED.items():
        if key in table.values:
            table.take(key)
            table.complaints.at_key(table.at(key), f"{key} cannot be used: {reason}")
    settings = _settings(table, LAUNCHD, system=kind == "daemon", what='kind = "daemon"')
    if kind in JOBS:
        _needs_program(table, settings)
    else:
        for key in settings:
            table.complaints.at_key(table.at(key), f"{key} is for an agent or a daemon; drop it")
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
    settings = _settings(table, SYSTEMD, system=domain == "system", what='domain = "system"')
    room = _SOCKET_PATH_MAX - len("/run/xpcrpc/" if domain == "system" else _USER_FOLDER)
    if len(address) > room:
        table.complaints.at_value(
            (*table.path[:-1], "name"),
            f"a socket's path has {_SOCKET_PATH_MAX} bytes, which leaves {room} for the name; "
            f"it has {len(address)}",
        )
    if "exec" not in table.values:
        table.complaints.at_key(
            table.path, "'exec' is missing; give the program and its arguments as exec"
        )
    unit = table.text("unit")
    if unit is not None and _UNIT_NAME.fullmatch(unit) is None:
        table.complain("unit", f"{unit!r} cannot name a unit; letters, digits, '.', '_', '-'")
    read = Systemd(
        path=table.path,
        unit=unit or address.replace(f"{TEAM}.", "").replace(TEAM, "team"),
        settings=settings,
    )
    table.finish(also=SYSTEMD)
    return read


def _kind(table: Table) -> LaunchdKind:
    known = " or ".join(f'"{kind}"' for kind in LAUNCHD_KINDS)
    kind = table.text("kind")
    if kind is None:
        if "kind" not in table.values:
            table.complaints.at_key(table.path, f"'kind' is missing; give {known} as kind")
        return "agent"
    if kind not in LAUNCHD_KINDS:
        table.complain("kind", f"{kind!r} is not known here; write {known}")
        return "agent"
    return kind


def _needs_program(table: Table, settings: dict[str, Any]) -> None:
    if not {"program", "bundle_program", "arguments"} & table.values.keys():
        table.complaints.at_key(
            table.path, "nothing says what to run; give program, bundle_program or arguments"
        )
    if "program" in table.values and "bundle_program" in table.values:
        table.complaints.at_key(
            table.at("bundle_program"), "a job runs one program; drop this, or program"
        )
    arguments = settings.get("arguments")
    alone = not {"program", "bundle_program"} & table.values.keys()
    if alone and arguments and not arguments[0].startswith("/"):
        table.complaints.at_value(
            (*table.at("arguments"), 0),
            f"{arguments[0]!r} is no absolute path, and launchd searches no PATH; "
            "write the whole path, or give program",
        )


def _label(table: Table, address: str) -> str:
    label = table.text("label")
    if label is None:
        return address.replace(f"{TEAM}.", "").replace(TEAM, "team")
    if _LABEL.fullmatch(label) is None:
        table.complain(
            "label", f"{label!r} is no label: letters, digits, '.', '_', '-', at most 127 of them"
        )
    return label


def _app_group(table: Table, kind: LaunchdKind, address: str) -> str | None:
    group = table.text("app_group")
    if group is None:
        if derived := app_group_of(address):
            return derived
        if kind == "network_extension" and address:
            table.complaints.at_key(
                table.path,
                f"the name {address} is below no app group, so the system would refuse it; begin "
                f'it with {TEAM}, as in "{TEAM}.{address}", or give app_group',
            )
        return None
    if APP_GROUP.fullmatch(group) is None:
        table.complain(
            "app_group", f'{group!r} is no app group; write "{TEAM}.org.example" or "group.…"'
        )
        return None
    if not address.startswith(f"{group}."):
        table.complain(
            "app_group", f"the service's name {address} does not begin with {group}.; it has to"
        )
    return group


def _only(table: Table, key: str, kind: str, kinds: frozenset[str]) -> bool:
    """Whether the key may stand here; complains if it does and may not."""
    if key in table.values and kind not in kinds:
        table.take(key)
        table.complaints.at_key(
            table.at(key), f"{key} is for kind = {' or '.join(sorted(kinds))}; drop it"
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


def _settings(table: Table, keys: dict[str, Key], *, system: bool, what: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, key in keys.items():
        if name not in table.values:
            continue
        if key.system_only and not system:
            table.complaints.at_key(
                table.at(name), f"{name} needs the rights of the system; it is for {what} only"
            )
        value = _READERS[key.shape](table, name, key)
        if value is not None:
            found[name] = value
    return found


def _flag(table: Table, name: str, key: Key) -> Any:
    return table.flag(name)


def _text(table: Table, name: str, key: Key) -> Any:
    text = table.text(name)
    if text is None:
        return None
    if "\n" in text:
        table.complain(name, "one line is needed here; drop the line break")
        return None
    if not key.choices:
        return text
    return _word(table, table.at(name), text, key)


def _word(table: Table, path: Any, text: str, key: Key) -> str | None:
    words = dict(key.choices)
    if text in words:
        return words[text]
    hint = nearest(text, words) or "; write one of " + ", ".join(words)
    table.complaints.at_value(path, f"{text!r} is not known here{hint}")
    return None


def _texts(table: Table, name: str, key: Key) -> Any:
    texts = list(table.texts(name))
    for index, text in enumerate(texts):
        if not text or any(character in text for character in "\0\n\r"):
            table.complaints.at_value(
                (*table.at(name), index), "one line of text is needed here; it may not be empty"
            )
    if not texts:
        table.complain(name, f"{name} = [] says nothing; drop it")
    return texts or None


def _words(table: Table, name: str, key: Key) -> Any:
    words = [
        _word(table, (*table.at(name), index), text, key)
        for index, text in enumerate(_texts(table, name, key) or ())
    ]
    return [word for word in words if word is not None] or None


def _path(table: Table, name: str, key: Key) -> Any:
    text = _text(table, name, key)
    if text is not None and not text.startswith("/"):
        table.complain(name, f"{text!r} is no absolute path; it starts with '/'")
    return text


def _paths(table: Table, name: str, key: Key) -> Any:
    texts = _texts(table, name, key) or ()
    for index, text in enumerate(texts):
        if not text.startswith("/"):
            table.complaints.at_value(
                (*table.at(name), index), f"{text!r} is no absolute path; it starts with '/'"
            )
    return list(texts) or None


def _inside(table: Table, name: str, key: Key) -> Any:
    text = _text(table, name, key)
    if text is not None and (text.startswith("/") or ".." in text.split("/")):
        table.complain(name, f"{text!r} is not inside the bundle, such as Contents/MacOS/agent")
    return text


def _count(table: Table, name: str, key: Key) -> Any:
    number = table.integer(name)
    if number is not None and not 0 <= number <= _SECONDS_MAX:
        table.complain(name, f"{number} is no number from 0 to {_SECONDS_MAX}")
        return None
    return number


def _signed(table: Table, name: str, key: Key) -> Any:
    number = table.integer(name)
    if number is not None and not -20 <= number <= 19:
        table.complain(name, f"{number} is no number from -20 to 19")
        return None
    return number


def _octal(table: Table, name: str, key: Key) -> Any:
    text = table.text(name)
    if text is not None and _OCTAL.fullmatch(text) is None:
        table.complain(name, f'{text!r} is no mode; write three octal digits, such as "0600"')
        return None
    return text


def _environment(table: Table, name: str, key: Key) -> Any:
    inner = table.table(name)
    found = {}
    for variable in inner.values if inner else ():
        assert inner is not None
        if _VARIABLE.fullmatch(variable) is None:
            inner.complaints.at_key(
                inner.at(variable), f"{variable!r} is no name of an environment variable"
            )
        text = inner.text(variable, empty=True)
        if text is not None and "\n" in text:
            inner.complain(variable, "one line is needed here; drop the line break")
        elif text is not None:
            found[variable] = text
    return found or None


def _limits(table: Table, name: str, key: Key) -> Any:
    inner = table.table(name)
    if inner is None:
        return None
    found = {
        LIMITS[limit]: number
        for limit in LIMITS
        if limit in inner.values and (number := _count(inner, limit, key)) is not None
    }
    inner.finish(also=LIMITS)
    return found or None


def _keep_alive(table: Table, name: str, key: Key) -> Any:
    value = table.take(name)
    if type(value) is bool:
        return value
    if not isinstance(value, dict):
        table.complain(name, f"true or a table is needed here, not {kind_of(value)}")
        return None
    inner = Table(value, table.at(name), table.complaints)
    found: dict[str, Any] = {
        plist: inner.flag(word)
        for word, plist in (("successful_exit", "SuccessfulExit"), ("crashed", "Crashed"))
        if word in inner.values
    }
    for word, plist in (("path_state", "PathState"), ("other_job_enabled", "OtherJobEnabled")):
        if (states := inner.table(word)) is not None:
            found[plist] = {state: states.flag(state) for state in states.values}
    if not value:
        table.complain(name, "keep_alive = {} says nothing; write true, or a condition")
    inner.finish(also=("successful_exit", "crashed", "path_state", "other_job_enabled"))
    return found or None


def _calendar(table: Table, name: str, key: Key) -> Any:
    value = table.take(name)
    items = value if isinstance(value, list) else [value]
    found = []
    for index, item in enumerate(items):
        path = (*table.at(name), index) if isinstance(value, list) else table.at(name)
        if not isinstance(item, dict) or not item:
            table.complaints.at_value(path, f"write a table such as {{ hour = 3 }}, not {item!r}")
            continue
        inner = Table(item, path, table.complaints)
        moment = {}
        for word, (plist, low, high) in CALENDAR.items():
            number = inner.integer(word)
            if number is not None and not low <= number <= high:
                inner.complain(word, f"{number} is no {word}; it goes from {low} to {high}")
            elif number is not None:
                moment[plist] = number
        inner.finish(also=CALENDAR)
        found.append(moment)
    return found if isinstance(value, list) else (found[0] if found else None)


def _unit(table: Table, name: str, key: Key) -> Any:
    text = _text(table, name, key)
    if text is not None and _UNIT.fullmatch(text) is None:
        table.complain(name, f"{text!r} is no unit; write one such as sockets.target")
    return text


def _units(table: Table, name: str, key: Key) -> Any:
    texts = _texts(table, name, key) or ()
    for index, text in enumerate(texts):
        if _UNIT.fullmatch(text) is None:
            table.complaints.at_value(
                (*table.at(name), index), f"{text!r} is no unit; write one such as network.target"
            )
    return list(texts) or None


def _command(table: Table, name: str, key: Key) -> Any:
    texts = _texts(table, name, key)
    if texts and not texts[0].startswith("/"):
        table.complaints.at_value(
            (*table.at(name), 0), f"{texts[0]!r} is no absolute path; it starts with '/'"
        )
    return texts


_READERS: Final[dict[str, Callable[[Table, str, Key], Any]]] = {
    "flag": _flag,
    "text": _text,
    "texts": _texts,
    "path": _path,
    "paths": _paths,
    "inside": _inside,
    "count": _count,
    "signed": _signed,
    "octal": _octal,
    "environment": _environment,
    "limits": _limits,
    "keep_alive": _keep_alive,
    "calendar": _calendar,
    "words": _words,
    "unit": _unit,
    "units": _units,
    "command": _command,
}
