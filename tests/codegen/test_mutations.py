"""Whatever a contract says, the compiler answers with complaints, never with a traceback."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from xpcrpc.codegen.compile import compile_text
from xpcrpc.codegen.emit import emit
from xpcrpc.codegen.view import package_view

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "schemas"
SCHEMAS = [path.read_bytes() for path in sorted(FOLDER.glob("*.toml"))]
CASES = [
    (case / "input.toml").read_bytes()
    for folder in ("cases", "several")
    for case in sorted((Path(__file__).parent / folder).iterdir())
    if (case / "input.toml").exists()
]
WORDS = [
    *(b"u8", b"any", b"fd", b"list<Config>", b"Config?", b"duration", b"Mode", b"Shape", b"Tree"),
    *(b"{}", b"[]", b'""', b"1", b"-1", b"1.5", b"true", b"nan", b"2024-05-01", b'"x"', b"[1]"),
    *(b"default = 1", b"min = 1", b"unique = true", b"resource = true", b"open = false", b"none"),
    *(b'stream = { out = "u8" }', b"events", b"callbacks", b"requires", b"server_end<Gallery>"),
    *(b"[imports]", b"common.Place", b"gallery.toml", b"launchd", b"systemd", b"window", b"agent"),
    *(b"struct", b"fields", b"cases", b"in", b"out", b"errors", b'"self"', b"anyone", b"."),
    *(b"\\u0000", b"\x00", b"\xff", b"\n", b'"', b"=", b",", b"[", b"]", b"?", b"{ a = {} }"),
    *(b"9" * 5000, b"[" * 3000, b"a." * 3000 + b"a = 1\n", b"\xef\xbb\xbf", b"\xed\xa0\x80"),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A contract in which tokens were replaced, dropped, repeated or swapped."""
    data = draw(st.sampled_from(SCHEMAS + CASES))
    tokens = tokenise(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(tokens) - 1)) if tokens else 0
        match draw(st.sampled_from(["replace", "drop", "repeat", "swap", "cut"])):
            case "replace":
                tokens[at : at + 1] = [draw(st.sampled_from(WORDS) | st.binary(max_size=4))]
            case "drop":
                del tokens[at : at + draw(st.integers(1, 8))]
            case "repeat":
                tokens[at:at] = tokens[at : at + draw(st.integers(1, 8))]
            case "swap" if tokens:
                other = draw(st.integers(0, len(tokens) - 1))
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case "cut":
                del tokens[at:]
    return b"".join(tokens)


def tokenise(data: bytes) -> list[bytes]:
    """Words and the single characters between them."""
    tokens: list[bytes] = []
    for byte in data:
        one = bytes([byte])
        is_word = one.isalnum() or one == b"_"
        if tokens and is_word and (tokens[-1][-1:].isalnum() or tokens[-1][-1:] == b"_"):
            tokens[-1] += one
        else:
            tokens.append(one)
    return tokens


def compiles(data: bytes) -> bool:
    """Compile; what has no complaint must also become Python that can be compiled."""
    compiled = compile_text(data, path=FOLDER / "mutated.toml")
    assert bool(compiled.contracts) != bool(compiled.complaints)
    for complaint in compiled.complaints:
        assert "\n" not in str(complaint).replace("'\\n'", "")
    for contract in (*compiled.contracts, *compiled.imported):
        for path, text in emit(package_view(contract)).items():
            compile(text, str(path), "exec", dont_inherit=True)
    return not compiled.complaints


@settings(max_examples=100, deadline=None)
@given(mutated())
def test_a_mutated_contract_never_gives_a_traceback(data: bytes) -> None:
    compiles(data)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_value_of_any_kind_anywhere_never_gives_a_traceback(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(SCHEMAS)).decode()
    lines = text.split("\n")
    at = data.draw(st.integers(0, len(lines) - 1))
    key, equals, _ = lines[at].partition("=")
    value = data.draw(
        st.sampled_from(
            [
                *('""', '"x"', "0", "-1", "1.5", "nan", "true", "[]", "[[]]", "{}", "{ a = 1 }"),
                *("2024-05-01", "12:00:00", '["a"]', "{ type = 1 }"),
                '{ type = "u8", default = {} }',
            ]
        )
    )
    if equals:
        lines[at] = f"{key}= {value}"
    compiles("\n".join(lines).encode())


def test_the_untouched_contracts_compile() -> None:
    for data in SCHEMAS:
        assert tomllib.loads(data.decode())
        assert compiles(data)
