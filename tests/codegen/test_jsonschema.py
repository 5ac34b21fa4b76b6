"""The JSON Schema accepts what compiles, and refuses what it can see is wrong."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from xpcrpc.codegen.compile import compile_text
from xpcrpc.codegen.fmt.order import ORDERS
from xpcrpc.codegen.jsonschema import json_schema, schema_text

from tests.codegen.test_mutations import mutated

jsonschema: Any = pytest.importorskip("jsonschema")

ROOT = Path(__file__).parents[2]
FILE = ROOT / "schemas" / "xpcrpc.schema.json"
CASES = [
    case
    for folder in ("cases", "several")
    for case in sorted((Path(__file__).parent / folder).iterdir())
    if (case / "input.toml").exists()
]

BEYOND: Final = {
    "alias-circle": "names that refer to each other",
    "app-group-name": "one key against another",
    "bit-twice": "two names against each other",
    "byte-order-mark": "not TOML",
    "callback-events": "names that refer to each other",
    "callback-selector": "names that refer to each other",
    "case-value-range": "a value against its type",
    "case-value-twice": "two names against each other",
    "constant-type": "a value against its type",
    "constraint-misplaced": "a value against its type",
    "declared-twice": "two names against each other",
    "default-of-any": "a value against its type",
    "default-of-argument": "a value against its type",
    "error-as-type": "names that refer to each other",
    "error-code-twice": "two names against each other",
    "import-circle": "inside other files",
    "import-twice": "whether two paths are one file",
    "import-unreadable": "inside other files",
    "infinite-type": "names that refer to each other",
    "job-program": "one key against another",
    "launch-domain": "one key against another",
    "launch-kind-key": "one key against another",
    "limit-finite": "JSON has no infinity",
    "limit-range": "a value against its type",
    "limit-whole": "a value against its type",
    "limits-crossed": "one key against another",
    "name-too-long": "how long a generated line becomes",
    "nested-too-deep": "how deep a document is",
    "not-a-lock": "inside other files",
    "not-a-struct": "names that refer to each other",
    "not-toml": "not TOML",
    "not-utf8": "not TOML",
    "number-too-long": "how a number is written",
    "package-twice": "two names against each other",
    "pattern": "inside a regular expression",
    "plain-path": "the parts of a path",
    "protocol-as-type": "names that refer to each other",
    "python-collision": "two names against each other",
    "reserved-code": "names that refer to each other",
    "reserved-name": "names that refer to each other",
    "reserved-owner": "names that refer to each other",
    "resource-not-marked": "names that refer to each other",
    "selector-taken": "which contract it is",
    "selector-twice": "two names against each other",
    "service-name-twice": "two names against each other",
    "since-in-future": "one key against another",
    "socket-path": "one key against another",
    "system-key": "one key against another",
    "too-many-dots": "not TOML",
    "type-too-deep": "how deep a type is",
    "unknown-error": "names that refer to each other",
    "unknown-import": "names that refer to each other",
    "unknown-protocol": "names that refer to each other",
    "unknown-struct": "names that refer to each other",
    "unknown-type": "names that refer to each other",
    "value-case": "names that refer to each other",
    "value-constraint": "a value against its type",
    "value-field": "names that refer to each other",
    "value-of-resource": "a value against its type",
    "value-type": "a value against its type",
    "wire-name-twice": "two names against each other",
    "alias_circle": "names that refer to each other",
    "collide_in_python": "two names against each other",
    "default_breaks_constraint": "a value against its type",
    "default_of_wrong_type": "a value against its type",
    "import_circle": "inside other files",
    "import_of_itself": "the name of its own file",
    "import_twice": "whether two paths are one file",
    "infinite_struct": "names that refer to each other",
    "not_toml": "not TOML",
    "not_toml_at_end": "not TOML",
    "resource_not_marked": "names that refer to each other",
    "same_name_twice": "two names against each other",
    "selector_twice": "two names against each other",
    "unknown_type": "names that refer to each other",
    "wire_template_makes_one_selector": "two names against each other",
}
"""Cases of which a JSON Schema cannot see anything, and what it would have to look at."""


def plain(value: Any) -> Any:
    """TOML as an editor hands it to a JSON Schema: dates are text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return value


def errors(data: bytes) -> list[str]:
    """What the schema says about a document."""
    validator = jsonschema.Draft202012Validator(json_schema())
    document = plain(tomllib.loads(data.decode("utf-8")))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def test_the_file_is_what_the_compiler_says() -> None:
    assert FILE.read_text(encoding="utf-8") == schema_text()


def test_it_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text()))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "schemas").rglob("*.toml")), ids=lambda path: path.stem
)
def test_it_accepts_our_contracts(path: Path) -> None:
    assert errors(path.read_bytes()) == []


@settings(max_examples=60, deadline=None)
@given(mutated())
def test_it_accepts_whatever_compiles(data: bytes) -> None:
    if compile_text(data).contracts:
        assert errors(data) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_refuses_a_bad_contract_if_it_can_see_why(case: Path) -> None:
    data = (case / "input.toml").read_bytes()
    if case.name in BEYOND:
        try:
            assert errors(data) == [], "it sees something now; take the case out of BEYOND"
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
            assert BEYOND[case.name] == "not TOML"
        return
    assert errors(data)


def test_every_reason_beyond_it_is_about_a_case() -> None:
    assert BEYOND.keys() <= {case.name for case in CASES}


HEADER = 'schema = 1\npackage = "org.example.x"\nversion = "1.0"\n'


@pytest.mark.parametrize(
    "text",
    [
        'struct.A.fields.x = "list<list<list<list<list<list<u8>>>>>>"',
        'struct.A.fields.x = "map<string, list<A?>>?"',
        'struct.A.fields.x = " list < u8 ? > "',
        'struct.A.fields.x = { type = "fd<read>?", doc = "d" }\nstruct.A.resource = true',
        'enum.E = { type = "u8", cases = { a = { value = 1 } } }',
        'struct.A.fields.x = "map<string, net.Address?>"\nimports.net = "common/net.toml"',
        'struct.A.fields.x = "list<server_end<P>>"',
        'protocol.P.methods.go.stream = { out = "u8", window = 3, overflow = "fail" }',
        'protocol.P.methods.go = { stream = { in = "u8" }, out = "u8" }',
        'protocol.P.events.went = { in = { x = "u8" } }',
        'protocol.P = { callbacks = "Q", events.went = { in = "A" } }',
        'protocol.P.methods.go.in = "net.Address"',
        'protocol.P.events.went.in = "net.Address"',
        'protocol.P.methods.go.requires = { any = [{ uid = 0 }, { group = "admin" }] }',
        '[service.s]\nprotocol = "P"\nname = "${TEAM_ID}.x"\nlaunchd = { kind = "agent" }',
        '[service.s]\nprotocol = "P"\nname = "x"\nsystemd = { exec = ["/bin/x"], nice = 3 }',
        '[lint.ignore]\n"closed-enum:enum.Side" = "why"',
    ],
)
def test_it_accepts_what_is_unusual_but_right(text: str) -> None:
    assert errors((HEADER + text).encode()) == []


@pytest.mark.parametrize(
    "text",
    [
        'struct.A.fields.x = "list<u8"',
        'struct.A.fields.x = "u8??"',
        'struct.A.fields.x = "map<u8, string>"',
        'struct.A.fields.x = { type = "u8", mx = 1 }',
        'struct.a.fields.x = "u8"',
        'struct.A.fields.X = "u8"',
        'enum.E = { type = "u8", cases = { a = "d" } }',
        "enum.E = { cases = { a = { value = 1 } } }",
        "enum.E = { cases = {} }",
        "error.E = { code = 99 }",
        'protocol.P.methods.go = { oneway = true, out = "u8" }',
        'protocol.P.methods.go = { timeout = "0s" }',
        'protocol.P.methods.go = { errors = ["A", "A"] }',
        'service.s = { protocol = "P", name = "x", peer.linux = { team = "x" } }',
        'service.s = { protocol = "P", name = "x", peer.linux = { uid = 0, gid = 0 } }',
        'service.s = { protocol = "P", name = "x", peer.macos = { value = 1 } }',
        'service.s = { protocol = "P", name = "x", peer.linux = "somebody" }',
        'imports.net = "/absolute.toml"',
        'protocol.P = { doc = "no methods" }',
        "protocol.P.methods.go.stream = {}",
        'protocol.P.methods.go.stream = { in = "u8", overflow = "fail" }',
        'protocol.P.methods.go = { stream = { out = "u8" }, out = "u8" }',
        'protocol.P.methods.go = { stream = { out = "u8" }, oneway = true }',
        'protocol.P.methods.go = { stream = { out = "u8" }, idempotent = true }',
        'protocol.P.methods.go = { requires = { exe = "/bin/x" } }',
        'protocol.P.events.went = { out = "u8" }',
        'protocol.P.events.went.in = "list<u8>"',
        'protocol.P.methods.go.in = "net.geo.Point"',
        'protocol.P.methods.go.errors = ["net.Refused"]',
        'protocol.P.callbacks = "net.Host"',
        '[service.s]\nprotocol = "P"\nname = "x"\nlaunchd = { kind = "demon" }',
        '[service.s]\nprotocol = "P"\nname = "x"\nsystemd = { exec = ["x"] }',
        '[service.s]\nprotocol = "P"\nname = "a${TEAM_ID}"',
        '[wire]\nselector = "{protocol}"',
        '[lint.ignore]\nno-such-rule = "why"',
        '[lint.ignore]\nclosed-enum = ""',
    ],
)
def test_it_refuses_what_an_editor_should_mark(text: str) -> None:
    assert errors((HEADER + text).encode())


TABLES: Final[dict[tuple[str, ...], str]] = {
    ("wire",): "wire",
    ("reserved",): "reserved",
    ("enum", "*"): "enum",
    ("enum", "*", "cases", "*"): "case",
    ("flags", "*"): "flags",
    ("struct", "*"): "struct",
    ("struct", "*", "fields", "*"): "field",
    ("union", "*"): "union",
    ("alias", "*"): "alias",
    ("const", "*"): "const",
    ("error", "*"): "error",
    ("protocol", "*"): "protocol",
    ("protocol", "*", "methods", "*"): "method",
    ("service", "*"): "service",
}
INSIDE: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    ("protocol", "*", "methods", "*", "stream"): ("method", "stream"),
    ("service", "*", "peer"): ("service", "peer"),
    ("service", "*", "launchd"): ("service", "launchd"),
    ("service", "*", "systemd"): ("service", "systemd"),
}


@pytest.mark.parametrize("table", TABLES, ids=".".join)
def test_fmt_and_the_schema_know_the_same_keys(table: tuple[str, ...]) -> None:
    definition = json_schema()["$defs"][TABLES[table]]
    definition = definition if "properties" in definition else definition["anyOf"][1]
    assert set(definition["properties"]) == set(ORDERS[table])


@pytest.mark.parametrize("table", INSIDE, ids=".".join)
def test_fmt_and_the_schema_know_the_same_keys_inside(table: tuple[str, ...]) -> None:
    owner, key = INSIDE[table]
    definition = json_schema()["$defs"][owner]["properties"][key]
    assert set(definition["properties"]) == set(ORDERS[table])
