"""Locks: stale when a promise changed, fresh when only words did."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from xpcrpc.codegen.cli import main
from xpcrpc.codegen.compile import compile_text
from xpcrpc.codegen.fingerprint import fingerprint

CASE = Path(__file__).parent / "freeze"
SCHEMAS = sorted((Path(__file__).parents[2] / "schemas").glob("*.toml"))
TEXT = (CASE / "clock.toml").read_text(encoding="utf-8")


def of(text: str) -> str:
    compiled = compile_text(text)
    assert not compiled.complaints, compiled.complaints
    found: str = fingerprint(compiled.contracts[0])
    return found


def test_the_lock_of_a_contract_is_exactly_this(tmp_path: Path) -> None:
    schema = tmp_path / "clock.toml"
    schema.write_text(TEXT, encoding="utf-8")
    assert main(["freeze", str(schema)]) == 0
    lock = (tmp_path / "clock.toml.lock").read_text(encoding="utf-8")
    assert lock == (CASE / "clock.toml.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_every_contract_of_ours_breaks_nothing_of_its_own_lock(
    schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(schema.parent, tmp_path / "schemas")  # with what it imports
    copy = tmp_path / "schemas" / schema.name
    assert main(["freeze", str(copy)]) == 0
    assert main(["freeze", "--check", str(copy)]) == 0
    capsys.readouterr()
    assert main(["breaking", str(copy), "--additions"]) == 0
    assert capsys.readouterr().out == ""


SAME = [
    ("a doc", ('doc = "The time."', 'doc = "Another."')),
    ("a comment", ("schema", "# words\nschema")),
    ("an order", ('fields.a = "u8"\nfields.b = "u16"', 'fields.b = "u16"\nfields.a = "u8"')),
]  # fmt: skip
OTHER = [
    ("a type", ('fields.a = "u8"', 'fields.a = "u16"')),
    ("a limit", ("max_len = 9", "max_len = 10")),
    ("a default", ('default = "x"', 'default = "y"')),
    ("a selector", ("oneway = true", 'oneway = true\nselector = "other"')),
    ("a code", ("code = 100", "code = 101")),
    ("unknown", ('unknown = "keep"', 'unknown = "reject"')),
    ("how absence looks", ("[struct.Time]", '[wire]\nnone = "null"\n[struct.Time]')),
]


@pytest.mark.parametrize(("what", "edit"), SAME, ids=lambda one: str(one))
def test_words_and_order_change_nothing(what: str, edit: tuple[str, str], tmp_path: Path) -> None:
    assert edit[0] in TEXT
    assert of(TEXT) == of(TEXT.replace(*edit))
    schema = tmp_path / "clock.toml"
    schema.write_text(TEXT, encoding="utf-8")
    main(["freeze", str(schema)])
    schema.write_text(TEXT.replace(*edit), encoding="utf-8")
    assert main(["freeze", "--check", str(schema)]) == 0


@pytest.mark.parametrize(("what", "edit"), OTHER, ids=lambda one: str(one))
def test_what_shows_on_the_wire_changes_the_fingerprint(what: str, edit: tuple[str, str]) -> None:
    assert edit[0] in TEXT
    assert of(TEXT) != of(TEXT.replace(*edit))


def test_a_version_alone_is_no_other_contract() -> None:
    assert of(TEXT) == of(TEXT.replace('version = "1.0"', 'version = "1.1"'))


def test_a_struct_renamed_where_a_method_names_it_keeps_the_methods_fingerprint() -> None:
    from xpcrpc.codegen.fingerprint import method_fingerprint

    prints = []
    for text in (TEXT, TEXT.replace("Time", "Moment")):
        (contract,) = compile_text(text).contracts
        method = contract.protocols["Clock"].methods[0]
        prints.append(method_fingerprint(contract, method))
    assert prints[0] == prints[1]


def test_a_lock_is_not_replaced_by_what_breaks_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema, lock = tmp_path / "clock.toml", tmp_path / "clock.toml.lock"
    schema.write_text(TEXT, encoding="utf-8")
    main(["freeze", str(schema)])
    before = lock.read_bytes()
    schema.write_text(TEXT.replace('fields.a = "u8"', 'fields.a = "string"'), encoding="utf-8")
    capsys.readouterr()
    assert main(["freeze", "--check", str(schema)]) == 1
    assert main(["freeze", str(schema)]) == 1
    assert lock.read_bytes() == before
    assert "TYPE_CHANGED struct.Time.fields.a" in capsys.readouterr().out
    assert main(["breaking", str(schema)]) == 1
    assert main(["freeze", "--anyway", str(schema)]) == 0
    assert main(["freeze", "--check", str(schema)]) == 0


def test_a_missing_or_damaged_lock_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema, lock = tmp_path / "clock.toml", tmp_path / "clock.toml.lock"
    schema.write_text(TEXT, encoding="utf-8")
    assert main(["breaking", str(schema)]) == 2
    assert main(["freeze", "--check", str(schema)]) == 1
    for text in ("lock = ", "", "lock = 7", "[lock]\nform = 1\nfingerprint = 'x'\n"):
        lock.write_text(text, encoding="utf-8")
        assert main(["breaking", str(schema)]) == 1
        assert main(["freeze", str(schema)]) == 1
        assert lock.read_text(encoding="utf-8") == text
