"""The regular expressions of contracts as automata, to make text that they match.

A contract's patterns are RE2's: no looking around, no references back. So what
they match is a regular language, of which a word of any length can be made
directly, for several patterns at once, without trying and throwing away.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from attrs import define, field, frozen

_parser: Final[Any] = importlib.import_module("re._parser")

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Characters, as ranges of code points, both ends included, in order."""

TEXT: Final[Ranges] = ((1, 0xD7FF), (0xE000, 0x10FFFF))
"""What XPC text may hold: no NUL, no surrogate."""

ASCII: Final[Ranges] = ((1, 127),)

_CATEGORIES: Final[dict[str, Ranges]] = {
    "DIGIT": ((48, 57),),
    "WORD": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "SPACE": ((9, 10), (12, 13), (32, 32)),
}

_VERTICAL_TAB: Final[Ranges] = ((11, 11),)
"""Space to Python and none to RE2, so neither in ``\\s`` nor in ``\\S`` here."""

_MOST_STATES: Final = 20_000


class UnsuitedPatternError(ValueError):
    """The pattern cannot be made into an automaton, or into none of a sensible size."""


def both(one: Ranges, other: Ranges) -> Ranges:
    """The characters in both."""
    found = [
        (max(low, least), min(high, most))
        for low, high in one
        for least, most in other
        if max(low, least) <= min(high, most)
    ]
    return tuple(sorted(found))


def _other(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """All the characters that are not there."""
    found, least = [], 0
    for low, high in sorted(ranges):
        if low > least:
            found.append((least, low - 1))
        least = max(least, high + 1)
    return both(TEXT, (*found, (least, 0x10FFFF)))


@define
class _State:
    moves: list[tuple[Ranges, int]] = field(factory=list)
    free: list[tuple[str, int]] = field(factory=list)
    """What needs no character: anywhere, only at the ``start``, only at the ``end``."""


@define
class _Builder:
    """Thompson's construction."""

    states: list[_State] = field(factory=list)

    def new(self) -> int:
        if len(self.states) >= _MOST_STATES:
            raise UnsuitedPatternError("the pattern has too many states")
        self.states.append(_State())
        return len(self.states) - 1

    def free(self, start: int, end: int, where: str = "") -> None:
        self.states[start].free.append((where, end))

    def sequence(self, items: Iterable[Any], start: int) -> int:
        """Add what the items match behind ``start``; the state behind them."""
        for kind, argument in items:
            start = self.item(str(kind), argument, start)
        return start

    def item(self, kind: str, argument: Any, start: int) -> int:
        if kind in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            end = self.new()
            self.states[start].moves.append((both(TEXT, _characters(kind, argument)), end))
            return end
        if kind == "SUBPATTERN":
            return self.sequence(argument[-1], start)
        if kind == "BRANCH":
            end = self.new()
            for branch in argument[1]:
                self.free(self.sequence(branch, start), end)
            return end
        if kind in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = argument
            return self.repeat(least, most, inner, start)
        if kind == "AT" and str(argument) in ("AT_BEGINNING", "AT_BEGINNING_STRING"):
            end = self.new()
            self.free(start, end, "start")
            return end
        if kind == "AT" and str(argument) in ("AT_END", "AT_END_STRING"):
            end = self.new()
            self.free(start, end, "end")
            return end
        raise UnsuitedPatternError(f"{kind} {argument} has no automaton")

    def repeat(self, least: int, most: Any, inner: Any, start: int) -> int:
        for _ in range(least):
            start = self.sequence(inner, start)
        if most is _parser.MAXREPEAT:
            loop = self.new()
            self.free(start, loop)
            self.free(self.sequence(inner, loop), loop)
            end = self.new()
            self.free(loop, end)
            return end
        end = self.new()
        for _ in range(int(most) - least):
            self.free(start, end)
            start = self.sequence(inner, start)
        self.free(start, end)
        return end


def _characters(kind: str, argument: Any) -> Ranges:
    if kind == "LITERAL":
        return ((argument, argument),)
    if kind == "NOT_LITERAL":
        return _other([(argument, argument)])
    if kind == "ANY":
        return _other([(10, 10)])
    found: list[tuple[int, int]] = []
    negated = False
    for name, value in argument:
        if str(name) == "NEGATE":
            negated = True
        elif str(name) == "LITERAL":
            found.append((value, value))
        elif str(name) == "RANGE":
            found.append(value)
        else:
            found.extend(_category(str(value)))
    return _other([*found, *_VERTICAL_TAB]) if negated else tuple(sorted(found))


def _category(name: str) -> Ranges:
    word = name.removeprefix("CATEGORY_").removeprefix("NOT_")
    if word not in _CATEGORIES:
        raise UnsuitedPatternError(f"{name} has no automaton")
    ranges = _CATEGORIES[word]
    return _other([*ranges, *_VERTICAL_TAB]) if "NOT_" in name else ranges


@frozen
class Automaton:
    """Without moves that need no character; state 0 is where a word begins."""

    moves: tuple[tuple[tuple[Ranges, int], ...], ...]
    final: frozenset[int]


def automaton(regex: str) -> Automaton:
    """What a pattern matches from end to end.

    Raises:
        UnsuitedPatternError: it asks for the edges of words, or has very many states.
    """
    builder = _Builder()
    first = builder.new()
    last = builder.sequence(_parser.parse(regex, re.ASCII), first)

    def reached(state: int, *where: str) -> set[int]:
        """What can be reached without a character."""
        found, waiting = {state}, [state]
        while waiting:
            for condition, target in builder.states[waiting.pop()].free:
                if (not condition or condition in where) and target not in found:
                    found.add(target)
                    waiting.append(target)
        return found

    def moves(states: set[int]) -> tuple[tuple[Ranges, int], ...]:
        # One up: the first state comes again, as what it is when a word has begun.
        steps = (step for state in sorted(states) for step in builder.states[state].moves)
        return tuple((ranges, target + 1) for ranges, target in steps if ranges)

    count = range(len(builder.states))
    final = {state + 1 for state in count if last in reached(state, "end")}
    if last in reached(first, "start", "end"):
        final.add(0)
    return Automaton(
        (moves(reached(first, "start")), *(moves(reached(state)) for state in count)),
        frozenset(final),
    )


Pair: TypeAlias = tuple[int, ...]


@define(repr=False)
class Language:
    """The text that several patterns match, made of some characters."""

    parts: tuple[Automaton, ...]
    alphabet: Ranges = TEXT
    _moves: dict[Pair, list[tuple[Ranges, Pair]]] = field(factory=dict)
    _ends: list[set[Pair]] = field(factory=list)
    """By the number of characters that are still to come: where the rest can be a word's."""

    @property
    def start(self) -> Pair:
        """Where every word begins."""
        return (0,) * len(self.parts)

    def has(self, length: int) -> bool:
        """Whether it has a word of so many characters."""
        return self.start in self._alive(length)

    def next(self, state: Pair, left: int) -> list[tuple[Ranges, Pair]]:
        """The moves that lead to the end of a word after ``left`` characters, this one included."""
        alive = self._alive(left - 1)
        return [move for move in self._moves[state] if move[1] in alive]

    def _alive(self, left: int) -> set[Pair]:
        if not self._ends:
            self._explore()
            self._ends.append({state for state in self._moves if self._is_final(state)})
        while len(self._ends) <= left:
            shorter = self._ends[-1]
            self._ends.append(
                {
                    state
                    for state, moves in self._moves.items()
                    if any(target in shorter for _, target in moves)
                }
            )
        return self._ends[left]

    def _is_final(self, state: Pair) -> bool:
        return all(one in part.final for one, part in zip(state, self.parts, strict=True))

    def _explore(self) -> None:
        waiting = [self.start]
        while waiting:
            state = waiting.pop()
            if state in self._moves:
                continue
            if len(self._moves) > _MOST_STATES:
                raise UnsuitedPatternError("the patterns together have too many states")
            self._moves[state] = list(self._steps(state))
            waiting.extend(target for _, target in self._moves[state])

    def _steps(self, state: Pair) -> Iterator[tuple[Ranges, Pair]]:
        found: list[tuple[Ranges, Pair]] = [(self.alphabet, ())]
        for one, part in zip(state, self.parts, strict=True):
            found = [
                (shared, (*before, target))
                for ranges, before in found
                for more, target in part.moves[one]
                if (shared := both(ranges, more))
            ]
        yield from found
