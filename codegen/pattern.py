"""The regular expressions a contract may use: what Python and RE2 both understand.

So that a pattern means the same in every language a contract is compiled to,
and matches without backtracking where the engine can. Patterns always match
from end to end.
"""

from __future__ import annotations

import re
import warnings
from typing import Final

_ESCAPES: Final = frozenset("dDwWsSbBAtnrfv\\.[]{}()*+?|^$-/\"'#&~<>=!@%:;, ")
_GROUP: Final = re.compile(r"\(\?(?::|P<[A-Za-z_][A-Za-z0-9_]*>)")
_HEX: Final = re.compile(r"\\x[0-9A-Fa-f]{2}")
_COUNT: Final = re.compile(r"\{([0-9]*)(?:,([0-9]*))?\}")
_MAX_COUNT: Final = 1000  # RE2's own limit


def pattern_problem(pattern: str) -> str | None:
    """Why a contract may not use ``pattern``, and what to write instead; or None."""
    if problem := _outside_subset(pattern):
        return problem
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError, Warning) as error:
        return f"the pattern cannot be read: {error}"
    return None


def _outside_subset(pattern: str) -> str | None:
    at = 0
    in_class = False
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            if problem := _escape_problem(pattern, at):
                return problem
            at += 2
            continue
        if in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
            at += 1 if pattern[at + 1 : at + 2] == "^" else 0
            at += 1 if pattern[at + 1 : at + 2] == "]" else 0
        elif pattern.startswith("(?", at) and _GROUP.match(pattern, at) is None:
            return _group_problem(pattern, at)
        elif character in "*+?}" and pattern[at + 1 : at + 2] == "+":
            return "possessive repeats are not in RE2; drop the second '+'"
        elif (count := _COUNT.match(pattern, at)) and any(
            len(number) > 4 or int(number) > _MAX_COUNT for number in count.groups() if number
        ):
            return f"RE2 repeats at most {_MAX_COUNT} times; use max_len for longer text"
        at += 1
    return None


def _escape_problem(pattern: str, at: int) -> str | None:
    escaped = pattern[at + 1 : at + 2]
    if escaped.isdigit():
        return "backreferences and octal escapes are not in RE2; spell the text out, or use \\xHH"
    if escaped == "x":
        return None if _HEX.match(pattern, at) else "write a character's number as \\xHH"
    if escaped and escaped not in _ESCAPES:
        return f"\\{escaped} does not mean the same in Python and RE2; write the character itself"
    return None


def _group_problem(pattern: str, at: int) -> str:
    opening = pattern[at : at + 4]
    if opening.startswith(("(?=", "(?!", "(?<=", "(?<!")):
        return "lookahead and lookbehind are not in RE2; say it with a plain pattern"
    if opening.startswith("(?P="):
        return "backreferences are not in RE2; spell the text out"
    return f"groups that start with {opening[:3]!r} are not used here; write '(…)' or '(?:…)'"
