"""Groups of things that hold each other in a circle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

_Node = TypeVar("_Node", int, str)


def components(held: Mapping[_Node, Sequence[_Node]]) -> Iterator[list[_Node]]:
    """The strongly connected components of a graph; each comes after all that it holds.

    R. Tarjan, Depth-first search and linear graph algorithms, SIAM J. Comput. 1 (1972);
    without recursion, so that long chains need no stack.
    """
    number: dict[_Node, int] = {}
    low: dict[_Node, int] = {}
    waiting: list[_Node] = []
    inside: set[_Node] = set()
    path: list[tuple[_Node, Iterator[_Node]]] = []

    def enter(node: _Node) -> None:
        number[node] = low[node] = len(number)
        waiting.append(node)
        inside.add(node)
        path.append((node, iter(held[node])))

    for root in held:
        if root in number:
            continue
        enter(root)
        while path:
            node, rest = path[-1]
            for other in rest:
                if other not in number:
                    enter(other)
                    break
                if other in inside:
                    low[node] = min(low[node], number[other])
            else:
                path.pop()
                if path:
                    above = path[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == number[node]:
                    group = [waiting.pop()]
                    while group[-1] != node:
                        group.append(waiting.pop())
                    inside.difference_update(group)
                    yield group
