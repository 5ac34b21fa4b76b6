"""The call table, held against a grammar written independently of it."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpcrpc.errors import LocalProtocolError, RemoteProtocolError
from xpcrpc.protocol.call import Call, Phase, Role, Shape, Word

LETTERS = {
    (Role.REQUESTER, Word.ITEMS): "i",
    (Role.REQUESTER, Word.END): "e",
    (Role.REQUESTER, Word.CREDIT): "c",
    (Role.REQUESTER, Word.CANCEL): "x",
    (Role.REQUESTER, Word.REPLY): "!",
    (Role.RESPONDER, Word.ITEMS): "I",
    (Role.RESPONDER, Word.CREDIT): "C",
    (Role.RESPONDER, Word.REPLY): "R",
    (Role.RESPONDER, Word.END): "!",
    (Role.RESPONDER, Word.CANCEL): "!",
}

# What may be said when each word is heard at once. Prefix-closed: a cut call is legal.
GRAMMAR = {
    Shape.UNARY: r"(R|xR?)?",
    Shape.IN: r"[iC]*(eR?|e?R|e?xR?)?",
    Shape.OUT: r"[Ic]*(R|xR?)?",
    Shape.BOTH: r"[iCIc]*(e[Ic]*)?(R|xR?)?",
}

SPEECH = st.lists(st.sampled_from(sorted(LETTERS, key=str)), max_size=10)


@pytest.mark.parametrize("shape", Shape)
@given(speech=SPEECH)
def test_a_word_is_accepted_exactly_when_it_continues_a_sentence(
    shape: Shape, speech: list[tuple[Role, Word]]
) -> None:
    sides = {role: Call(role, shape) for role in Role}
    said = ""
    for speaker, word in speech:
        longer = said + LETTERS[speaker, word]
        if re.fullmatch(GRAMMAR[shape], longer):
            sides[speaker].say(word)
            assert sides[speaker.other].hear(word)
            said = longer
        else:
            with pytest.raises(LocalProtocolError):
                sides[speaker].say(word)
        assert sides[Role.REQUESTER].phase is sides[Role.RESPONDER].phase


@pytest.mark.parametrize("shape", Shape)
@given(data=st.data())
def test_no_interleaving_of_two_honest_sides_is_a_violation(
    shape: Shape, data: st.DataObject
) -> None:
    """Words cross on their way: what each side may say by its own view, the other can hear."""
    sides = {role: Call(role, shape) for role in Role}
    channels: dict[Role, list[Word]] = {role: [] for role in Role}
    for _ in range(data.draw(st.integers(0, 30))):
        role: Role = data.draw(st.sampled_from(Role))
        hear = data.draw(st.booleans())
        if channels[role.other] and hear:
            sides[role].hear(channels[role.other].pop(0))
            continue
        word = data.draw(st.sampled_from(Word))
        try:
            sides[role].say(word)
        except LocalProtocolError:
            continue
        channels[role].append(word)
    for role, words in channels.items():
        for word in words:
            sides[role.other].hear(word)


# What each side makes of what it hears, by how far the call is in its own eyes:
# + it counts, ~ it came too late to matter, ! it is the peer's fault.
# The columns are the phases OPEN, ENDED, CANCELLED and DONE. A requester's words keep their
# order, so after its end or cancel it says no more; its peer cannot know of those at once.
HEARD = {
    (Role.RESPONDER, Word.ITEMS): "+!!~",
    (Role.RESPONDER, Word.END): "+!!~",
    (Role.RESPONDER, Word.CREDIT): "++!~",
    (Role.RESPONDER, Word.CANCEL): "++!~",
    (Role.RESPONDER, Word.REPLY): "!!!!",
    (Role.REQUESTER, Word.ITEMS): "++~+",
    (Role.REQUESTER, Word.CREDIT): "+~~~",
    (Role.REQUESTER, Word.REPLY): "+++!",
    (Role.REQUESTER, Word.END): "!!!!",
    (Role.REQUESTER, Word.CANCEL): "!!!!",
}
PHASES = (Phase.OPEN, Phase.ENDED, Phase.CANCELLED, Phase.DONE)


def said_in(shape: Shape, speaker: Role, word: Word) -> bool:
    """Whether a word belongs to a call of that shape at all."""
    requester, responder = shape.value
    streams = {Role.REQUESTER: requester, Role.RESPONDER: responder}
    match word:
        case Word.ITEMS | Word.END:
            return streams[speaker]
        case Word.CREDIT:
            return streams[speaker.other]
    return True


@pytest.mark.parametrize(
    ("role", "shape", "word"), list(itertools.product(Role, Shape, Word)), ids=str
)
def test_each_word_counts_is_late_or_wrong_exactly_as_the_table_says(
    role: Role, shape: Shape, word: Word
) -> None:
    for phase, verdict in zip(PHASES, HEARD[role, word], strict=True):
        call = Call(role, shape)
        call.phase = phase
        if verdict == "!" or not said_in(shape, role.other, word):
            with pytest.raises(RemoteProtocolError):
                call.hear(word)
            assert call.phase is phase
        else:
            assert call.hear(word) is (verdict == "+")


@pytest.mark.parametrize(("role", "shape"), list(itertools.product(Role, Shape)), ids=str)
def test_nobody_says_what_its_peer_would_call_wrong(role: Role, shape: Shape) -> None:
    """Neither side is laxer about itself than about the other."""
    for phase, word in itertools.product(Phase, Word):
        own, other = Call(role, shape), Call(role.other, shape)
        own.phase = other.phase = phase
        try:
            own.say(word)
        except LocalProtocolError:
            assert own.phase is phase
        else:
            assert other.hear(word)
            assert other.phase is own.phase
