"""The contract's rules for values, as attrs validators.

Each is a value of its own: an attrs class runs it when an object is made (so on
both ends of a connection), and the Hypothesis strategies read it. ``None``, an
optional field's absent value, meets every rule; where the annotation of an attribute,
or of its items, does not allow it, it is of a wrong type.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, ForwardRef, Union, get_args, get_origin

from .errors import ConstraintError, Problem, shorten
from .facts import frozen


@frozen
class Constraint:
    """One rule. Call it with a value to check, or let attrs do so."""

    _looks_inside = False
    """Whether it may speak of items."""

    def problem(self, value: Any) -> str | None:
        """What is wrong with ``value``, in one sentence, or None."""
        raise NotImplementedError

    def __call__(self, instance: object, attribute: Any, value: Any) -> None:
        """Check one attribute, the way attrs asks.

        Raises:
            ConstraintError: the value breaks the rule; while the object is made, with
                every problem of its other attributes, too.
        """
        cls: Any = type(instance)  # for type checkers, a class may have no hash
        if value is None and _may_be_none(cls, attribute.name):
            return
        if self.problem(value) is not None or (
            self._looks_inside
            and (may_hold_none := _may_hold_none(cls, attribute.name))
            and self._misses(value, may_hold_none)
        ):
            raise ConstraintError(_problems_of(instance, attribute, value))

    def _misses(self, value: Any, may_hold_none: tuple[bool, ...]) -> bool:
        """Whether None stands among items that the rule is for and that may not be None."""
        return False


def rules_of(validator: Any) -> list[Constraint]:
    """The single rules in an attrs validator, however they are put together."""
    if isinstance(validator, AllOf):
        parts: Any = validator.rules
    elif isinstance(validator, Constraint):
        return [validator]
    else:
        # attrs' own conjunction of several validators; anything else has no rule of ours.
        parts = getattr(validator, "_validators", ())
    return [rule for part in parts for rule in rules_of(part)]


def broken(rule: Any, value: Any, path: str) -> Iterator[Problem]:
    """All that is wrong with a value by an attrs validator, each item at its own path.

    ``None`` is none of it. A validator that is none of the contract's has nothing to say here.
    """
    if value is not None:
        yield from _broken(rules_of(rule), value, path, ())


def _broken(
    rules: list[Constraint], value: Any, path: str, may_hold_none: tuple[bool, ...]
) -> list[Problem]:
    """The same, where ``None`` is of a wrong type, and so it is among items that may not be it."""
    found: list[Problem] = []
    for rule in rules:
        if isinstance(rule, Each) and rule.wrong_type(value) is None:
            each = rules_of(rule.rule)
            for key, item in _entries(value):
                if item is not None or not all(may_hold_none[:1]):
                    found += _broken(each, item, f"{path}[{key!r}]", may_hold_none[1:])
        elif (problem := rule.problem(value)) is not None:
            found.append(Problem(path, problem))
    # Of a wrong type, every rule would say that it is.
    return list(dict.fromkeys(found)) if found else found


def _problems_of(instance: Any, attribute: Any, value: Any) -> list[Problem]:
    """What is wrong with an object that is being made, or with an attribute that is being set."""
    cls = type(instance)
    if getattr(instance, attribute.name, None) is not value:
        return list(_problems_at(cls, attribute, value))
    # A constructor sets everything before it asks the first validator.
    return [
        problem
        for one in cls.__attrs_attrs__
        for problem in _problems_at(cls, one, getattr(instance, one.name))
    ]


def _problems_at(cls: Any, attribute: Any, value: Any) -> Iterator[Problem]:
    if value is not None or not _may_be_none(cls, attribute.name):
        rules, path = rules_of(attribute.validator), f"{cls.__name__}.{attribute.name}"
        yield from _broken(rules, value, path, _may_hold_none(cls, attribute.name))


@cache
def _may_be_none(cls: Any, name: str) -> bool:
    """Whether an attribute's annotation allows None; if it cannot be read, it does."""
    hint = _annotation(cls, name)
    if not isinstance(hint, str):
        return _allows_none(hint)
    # A name in it is for type checkers only, such as a stub's; lists and maps can hold one.
    return not hint.startswith(("list[", "dict[")) or hint.endswith("None")


@cache
def _may_hold_none(cls: Any, name: str) -> tuple[bool, ...]:
    """Whether the items of an attribute may be None, then whether their own items may, and so on.

    It ends where an annotation cannot be read; from there on they may.
    """
    levels: list[bool] = []
    hint = _annotation(cls, name)
    while (hint := _item(hint)) is not None:
        levels.append(_allows_none(hint))
    return tuple(levels)


def _annotation(cls: Any, name: str) -> Any:
    """An attribute's annotation, or its text if that names what is not there."""
    hint = next(one.type for one in cls.__attrs_attrs__ if one.name == name)
    if not isinstance(hint, str):
        return hint
    names: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        names |= vars(sys.modules.get(base.__module__, object))
    try:
        # An annotation of the program's own source, as `typing.get_type_hints` does it.
        return eval(hint, names)  # noqa: S307
    except Exception:
        return hint


def _item(hint: Any) -> Any:
    """The annotation of a list's or a map's items; None for anything else."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _item(arguments[0])
    if origin is Union or origin is UnionType:
        (hint, *more) = (one for one in arguments if one is not NoneType)
        return None if more else _item(hint)
    item = arguments[-1] if arguments and (origin is list or origin is dict) else None
    return None if isinstance(item, str | ForwardRef) else item


_ANYTHING: Final = (None, NoneType, Any, object)
"""Annotations of what may be None, among other things."""


def _allows_none(hint: Any) -> bool:
    origin = get_origin(hint)
    if origin is Annotated:
        return _allows_none(get_args(hint)[0])
    if origin is Union or origin is UnionType:
        return any(map(_allows_none, get_args(hint)))
    return hint in _ANYTHING


@frozen
class Range(Constraint):
    """A number from ``min`` to ``max``, both included."""

    min: float | None = None
    max: float | None = None

    def problem(self, value: float) -> str | None:
        # Here and below a tuple: `int | float` would make a new object at every call.
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return f"expected a number, found {shorten(value)}"
        if self.min is not None and not value >= self.min:
            return f"{shorten(value)} is below {self.min}"
        if self.max is not None and not value <= self.max:
            return f"{shorten(value)} is above {self.max}"
        return None


@frozen
class Length(Constraint):
    """So many characters of text, or bytes of data."""

    min: int | None = None
    max: int | None = None

    def problem(self, value: str | bytes) -> str | None:
        if not isinstance(value, (str, bytes)):
            return f"expected str or bytes, found {shorten(value)}"
        return _miscounted(len(value), "character" if isinstance(value, str) else "byte", self)


def _miscounted(count: int, unit: str, rule: Length | Items) -> str | None:
    """That there are too few or too many, or None."""
    counted = f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    if rule.min is not None and count < rule.min:
        return f"{counted}, but at least {rule.min} needed"
    if rule.max is not None and count > rule.max:
        return f"{counted}, but at most {rule.max} allowed"
    return None


@frozen
class ByteLength(Constraint):
    """At most so many bytes of text, as UTF-8."""

    max: int

    def problem(self, value: str) -> str | None:
        if not isinstance(value, str):
            return f"expected str, found {shorten(value)}"
        count = len(value.encode("utf-8", "surrogatepass"))
        if count > self.max:
            return f"{count} bytes as UTF-8, but at most {self.max} allowed"
        return None


@frozen
class Pattern(Constraint):
    r"""Text that a regular expression matches from end to end.

    ``\d``, ``\w`` and ``\s`` are of ASCII alone, as for RE2: a peer in another language
    reads the pattern, too.
    """

    regex: str

    def problem(self, value: str) -> str | None:
        if not isinstance(value, str):
            return f"expected str, found {shorten(value)}"
        if _compiled(self.regex).fullmatch(value) is None:
            return f"{shorten(value)} does not match {self.regex}"
        return None


@cache
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex, re.ASCII)


@frozen
class Items(Constraint):
    """So many items in a list or entries in a map; all different if ``unique``."""

    min: int | None = None
    max: int | None = None
    unique: bool = False

    def problem(self, value: list[Any] | dict[str, Any]) -> str | None:
        if not isinstance(value, (list, dict)):
            return f"expected list or dict, found {shorten(value)}"
        if (problem := _miscounted(len(value), "item", self)) is not None:
            return problem
        if self.unique and isinstance(value, list) and (again := _first_repeated(value)):
            return f"{shorten(again[0])} is there twice, but items must differ"
        return None


def _first_repeated(items: list[Any]) -> list[Any]:
    """The first item that equals one before it; empty if there is none.

    In a time that grows with the list, not with its square: a peer may send a long one.
    """
    seen: dict[Any, list[Any]] = {}
    for item in items:
        # What may be equal is in one place; equality itself has the last word.
        alike = seen.setdefault(_hashable(item), [])
        if item in alike:
            return [item]
        alike.append(item)
    return []


def _hashable(value: Any) -> Any:
    """Something with a hash that is equal for equal values; lists and messages have none."""
    if isinstance(value, list):
        return tuple(map(_hashable, value))
    if isinstance(value, dict):
        return frozenset((key, _hashable(item)) for key, item in value.items())
    if type(value).__hash__ is not None:
        return value
    attributes = getattr(type(value), "__attrs_attrs__", ())
    return (type(value), *(_hashable(getattr(value, one.name)) for one in attributes))


@frozen
class Each(Constraint):
    """A rule for each item of a list, or each value of a map."""

    rule: Constraint

    _looks_inside = True

    def _misses(self, value: list[Any] | dict[str, Any], may_hold_none: tuple[bool, ...]) -> bool:
        if not may_hold_none:
            return False
        items = value.values() if isinstance(value, dict) else value
        if not may_hold_none[0] and None in items:
            return True
        return self.rule._looks_inside and any(
            self.rule._misses(item, may_hold_none[1:]) for item in items if item is not None
        )

    def problem(self, value: list[Any] | dict[str, Any]) -> str | None:
        entries: Iterable[tuple[Any, Any]]
        if isinstance(value, list):
            entries = enumerate(value)
        elif isinstance(value, dict):
            entries = value.items()
        else:
            return self.wrong_type(value)
        for key, item in entries:
            if item is not None and (problem := self.rule.problem(item)) is not None:
                return f"[{key!r}]: {problem}"
        return None

    def wrong_type(self, value: object) -> str | None:
        """Why there are no items to look at, or None."""
        if isinstance(value, (list, dict)):
            return None
        return f"expected list or dict, found {shorten(value)}"


def _entries(value: list[Any] | dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    return iter(value.items() if isinstance(value, dict) else enumerate(value))


@frozen
class AllOf(Constraint):
    """Several rules at once."""

    rules: tuple[Constraint, ...]

    _looks_inside = True

    def _misses(self, value: Any, may_hold_none: tuple[bool, ...]) -> bool:
        for rule in self.rules:  # noqa: SIM110  a generator costs more than the rest of this
            if rule._looks_inside and rule._misses(value, may_hold_none):
                return True
        return False

    def problem(self, value: Any) -> str | None:
        problems = [problem for rule in self.rules if (problem := rule.problem(value))]
        return "; ".join(dict.fromkeys(problems)) or None
