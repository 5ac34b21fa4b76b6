"""Peer rules as one call of macOS's libxpc, decided and checked on any system."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from xpcrpc.errors import ServiceConfigurationError
from xpcrpc.rules import (
    All,
    AnyOf,
    Anyone,
    Entitlement,
    Identifier,
    Lwcr,
    PeerRule,
    Platform,
    Requirement,
    Team,
    Uid,
)
from xpcrpc.transport.requirement_text import closed_text
from xpcrpc.transport.xpc_requirement import (
    INTRODUCED,
    OBJECT,
    SETTER,
    TEAM_VARIABLE,
    TEXT,
    CodeRequirement,
    macos_call,
    macos_of_darwin,
    macos_plan,
)
from xpcrpc.values import UInt64

AVAILABILITY = Path(__file__).resolve().parents[2] / "tools" / "macos" / "xpc-availability.json"
OWN = "A1B2C3D4E5"
SELF = f'anchor apple generic and certificate leaf[subject.OU] = "{OWN}"'
OTHER = 'anchor apple generic and certificate leaf[subject.OU] = "1ABC"'

NATIVE: list[tuple[PeerRule, dict[str, Any], str | None]] = [
    (Team("self"), {"form": "team_identity"}, SELF),
    (
        All((Team("self"), Identifier("org.x"))),
        {"form": "team_identity", "identifier": "org.x"},
        f'({SELF}) and (identifier "org.x")',
    ),
    (Platform(), {"form": "platform_identity"}, "anchor apple"),
    (
        All((Identifier("com.x"), Platform())),
        {"form": "platform_identity", "identifier": "com.x"},
        '(identifier "com.x") and (anchor apple)',
    ),
    (Entitlement("e"), {"form": "entitlement_exists", "name": "e"}, 'entitlement["e"] exists'),
    (
        Entitlement("e", "v"),
        {"form": "entitlement_matches_value", "name": "e", "value": "v"},
        'entitlement["e"] = "v"',
    ),
    (
        Entitlement("e", value=True),
        {"form": "entitlement_matches_value", "name": "e", "value": True},
        None,
    ),
    (Entitlement("e", 7), {"form": "entitlement_matches_value", "name": "e", "value": 7}, None),
    (
        Lwcr({"team-identifier": "1ABC"}),
        {"form": "lwcr", "requirement": {"team-identifier": "1ABC"}},
        None,
    ),
]


@pytest.mark.parametrize(("rule", "arguments", "text"), NATIVE)
def test_the_newest_call_that_fits_is_chosen(
    rule: PeerRule, arguments: dict[str, Any], text: str | None
) -> None:
    assert macos_call(rule, macos=(26, 0)) == {"api": OBJECT, **arguments}
    assert macos_call(rule, macos=(27, 1)) == {"api": OBJECT, **arguments}
    assert macos_call(rule, macos=(15, 6)) == {"api": SETTER, **arguments}
    assert macos_call(rule, macos=(14, 4)) == {"api": SETTER, **arguments}
    for older in ((14, 3), (12, 0)):
        if text is None:
            with pytest.raises(ServiceConfigurationError, match=r"needs macOS 14\.4, and this is"):
                macos_call(rule, macos=older)
        else:
            call = macos_call(rule, macos=older, team_id=OWN)
            assert call == {"api": TEXT, "form": "text", "text": text}


TEXTS: list[tuple[PeerRule, str]] = [
    (Team("1ABC"), OTHER),
    (Identifier("org.x"), 'identifier "org.x"'),
    (AnyOf((Team("self"), Platform())), f"({SELF}) or (anchor apple)"),
    (
        All((Team("1ABC"), AnyOf((Identifier("a b"), Entitlement("e"))))),
        f'({OTHER}) and ((identifier "a b") or (entitlement["e"] exists))',
    ),
    (
        AnyOf((All((Team("1ABC"),)), All((Platform(), Platform())))),
        f"(({OTHER})) or ((anchor apple) and (anchor apple))",
    ),
    (
        All((Requirement('info["a"] = "(" // odd\n and always'), Identifier("x) or (always"))),
        '(info["a"] = "("  \n and always) and (identifier "x) or (always")',
    ),
]


@pytest.mark.parametrize(("rule", "text"), TEXTS)
def test_everything_else_becomes_text(rule: PeerRule, text: str) -> None:
    for macos in ((12, 0), (14, 4), (26, 0)):
        assert macos_plan(rule, macos=macos, team_id=OWN) == CodeRequirement(text)


@pytest.mark.parametrize("rule", [each[0] for each in NATIVE] + [each[0] for each in TEXTS])
def test_before_macos_12_no_rule_can_be_held(rule: PeerRule) -> None:
    with pytest.raises(
        ServiceConfigurationError, match=r"needs macOS 1[24]\.\d, and this is macOS 11"
    ):
        macos_plan(rule, macos=(11, 7), team_id=OWN)
    assert macos_plan(Anyone(), macos=(11, 0)) is None
    assert macos_call(Anyone(), macos=(11, 0)) is None


def test_the_own_team_is_told_where_text_must_spell_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TEAM_VARIABLE, raising=False)
    with pytest.raises(ServiceConfigurationError, match=TEAM_VARIABLE):
        macos_plan(Team("self"), macos=(13, 0))
    with pytest.raises(ServiceConfigurationError, match=TEAM_VARIABLE):
        macos_plan(AnyOf((Team("self"), Platform())), macos=(26, 0))
    monkeypatch.setenv(TEAM_VARIABLE, OWN)
    assert macos_plan(Team("self"), macos=(13, 0)) == CodeRequirement(SELF)
    for wrong in ("short", "a1b2c3d4e5", 'A1B2C3D4E"'):
        with pytest.raises(ServiceConfigurationError, match="ten capital letters and digits"):
            macos_plan(Team("self"), macos=(13, 0), team_id=wrong)


@pytest.mark.parametrize(
    "rule",
    [
        AnyOf(()),
        All(()),
        Uid("self"),
        All((Uid("self"), Platform())),
        All((Anyone(), Platform())),
        All((Entitlement("e", value=True), Platform())),
        AnyOf((Lwcr({}), Platform())),
        Entitlement("e", UInt64(1)),
        Entitlement("e", 2**63),
        Entitlement("e", ""),
        Entitlement("e", 1.5),  # type: ignore[arg-type]
        Entitlement(""),
        Lwcr(["no"]),  # type: ignore[arg-type]
        Requirement(""),
        Requirement(" // nothing"),
        Requirement("always) or (always"),
        Requirement("(always"),
        Requirement('identifier "open'),
        Requirement('identifier "a\\b"'),
        Requirement("always /* open"),
        Requirement("al\0ways"),
    ],
)
def test_what_no_requirement_can_say_is_refused(rule: PeerRule) -> None:
    with pytest.raises(ServiceConfigurationError):
        macos_plan(rule, macos=(26, 0), team_id=OWN)


@pytest.mark.parametrize("text", ['a"', 'a" or always', "a\\", "\\", "a\nb", "a\0", "ä", ""])
@pytest.mark.parametrize("kind", [Team, Identifier, Entitlement])
def test_a_word_that_could_end_its_string_is_refused(kind: type[Any], text: str) -> None:
    for macos in ((12, 0), (26, 0)):
        with pytest.raises(ServiceConfigurationError):
            macos_plan(kind(text), macos=macos)


@pytest.mark.parametrize(
    ("release", "macos"),
    [
        ("19.6.0", (10, 15)),
        ("20.1.0", (11, 1)),
        ("21.6.0", (12, 6)),
        ("22.1.0", (13, 1)),
        ("23.3.0", (14, 3)),
        ("23.4.0", (14, 4)),
        ("24.0.0", (15, 0)),
        ("25.0.0", (26, 0)),
        ("26.2.0", (27, 2)),
    ],
)
def test_the_kernel_tells_the_true_version(release: str, macos: tuple[int, ...]) -> None:
    assert macos_of_darwin(release) == macos


def test_the_version_table_is_that_of_apples_headers() -> None:
    headers = json.loads(AVAILABILITY.read_text(encoding="utf-8"))
    setters = [name for name in headers if re.fullmatch(r"xpc_connection_set_peer_\w+", name)]
    found = {name: tuple(int(part) for part in headers[name].split(".")) for name in setters}
    assert found.pop("xpc_connection_set_peer_code_signing_requirement") == INTRODUCED[TEXT]
    assert found.pop("xpc_connection_set_peer_requirement") == INTRODUCED[OBJECT]
    assert len(found) == 5
    assert set(found.values()) == {INTRODUCED[SETTER]}


# -- what the text means, read by a reader of its own

_TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:\\"|[^"\\])*")|(?P<punctuation>[()\[\]=])|(?P<name>[A-Za-z][\w.]*))'
)


@frozen
class Facts:
    """What a peer is: the facts that a requirement can ask for."""

    team: str | None
    identifier: str
    entitlements: Mapping[str, str]
    platform: bool


def tokens(text: str) -> Iterator[str]:
    position, text = 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None, f"{text!r} at {position}"
        position = match.end()
        yield match[0].strip()


class Reader:
    """The code-requirement language, as far as rules use it: ``and`` before ``or``."""

    def __init__(self, text: str, facts: Facts) -> None:
        self.rest, self.facts = [*tokens(text), ""], facts

    def take(self, *expected: str) -> None:
        for each in expected:
            assert self.rest.pop(0) == each

    def string(self) -> str:
        token = self.rest.pop(0)
        assert token.startswith('"')
        return token[1:-1]

    def holds(self) -> bool:
        found = self.either()
        assert self.rest == [""], self.rest
        return found

    def either(self) -> bool:
        found = self.both()
        while self.rest[0] == "or":
            self.take("or")
            found = self.both() or found
        return found

    def both(self) -> bool:
        found = self.one()
        while self.rest[0] == "and":
            self.take("and")
            found = self.one() and found
        return found

    def one(self) -> bool:
        head = self.rest.pop(0)
        if head == "(":
            found = self.either()
            self.take(")")
            return found
        if head == "anchor":
            self.take("apple")
            if self.rest[0] == "generic":
                self.take("generic")
                return self.facts.platform or self.facts.team is not None
            return self.facts.platform
        if head == "certificate":
            self.take("leaf", "[", "subject.OU", "]", "=")
            return self.string() == self.facts.team
        if head == "identifier":
            return self.string() == self.facts.identifier
        assert head == "entitlement"
        self.take("[")
        name = self.string()
        self.take("]")
        if self.rest[0] == "exists":
            self.take("exists")
            return name in self.facts.entitlements
        self.take("=")
        return self.facts.entitlements.get(name) == self.string()


def admits(rule: PeerRule, facts: Facts) -> bool:
    match rule:
        case All(rules):
            return all(admits(each, facts) for each in rules)
        case AnyOf(rules):
            return any(admits(each, facts) for each in rules)
        case Team(team):
            return facts.team == (OWN if team == "self" else team)
        case Identifier(name):
            return facts.identifier == name
        case Entitlement(name, None):
            return name in facts.entitlements
        case Entitlement(name, value):
            return facts.entitlements.get(name) == value
        case _:
            assert isinstance(rule, Platform)
            return facts.platform


WORDS = st.sampled_from(["a", "b", "x) or (always", "// no", "and", "1A", "(", "# ]", OWN])
SIMPLE: st.SearchStrategy[PeerRule] = st.one_of(
    st.builds(Team, WORDS | st.just("self")),
    st.builds(Identifier, WORDS),
    st.builds(Entitlement, WORDS, st.none() | WORDS),
    st.builds(Platform),
)


def _group(parts: st.SearchStrategy[PeerRule]) -> st.SearchStrategy[PeerRule]:
    some = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(All, some), st.builds(AnyOf, some))


RULES = st.recursive(SIMPLE, _group, max_leaves=8)
FACTS = st.builds(
    Facts, st.none() | WORDS, WORDS, st.dictionaries(WORDS, WORDS, max_size=3), st.booleans()
)


@given(RULES, st.lists(FACTS, min_size=1, max_size=8))
def test_text_admits_exactly_whom_the_rule_admits(rule: PeerRule, peers: list[Facts]) -> None:
    plan = macos_plan(rule, macos=(12, 0), team_id=OWN)
    assert isinstance(plan, CodeRequirement)
    for facts in peers:
        assert Reader(plan.text, facts).holds() == admits(rule, facts)


_OURS = {
    *("and", "or", "anchor", "apple", "generic", "certificate", "leaf", "subject.OU"),
    *("identifier", "entitlement", "exists", "(", ")", "[", "]", "="),
}


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_text_of_the_users_stands_outside_quotes(one: str, other: str) -> None:
    rule = AnyOf((Identifier(one), All((Team(other), Entitlement(other, one)))))
    try:
        plan = macos_plan(rule, macos=(26, 0), team_id=OWN)
    except ServiceConfigurationError:
        return
    assert isinstance(plan, CodeRequirement)
    found = list(tokens(plan.text))
    strings = [each for each in found if each.startswith('"')]
    assert {each for each in found if not each.startswith('"')} <= _OURS
    team = OWN if other == "self" else other
    assert strings == [f'"{one}"', f'"{team}"', f'"{other}"', f'"{one}"']
    assert found.count("(") == found.count(")") == 4


@given(st.text('()"\\/*#\n a', max_size=30))
def test_a_raw_requirement_stays_within_its_parentheses(text: str) -> None:
    try:
        closed = closed_text(text)
    except ServiceConfigurationError:
        return
    bare = re.sub(r'"(?:\\"|[^"\\])*"', "string", closed)
    assert '"' not in bare
    assert not re.search(r"//|#|/\*", bare)
    depth = 0
    for each in bare:
        depth += (each == "(") - (each == ")")
        assert depth >= 0
    assert depth == 0
