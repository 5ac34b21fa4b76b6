"""What laying a file out would change, as a unified diff.

`difflib` alone needs time by the square of the lines, minutes for a long
contract of lines that are alike. Lines that stand once on each side, such as
the headers of tables, hold the two texts together first; `difflib` then sees
only what lies between them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher
from typing import Final, TypeAlias

_CONTEXT: Final = 3
"""Unchanged lines around a change."""

_MOST: Final = 250_000
"""Pairs of lines that are compared in one gap; a larger one counts as replaced."""

Block: TypeAlias = tuple[int, int, int]
"""Lines that are equal: where in the old text, where in the new, and how many."""


class _Matched(SequenceMatcher[str]):
    """Blocks that were found already; the rest of `difflib` makes groups of them."""

    def __init__(self, blocks: list[Block]) -> None:
        super().__init__(None, (), ())
        self._blocks = [Match(*block) for block in blocks]

    def get_matching_blocks(self) -> list[Match]:
        return self._blocks


def unified(file: str, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """The lines of the diff; none if the texts are equal."""
    matcher = _Matched([*_joined([*_blocks(old, new), (len(old), len(new), 0)])])
    for number, group in enumerate(matcher.get_grouped_opcodes(_CONTEXT)):
        if not number:
            yield f"--- {file}"
            yield f"+++ {file}"
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@"
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                yield from (f" {line}" for line in old[old_from:old_to])
                continue
            yield from (f"-{line}" for line in old[old_from:old_to])
            yield from (f"+{line}" for line in new[new_from:new_to])


def _range(start: int, stop: int) -> str:
    length = stop - start
    return str(start + 1) if length == 1 else f"{start + 1 if length else start},{length}"


def _joined(blocks: list[Block]) -> Iterator[Block]:
    """Blocks that touch become one, as `difflib` wants them; the last is empty."""
    at_old, at_new, length = 0, 0, 0
    for old, new, more in blocks[:-1]:
        if (at_old + length, at_new + length) == (old, new):
            length += more
            continue
        if length:
            yield at_old, at_new, length
        at_old, at_new, length = old, new, more
    if length:
        yield at_old, at_new, length
    yield blocks[-1]


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[Block]:
    """Equal lines in their order."""
    at_old = at_new = 0
    for anchor_old, anchor_new in [*_anchors(old, new), (len(old), len(new))]:
        yield from _gap(old, new, (at_old, anchor_old), (at_new, anchor_new))
        if anchor_old < len(old):
            yield anchor_old, anchor_new, 1
        at_old, at_new = anchor_old + 1, anchor_new + 1


def _gap(
    old: Sequence[str], new: Sequence[str], here: tuple[int, int], there: tuple[int, int]
) -> Iterator[Block]:
    one, other = old[slice(*here)], new[slice(*there)]
    if not one or not other or len(one) * len(other) > _MOST:
        return
    for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks():
        if block.size:
            yield here[0] + block.a, there[0] + block.b, block.size


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The longest row of lines that stand once in both texts, and in one order."""
    there = {line: at for at, line in enumerate(new)}
    once = {line for line, times in Counter(new).items() if times == 1}
    once &= {line for line, times in Counter(old).items() if times == 1}
    pairs = [(at, there[line]) for at, line in enumerate(old) if line in once]
    # Patience sorting: the last pair of each pile, and the pile before it.
    tops: list[int] = []
    last: list[int] = []
    before: list[int | None] = []
    for number, (_, at) in enumerate(pairs):
        pile = bisect_left(tops, at)
        before.append(last[pile - 1] if pile else None)
        tops[pile : pile + 1] = [at]
        last[pile : pile + 1] = [number]
    row: list[tuple[int, int]] = []
    end = last[-1] if last else None
    while end is not None:
        row.append(pairs[end])
        end = before[end]
    return row[::-1]
