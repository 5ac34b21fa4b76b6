"""Words and whole requirements inside text of Apple's code-requirement language.

Its strings know one escape, ``\\"``; a backslash anywhere else is an error, and
what lies outside ASCII is not promised to survive. No team, identifier or name
of an entitlement needs either, so both are refused instead of escaped: what
cannot be in a string cannot end one. Source: the lexer in Apple's published
Security project, TN3127.
"""

from __future__ import annotations

import re
from typing import Final

from ..errors import ServiceConfigurationError

_WORD: Final = re.compile(r"[ !#-\[\]-~]+")
_TOKEN: Final = re.compile(
    r'(?P<string>"(?:\\"|[^"\\])*")'
    r"|(?P<comment>//[^\n]*|#[^\n]*|/\*.*?\*/)"
    r"|(?P<open>\()|(?P<close>\))"
    r'|(?P<other>/(?![/*])|[^"()#/\\\0])',
    re.DOTALL,
)


def word(what: str, text: str) -> str:
    """The text itself: printable ASCII without quotes and backslashes.

    Raises:
        ServiceConfigurationError: it is empty, or anything else is in it.
    """
    if not isinstance(text, str) or _WORD.fullmatch(text) is None:
        raise ServiceConfigurationError(
            f"the peer rule's {what} {text!r} must be printable ASCII without quotes and "
            "backslashes, and not empty"
        )
    return text


def quoted(what: str, text: str) -> str:
    """The text as a string of the language; raises as `word` does."""
    return f'"{word(what, text)}"'


def closed_text(text: str) -> str:
    """A requirement that stays itself inside parentheses; its comments become spaces.

    Raises:
        ServiceConfigurationError: it is empty, a string or parenthesis in it has no other
            end, or something cannot be in any requirement.
    """
    made, depth, position = [], 0, 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise _refused(text, f"the character at {position} begins nothing")
        position = token.end()
        depth += (token.lastgroup == "open") - (token.lastgroup == "close")
        if depth < 0:
            raise _refused(text, f"the parenthesis at {position - 1} closes nothing")
        made.append(" " if token.lastgroup == "comment" else token[0])
    if depth:
        raise _refused(text, "a parenthesis is not closed")
    found = "".join(made).strip()
    if not found:
        raise _refused(text, "it says nothing")
    return found


def _refused(text: str, reason: str) -> ServiceConfigurationError:
    return ServiceConfigurationError(
        f"the peer rule's requirement {text!r} cannot be used: {reason}; correct it (TN3127)"
    )
