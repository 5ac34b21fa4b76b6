"""What a kind of complaint is."""

from __future__ import annotations

from attrs import frozen


@frozen
class Mistake:
    """One thing that a contract may get wrong. What to write instead is the complaint's to say."""

    id: str
    """Short words with hyphens; scripts and searches name it, so it never changes."""
    title: str
    """What a contract keeps to, as one sentence without a full stop."""
    why: str
    """What would become of a program that was made from the mistake."""
