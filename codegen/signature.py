"""Short texts about parts of a contract, for `show` and for the documentation."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Final, TypeAlias

from attrs import asdict, frozen

from .duration import UNITS
from .fmt.spell import spell_key, spell_text
from .model import (
    DEFAULT_TIMEOUT_NS,
    DEFAULT_WINDOW,
    MISSING,
    Constraints,
    Event,
    Field,
    Item,
    Method,
    PeerRule,
    Rule,
    RuleGroup,
    StructType,
)
from .typeexpr import Named, TypeExpr, text_of

_LONGEST_VALUE: Final = 40
"""Characters of a default that is shown whole."""


@frozen
class ErrorName:
    """An error that a method may raise, in its signature."""

    name: str


Part: TypeAlias = str | TypeExpr | ErrorName
"""Of a signature: words, or what can be a link."""


def method_signature(method: Method, *, selector: bool = True) -> str:
    """``apply(Config) -> Status ! InvalidConfig @idempotent @timeout 5s``

    Items of a stream stand beside: ``upload(name: string, stream Chunk) -> Receipt``.
    """
    return _text(method_parts(method, selector=selector))


def event_signature(event: Event, *, selector: bool = True) -> str:
    """``event flow_closed(flow: uuid) @since 1.1``"""
    return _text(event_parts(event, selector=selector))


def method_parts(method: Method, *, selector: bool = True) -> list[Part]:
    """A method's signature in its parts."""
    stream = method.stream
    taken = _payload(method.request)
    given = [] if method.reply is None else [_reply(method.reply)]
    if stream and stream.items_in is not None:
        taken.append(["stream ", stream.items_in])
    if stream and stream.items_out is not None:
        given.append(["stream ", stream.items_out])
    parts = [f"{method.name}(", *_joined(", ", taken), ")"]
    if given:
        parts += [" -> ", *_joined(", ", given)]
    if method.errors:
        parts += [" ! ", *_joined(" | ", [[ErrorName(name)] for name in method.errors])]
    return [*parts, *(f" {mark}" for mark in method_marks(method, selector=selector))]


def event_parts(event: Event, *, selector: bool = True) -> list[Part]:
    """An event's signature in its parts."""
    marks = [f"@selector {event.selector}"] if selector and event.selector != event.name else []
    parts = [f"event {event.name}(", *_joined(", ", _payload(event.payload)), ")"]
    return [*parts, *(f" {mark}" for mark in [*marks, *item_marks(event)])]


def method_marks(method: Method, *, selector: bool = True) -> list[str]:
    """What a method promises besides its types; defaults are not said."""
    marks = []
    if method.oneway:
        marks.append("@oneway")
    if method.idempotent:
        marks.append("@idempotent")
    if method.serial:
        marks.append("@serial")
    usual = None if method.stream else DEFAULT_TIMEOUT_NS
    if method.timeout_ns not in (None, usual):
        marks.append(f"@timeout {duration_text(method.timeout_ns)}")
    if method.stream and method.stream.window != DEFAULT_WINDOW:
        marks.append(f"@window {method.stream.window}")
    if method.stream and method.stream.overflow != "block":
        marks.append(f"@overflow {method.stream.overflow}")
    if method.requires is not None:
        marks.append(f"@requires ({rule_text(method.requires)})")
    if selector and method.selector != method.name:
        marks.append(f"@selector {method.selector}")
    return [*marks, *item_marks(method)]


def item_marks(item: Item) -> list[str]:
    """Since when, and whether still."""
    marks = [f"@since {item.since}"] if item.since else []
    return [*marks, "@deprecated"] if item.deprecated else marks


def field_text(one: Field) -> str:
    """``name: string? = "x" @max_len 64``"""
    text = f"{one.name}: {text_of(one.type)}"
    if one.default is not MISSING:
        text += f" = {short_value(one.default)}"
    marks = [f"@{limit}" for limit in limits(one.constraints)]
    if one.wire != one.name:
        marks.append(f"@wire {one.wire}")
    return " ".join([text, *marks, *item_marks(one)])


def limits(constraints: Constraints) -> list[str]:
    """``max_len 64`` for each constraint; ``unique`` stands alone."""
    found = []
    for key, value in asdict(constraints).items():
        if value is True:
            found.append(key)
        elif value is not None and value is not False:
            found.append(f"{key} {value}")
    return found


def rule_text(rule: PeerRule | None) -> str:
    """``team self and identifier org.example.host``"""
    match rule:
        case None:
            return "nobody (no rule)"
        case "anyone":
            return "anyone"
        case Rule(kind, value, extra):
            shown = value if isinstance(value, str) else value_text(value)
            text = kind if value is True else f"{kind} {shown}"
            return text if extra is None else f"{text} = {value_text(extra)}"
        case RuleGroup(kind, rules):
            word = " and " if kind == "all" else " or "
            parts = [
                f"({rule_text(part)})"
                if isinstance(part, RuleGroup) and len(part.rules) > 1 and part.kind != kind
                else rule_text(part)
                for part in rules
            ]
            return word.join(parts)
    return str(rule)


def duration_text(span_ns: int) -> str:
    """A span as contracts write it, in the largest unit that divides it."""
    for unit, size in reversed(UNITS.items()):
        if span_ns and span_ns % size == 0:
            return f"{span_ns // size}{unit}"
    return f"{span_ns}ns"


def value_text(value: Any) -> str:
    """A TOML value as a contract writes it, on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return spell_text(value)
        case list():
            return "[" + ", ".join(map(value_text, value)) + "]"
        case dict():
            pairs = [f"{spell_key((key,))} = {value_text(item)}" for key, item in value.items()]
            return "{ " + ", ".join(pairs) + " }" if pairs else "{}"
        case datetime() | date() | time():
            return value.isoformat()
    return str(value)


def short_value(value: Any) -> str:
    """The same, cut if it is long."""
    text = value_text(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."


def _payload(payload: StructType | str | None) -> list[list[Part]]:
    """What a request or an event carries, each in its parts."""
    match payload:
        case None:
            return []
        case StructType(fields=fields):
            return list(map(_parameter, fields))
        case str(name):
            return [[Named(name)]]


def _parameter(one: Field) -> list[Part]:
    parts: list[Part] = [f"{one.name}: ", one.type]
    return parts if one.default is MISSING else [*parts, f" = {short_value(one.default)}"]


def _reply(reply: StructType | TypeExpr) -> list[Part]:
    if isinstance(reply, StructType):
        return ["{ ", *_joined(", ", list(map(_parameter, reply.fields))), " }"]
    return [reply]


def _joined(between: str, groups: list[list[Part]]) -> list[Part]:
    """The parts of all groups, with words between one group and the next."""
    parts: list[Part] = []
    for group in groups:
        parts += [between, *group] if parts else group
    return parts


def _text(parts: list[Part]) -> str:
    return "".join(map(_part_text, parts))


def _part_text(part: Part) -> str:
    match part:
        case str():
            return part
        case ErrorName(name):
            return name
    return text_of(part)
