"""Methods, and services with their peer rules."""

from __future__ import annotations

from .blocks import (
    DOC,
    PASCAL,
    SPAN,
    WHEN,
    Schema,
    array,
    choice,
    described,
    flag,
    ref,
    table,
    text,
)
from .launch import launchd, placed, systemd
from .types import struct_name

_VARIABLE = r"\$\{(?!TEAM_ID\})[A-Z][A-Z0-9_]*\}"


def method() -> Schema:
    oneway = {"required": ["oneway"], "properties": {"oneway": {"const": True}}}
    no_reply = {
        "properties": dict.fromkeys(("out", "errors", "timeout", "idempotent", "stream"), False)
    }
    stream = table(
        {
            "in": described(ref("type"), "What the client sends, item by item."),
            "out": described(ref("type"), "What the server sends, item by item."),
            "window": {
                "type": "integer", "minimum": 1, "maximum": 1_000_000, "default": 64,
                "description": "Items in flight.",
            },
            "overflow": choice(
                "What a full window does.", "block", "drop_oldest", "drop_newest", "fail"
            ),
        },
        "Items besides the request and the reply.",
        anyOf=[{"required": ["in"]}, {"required": ["out"]}],
        dependentRequired={"overflow": ["out"]},
    )  # fmt: skip
    whole = table(
        {
            "doc": DOC,
            "in": {
                "description": "The request: a struct's name, or a table of fields.",
                "anyOf": [struct_name(), ref("arguments")],
            },
            "out": {
                "description": "The reply: any type, or a table of fields.",
                "anyOf": [ref("type"), ref("fields")],
            },
            "stream": stream,
            "errors": array(
                {"type": "string", "pattern": PASCAL},
                "The errors that it may answer with.",
                uniqueItems=True,
            ),
            "oneway": flag("There is no reply."),
            "idempotent": flag("It may be repeated once after an interruption."),
            "concurrency": choice(
                "Whether calls of one connection overlap.", "parallel", "serial"
            ),
            "timeout": {
                "type": "string", "pattern": SPAN, "default": "30s",
                "description": 'The deadline of a call, such as "5s", "250ms" or "2m".',
            },
            "selector": text("Its name on the wire; otherwise [wire] selector makes it."),
            "requires": described(ref("caller_rule"), "What a caller must be besides."),
            **WHEN,
        },
        "A method.",
    )  # fmt: skip
    streamed = {"required": ["stream"]}
    giving = {"required": ["stream"], "properties": {"stream": {"required": ["out"]}}}
    return {
        **whole,
        "allOf": [
            {"if": oneway, "then": no_reply},
            {"if": streamed, "then": {"properties": {"idempotent": False}}},
            {"if": giving, "then": {"properties": {"out": False}}},
        ],
    }


def services() -> dict[str, Schema]:
    identity: Schema = {
        "anyOf": [{"const": "self"}, {"type": "integer", "minimum": 0, "maximum": 2**32 - 2}]
    }
    macos = {
        "team": text('The signing team; "self" is the program\'s own.'),
        "identifier": text("The signing identifier; ask for a team too."),
        "entitlement": text("An entitlement's key; true, or what value says."),
        "platform": {"const": True, "description": "A part of macOS."},
        "requirement": text("A code-signing requirement, as it is."),
        "lwcr": {
            "type": "object", "minProperties": 1,
            "description": "A lightweight code requirement, as it is.",
        },
    }  # fmt: skip
    linux = {
        "uid": described(identity, 'The user\'s number, or "self".'),
        "gid": described(identity, 'The group\'s number, or "self".'),
        "user": text("The user's name."),
        "group": text("The group's name."),
        "exe": text("The executable's absolute path.", pattern="^/"),
        "label": text("The security label."),
    }
    return {
        "service": table(
            {
                "doc": DOC,
                "protocol": described(
                    {"type": "string", "pattern": PASCAL}, "The protocol that it serves."
                ),
                "name": {
                    "type": "string",
                    "maxLength": 127,
                    "pattern": r"^(\$\{TEAM_ID\}\.)?([A-Za-z0-9_-]|"
                    + _VARIABLE
                    + r")([A-Za-z0-9._-]|"
                    + _VARIABLE
                    + r")*$",
                    "description": "The name to look up; variables like ${TEAM_ID} are filled in.",
                },
                "domain": choice(
                    "Whether each user has one, or the whole system.", "user", "system"
                ),
                **WHEN,
                "peer": table(
                    {
                        "macos": _peer("macos", "Who may connect on macOS."),
                        "linux": _peer("linux", "Who may connect on Linux."),
                        "development": _peer(
                            "development", "Used only when the program asks for it by name."
                        ),
                    },
                    "Who may connect. Without a rule for its system a service does not start.",
                ),
                "launchd": launchd(),
                "systemd": systemd(),
            },
            "Where a protocol is served, and who may connect.",
            required=["protocol", "name"],
            allOf=placed(),
        ),
        "macos_rule": _rule("macos", macos),
        "linux_rule": _rule("linux", linux),
        "caller_rule": _rule(
            "caller", {key: linux[key] for key in ("uid", "gid", "user", "group")}
        ),
        "development_rule": _rule("development", {**macos, **linux}),
    }


def _peer(system: str, about: str) -> Schema:
    anyone = {"const": "anyone", "description": "Every process may connect."}
    return {"description": about, "anyOf": [ref(f"{system}_rule"), anyone]}


def _rule(system: str, facts: dict[str, Schema]) -> Schema:
    """One fact, or all or any of several rules."""
    inner = ref(f"{system}_rule")
    known = {
        "all": array(inner, "Each of these rules holds.", minItems=1),
        "any": array(inner, "At least one of these rules holds.", minItems=1),
        **facts,
    }
    more: Schema = {"oneOf": [{"required": [key]} for key in known]}
    if "entitlement" in facts:
        known["value"] = {
            "type": ["string", "integer", "boolean"],
            "description": "What the entitlement's value must be.",
        }
        more["dependentRequired"] = {"value": ["entitlement"]}
    return table(known, "A rule about a peer.", **more)
