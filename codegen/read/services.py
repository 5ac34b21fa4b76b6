"""Services: their names, domains and peer rules."""

from __future__ import annotations

import re
from typing import Any, Final, Literal, cast

from ..complaint import nearest
from ..launch import TEAM, VARIABLE
from ..mistakes.services import (
    ABSOLUTE_PATH,
    ENTITLEMENT_VALUE,
    RULE_EMPTY,
    RULE_NUMBER,
    RULE_ONE_FACT,
    RULE_TABLE,
    RULE_TRUE,
    RULE_UNKNOWN,
    SERVICE_NAME,
    SERVICE_VARIABLE,
)
from ..mistakes.shape import WRONG_KIND
from ..model import PeerRule, Rule, RuleGroup, Service
from .declarations import about
from .launch import read_launchd, read_systemd
from .table import Table, kind_of

_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_MAX_NAME: Final = 127
_MACOS: Final = {
    "team": str,
    "identifier": str,
    "entitlement": str,
    "platform": bool,
    "requirement": str,
    "lwcr": dict,
}
_LINUX: Final = {
    "uid": int,
    "gid": int,
    "user": str,
    "group": str,
    "exe": str,
    "label": str,
}
_METHOD: Final = {kind: _LINUX[kind] for kind in ("uid", "gid", "user", "group")}


def read_service(name: str, table: Table) -> Service:
    """One service."""
    address = _address(table)
    peer = table.table("peer")
    rules: dict[str, PeerRule | None] = {}
    for system, kinds in (
        ("macos", _MACOS),
        ("linux", _LINUX),
        ("development", {**_MACOS, **_LINUX}),
    ):
        rules[system] = _peer(peer, system, kinds) if peer else None
    if peer:
        peer.finish()
    domain = table.choice("domain", ("user", "system"), "user")
    launchd = read_launchd(table.table("launchd"), address or "", domain)
    systemd = read_systemd(table.table("systemd"), address or "", domain)
    read = Service(
        **about(name, table),
        protocol=table.text("protocol", required=True) or "",
        address=address or "",
        domain=cast(Literal["user", "system"], domain),
        macos=rules["macos"],
        linux=rules["linux"],
        development=rules["development"],
        launchd=launchd,
        systemd=systemd,
    )
    table.finish()
    return read


def _address(table: Table) -> str | None:
    address = table.text("name", required=True)
    if address is None:
        return None
    rest = address.removeprefix(f"{TEAM}.")
    if TEAM in rest:
        table.complain(
            SERVICE_VARIABLE,
            "name",
            f"{TEAM} stands at the start only, and once, with a dot behind it: write "
            f'"{TEAM}.org.example.service"',
        )
    elif "${" in VARIABLE.sub("x", rest):
        table.complain(
            SERVICE_VARIABLE,
            "name",
            "a variable is of capital letters, digits and '_': write "
            '"org.example.${CHANNEL}.service"',
        )
    elif _NAME.fullmatch(VARIABLE.sub("x", rest)) is None or len(address) > _MAX_NAME:
        table.complain(
            SERVICE_NAME,
            "name",
            f"{address!r} is no service name: letters, digits, '.', '_', '-' and variables such "
            f"as {TEAM}, at most {_MAX_NAME} characters",
        )
    return address


def read_requires(table: Table) -> PeerRule | None:
    """The peer rule of a method: about users and groups, which both systems know."""
    value = table.take("requires")
    if value is None:
        return None
    if not isinstance(value, dict):
        table.complain(WRONG_KIND, "requires", 'write a rule, such as requires = { uid = "self" }')
        return None
    return _rule(Table(value, table.at("requires"), table.complaints), "method", _METHOD)


def _peer(peer: Table, system: str, kinds: dict[str, type]) -> PeerRule | None:
    value = peer.take(system)
    if value is None:
        return None
    if value == "anyone":
        return "anyone"
    if isinstance(value, dict):
        return _rule(Table(value, peer.at(system), peer.complaints), system, kinds)
    peer.complain(WRONG_KIND, system, 'write a table with all = […] or any = […], or "anyone"')
    return None


def _rule(table: Table, system: str, kinds: dict[str, type]) -> PeerRule | None:
    """``{ all = […] }``, ``{ any = […] }`` or one fact."""
    kind = next(iter(table.values), None)
    if kind in ("all", "any"):
        read = _group(table, cast(Literal["all", "any"], kind), system, kinds)
    elif kind in kinds:
        read = _fact(table, kind, kinds[kind])
    else:
        known = {*kinds, "all", "any"}
        where = {"macos": " on macOS", "linux": " on Linux", "method": " for a method"}.get(
            system, ""
        )
        if kind is None:
            table.complaints.at_value(
                RULE_EMPTY, table.path, "the rule is empty; say who may connect"
            )
        else:
            hint = nearest(kind, known) or "; write one of " + ", ".join(sorted(known))
            table.complaints.at_key(
                RULE_UNKNOWN, table.at(kind), f"there is no peer rule {kind!r}{where}{hint}"
            )
        return None
    for key in list(table.values)[1:]:
        if not (key == "value" and kind == "entitlement"):
            table.complaints.at_key(
                RULE_ONE_FACT,
                table.at(key),
                f"a rule states one fact; write all = [{{ {kind} = … }}, {{ {key} = … }}]",
            )
    return read


def _group(
    table: Table, kind: Literal["all", "any"], system: str, kinds: dict[str, type]
) -> PeerRule | None:
    items = table.take(kind)
    if not isinstance(items, list):
        table.complain(WRONG_KIND, kind, f"a list of rules is needed here, not {kind_of(items)}")
        return None
    if not items:
        instead = "leave requires out" if system == "method" else 'write "anyone" instead'
        table.complain(RULE_EMPTY, kind, f"{kind} = [] says nothing; list rules, or {instead}")
    rules: list[PeerRule] = []
    for index, item in enumerate(items):
        path = (*table.at(kind), index)
        if not isinstance(item, dict):
            table.complaints.at_value(
                WRONG_KIND,
                path,
                f'a rule is a table such as {{ uid = "self" }}, not {kind_of(item)}',
            )
            continue
        rule = _rule(Table(item, path, table.complaints), system, kinds)
        if rule is not None:
            rules.append(rule)
    return RuleGroup(kind, tuple(rules))


def _fact(table: Table, kind: str, wanted: type) -> Rule | None:
    value: Any
    if wanted is int:
        value = table.take(kind)
        if value != "self" and not (type(value) is int and 0 <= value < 2**32 - 1):
            table.complain(
                RULE_NUMBER, kind, f'{kind} is a number from 0 to {2**32 - 2}, or "self"'
            )
            return None
    elif wanted is bool:
        value = table.flag(kind)
        if value is not True:
            table.complain(RULE_TRUE, kind, f"write {kind} = true, or leave the rule out")
            return None
    elif wanted is dict:
        value = table.take(kind)
        if not isinstance(value, dict) or not value:
            table.complain(RULE_TABLE, kind, f"{kind} is a table that is not empty")
            return None
        if not _plain(value):
            table.complain(
                RULE_TABLE, kind, "only text, integers, booleans, lists and tables may stand here"
            )
            return None
    else:
        value = table.text(kind)
        if value is None:
            return None
        if kind == "exe" and not value.startswith("/"):
            table.complain(
                ABSOLUTE_PATH, kind, f"{value!r} is no absolute path; it starts with '/'"
            )
    extra = None
    if kind == "entitlement":
        extra = table.take("value")
        if extra is not None and (
            type(extra) not in (str, int, bool) or (type(extra) is int and abs(extra) >= 2**63)
        ):
            table.complain(
                ENTITLEMENT_VALUE,
                "value",
                "an entitlement's value is text, an integer or a boolean",
            )
    return Rule(kind, value, extra)


def _plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_plain(item) for item in value.values())
    if isinstance(value, list):
        return all(_plain(item) for item in value)
    return type(value) in (str, bool) or (type(value) is int and abs(value) < 2**63)
