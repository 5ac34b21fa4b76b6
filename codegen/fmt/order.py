"""Which key comes before which: as the language lists them.

Only settings have an order. Names (fields, cases, methods, declarations) stay
as they are written, since their order is the author's and shows in what is
generated; so do peer rules, where the first key says which rule it is. A
declaration opens with its doc; a field, on its one line, closes with it.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from ..launch import LAUNCHD, SYSTEMD

_CONSTRAINTS: Final = (
    "min", "max", "min_len", "max_len", "max_bytes", "pattern", "min_items", "max_items", "unique",
)  # fmt: skip
_WHEN: Final = ("since", "deprecated")
_FIELD: Final = ("type", *_CONSTRAINTS, "default", "example", "wire", *_WHEN, "doc")

Pattern: TypeAlias = tuple[str, ...]
"""A table's path; ``*`` stands for any name."""

ORDERS: Final[dict[Pattern, tuple[str, ...]]] = {
    (): ("schema", "package", "python", "version", "doc", "imports", "wire", "lint"),
    ("wire",): ("dialect", "selector", "fields", "none"),
    ("reserved",): ("fields", "cases", "methods", "codes"),
    ("enum", "*"): ("doc", "type", "open", *_WHEN, "cases"),
    ("enum", "*", "cases", "*"): ("value", "doc", "wire", *_WHEN),
    ("flags", "*"): ("doc", *_WHEN, "bits"),
    ("flags", "*", "bits", "*"): ("value", "doc", *_WHEN),
    ("struct", "*"): ("doc", "unknown", "resource", *_WHEN, "fields"),
    ("struct", "*", "fields", "*"): _FIELD,
    ("union", "*"): ("doc", "open", "resource", *_WHEN, "cases"),
    ("union", "*", "cases", "*", "*"): _FIELD,
    ("alias", "*"): ("doc", "type", *_CONSTRAINTS, *_WHEN),
    ("const", "*"): ("doc", "type", "value", *_WHEN),
    ("error", "*"): ("code", "doc", "resource", *_WHEN, "fields"),
    ("error", "*", "fields", "*"): _FIELD,
    ("protocol", "*"): ("doc", "callbacks", *_WHEN, "methods", "events"),
    ("protocol", "*", "methods", "*"): (
        "doc", "in", "out", "stream", "errors", "oneway", "idempotent", "concurrency", "timeout",
        "selector", "requires", *_WHEN,
    ),
    ("protocol", "*", "methods", "*", "stream"): ("in", "out", "window", "overflow"),
    ("protocol", "*", "methods", "*", "in", "*"): _FIELD,
    ("protocol", "*", "methods", "*", "out", "*"): _FIELD,
    ("protocol", "*", "events", "*"): ("doc", "in", "selector", *_WHEN),
    ("protocol", "*", "events", "*", "in", "*"): _FIELD,
    ("service", "*"): (
        "doc", "protocol", "name", "domain", *_WHEN, "peer", "launchd", "systemd",
    ),
    ("service", "*", "peer"): ("macos", "linux", "development"),
    ("service", "*", "launchd"): (
        "kind", "label", "app_group", "service_type", "provider_classes", "reset_at_close",
        *LAUNCHD,
    ),
    ("service", "*", "systemd"): ("unit", *SYSTEMD),
}  # fmt: skip
"""The settings of every table of the language; the JSON Schema is held against it."""


def rank(table: tuple[str, ...], key: str) -> int:
    """The place of a key in its table; keys that the language does not know come last."""
    for pattern, order in ORDERS.items():
        if _matches(pattern, table):
            return order.index(key) if key in order else len(order)
    return 0


def _matches(pattern: Pattern, table: tuple[str, ...]) -> bool:
    return len(pattern) == len(table) and all(
        wanted in ("*", found) for wanted, found in zip(pattern, table, strict=True)
    )
