"""Line breaks: generated code is exactly what ``ruff format`` would leave as it is.

A call, a signature or a list stands on one line if it fits; else every argument
has a line of its own and ends with a comma, which the formatter keeps.
"""

from __future__ import annotations

import re
import textwrap
from typing import Final

from attrs import frozen

WIDTH: Final = 100
"""Columns of a line."""

_INDENT: Final = "    "


@frozen
class Call:
    """``opening``, arguments, ``closing``: ``f(``, ``["a", "b"]``, ``)``."""

    opening: str
    arguments: tuple[str | Call, ...]
    closing: str = ")"
    trailing: str = ""
    """Stands in a line that is not broken only, as the comma of ``(a,)`` does."""

    @property
    def flat(self) -> str:
        """All of it on one line."""
        inside = ", ".join(flat(argument) for argument in self.arguments)
        return f"{self.opening}{inside}{self.trailing}{self.closing}"


@frozen
class Choice:
    """``A | B | C`` as a value: in parentheses when it is too long for a line."""

    items: tuple[str, ...]
    before: str = ""

    @property
    def flat(self) -> str:
        """All of it on one line."""
        return self.before + " | ".join(self.items)


def flat(part: str | Call | Choice) -> str:
    """The part on one line."""
    return part if isinstance(part, str) else part.flat


def lay_out(part: str | Call | Choice, depth: int = 0, suffix: str = "") -> str:
    """The part, ``depth`` indents deep, broken where it must be."""
    indent = _INDENT * depth
    line = f"{indent}{flat(part)}{suffix}"
    if isinstance(part, str) or len(line) <= WIDTH:
        return line
    if isinstance(part, Choice):
        return _lay_out_choice(part, indent)
    if not part.arguments:
        return line
    lines = [f"{indent}{part.opening}"]
    for argument in part.arguments:
        bare = isinstance(argument, str) and argument == "*"
        lines.append(lay_out(argument, depth + 1, ","))
        assert not bare or lines[-1].endswith("*,")
    lines.append(f"{indent}{part.closing}{suffix}")
    return "\n".join(lines)


def _lay_out_choice(part: Choice, indent: str) -> str:
    one = f"{indent}{_INDENT}{' | '.join(part.items)}"
    if len(one) <= WIDTH:
        body = one
    else:
        first, *rest = part.items
        body = f"\n{indent}{_INDENT}| ".join([f"{indent}{_INDENT}{first}", *rest])
    return f"{indent}{part.before}(\n{body}\n{indent})"


def text_literal(text: str) -> str:
    """A string literal in double quotes, as the formatter prefers it."""
    single = repr(text)
    if single.startswith('"') or '"' in text:
        return single  # repr chose the quotes that need fewer escapes
    return f'"{single[1:-1]}"'.replace("\\'", "'")


def docstring(text: str, depth: int = 1) -> str:
    """A docstring, wrapped, ``depth`` indents deep."""
    indent = _INDENT * depth
    width = WIDTH - len(indent)
    lines = _wrapped(text, width - 3)
    if len(lines) == 1 and len(lines[0]) + 6 > width:
        # The formatter keeps the quotes of a single line on that line, so leave room for both.
        lines = _wrapped(text, width - 6)
    safe = [line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"') for line in lines]
    if safe[-1].endswith('"'):
        safe[-1] = safe[-1][:-1] + '\\"'
    if safe[0].startswith('"'):
        safe[0] = "\\" + safe[0]
    if len(safe) == 1:
        return f'{indent}"""{safe[0]}"""'
    body = [f"{indent}{line}".rstrip() for line in safe]
    return "\n".join([f'{indent}"""{body[0].lstrip()}', *body[1:], f'{indent}"""'])


def _wrapped(text: str, width: int) -> list[str]:
    """Long lines are broken between words; what the author broke stays broken."""
    lines: list[str] = []
    first, newline, rest = text.expandtabs(4).strip().partition("\n")
    for line in (first + newline + textwrap.dedent(rest)).split("\n"):
        bare = line.rstrip()
        if len(bare) <= width:
            lines.append(bare)
            continue
        lead = re.match(r" *", bare)
        deep = lead.group() if lead and len(lead.group()) < width // 2 else ""
        lines.extend(
            textwrap.wrap(
                bare.strip(),
                width,
                initial_indent=deep,
                subsequent_indent=deep,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    return lines or [""]


def sentence(text: str) -> str:
    """Text that ends as a sentence does."""
    stripped = text.rstrip()
    return stripped if stripped.endswith((".", "!", "?", ":", "…")) else f"{stripped}."
