"""What one side knows of the other's contract: nothing, its version and methods, or that it
does not speak of them.

The side that calls asks once for each process that serves the connection, and may not
call before it knows. A service that is not ours, such as rama's, does not answer in a way
that is understood; it is then taken as it is, until a method turns out to be missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum, auto
from typing import Final

from ..errors import LocalProtocolError, VersionMismatchError
from ..facts import frozen


@frozen
class Offer:
    """What a side that serves says of itself."""

    version: str
    """``MAJOR.MINOR`` of its contract."""
    fingerprint: str
    """Equal for equal contracts."""
    selectors: Collection[str]


@frozen
class Need:
    """What a side that calls was made from."""

    protocol: str
    version: str
    fingerprint: str
    methods: Mapping[str, str]
    """Selector to name, in the contract's order."""


class Knowledge(Enum):
    """How much is known."""

    NOTHING = auto()
    ASKED = auto()
    VERSION = auto()
    """The other side has told."""
    SILENT = auto()
    """It does not speak of versions."""


class Word(Enum):
    """What changes that."""

    ASK = "ask"
    TELL = "tell"
    FAIL = "fail"
    """No answer that is understood."""
    REPLACE = "replace"
    """Another process serves the connection now."""


_NEXT: Final = {
    (Knowledge.NOTHING, Word.ASK): Knowledge.ASKED,
    (Knowledge.ASKED, Word.TELL): Knowledge.VERSION,
    (Knowledge.ASKED, Word.FAIL): Knowledge.SILENT,
    **{(known, Word.REPLACE): Knowledge.NOTHING for known in Knowledge},
}


class Handshake:
    """One connection's, as the side that calls keeps it."""

    def __init__(self, need: Need) -> None:
        self.need = need
        self.knowledge = Knowledge.NOTHING
        self.offer: Offer | None = None

    def _move(self, word: Word) -> None:
        following = _NEXT.get((self.knowledge, word))
        if following is None:
            raise LocalProtocolError(
                f"{word.value} in a handshake that is {self.knowledge.name.lower()}"
            )
        self.knowledge = following

    def ask(self) -> None:
        """The question goes out."""
        self._move(Word.ASK)

    def tell(self, offer: Offer) -> None:
        """It was answered."""
        self._move(Word.TELL)
        self.offer = offer

    def fail(self) -> None:
        """It was not, or not in words that are known."""
        self._move(Word.FAIL)

    def replace(self) -> None:
        """Whatever was known is of a process that has gone."""
        self._move(Word.REPLACE)
        self.offer = None

    @property
    def known(self) -> bool:
        """Whether calls may go out."""
        return self.knowledge in (Knowledge.VERSION, Knowledge.SILENT)

    @property
    def same(self) -> bool:
        """Whether both sides have the same contract, as far as one tells the other."""
        return self.offer is None or self.offer.fingerprint == self.need.fingerprint

    @property
    def missing(self) -> tuple[str, ...]:
        """The methods that the other side lacks, by name; none if it does not tell."""
        if self.offer is None:
            return ()
        there = set(self.offer.selectors)
        return tuple(name for selector, name in self.need.methods.items() if selector not in there)

    @property
    def other_major(self) -> bool:
        """Whether the contracts differ in what no two sides may differ in."""
        if self.offer is None:
            return False
        return self.offer.version.split(".")[0] != self.need.version.split(".")[0]

    @property
    def fits(self) -> bool:
        """Whether no method needs a look at what the other side has."""
        return not self.other_major and not self.missing

    def check(self, selector: str, name: str) -> None:
        """Refuse a call that the other side cannot serve.

        Raises:
            VersionMismatchError: it lacks the method, or its contract has another MAJOR.
        """
        offer = self.offer
        if offer is None or (selector in offer.selectors and not self.other_major):
            return
        raise self._mismatch(name, offer.version, self.missing)

    def unknown(self, name: str) -> VersionMismatchError | None:
        """What it means that the other side does not know a method; None if that is news."""
        if self.knowledge is not Knowledge.SILENT:
            return None
        return self._mismatch(name, None, (name,))

    def _mismatch(
        self, name: str, version: str | None, missing: tuple[str, ...]
    ) -> VersionMismatchError:
        need = self.need
        return VersionMismatchError(need.protocol, need.version, version, name, missing)
