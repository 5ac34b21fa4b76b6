"""`breaking` against what happens: the generated code of each side reads the other's messages."""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from xpcrpc.codegen.breaking import RULES, Side, breaking
from xpcrpc.codegen.breaking.inputs import against
from xpcrpc.codegen.breaking.rules import CONTRACT_REMOVED
from xpcrpc.codegen.compile import compile_sources
from xpcrpc.codegen.emit import emit
from xpcrpc.codegen.signature import value_text
from xpcrpc.codegen.source import Source, parse_source
from xpcrpc.codegen.view import package_view

from tests.codegen.breaking_calls import EXAMPLES, STRANGER
from xpcrpc import DecodeError
from xpcrpc.codec.converter import from_value, to_value
from xpcrpc.testing import strategies

FOLDER = Path(__file__).parent / "breaking"
_numbers = itertools.count()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder from which packages are imported."""
    folder = tmp_path_factory.mktemp("packages")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


def compiled(text: str) -> Side:
    """A contract of a package name that no other has.

    Raises:
        ValueError: it has complaints.
    """
    name = f"meaning_{next(_numbers)}"
    source = parse_source(f'python = "{name}"\n{text}'.encode(), f"{name}.toml")
    assert isinstance(source, Source), source
    done = compile_sources([source])
    if done.complaints:
        raise ValueError(str(done.complaints[0]))
    return Side(done.contracts[0], source)


def package(side: Side, place: Path) -> Any:
    """What is generated from a contract, imported."""
    for path, written in emit(package_view(side.contract)).items():
        target = place / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(written, encoding="utf-8")
    importlib.invalidate_caches()
    return importlib.import_module(str(side.contract.python))


def refuses(value: Any, hint: Any) -> bool:
    try:
        from_value(value, hint)
    except DecodeError:
        return True
    return False


# -- random pairs -----------------------------------------------------------------

FIELDS: list[dict[str, Any]] = [
    {"type": "string"}, {"type": "string?"}, {"type": "string", "max_len": 4},
    {"type": "string", "default": "x"}, {"type": "string", "default": "y"},
    {"type": "u8"}, {"type": "u16"}, {"type": "u8?"}, {"type": "i32", "min": 0},
    {"type": "list<u8>"}, {"type": "list<u8?>"}, {"type": "list<u8>", "max_items": 2},
    {"type": "list<u8>", "unique": True, "default": []}, {"type": "bool", "default": False},
    {"type": "Mode"}, {"type": "Mode?"}, {"type": "Event"}, {"type": "list<Event>"},
    {"type": "Short"}, {"type": "Msg?"}, {"type": "map<string, Mode>"}, {"type": "f32"},
    {"type": "f64"}, {"type": "any"}, {"type": "string", "wire": "other"},
]  # fmt: skip
NAMES = ("a", "b", "c")


def _fields(most: int) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(NAMES[:most]), st.sampled_from(FIELDS))


@st.composite
def contracts(draw: st.DrawFn) -> dict[str, Any]:
    """What one contract says; every part is drawn from a few, so that pairs are often alike."""
    return {
        "none": draw(st.sampled_from(["omit", "omit", "null"])),
        "unknown": draw(st.sampled_from(["ignore", "ignore", "keep", "reject"])),
        "fields": draw(_fields(3)),
        "enum_open": draw(st.booleans()),
        "enum": draw(st.sampled_from([("x",), ("x", "y"), ("y", "x")])),
        "union_open": draw(st.booleans()),
        "union": draw(st.sampled_from([("p",), ("p", "q")])),
        "case": draw(_fields(1)),
        "short": draw(st.sampled_from([2, 3])),
        "way": draw(st.sampled_from(["in", "out", "both", "nobody"])),
    }


COMPATIBLE: list[dict[str, Any]] = [
    {"type": "string?"}, {"type": "u8", "default": 3}, {"type": "Mode?"}, {"type": "Msg?"},
    {"type": "list<Event>", "default": []}, {"type": "map<string, u8>?", "max_items": 1},
]  # fmt: skip
"""Fields that may be added at any time."""


Edit = Callable[[dict[str, Any]], dict[str, Any]]


def _field(one: dict[str, Any]) -> Edit:
    return lambda fields: {"fields": {**fields, "d": one}}


def _says(**said: Any) -> Edit:
    return lambda _: said


def _as_it_is(_: dict[str, Any]) -> dict[str, Any]:
    return {}


_MODE: dict[str, Any] = {"d": {"type": "Mode"}}
SUSPECT: list[tuple[Edit, Edit]] = [
    (_as_it_is, _field({"type": "u8"})),
    (_field({"type": "u8"}), lambda fields: {"fields": fields}),
    (_field({"type": "u8"}), _field({"type": "u8?"})),
    (_field({"type": "u8?"}), _field({"type": "u8"})),
    (_field({"type": "u8"}), _field({"type": "u16"})),
    (_field({"type": "u16"}), _field({"type": "u8"})),
    (_field({"type": "u8"}), _field({"type": "string"})),
    (_field({"type": "u8"}), _field({"type": "u8", "wire": "other"})),
    (_field({"type": "list<u8>"}), _field({"type": "list<u8?>"})),
    (_field({"type": "list<u8?>"}), _field({"type": "list<u8>"})),
    (_says(enum_open=True, fields=_MODE), _says(enum_open=False)),
    (_says(enum_open=False, fields=_MODE), _says(enum_open=True)),
    (_says(enum_open=False, enum=("x",), fields=_MODE), _says(enum=("x", "y"))),
    (_says(enum_open=False, enum=("x", "y"), fields=_MODE), _says(enum=("x",))),
    (_says(unknown="reject"), _field({"type": "u8", "default": 3})),
    (_says(unknown="reject"), _says(unknown="keep")),
]
"""What a contract said before and says after: each breaks somebody, unless a rule is wrong."""


@st.composite
def pairs(draw: st.DrawFn, suspect: tuple[Edit, Edit] | None = None) -> tuple[str, str]:
    """A contract, and the same after a suspect edit, or after some that break nobody."""
    old = draw(contracts())
    if suspect is None:
        old["enum"], old["union"], old["short"] = ("x",), ("p",), 2
        new = dict(old)
        new["enum"] = draw(st.sampled_from([("x",), ("x", "y")])) if old["enum_open"] else ("x",)
        new["union"] = draw(st.sampled_from([("p",), ("p", "q")])) if old["union_open"] else ("p",)
        new["short"] = draw(st.sampled_from([2, 3])) if old["way"] == "in" else 2
        if old["unknown"] == "ignore":
            new["unknown"] = draw(st.sampled_from(["ignore", "keep"]))
        if old["unknown"] != "reject":
            new["fields"] = {**old["fields"], "d": draw(st.sampled_from(COMPATIBLE))}
    else:
        old["way"] = draw(st.sampled_from(["out", "both", "nobody"]))
        before, after = suspect
        fields = {name: one for name, one in old["fields"].items() if name != "d"}
        old = {**old, "fields": fields, **before(fields)}
        new = {**old, **after(fields)}
    return text_of(old, "1.0"), text_of(new, "1.1")


def text_of(said: dict[str, Any], version: str) -> str:
    def table(fields: dict[str, Any]) -> str:
        # Two fields cannot share one wire name.
        seen = [name for name, one in fields.items() if "wire" in one]
        kept = {name: one for name, one in fields.items() if name not in seen[1:]}
        return str(value_text(kept))

    def flag(value: bool) -> str:
        return "true" if value else "false"

    ways: dict[str, list[str]] = {"in": ["in"], "out": ["out"], "both": ["in", "out"], "nobody": []}
    uses = ways[str(said["way"])]
    cases = (f"{case} = {table(said['case']) if case == 'p' else '{}'}" for case in said["union"])
    unions = "{ " + ", ".join(cases) + " }"
    methods = "".join(f'm_{use} = {{ {use} = "Msg" }}\n' for use in uses)
    return f"""schema = 1
package = "org.example.meaning"
version = "{version}"
wire.none = "{said["none"]}"
[alias.Short]
type = "string"
max_len = {said["short"]}
[enum.Mode]
open = {flag(said["enum_open"])}
cases = {value_text(dict.fromkeys(said["enum"], ""))}
[union.Event]
open = {flag(said["union_open"])}
cases = {unions}
[struct.Msg]
unknown = "{said["unknown"]}"
fields = {table(said["fields"])}
[protocol.P.methods]
{methods}other = {{}}
"""


QUIET = settings(
    max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


@QUIET
@given(st.data())
def test_what_breaks_nobody_is_read_by_both_sides(place: Path, data: st.DataObject) -> None:
    read_each_other(data, place, None)


@pytest.mark.parametrize("suspect", SUSPECT, ids=[str(at) for at in range(len(SUSPECT))])
@settings(QUIET, max_examples=6)
@given(st.data())
def test_so_is_what_no_rule_names(
    suspect: tuple[Edit, Edit], place: Path, data: st.DataObject
) -> None:
    read_each_other(data, place, suspect)


def read_each_other(data: st.DataObject, place: Path, suspect: tuple[Edit, Edit] | None) -> None:
    """Draw two contracts; unless a rule names a break, each reads what the other writes."""
    texts = data.draw(pairs(suspect))
    try:
        old, new = (compiled(text) for text in texts)
    except ValueError:
        return  # such as a default that one of the edits made wrong
    found = breaking(old, new, additions=True)
    if any(one.level == "break" for one in found):
        return
    before, after = package(old, place), package(new, place)
    for _ in range(8):
        value = to_value(data.draw(strategies(before.Msg)))
        from_value(value, after.Msg)
        if any(one.rule.endswith("_ON_INPUT") for one in found):
            continue  # only an old server would meet these, and then by the version
        value = to_value(data.draw(strategies(after.Msg)))
        from_value(value, before.Msg)


# -- each rule --------------------------------------------------------------------

OLD_TO_NEW, NEW_TO_OLD = "old writes, new reads", "new writes, old reads"
REFUSED: dict[str, tuple[str, str]] = {
    "FIELD_REMOVED": (NEW_TO_OLD, "Config"),
    "FIELD_ADDED_REQUIRED": (OLD_TO_NEW, "Config"),
    "FIELD_ADDED_TO_STRICT": (NEW_TO_OLD, "Config"),
    "FIELD_WIRE_CHANGED": (OLD_TO_NEW, "Config"),
    "FIELD_MADE_REQUIRED": (OLD_TO_NEW, "Config"),
    "FIELD_MADE_OPTIONAL": (NEW_TO_OLD, "Config"),
    "NULL_FORBIDDEN": (OLD_TO_NEW, "Config"),
    "UNKNOWN_NOW_KEPT": (NEW_TO_OLD, "Config"),
    "TYPE_CHANGED": (OLD_TO_NEW, "Config"),
    "LIMIT_TIGHTENED": (OLD_TO_NEW, "Config"),
    "LIMIT_LOOSENED": (NEW_TO_OLD, "Config"),
    "CASE_REMOVED": (OLD_TO_NEW, "Config"),
    "CASE_ADDED_TO_CLOSED": (NEW_TO_OLD, "Config"),
    "CASES_CLOSED": (OLD_TO_NEW, "Config"),
    "CASES_OPENED": (NEW_TO_OLD, "Config"),
    "ENUM_TYPE_CHANGED": (OLD_TO_NEW, "Config"),
    "WIRE_NAMING_CHANGED": (OLD_TO_NEW, "Config"),
}
"""Rules whose change makes one side refuse what the other writes."""

BY_HAND: dict[str, Any] = {
    "DEFAULT_REMOVED": {},
    "UNKNOWN_NOW_REJECTED": {"zone": "x", "more": 1},
    "RESERVED_REUSED": {"zone": "x", "offset": "+01:00"},
}
"""Messages that the old side reads and the new refuses; other peers write them."""

MISREAD: dict[str, Any] = {
    "DEFAULT_CHANGED": {},
    "UNKNOWN_NOT_KEPT": {"zone": "x", "more": 1},
    "CASE_VALUE_CHANGED": {"zone": 1, "days": 1},
    "CASE_WIRE_CHANGED": {"zone": "utc"},
}
"""Messages that both sides read, and understand differently."""

IN_TIME = ["RESERVED_DROPPED"]
"""Rules that keep a later change from doing harm; their tests are their own."""


def both(rule: str, place: Path) -> tuple[Any, Any]:
    """The packages of a rule's two contracts; the rule does name the change."""
    old, new = sides(rule)
    if rule != CONTRACT_REMOVED.id:
        assert rule in {one.rule for one in breaking(old, new)}
    return package(old, place), package(new, place)


def sides(rule: str) -> tuple[Side, Side]:
    """A rule's two contracts: one that is gone, and what is left, where a rule has folders."""
    folder = FOLDER / rule
    files = ("old.toml", "new.toml")
    if (folder / "old").is_dir():
        (gone,) = against(str(folder / "old"), str(folder / "new")).gone
        files = (str(Path("old", Path(gone.source.file).name)), "new/watch.toml")
    old, new = (
        compiled(
            (folder / file).read_text(encoding="utf-8").replace("uid = 0", f"uid = {STRANGER}")
        )
        for file in files
    )
    return old, new


def test_every_rule_has_an_example() -> None:
    tables: list[Iterable[str]] = [REFUSED, BY_HAND, MISREAD, EXAMPLES, IN_TIME]
    assert sorted(itertools.chain(*tables)) == sorted(rule.id for rule in RULES)


@pytest.mark.parametrize("rule", REFUSED)
def test_a_message_is_found_that_the_other_side_refuses(rule: str, place: Path) -> None:
    before, after = both(rule, place)
    direction, name = REFUSED[rule]
    writer, reader = (before, after) if direction == OLD_TO_NEW else (after, before)
    found = find(
        strategies(getattr(writer, name)),
        lambda made: refuses(to_value(made), getattr(reader, name)),
        settings=settings(max_examples=400, deadline=None, database=None),
    )
    assert not refuses(to_value(found), getattr(writer, name))


@pytest.mark.parametrize("rule", BY_HAND)
def test_what_the_old_side_reads_the_new_one_refuses(rule: str, place: Path) -> None:
    before, after = both(rule, place)
    assert not refuses(BY_HAND[rule], before.Config)
    assert refuses(BY_HAND[rule], after.Config)


@pytest.mark.parametrize("rule", MISREAD)
def test_what_both_sides_read_they_understand_differently(rule: str, place: Path) -> None:
    before, after = both(rule, place)
    one, other = (from_value(MISREAD[rule], side.Config) for side in (before, after))
    # What is kept shows only when it is written again.
    assert (repr(one), to_value(one)) != (repr(other), to_value(other))


@pytest.mark.parametrize("rule", EXAMPLES)
async def test_what_an_old_program_does_fails_with_the_new_contract(rule: str, place: Path) -> None:
    before, after = both(rule, place)
    await EXAMPLES[rule](before, before)
    with pytest.raises(Exception) as failed:  # noqa: PT011 - each fails in its own way
        await EXAMPLES[rule](before, after)
    assert not isinstance(failed.value, (NameError, TypeError, ImportError)), failed.value


def test_without_its_reservation_a_name_comes_back_unnoticed(place: Path) -> None:
    folder = FOLDER / "RESERVED_DROPPED"
    text, later = ((folder / f"{name}.toml").read_text("utf-8") for name in ("old", "new"))
    zone = 'fields.zone = "string"\n'
    first = text.replace('fields.Config = ["offset"]', "").replace(
        zone, f'{zone}fields.offset = "i32?"\n'
    )
    returned = later.replace(zone, f'{zone}fields.offset = "string?"\n').replace("1.1", "1.2")
    one, old, new, last = (compiled(made) for made in (first, text, later, returned))

    assert "RESERVED_DROPPED" in {found.rule for found in breaking(old, new)}
    # While it was reserved, this was refused; and now nothing is said of it.
    assert "RESERVED_REUSED" in {found.rule for found in breaking(old, last)}
    assert breaking(new, last) == []

    written = to_value(package(one, place).Config(zone="x", offset=60))
    assert [refuses(written, package(side, place).Config) for side in (one, old, new, last)] == [
        False, False, False, True,
    ]  # fmt: skip
