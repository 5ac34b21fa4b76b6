"""Strategies for text and data that follow a contract's rules, however narrow those are.

Nothing is drawn and thrown away: what is too long for Hypothesis to draw is
filled up with what it drew, and what must match a pattern is made from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from random import Random
from typing import AnyStr, Final

from attrs import define, field
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..constraints import ByteLength, Constraint, Length, Pattern
from .automaton import ASCII, TEXT, Language, Ranges, UnsuitedPatternError, automaton, both
from .rules import tightest

_DRAWN: Final = 40
"""Characters or bytes that Hypothesis draws one by one; of longer ones the rest follows."""

_MORE: Final = 24
"""Characters beyond the least that text has, where the contract states no limit."""

_FARTHEST: Final = 5_000
"""Characters up to which a word of a language is looked for."""

_PLAIN: Final[Ranges] = ((97, 122), (48, 57), (65, 90), (32, 47), (58, 64), (91, 96), (123, 126))
"""What is easy to read, and what examples become when they are made simpler."""

_EDGES: Final = ("é", "𐍈", "👩‍👩‍👧", "x" * 300, "0123456789ab")


def text(min_size: int = 0, max_size: int | None = None) -> SearchStrategy[str]:
    """Text that XPC can carry: no NUL, no surrogate; now and then long, often not ASCII."""
    alphabet = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    return _text_of(alphabet, min_size, max_size)


def data(min_size: int = 0, max_size: int | None = None) -> SearchStrategy[bytes]:
    """Bytes, of any length that is asked for."""
    if min_size <= _DRAWN:
        return st.binary(min_size=min_size, max_size=max_size)
    return _filled(st.binary(min_size=1, max_size=_DRAWN), min_size, max_size)


def text_within(rules: list[Constraint]) -> SearchStrategy[str]:
    """Text that follows every rule.

    Raises:
        ValueError: there is none.
    """
    low, high, most_bytes, patterns = _limits(rules)
    if not patterns:
        return _of_size(low, high, most_bytes)
    try:
        choices = _choices(patterns, low, high, most_bytes)
    except UnsuitedPatternError:
        # Such as the edges of words: matched by trying, as the caller's filter does.
        pattern = re.compile(patterns[0], re.ASCII)
        return st.from_regex(pattern, fullmatch=True).filter(lambda drawn: "\0" not in drawn)
    return st.sampled_from(choices).flatmap(lambda choice: _word(*choice))


def different_texts(rules: list[Constraint], random: Random) -> Iterator[str]:
    """Text that follows every rule, each one another; ends when no more are found.

    Raises:
        ValueError: there is none.
        UnsuitedPatternError: a pattern has no automaton.
    """
    low, high, most_bytes, patterns = _limits(rules)
    seen: set[str] = set()
    for language, size in _choices(patterns or (_ANYTHING,), low, high, most_bytes):
        for _ in range(_TRIES):
            word = make_word(language, size, random.randrange)
            if word not in seen:
                seen.add(word)
                yield word


_ANYTHING: Final = r"(?:.|\n)*"

_TRIES: Final = 300
"""Words of one length that are made in search of different ones."""


def _limits(
    rules: list[Constraint],
) -> tuple[int, int | None, int | None, tuple[str, ...]]:
    low, high = tightest(rules, Length, 0, None)
    _, most_bytes = tightest(rules, ByteLength, None, None)
    return low, high, most_bytes, tuple(one.regex for one in rules if isinstance(one, Pattern))


def _least(one: int | None, other: int | None) -> int | None:
    return min((limit for limit in (one, other) if limit is not None), default=None)


def _of_size(low: int, high: int | None, most_bytes: int | None) -> SearchStrategy[str]:
    if most_bytes is None:
        return text(low, high)
    # One character has at most four bytes, and in ASCII one.
    found = []
    if low <= (longest := most_bytes // 4):
        found.append(text(low, _least(high, longest)))
    if low <= most_bytes:
        ascii_only = st.characters(codec="ascii", exclude_characters="\0")
        found.append(_text_of(ascii_only, low, _least(high, most_bytes), str.isascii))
    if not found:
        raise ValueError(f"no text of {low} characters has at most {most_bytes} bytes")
    return st.one_of(found)


def _text_of(
    alphabet: SearchStrategy[str],
    low: int,
    high: int | None,
    suits: Callable[[str], bool] = bool,
) -> SearchStrategy[str]:
    """Text of an alphabet, and edges that suit it."""
    if low > _DRAWN:
        return _filled(st.text(alphabet, min_size=1, max_size=_DRAWN), low, high)
    drawn = st.text(alphabet, min_size=low, max_size=high)
    limit = _FARTHEST if high is None else high
    fitting = [edge for edge in _EDGES if low <= len(edge) <= limit and suits(edge)]
    return (st.sampled_from(fitting) | drawn) if fitting else drawn


@st.composite
def _filled(draw: st.DrawFn, pieces: SearchStrategy[AnyStr], low: int, high: int | None) -> AnyStr:
    """As long as is asked for, by repeating what was drawn."""
    piece = draw(pieces)
    size = draw(st.sampled_from(_sizes(low, high)))
    return (piece * (size // len(piece) + 1))[:size]


def _sizes(low: int, high: int | None) -> list[int]:
    most = low + _MORE if high is None else min(high, low + _MORE)
    # The upper limit is worth a try, unless it is only there to be there.
    edge = [] if high is None or high > 2 * low + _FARTHEST else [high]
    return list(dict.fromkeys([*range(low, most + 1), *edge]))


# -- words of patterns -------------------------------------------------------------


@cache
def _language(patterns: tuple[str, ...], alphabet: Ranges) -> Language:
    return Language(tuple(map(automaton, patterns)), alphabet)


def _choices(
    patterns: tuple[str, ...], low: int, high: int | None, most_bytes: int | None
) -> list[tuple[Language, int]]:
    """What all patterns match, and lengths that it has words of.

    Raises:
        UnsuitedPatternError: a pattern has no automaton.
        ValueError: there is no such word.
    """
    anything, ascii_only = _language(patterns, TEXT), _language(patterns, ASCII)
    if most_bytes is None:
        choices = _lengths(anything, low, high)
    else:
        # One character has at most four bytes, and in ASCII one.
        choices = _lengths(ascii_only, low, _least(high, most_bytes))
        choices += _lengths(anything, low, _least(high, most_bytes // 4))
    if not choices:
        raise ValueError(f"no text of the size that is asked for matches {' and '.join(patterns)}")
    return choices


def _lengths(language: Language, low: int, high: int | None) -> list[tuple[Language, int]]:
    last = low + _FARTHEST if high is None else min(high, low + _FARTHEST)
    found: list[tuple[Language, int]] = []
    for size in range(low, last + 1):
        if language.has(size):
            found.append((language, size))
        if len(found) > _MORE:
            break
    if high is not None and low <= high <= last and language.has(high):
        found.append((language, high))
    return found


def make_word(language: Language, size: int, pick: Callable[[int], int]) -> str:
    """A word of so many characters; ``pick`` chooses a number below the one it is given."""
    state = language.start
    found = []
    for left in range(size, 0, -1):
        moves = language.next(state, left)
        ranges, state = moves[pick(len(moves))]
        found.append(_character(ranges, pick))
    return "".join(found)


@st.composite
def _word(draw: st.DrawFn, language: Language, size: int) -> str:
    return make_word(language, size, _Picker(draw).pick)


@define
class _Picker:
    """Chooses; of a long word Hypothesis chooses the beginning, and the rest follows."""

    draw: st.DrawFn
    _left: int = 2 * _DRAWN
    _random: Random | None = field(default=None, repr=False)

    def pick(self, count: int) -> int:
        """A number below ``count``."""
        if count == 1:
            return 0
        if self._left > 0:
            self._left -= 1
            return self.draw(st.integers(0, count - 1))
        if self._random is None:
            seed = self.draw(st.integers(0, 2**32 - 1))
            self._random = Random(seed)  # noqa: S311 - an example, no secret
        return self._random.randrange(count)


def _character(ranges: Ranges, pick: Callable[[int], int]) -> str:
    plain = _plain(ranges)
    if plain and (_count(plain) == _count(ranges) or pick(4) < 3):
        ranges = plain
    index = pick(_count(ranges))
    for low, high in ranges:
        if index <= high - low:
            return chr(low + index)
        index -= high - low + 1
    raise AssertionError("an index beyond the end")


@cache
def _plain(ranges: Ranges) -> Ranges:
    """Those of the characters that are easy to read, letters first."""
    return tuple(part for one in _PLAIN for part in both((one,), ranges))


def _count(ranges: Ranges) -> int:
    return sum(high - low + 1 for low, high in ranges)
