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

from tests.codegen.contracts import contracts
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
    "bit-twice": "two names against each other",
    "byte-order-mark": "not TOML",
    "callback-events": "names that refer to each other",
    "callback-selector": "names that refer to each other",
    "case-value-twice": "two names against each other",
    "declared-twice": "two names against each other",
    "error-as-type": "names that refer to each other",
    "error-code-twice": "two names against each other",
    "import-circle": "inside other files",
    "import-twice": "whether two paths are one file",
    "import-unreadable": "inside other files",
    "infinite-type": "names that refer to each other",
    "limits-crossed": "how two numbers compare",
    "not-a-lock": "inside other files",
    "not-a-struct": "names that refer to each other",
    "not-toml": "not TOML",
    "not-utf8": "not TOML",
    "package-twice": "two names against each other",
    "protocol-as-type": "names that refer to each other",
    "python-collision": "two names against each other",
    "reserved-code": "names that refer to each other",
    "reserved-name": "names that refer to each other",
    "reserved-owner": "names that refer to each other",
    "selector-twice": "two names against each other",
    "service-name-twice": "two names against each other",
    "since-in-future": "how two numbers compare",
    "too-many-dots": "not TOML",
    "unknown-error": "names that refer to each other",
    "unknown-import": "names that refer to each other",
    "unknown-protocol": "names that refer to each other",
    "unknown-struct": "names that refer to each other",
    "value-case": "names that refer to each other",
    "value-field": "names that refer to each other",
    "wire-name-twice": "two names against each other",
    "alias_circle": "names that refer to each other",
    "collide_in_python": "two names against each other",
    "import_circle": "inside other files",
    "import_of_itself": "the name of its own file",
    "import_twice": "whether two paths are one file",
    "infinite_struct": "names that refer to each other",
    "not_toml": "not TOML",
    "not_toml_at_end": "not TOML",
    "same_name_twice": "two names against each other",
    "selector_twice": "two names against each other",
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
        'struct.A = { resource = true, fields.x = "list<server_end<P>>" }',
        'protocol.P.methods.go.stream = { out = "u8", window = 3, overflow = "fail" }',
        'protocol.P.methods.go = { stream = { in = "u8" }, out = "u8" }',
        'protocol.P.events.went = { in = { x = "u8" } }',
        'protocol.P = { callbacks = "Q", events.went = { in = "A" } }',
        'protocol.P.methods.go.in = "net.Address"',
        'protocol.P.events.went.in = "net.Address"',
        'protocol.P.methods.go.requires = { any = [{ uid = 0 }, { group = "admin" }] }',
        '[service.s]\nprotocol = "P"\nname = "${TEAM_ID}.x"\nlaunchd = { kind = "xpc_service" }',
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


SERVICE: Final = 'protocol.P.methods.go = {}\n[service.s]\nprotocol = "P"\n'
NAMED: Final = SERVICE + 'name = "org.example.s"\n'
JOB: Final = NAMED + 'launchd = { kind = "agent", program = "/x", '
UNIT: Final = NAMED + 'systemd = { exec = ["/x"], '
LETTERS: Final = "n" * 100
EXTENSION: Final = 'launchd = { kind = "network_extension"'


def field(spelled: str, more: str) -> str:
    """A field of this type, and more about it."""
    return f'struct.A.fields.x = {{ type = "{spelled}", {more} }}'


def deep(lists: int) -> str:
    """A type with so many lists inside each other."""
    return 'struct.A.fields.x = "' + "list<" * lists + "u8" + ">" * lists + '"'


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        # One key against another.
        (JOB + "nice = 3 }", JOB + 'bundle_program = "x" }'),
        (JOB + 'arguments = ["x"] }', NAMED + 'launchd = { kind = "agent", arguments = ["x"] }'),
        (NAMED + 'launchd = { kind = "xpc_service" }', NAMED + 'launchd = { kind = "agent" }'),
        (
            NAMED + 'domain = "system"\nlaunchd = { kind = "daemon", program = "/x", user = "x" }',
            JOB + 'user = "x" }',
        ),
        (
            NAMED + 'domain = "system"\nlaunchd = { kind = "daemon", program = "/x" }',
            NAMED + 'launchd = { kind = "daemon", program = "/x" }',
        ),
        (
            JOB + "nice = 3 }",
            NAMED + 'domain = "system"\nlaunchd = { kind = "agent", program = "/x" }',
        ),
        (JOB + "reset_at_close = true }", JOB + 'service_type = "user" }'),
        (
            NAMED + 'launchd = { kind = "xpc_service", service_type = "user" }',
            NAMED + 'launchd = { kind = "xpc_service", nice = 3 }',
        ),
        (JOB + "nice = 3 }", JOB + "provider_classes = {} }"),
        (
            SERVICE + 'name = "${TEAM_ID}.org.example.s"\n' + EXTENSION + "}",
            NAMED + EXTENSION + "}",
        ),
        (
            SERVICE + 'name = "group.a.s"\n' + EXTENSION + ', app_group = "group.a" }',
            SERVICE + 'name = "a.s"\n' + EXTENSION + ', app_group = "a" }',
        ),
        (
            NAMED + 'domain = "system"\nsystemd = { exec = ["/x"], user = "x" }',
            UNIT + 'user = "x" }',
        ),
        (
            SERVICE + f'name = "{LETTERS[:79]}"\nsystemd = {{ exec = ["/x"] }}',
            SERVICE + f'name = "{LETTERS[:80]}"\nsystemd = {{ exec = ["/x"] }}',
        ),
        (
            SERVICE + f'name = "{LETTERS[:95]}"\ndomain = "system"\nsystemd = {{ exec = ["/x"] }}',
            SERVICE + f'name = "{LETTERS[:96]}"\ndomain = "system"\nsystemd = {{ exec = ["/x"] }}',
        ),
        (UNIT + 'working_directory = "/a..b/." }', UNIT + 'working_directory = "/a/.." }'),
        (NAMED + 'systemd.exec = ["/a..b/.c", "../"]', NAMED + 'systemd.exec = ["/a/./c"]'),
        (NAMED + 'systemd.exec = ["/a b"]', NAMED + 'systemd.exec = ["/a\'b"]'),
        # A value, or a limit, against its type.
        (field(" u8 ?", "max = 255"), field("u8", "max = 256")),
        (field("i8", "min = -128"), field("i8", "min = 0.5")),
        (field("f32", "max = 0.5"), field("f32", "max = inf")),
        (field("string?", "max_bytes = 1"), field("bytes?", "max_bytes = 1")),
        (field("bool", "unique = false"), field("bool", "unique = true")),
        (field("map<string, u8>", "max_items = 1"), field("map<string, u8>", "unique = true")),
        (
            'alias.A = { type = "list<u8>", unique = true }',
            'alias.A = { type = "list<u8>", max_len = 1 }',
        ),
        (
            field("u64", "default = 0xffff_ffff_ffff_ffff"),
            field("i64", "default = 0x8000_0000_0000_0000"),
        ),
        (field("f32", "default = inf"), field("f32", "default = 1e39")),
        (field("f32", "default = nan"), field("f64", 'default = "nan"')),
        (field("f32", "default = 3.4028235e38"), field("f32", "default = -3.41e38")),
        (
            field("date", "default = 2024-05-01 12:00:00.25+05:30"),
            field("date", "default = 2024-05-01T12:00:00"),
        ),
        (field("date?", "default = -1"), field("date", "default = 12:00:00")),
        (field("duration", 'default = "-1.5h"'), field("duration", 'default = "5 s"')),
        (field("bytes", 'default = "00fF"'), field("bytes", 'default = "00f"')),
        (
            field("uuid", 'example = "12345678-1234-5678-1234-56781234567F"'),
            field("uuid", 'example = "12345678"'),
        ),
        (field("any", "example = [1]"), field("any", "default = [1]")),
        (
            field("list<f64>", "unique = true, default = [1, 2]"),
            field("list<f64>", "unique = true, default = [1, 1.0]"),
        ),
        (
            field("list<u8>", "min_items = 0, default = []"),
            field("list<u8>", "min_items = 2, default = []"),
        ),
        (
            field("map<string, u8>", "default = {}"),
            field("map<string, u8>", "min_items = 1, default = {}"),
        ),
        (
            field("bytes", 'min_len = 1, default = "00"'),
            field("bytes", 'min_len = 1, default = ""'),
        ),
        (
            'struct.A = { resource = true, fields.x = "fd" }',
            'struct.A = { resource = true, fields.x = { type = "fd", default = 0 } }',
        ),
        ('const.X = { type = "duration", value = "5s" }', 'const.X = { type = "u8?", value = 5 }'),
        ('const.X = { type = "u8", value = 255 }', 'const.X = { type = "u8", value = 256 }'),
        (
            field("list<u8>?", "default = []"),
            'protocol.P.methods.go.in.x = { type = "list<u8>?", default = [] }',
        ),
        (
            'protocol.P.methods.go.out.x = { type = "list<u8>?", default = [] }',
            'protocol.P.events.went.in.x = { type = "list<u8>?", default = [] }',
        ),
        (
            'enum.E = { type = "i8", cases.a.value = -128 }',
            'enum.E = { type = "i8", cases.a.value = 128 }',
        ),
        # What a table holds, and what a name, type or pattern is spelled like.
        ('union.U = { resource = true, cases.a.x = "fd?" }', 'union.U = { cases.a.x = "fd?" }'),
        (
            'error.E = { code = 100, fields.shmem = "u8" }',
            'error.E = { code = 100, fields.x = "list<shmem>" }',
        ),
        (f"struct.{48 * 'A'} = {{}}", f"struct.{49 * 'A'} = {{}}"),
        (deep(24), deep(25)),
        ('struct.A.fields.x = " list<f32>"', 'struct.A.fields.x = "list<float>"'),
        (
            field("string", r"pattern = '[]^(?\]]+(?P<a>\x41|(?:b)*?)\+{1,2}'"),
            field("string", r"pattern = '[a](?=b)'"),
        ),
        (field("string", r"pattern = '[*+]+'"), field("string", r"pattern = 'a*+'")),
        (
            'protocol.P.methods.go.selector = "xpcrpcs"',
            'protocol.P.events.go.selector = "xpcrpc.x"',
        ),
    ],
)
def test_it_agrees_with_the_compiler(right: str, wrong: str) -> None:
    for text, good in ((right, True), (wrong, False)):
        data = (HEADER + text).encode()
        assert bool(compile_text(data).contracts) is good, text
        assert (errors(data) == []) is good, text


@settings(max_examples=15, deadline=None)
@given(contracts())
def test_it_accepts_random_contracts(text: str) -> None:
    assert errors(text.encode()) == []


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
