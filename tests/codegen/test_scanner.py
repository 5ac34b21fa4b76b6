"""The scanner walks every document exactly as `tomllib` reads it."""

from __future__ import annotations

import re
import tomllib

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from xpcrpc.codegen.complaint import Complaint
from xpcrpc.codegen.scanner import Scanner
from xpcrpc.codegen.source import Source, parse_source

from tests.codegen.documents import documents, paths


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(documents())
@example("[[a]]\nx=1\n[[a]]\n[a.sub]\ny=1\n[[a.sub2]]\n[[a.sub2]]\n[a.sub2.z]\nv=[{k=1},[2]]\n")
@example("x = '''\na'''''\ny = \"\"\"b\\\"\"\"\"\"\nz = 1\n")
@example("[a.b.c]\n[a]\nd.e = { f.g = 1 }\n")
def test_every_path_has_the_position_of_its_own_text(text: str) -> None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assume(False)
        raise
    scanner = Scanner(text)
    scanner.run()
    expected = paths(document)
    tables_in_passing = {path for path in scanner.values if path not in expected}
    assert not tables_in_passing
    assert expected.keys() <= scanner.values.keys()
    for path, value in expected.items():
        start, end = scanner.values[path]
        written = text[start:end]
        key = path[-1]
        if isinstance(key, str):
            at = scanner.keys[path]
            # A key stands where its table is opened or its value is given.
            assert text[at] in "\"'" or text[at] == key[:1]
        is_inline = written.startswith(("{", "[")) and not _is_header(text, start)
        if not isinstance(value, (dict, list)) or is_inline:
            assert repr(tomllib.loads(f"v = {written}")["v"]) == repr(value)


def _is_header(text: str, start: int) -> bool:
    """Whether the bracket is the first thing on its line and opens a table."""
    line_start = text.rfind("\n", 0, start) + 1
    return not text[line_start:start].strip() and _parses_as_header(text, start)


def _parses_as_header(text: str, start: int) -> bool:
    line = text[start:].split("\n", 1)[0]
    try:
        tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    return True


def test_lines_and_columns_count_from_one_and_by_characters() -> None:
    text = '"é" = 1\n["tåble"]\n  "ké.y" = { b = 2 }\r\n[[t]]\n[[t]]\nx=1'
    source = parse_source(text.encode(), "f")
    assert isinstance(source, Source)
    assert _at(source, "é") == (1, 1)
    assert _at(source, "tåble") == (2, 2)
    assert _at(source, "tåble", "ké.y") == (3, 3)
    assert _at(source, "tåble", "ké.y", "b") == (3, 14)
    assert _at(source, "t", 1) == (5, 3)
    assert _at(source, "t", 1, "x") == (6, 1)
    value = source.value(("tåble", "ké.y", "b"))
    assert (value.line, value.column) == (3, 18)


def test_a_missing_key_is_where_its_table_is() -> None:
    source = parse_source(b"a.b = 1\n[c]\n", "f")
    assert isinstance(source, Source)
    assert _at(source, "c", "missing", "deeper") == (2, 2)
    assert _at(source, "nothing") == (1, 1)


KEYS = ".".join(f"k{at}" for at in range(32))
"""Of the path of a table that may just be there."""


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (f"x = {'[' * 32}{']' * 32}", None),
        (f"x = {'[' * 33}{']' * 33}", 37),
        (f"x = {'[' * 100_000}{']' * 100_000}", 37),  # `tomllib` itself gives up
        (f"x = {'{a=' * 32}1{'}' * 32}", None),
        (f"x = {'{a=' * 33}1{'}' * 33}", 101),
        (f"x = {'{a=' * 100_000}1{'}' * 100_000}", 101),
        (f"[{KEYS}]\nx = 1", None),
        (f"[{KEYS}.a]\n", 120),
        (f"[[{KEYS}]]\n", 117),
        (f"{KEYS}.x = 1", None),
        (f"{KEYS}.a.x = 1", 119),
        (f"{KEYS}.x = []", 123),
        (f"x = '{'[' * 33}'", None),
    ],
)
def test_what_is_too_deep_is_told_where_the_33rd_begins(text: str, column: int | None) -> None:
    source = parse_source(f"# é\n{text}".encode(), "f")
    if column is None:
        assert isinstance(source, Source)
    else:
        assert isinstance(source, Complaint)
        assert source.rule == "nested-too-deep"
        assert (source.line, source.column) == (2, column)
        assert len(re.split(r"[.\[]", source.path)) == 33


@pytest.mark.parametrize(
    ("text", "long"),
    [
        (f"{(1 << 1024) - 1}", False),
        (f"-{1 << 1024}", True),
        (f"0x{'f' * 256}", False),
        (f"0x_{'f' * 257}".replace("_", "0"), True),
        (f"0o2{'0' * 341}", True),
        (f"0b1{'0' * 1024}", True),
        ("1_" * 5000 + "1", True),  # int() refuses so many
        (f"{'1' * 300}{'0' * 300}.5", False),
        (f"{'1' * 400}e1", False),
    ],
)
def test_a_long_number_is_told_where_it_stands(text: str, long: bool) -> None:
    digits = "7" * 5000
    source = parse_source(f'# {digits}\na = "{digits}"\nb = [{{ c = {text} }}]'.encode(), "f")
    if long:
        assert isinstance(source, Complaint)
        assert source.rule == "number-too-long"
        assert (source.line, source.column, source.path) == (3, 12, "b[0].c")
    else:
        assert isinstance(source, Source)


def _at(source: Source, *path: str | int) -> tuple[int, int]:
    place = source.key(path)
    return place.line, place.column
