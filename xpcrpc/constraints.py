"""The contract's rules for values, as attrs validators.

Each is a value of its own: an attrs class runs it when an object is made (so on
both ends of a connection), and the Hypothesis strategies read it. ``None``, an
optional field's absent value, meets every rule.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from attrs import define, frozen

from .errors import ConstraintError


@frozen
class Constraint:
    """One rule. Call it with a value to check, or let attrs do so."""

    def problem(self, value: Any) -> str | None:
        """What is wrong with ``value``, in one sentence, or None."""
        raise NotImplementedError

    def __call__(self, instance: object, attribute: Any, value: Any) -> None:
        """Check one attribute, the way attrs asks.

        Raises:
            ConstraintError: the value breaks the rule.
        """
        if value is not None and (problem := self.problem(value)) is not None:
            raise ConstraintError(f"{attribute.name}: {problem}")


@frozen
class Range(Constraint):
    """A number from ``min`` to ``max``, both included."""

    min: float | None = None
    max: float | None = None

    def problem(self, value: float) -> str | None:
        if self.min is not None and not value >= self.min:
            return f"{value} is below {self.min}"
        if self.max is not None and not value <= self.max:
            return f"{value} is above {self.max}"
        return None


@frozen
class Length(Constraint):
    """So many characters of text, or bytes of data."""

    min: int | None = None
    max: int | None = None

    def problem(self, value: str | bytes) -> str | None:
        unit = "characters" if isinstance(value, str) else "bytes"
        if self.min is not None and len(value) < self.min:
            return f"{len(value)} {unit}, but at least {self.min} are needed"
        if self.max is not None and len(value) > self.max:
            return f"{len(value)} {unit}, but at most {self.max} are allowed"
        return None


@frozen
class ByteLength(Constraint):
    """At most so many bytes of text, as UTF-8."""

    max: int

    def problem(self, value: str) -> str | None:
        count = len(value.encode("utf-8", "surrogatepass"))
        if count > self.max:
            return f"{count} bytes as UTF-8, but at most {self.max} are allowed"
        return None


@define(frozen=True, slots=False)
class Pattern(Constraint):
    """Text that a regular expression matches from end to end."""

    regex: str

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.regex)

    def problem(self, value: str) -> str | None:
        if self._compiled.fullmatch(value) is None:
            return f"{value!r} does not match {self.regex}"
        return None


@frozen
class Items(Constraint):
    """So many items in a list or entries in a map; all different if ``unique``."""

    min: int | None = None
    max: int | None = None
    unique: bool = False

    def problem(self, value: list[Any] | dict[str, Any]) -> str | None:
        if self.min is not None and len(value) < self.min:
            return f"{len(value)} items, but at least {self.min} are needed"
        if self.max is not None and len(value) > self.max:
            return f"{len(value)} items, but at most {self.max} are allowed"
        if self.unique and isinstance(value, list):
            # Items may be unhashable (attrs classes are), so compare by equality.
            seen: list[Any] = []
            for item in value:
                if item in seen:
                    return f"{item!r} is there twice, but items must differ"
                seen.append(item)
        return None


@frozen
class Each(Constraint):
    """A rule for each item of a list, or each value of a map."""

    rule: Constraint

    def problem(self, value: list[Any] | dict[str, Any]) -> str | None:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in pairs:
            if item is not None and (problem := self.rule.problem(item)) is not None:
                return f"[{key!r}]: {problem}"
        return None


@frozen
class AllOf(Constraint):
    """Several rules at once."""

    rules: tuple[Constraint, ...]

    def problem(self, value: Any) -> str | None:
        problems = [problem for rule in self.rules if (problem := rule.problem(value))]
        return "; ".join(problems) or None
