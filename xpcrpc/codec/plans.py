"""Types to compiled plans: what the C passes are told about a type.

A plan writes and reads what is usual: exact classes, values in range, known
keys. It tells nobody what is wrong with anything else; it gives up, and the
general way does the work or has the words. So it may always be stricter than
the general way, and never laxer.
"""

from __future__ import annotations

import math
from enum import Enum
from types import CodeType, MemberDescriptorType
from typing import Any, Final, TypeAlias

import attr
from attrs import Factory

from ..constraints import ByteLength, Constraint, Each, Items, Length, Range, rules_of
from ..kinds import IntKind
from . import _plan
from .shape import UNKNOWN_FIELDS, Field, Kind, Shape, Struct, struct_of

Rules: TypeAlias = tuple[Constraint, ...]

_SIMPLE: Final = {
    Kind.ANY: _plan.ANY,
    Kind.BOOL: _plan.BOOL,
    Kind.TEXT: _plan.TEXT,
    Kind.DATA: _plan.DATA,
    Kind.UUID: _plan.UUID,
    Kind.DATE: _plan.DATE,
    Kind.DURATION: _plan.DURATION,
}
_HOLDERS: Final = {Kind.LIST: _plan.LIST, Kind.MAP: _plan.MAP, Kind.OPTIONAL: _plan.OPTIONAL}

_MAX_SIZE: Final = 2**31 - 1
"""More characters, bytes or items than this are no bound that a message could meet."""

_ATTRS_FILE: Final = attr.attrs.__code__.co_filename

_structs: Final[dict[type, _plan.Plan]] = {}


def plan_of(shape: Shape) -> _plan.Plan:
    """The plan of a shape that has one; see `passes.can_pass`.

    Raises:
        ValueError: two fields have one key, or a key is no XPC text.
    """
    return _plan_of(shape, ())


def _plan_of(shape: Shape, more: Rules) -> _plan.Plan:
    """The plan of a shape whose values follow ``more`` rules than its own, when they are read."""
    rules = (*shape.rules, *more)
    kind = shape.kind
    if kind is Kind.OPTIONAL:
        assert shape.item is not None
        # Absence follows every rule, so they are all the item's.
        return _plan.Plan(_plan.OPTIONAL, item=_plan_of(shape.item, rules))
    checks = _Checks.of(shape, rules)
    facts = checks.facts()
    if kind in _HOLDERS:
        assert shape.item is not None
        return _plan.Plan(_HOLDERS[kind], item=_plan_of(shape.item, checks.items), **facts)
    if kind in _SIMPLE:
        return _plan.Plan(_SIMPLE[kind], **facts)
    if kind is Kind.FLOAT:
        single = shape.floats is not None and shape.floats.bits == 32
        low, high = checks.bounds or (0.0, 0.0)
        floats = (single, checks.bounds is not None, low, high)
        return _plan.Plan(_plan.FLOAT, floats=floats, **facts)
    if kind is Kind.INT:
        return _plan.Plan(_plan.INT, ints=checks.ints, **facts)
    if kind is Kind.INT_ENUM:
        # Composite flags join the class's table as they are met, and are found there.
        table = shape.cls._value2member_map_
        return _plan.Plan(
            _plan.INT_ENUM, class_=shape.cls, members=table, ints=checks.ints, **facts
        )
    if kind is Kind.TEXT_ENUM:
        texts = tuple((case.value.encode(), case) for case in shape.cls)
        return _plan.Plan(
            _plan.TEXT_ENUM, class_=shape.cls, texts=texts, opened=shape.open, **facts
        )
    if kind is Kind.UNION:
        cases = tuple(
            (case.CASE.encode(), case, _struct_plan(case))  # type: ignore[attr-defined]
            for case in shape.cases
        )
        return _plan.Plan(_plan.UNION, cases=cases, **facts)
    assert kind is Kind.STRUCT
    return _struct_plan(shape.cls, facts)


# -- rules --------------------------------------------------------------------------


class _Checks:
    """What a plan asks of a value that was read, beyond its type."""

    def __init__(self) -> None:
        self.ints: tuple[bool, int, int, int, int] = (True, 0, 0, 0, 0)
        """Signed, the range that is written, the range that is read."""
        self.bounds: tuple[float, float] | None = None
        """Of a float."""
        self.least = 0
        """Characters, bytes, items or entries."""
        self.most: int | None = None
        self.most_bytes: int | None = None
        """Of text."""
        self.items: Rules = ()
        """What each item must follow."""
        self.calls: list[Any] = []
        """Functions to ask, where the rule is not known above."""

    @classmethod
    def of(cls, shape: Shape, rules: Rules) -> _Checks:
        """Every rule in the form that asks the least."""
        checks = cls()
        if shape.kind in (Kind.INT, Kind.INT_ENUM):
            ints = shape.ints or IntKind(64, True)
            low, high = ints.minimum, ints.maximum
            checks.ints = (ints.signed, low, high, low, high)
        for rule in (one for several in rules for one in rules_of(several)):
            if not checks._take(shape.kind, rule):
                checks.calls.append(rule.problem)
        return checks

    def _take(self, kind: Kind, rule: Constraint) -> bool:
        if type(rule) is Range and kind in (Kind.INT, Kind.INT_ENUM):
            return self._narrow(rule)
        if type(rule) is Range and kind is Kind.FLOAT:
            return self._bound(rule)
        if type(rule) is Length and kind in (Kind.TEXT, Kind.TEXT_ENUM, Kind.DATA):
            return self._size(rule.min, rule.max)
        if type(rule) is Items and kind in (Kind.LIST, Kind.MAP) and not rule.unique:
            return self._size(rule.min, rule.max)
        if type(rule) is ByteLength and kind is Kind.TEXT and _is_size(rule.max):
            self.most_bytes = min(
                rule.max, _MAX_SIZE if self.most_bytes is None else self.most_bytes
            )
            return True
        if type(rule) is Each and kind in (Kind.LIST, Kind.MAP):
            self.items += (rule.rule,)
            return True
        return False

    def _size(self, least: int | None, most: int | None) -> bool:
        if not all(bound is None or _is_size(bound) for bound in (least, most)):
            return False
        if least is not None:
            self.least = max(self.least, least)
        if most is not None:
            self.most = min(most, _MAX_SIZE if self.most is None else self.most)
        return True

    def _narrow(self, rule: Range) -> bool:
        """A range of whole numbers makes the int's own smaller."""
        signed, low, high, least, most = self.ints
        for bound in (rule.min, rule.max):
            if not (bound is None or type(bound) is int or _is_finite(bound)):
                return False
        if rule.min is not None:
            least = max(least, math.ceil(rule.min))
        if rule.max is not None:
            most = min(most, math.floor(rule.max))
        if not (low <= least <= high and low <= most <= high):
            return False
        self.ints = (signed, low, high, least, most)
        return True

    def _bound(self, rule: Range) -> bool:
        low, high = self.bounds or (-math.inf, math.inf)
        for bound in (rule.min, rule.max):
            if bound is not None and not _is_exact_float(bound):
                return False
        if rule.min is None and rule.max is None:
            return True
        low = low if rule.min is None else max(low, float(rule.min))
        high = high if rule.max is None else min(high, float(rule.max))
        self.bounds = (low, high)
        return True

    def facts(self) -> dict[str, Any]:
        """As arguments of a plan."""
        facts: dict[str, Any] = {}
        if self.least or self.most is not None or self.most_bytes is not None:
            facts["sizes"] = tuple(
                _MAX_SIZE if bound is None else bound
                for bound in (self.least, self.most, self.most_bytes)
            )
        if self.calls:
            facts["rules"] = tuple(self.calls)
        return facts


def _is_finite(bound: object) -> bool:
    return type(bound) is float and math.isfinite(bound)


def _is_size(bound: object) -> bool:
    return type(bound) is int and 0 <= bound <= _MAX_SIZE


def _is_exact_float(bound: Any) -> bool:
    """Whether C compares a double with it as Python does."""
    if type(bound) is float:
        return not math.isnan(bound)
    return type(bound) is int and abs(bound) <= 2**53


# -- structs ------------------------------------------------------------------------


def _struct_plan(cls: type, checks: dict[str, Any] | None = None) -> _plan.Plan:
    if checks:
        # Of this one place; everywhere else objects of the class need not follow them.
        own = _plan.Plan(_plan.STRUCT, **checks)
        _fill(own, struct_of(cls))
        return own
    found = _structs.get(cls)
    if found is None:
        # Known before it is filled, as its fields may hold objects of the class.
        found = _structs[cls] = _plan.Plan(_plan.STRUCT)
        try:
            _fill(found, struct_of(cls))
        except BaseException:
            # Plans that were made meanwhile may lead here.
            _structs.clear()
            raise
    return found


def _fill(plan: _plan.Plan, facts: Struct) -> None:
    plain = is_plain(facts)
    fields = tuple(_field(facts.cls, part, plain) for part in facts.fields)
    options: dict[str, Any] = {}
    if facts.unknown == "keep":
        options["rest"] = (UNKNOWN_FIELDS, _slot(facts.cls, UNKNOWN_FIELDS))
    plan.fill(
        facts.cls,
        fields,
        plain=plain,
        nulls=facts.nulls,
        reject=facts.unknown == "reject",
        **options,
    )


def _field(cls: type, part: Field, plain: bool) -> _plan.Field:
    validator = part.attribute.validator
    # A constructor that is called asks the validators itself.
    rules = tuple(rules_of(validator)) if plain else ()
    absent, fallback = _absent(part, rules, plain)
    return (
        part.wire.encode(),
        part.name,
        part.alias,
        _plan_of(part.shape, rules),
        part.optional,
        _slot(cls, part.name),
        absent,
        fallback,
    )


def _absent(part: Field, rules: Rules, plain: bool) -> tuple[int, object]:
    """What a field is whose key is not there."""
    default: Any = part.attribute.default
    if part.optional:
        return _plan.ABSENT_NONE, None
    if part.required:
        return _plan.ABSENT_UNUSUAL, None
    if not plain:
        return _plan.ABSENT_LEFT, None
    if isinstance(default, Factory):  # type: ignore[arg-type]
        # What another factory makes would have to be looked at each time.
        empty = default.factory is list or default.factory is dict
        known = not rules or (empty and _follows(rules, default.factory()))
        return (_plan.ABSENT_FACTORY if known else _plan.ABSENT_UNUSUAL), default.factory
    known = not rules or (_is_lasting(default) and _follows(rules, default))
    return (_plan.ABSENT_VALUE if known else _plan.ABSENT_UNUSUAL), default


def _is_lasting(default: object) -> bool:
    """Whether a default follows a rule for ever if it follows it now."""
    return default is None or isinstance(default, bool | int | float | str | bytes | Enum)


def _follows(rules: Rules, value: Any) -> bool:
    if value is None:
        return True
    try:
        return all(rule.problem(value) is None for rule in rules)
    except Exception:
        return False


def _slot(cls: type, name: str) -> MemberDescriptorType | None:
    """The descriptor behind an attribute, if nothing stands between the two."""
    getter: Any = cls.__getattribute__
    if getter is not object.__getattribute__:
        return None
    slot = getattr(cls, name, None)
    return slot if isinstance(slot, MemberDescriptorType) else None


def is_plain(facts: Struct) -> bool:
    """Whether making an object does nothing but set attributes and check rules."""
    cls = facts.cls
    code = getattr(getattr(cls, "__init__"), "__code__", None)  # noqa: B009
    if code is None or not _is_generated(code):
        return False
    if "_attrs_cached_hash" in (*code.co_names, *code.co_consts):
        return False
    if issubclass(cls, BaseException) or cls.__new__ is not object.__new__:
        return False
    meta: Any = type(cls)
    if meta.__call__ is not type.__call__ or not _sets_plainly(cls):
        return False
    if any(hasattr(cls, f"__attrs_{when}_init__") for when in ("pre", "post")):
        return False
    known = {part.name for part in facts.fields}
    if facts.unknown == "keep":
        known.add(UNKNOWN_FIELDS)
    for attribute in cls.__attrs_attrs__:  # type: ignore[attr-defined]
        default = attribute.default
        if attribute.name not in known or attribute.converter is not None:
            return False
        if isinstance(default, Factory) and default.takes_self:  # type: ignore[arg-type]
            return False
        if attribute.validator is None:
            continue
        if attribute.name == UNKNOWN_FIELDS or not _is_rule(attribute.validator):
            return False
    return True


def _is_generated(code: CodeType) -> bool:
    return code.co_filename.startswith("<attrs generated")


def _sets_plainly(cls: type) -> bool:
    """Whether setting attributes for the first time runs nobody's code.

    What attrs puts there, for frozen classes and for validators on setting, its
    constructors go past.
    """
    setter: Any = cls.__setattr__
    code = getattr(setter, "__code__", None)
    if code is None:
        return setter is object.__setattr__
    return _is_generated(code) or code.co_filename == _ATTRS_FILE


def _is_rule(validator: Any) -> bool:
    """Whether a validator looks at the value alone."""
    if isinstance(validator, Constraint):
        return True
    several: tuple[Any, ...] = getattr(validator, "_validators", ())
    return bool(several) and all(map(_is_rule, several))
