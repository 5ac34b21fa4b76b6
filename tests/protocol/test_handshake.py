"""What is known of the other side's contract, and what follows from it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpcrpc.errors import LocalProtocolError, VersionMismatchError
from xpcrpc.protocol.handshake import Handshake, Knowledge, Need, Offer, Word

NEED = Need("org.example.clock.Clock", "1.2", "f", {"now": "now", "tick:": "tick", "set": "set_"})
VERSIONS = st.sampled_from(["1.0", "1.2", "1.9", "2.0", "10.0"])
SELECTORS = st.sets(st.sampled_from(["now", "tick:", "set", "other"]))

# What each word makes of each state; a dot is what may not be said then.
NEXT = {
    Word.ASK: {Knowledge.NOTHING: Knowledge.ASKED},
    Word.TELL: {Knowledge.ASKED: Knowledge.VERSION},
    Word.FAIL: {Knowledge.ASKED: Knowledge.SILENT},
    Word.REPLACE: dict.fromkeys(Knowledge, Knowledge.NOTHING),
}


def at(knowledge: Knowledge, offer: Offer | None = None) -> Handshake:
    """A handshake that is so far."""
    made = Handshake(NEED)
    if knowledge is not Knowledge.NOTHING:
        made.ask()
    if knowledge is Knowledge.VERSION:
        made.tell(offer or Offer("1.2", "f", ["now", "tick:", "set"]))
    if knowledge is Knowledge.SILENT:
        made.fail()
    assert made.knowledge is knowledge
    return made


@pytest.mark.parametrize(("before", "word"), list(itertools.product(Knowledge, Word)), ids=str)
def test_knowledge_changes_exactly_as_the_table_says(before: Knowledge, word: Word) -> None:
    made = at(before)
    act = {
        Word.ASK: made.ask,
        Word.TELL: lambda: made.tell(Offer("1.0", "g", [])),
        Word.FAIL: made.fail,
        Word.REPLACE: made.replace,
    }[word]
    after = NEXT[word].get(before)
    if after is None:
        with pytest.raises(LocalProtocolError):
            act()
        assert made.knowledge is before
    else:
        act()
        assert made.knowledge is after
    assert made.known is (made.knowledge in (Knowledge.VERSION, Knowledge.SILENT))
    assert (made.offer is None) is (made.knowledge is not Knowledge.VERSION)


@given(version=VERSIONS, selectors=SELECTORS, fingerprint=st.sampled_from("fg"))
def test_a_call_is_refused_exactly_when_it_cannot_be_served(
    version: str, selectors: set[str], fingerprint: str
) -> None:
    made = at(Knowledge.VERSION, Offer(version, fingerprint, selectors))
    major = version.startswith("1.")
    lacking = [name for selector, name in NEED.methods.items() if selector not in selectors]
    assert made.missing == tuple(lacking)
    assert made.fits is (major and not lacking)
    assert made.same is (fingerprint == "f")
    for selector, name in NEED.methods.items():
        if major and selector in selectors:
            made.check(selector, name)
            continue
        with pytest.raises(VersionMismatchError) as caught:
            made.check(selector, name)
        error = caught.value
        assert (error.method, error.client, error.server) == (name, "1.2", version)
        assert error.missing == tuple(lacking)
        assert not error.may_have_run
        assert version in str(error) and "1.2" in str(error)


@pytest.mark.parametrize("knowledge", Knowledge)
def test_an_unknown_method_means_another_version_where_none_was_told(
    knowledge: Knowledge,
) -> None:
    error = at(knowledge).unknown("tick")
    if knowledge is Knowledge.SILENT:
        assert error is not None
        assert (error.server, error.missing) == (None, ("tick",))
    else:
        assert error is None


@pytest.mark.parametrize("knowledge", [Knowledge.NOTHING, Knowledge.ASKED, Knowledge.SILENT])
def test_what_is_not_known_refuses_nothing(knowledge: Knowledge) -> None:
    made = at(knowledge)
    made.check("now", "now")
    assert made.fits and made.same and made.missing == ()
