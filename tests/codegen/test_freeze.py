"""Locks: stale when a promise changed, fresh when only words did."""

from __future__ import annotations

import importlib
import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xpcrpc.codegen.breaking import ADDITIONS, RULES, Rule
from xpcrpc.codegen.cli import main
from xpcrpc.codegen.compile import compile_text
from xpcrpc.codegen.components import components
from xpcrpc.codegen.fingerprint import Fingerprints, fingerprint
from xpcrpc.codegen.fmt.spell import spell_key
from xpcrpc.codegen.signature import value_text

from xpcrpc import Protocol
from xpcrpc.runtime.describe import describe

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
    prints = []
    for text in (TEXT, TEXT.replace("Time", "Moment")):
        (contract,) = compile_text(text).contracts
        method = contract.protocols["Clock"].methods[0]
        prints.append(Fingerprints(contract).method(method))
    assert prints[0] == prints[1]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_lock_breaking_and_handshake_have_one_fingerprint(
    schema: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(schema.parent, tmp_path / "schemas")
    copy = tmp_path / "schemas" / schema.name
    main(["freeze", str(copy)])
    lock = tomllib.loads(copy.with_name(f"{copy.name}.lock").read_text(encoding="utf-8"))["lock"]
    capsys.readouterr()
    main(["breaking", str(copy), "--format", "json"])
    (compared,) = json.loads(capsys.readouterr().out)["contracts"]
    assert compared["old"] == compared["new"] == lock["fingerprint"]
    package = importlib.import_module(f"generated.{schema.stem}")
    protocols = [
        one for name in package.__all__ if isinstance(one := getattr(package, name), Protocol)
    ]
    assert protocols
    for protocol in protocols:
        assert protocol.fingerprint == lock["fingerprint"]
        assert describe(protocol).identity.fingerprint == lock["fingerprint"]


def test_a_shuffled_contract_with_other_words_has_the_same_fingerprint() -> None:
    # Every table of the file in another order, and every doc another.
    text = (SCHEMAS[0].parent / "gallery.toml").read_text(encoding="utf-8")
    path = SCHEMAS[0].parent / "gallery.toml"
    values = tomllib.loads(text)

    def other(table: Any) -> Any:
        if isinstance(table, dict):
            turned = {key: other(table[key]) for key in reversed(table)}
            return {key: "Other." if key == "doc" and isinstance(value, str) else value
                    for key, value in turned.items()}  # fmt: skip
        return table

    turned = "\n".join(
        f"{spell_key((key,))} = {value_text(value)}" for key, value in other(values).items()
    )
    prints = []
    for written in (text, turned):
        compiled = compile_text(written, path=path)
        assert not compiled.complaints, compiled.complaints
        prints.append(fingerprint(compiled.contracts[0]))
    assert prints[0] == prints[1]


QUIET = {
    "CONST_CHANGED": "it is in no message",
    "PACKAGE_CHANGED": "what it says is the same, whoever says it",
    "PEER_NARROWED": "who may connect is no matter of messages",
    "REQUIRES_NARROWED": "who may call is no matter of messages",
    "RESERVED_DROPPED": "nothing of it travels",
    "SERVICE_ADDED": "where it lives is no matter of messages",
    "SERVICE_DOMAIN_CHANGED": "where it lives is no matter of messages",
    "SERVICE_NAME_CHANGED": "where it lives is no matter of messages",
    "SERVICE_PROTOCOL_CHANGED": "where it lives is no matter of messages",
    "SERVICE_REMOVED": "where it lives is no matter of messages",
    "VERSION_LOWERED": "a version alone is no other contract",
}
"""Breaking rules whose change leaves the fingerprint as it is, and why."""


@pytest.mark.parametrize(
    "rule",
    [rule for rule in (*RULES, *ADDITIONS) if rule.id != "CONTRACT_REMOVED"],
    ids=lambda rule: rule.id,
)
def test_what_breaks_or_adds_on_the_wire_is_another_fingerprint(rule: Rule) -> None:
    folder = CASE.parent / "breaking" / rule.id
    prints = []
    for side in ("old", "new"):
        compiled = compile_text((folder / f"{side}.toml").read_text(encoding="utf-8"))
        prints.append(fingerprint(compiled.contracts[0]))
    assert (prints[0] == prints[1]) == (rule.id in QUIET)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_components_are_what_reaches_each_other_and_come_after_what_they_hold(
    data: st.DataObject,
) -> None:
    size = data.draw(st.integers(0, 7))
    held = {one: data.draw(st.lists(st.integers(0, size - 1), max_size=3)) for one in range(size)}
    reach = {one: {one} for one in held}
    for _ in held:
        reach = {one: far.union(*(held[it] for it in far)) for one, far in reach.items()}
    groups = list(components(held))
    assert sorted(one for group in groups for one in group) == list(held)
    done: set[int] = set()
    for group in groups:
        done.update(group)
        for one in group:
            assert {it for it in held if it in reach[one] and one in reach[it]} == set(group)
            assert reach[one] <= done


RING = """
[struct.A]
fields.next = "B?"
fields.x = "{a}"
[struct.B]
fields.next = "C?"
fields.x = "{b}"
[struct.C]
fields.next = "A?"
fields.x = "{c}"
[protocol.P]
methods.go = {{ in = "A" }}
"""


def test_types_that_hold_each_other_are_told_apart_by_what_they_hold() -> None:
    def of_ring(a: str, b: str, c: str) -> str:
        header = 'schema = 1\npackage = "org.example.x"\nversion = "1.0"\n'
        (contract,) = compile_text(header + RING.format(a=a, b=b, c=c)).contracts
        return str(Fingerprints(contract).protocol(contract.protocols["P"]))

    assert of_ring("u8", "u8", "u8") != of_ring("u8", "u8", "u16")
    assert of_ring("u8", "u8", "u16") != of_ring("u8", "u16", "u8")
    alone = RING.replace("[struct.B]", '[struct.Z]\nfields.y = "u8"\n[struct.B]')
    header = 'schema = 1\npackage = "org.example.x"\nversion = "1.0"\n'
    renamed = alone.format(a="u8", b="u8", c="u16").replace("B", "Other")
    (contract,) = compile_text(header + renamed).contracts
    assert Fingerprints(contract).protocol(contract.protocols["P"]) == of_ring("u8", "u8", "u16")


def test_a_lock_that_was_edited_is_found_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema, lock = tmp_path / "clock.toml", tmp_path / "clock.toml.lock"
    schema.write_text(TEXT, encoding="utf-8")
    main(["freeze", str(schema)])
    text = lock.read_text(encoding="utf-8")
    assert 'fields.a = "u8"' in text
    lock.write_text(text.replace('fields.a = "u8"', 'fields.a = "u16"'), encoding="utf-8")
    capsys.readouterr()
    assert main(["breaking", str(schema)]) == 1
    assert "the lock was edited" in capsys.readouterr().out


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
