"""How the system starts a service: made from the compiler's own tables of keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ..launch import (
    ACCOUNT,
    APP_GROUP,
    CALENDAR,
    JOBS,
    LAUNCHD,
    LAUNCHD_KINDS,
    LIMITS,
    SYSTEMD,
    URL,
    Key,
)
from ..read.launch import socket_room
from .blocks import Schema, array, described, flag, text

_LINE: Final[Schema] = {"type": "string", "minLength": 1, "pattern": "^[^\\n]*$"}
_PATH: Final[Schema] = {**_LINE, "pattern": "^/[^\\n]*$"}
_UP: Final = r"(.*/)?\.\.(/|$)"
_PROGRAM: Final = r"""^(/(?!\.{1,2}(/|$))[^/\u0000-\u001f\u007f\\"']+)+$"""
_NUMBER: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": 10**9}
_UNIT: Final[Schema] = {
    "type": "string",
    "pattern": r"^[A-Za-z0-9:_.@\\-]{1,200}"
    r"\.(service|socket|target|mount|path|timer|device|slice|scope)$",
}
_FLAGS: Final[Schema] = {"type": "object", "additionalProperties": {"type": "boolean"}}


def launchd() -> Schema:
    """``[service.x.launchd]``"""
    properties: dict[str, Schema] = {
        "kind": {"enum": list(LAUNCHD_KINDS), "description": "What kind of program serves."},
        "label": {
            "type": "string",
            "pattern": "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,126}$",
            "description": "The job's label; otherwise the service's name.",
        },
        "app_group": text(
            "The app group that a sandboxed client needs for the look-up.",
            pattern=f"^({APP_GROUP.pattern})$",
        ),
        "service_type": {
            "enum": ["application", "user", "system"],
            "description": "Of an xpc_service: whom each of its processes belongs to.",
        },
        "provider_classes": {
            "type": "object",
            "additionalProperties": text("A class."),
            "description": "Of a network_extension: its classes by their extension point.",
        },
        "reset_at_close": flag("Clients lose their port when the job lets go of it."),
        **{name: _setting(key) for name, key in LAUNCHD.items()},
    }
    return _closed(properties, "How launchd starts it.", ["kind"]) | {"allOf": _by_kind()}


def _by_kind() -> list[Schema]:
    """Keys of one kind of job stand at that kind, and a job says what it runs, once."""
    needs_root = _without(name for name, key in LAUNCHD.items() if key.system_only)
    runs = {
        "anyOf": [{"required": [key]} for key in ("program", "bundle_program", "arguments")],
        "not": {"required": ["program", "bundle_program"]},
        "if": {"not": {"anyOf": [{"required": ["program"]}, {"required": ["bundle_program"]}]}},
        "then": {"properties": {"arguments": {"prefixItems": [_PATH]}}},
    }
    job = _kind(*sorted(JOBS))
    return [
        {"if": job, "then": runs, "else": _without((*LAUNCHD, "reset_at_close"))},
        {"if": _kind("daemon"), "else": needs_root},
        {"if": _kind("network_extension"), "else": _without(["provider_classes"])},
        {"if": _kind("xpc_service"), "else": _without(["service_type"])},
    ]


def placed() -> list[Schema]:
    """Of a service: its name, domain and sections go together."""
    shared = {"required": ["domain"], "properties": {"domain": {"const": "system"}}}
    needs_root = _without(name for name, key in SYSTEMD.items() if key.system_only)
    below_group = {"properties": {"name": {"pattern": f"^({APP_GROUP.pattern})\\.[^.]*$"}}}
    groupless = _kind("network_extension") | {"not": {"required": ["app_group"]}}
    return [
        {"if": _launched(_kind("daemon")), "then": shared},
        {"if": _launched(_kind("agent")), "then": {"not": shared}},
        {"if": _launched(groupless), "then": below_group},
        {
            "if": {"required": ["systemd"]},
            "then": {
                "if": shared,
                "then": {"properties": {"name": {"maxLength": socket_room("system")}}},
                "else": {
                    "properties": {
                        "name": {"maxLength": socket_room("user")},
                        "systemd": needs_root,
                    }
                },
            },
        },
    ]


def _launched(section: Schema) -> Schema:
    return {"required": ["launchd"], "properties": {"launchd": section}}


def _kind(*kinds: str) -> Schema:
    return {"required": ["kind"], "properties": {"kind": {"enum": list(kinds)}}}


def _without(keys: Iterable[str]) -> Schema:
    return {"properties": dict.fromkeys(keys, False)}


def systemd() -> Schema:
    """``[service.x.systemd]``"""
    properties: dict[str, Schema] = {
        "unit": {
            "type": "string",
            "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}$",
            "description": "The name of both units; otherwise the service's name.",
        },
        **{name: _setting(key) for name, key in SYSTEMD.items()},
    }
    return _closed(properties, "How systemd starts it.", ["exec"])


def _closed(properties: dict[str, Schema], about: str, required: list[str]) -> Schema:
    return {
        "type": "object",
        "description": about,
        "additionalProperties": False,
        "properties": properties,
        "required": required,
    }


def _setting(key: Key) -> Schema:
    where = f"[{key.section}] {key.name}" if key.section else key.name
    only = " Only for what the whole system shares." if key.system_only else ""
    return described(_shape(key), f"The system's {where}.{only}")


def _shape(key: Key) -> Schema:
    words: list[Any] = [word for word, _ in key.choices]
    match key.shape:
        case "flag":
            return {"type": "boolean"}
        case "text":
            return {"enum": words} if words else _LINE
        case "words":
            return array({"enum": words}, "", minItems=1)
        case "texts":
            return array(_LINE, "", minItems=1)
        case "path":
            return {**_LINE, "pattern": f"^/(?!{_UP})[^\\n]*$"}
        case "paths":
            return array(_PATH, "", minItems=1)
        case "inside":
            return {**_LINE, "pattern": f"^(?!{_UP})[^/\\n][^\\n]*$"}
        case "count":
            return _NUMBER
        case "signed":
            return {"type": "integer", "minimum": -20, "maximum": 19}
        case "octal":
            return {"type": "string", "pattern": "^0?[0-7]{3}$"}
        case "environment":
            return {
                "type": "object",
                "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
                "additionalProperties": {"type": "string", "pattern": "^[^\\n]*$"},
            }
        case "limits":
            return _record(dict.fromkeys(LIMITS, _NUMBER))
        case "keep_alive":
            flags = {"successful_exit": {"type": "boolean"}, "crashed": {"type": "boolean"}}
            states = {"path_state": _FLAGS, "other_job_enabled": _FLAGS}
            return {"anyOf": [{"type": "boolean"}, _record({**flags, **states}, minProperties=1)]}
        case "calendar":
            parts = {
                name: {"type": "integer", "minimum": low, "maximum": high}
                for name, (_, low, high) in CALENDAR.items()
            }
            moment = _record(parts, minProperties=1)
            return {"anyOf": [moment, {"type": "array", "items": moment}]}
        case "unit":
            return _UNIT
        case "units":
            return array(_UNIT, "", minItems=1)
        case "account":
            return {"type": "string", "pattern": f"^(?!nobody$)({ACCOUNT.pattern})$"}
        case "urls":
            return array({"type": "string", "pattern": f"^{URL.pattern}$"}, "", minItems=1)
        case "command":
            return array(_LINE, "", minItems=1, prefixItems=[{**_LINE, "pattern": _PROGRAM}])


def _record(properties: dict[str, Schema], **more: Any) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": properties, **more}
