"""Random TOML documents, written in all the ways that TOML allows."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

_LETTERS = "aZ09_-. é漢😀\ufb00\t\n\x00\x1f\x7f\x85\u2028\u202e\ufeff\"'\\#[]{}=,:"
_TEXT = st.text(st.sampled_from(_LETTERS), max_size=6) | st.sampled_from(
    ['"', "'", "\\", "#", "]", "}", "=", '"""', "a\\b", "\n"]
)
_BARE = st.text(st.sampled_from("aBcdE019_-"), min_size=1, max_size=5)
_KEYS = _BARE | _TEXT
_SPACE = st.sampled_from(["", " ", "\t", "  "])
_GAP = st.sampled_from(["", " ", "\n", " # a ] \" ' } comment\n", "\n\n\t"])


@st.composite
def keys(draw: st.DrawFn, name: str) -> str:
    """One key, bare if it may be, or quoted."""
    ways = [json.dumps(name)]
    if name and name.isascii() and all(part.isalnum() or part in "_-" for part in name):
        ways.append(name)
    if "'" not in name and name.isprintable():
        ways.append(f"'{name}'")
    return draw(st.sampled_from(ways))


@st.composite
def strings(draw: st.DrawFn) -> str:
    """A string literal of any of the four kinds."""
    text = draw(_TEXT)
    ways = [json.dumps(text).replace("\x7f", "\\u007f"), json.dumps(text, ensure_ascii=True)]
    plain = text.isprintable()
    if plain and "'" not in text:
        ways += [f"'{text}'", f"'''{text}'''", f"'''\n{text}'''''"]
    if plain and '"' not in text and "\\" not in text:
        ways += [f'"""{text}"""', f'"""\n{text}\\\n   """', f'"""a\n{text}"""""']
    return draw(st.sampled_from([way for way in ways if "\x7f" not in way]))


def _leaves() -> st.SearchStrategy[str]:
    return strings() | st.sampled_from(
        [
            *("true", "false", "0", "-17", "+5", "1_000", "0xfF", "0o17", "0b1", "1.5", "6e2"),
            *("inf", "-nan", "2024-05-01", "12:30:00", "2024-05-01T12:00:00Z"),
            "2024-05-01 12:00:00.25+02:00",
        ]
    )


@st.composite
def _lists(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    items = draw(st.lists(inner, max_size=3))
    text = "["
    for index, item in enumerate(items):
        text += draw(_GAP) + item + draw(_GAP)
        if index < len(items) - 1 or draw(st.booleans()):
            text += ","
    return text + draw(_GAP) + "]"


@st.composite
def _inline_tables(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    names = draw(st.lists(_KEYS, max_size=3, unique=True))
    pairs = []
    for name in names:
        key = draw(keys(name))
        if draw(st.booleans()):
            key += draw(_SPACE) + "." + draw(_SPACE) + draw(keys(draw(_KEYS)))
        pairs.append(f"{draw(_SPACE)}{key}{draw(_SPACE)}={draw(_SPACE)}{draw(inner)}")
    return "{" + ",".join(pairs) + " }"


def values() -> st.SearchStrategy[str]:
    """The text of any value."""
    return st.recursive(
        _leaves(), lambda inner: _lists(inner) | _inline_tables(inner), max_leaves=6
    )


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A document; now and then one that repeats a key, which `tomllib` refuses."""
    lines: list[str] = []
    for _ in range(draw(st.integers(0, 3))):
        depth = draw(st.integers(1, 3))
        header = draw(_SPACE).join(
            draw(_SPACE) + draw(keys(draw(_KEYS))) + ("." if level < depth - 1 else "")
            for level in range(depth)
        )
        kind = draw(st.sampled_from(["table", "array", "array again", "none"]))
        if kind == "table":
            lines.append(f"{draw(_SPACE)}[{header}]{draw(_SPACE)}# c")
        elif kind != "none":
            repeat = 2 if kind == "array again" else 1
            for _ in range(repeat):
                lines.append(f"[[{header}]]")
                lines.append(f"x = {draw(values())}")
            if draw(st.booleans()):
                lines.append(f"[{header}.sub]")
        for _ in range(draw(st.integers(0, 3))):
            key = ".".join(draw(keys(draw(_KEYS))) for _ in range(draw(st.integers(1, 3))))
            lines.append(f"{draw(_SPACE)}{key}{draw(_SPACE)}={draw(_SPACE)}{draw(values())}")
        lines.append(draw(st.sampled_from(["", "# comment", "  "])))
    return "\n".join(lines)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    """Everything in a document, by its path."""
    found = {path: value} if path else {}
    if isinstance(value, dict):
        for key, inner in value.items():
            found.update(paths(inner, (*path, key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found.update(paths(inner, (*path, index)))
    return found
