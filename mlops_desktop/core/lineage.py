"""Lineage: what came from what, as boxes and arrows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a box stands for, as screens and JSON name it."""

    FILE = "file"
    DATA = "dataset version"
    RECIPE = "recipe"
    RUN = "run"
    MODEL = "model version"
    DEPLOYMENT = "deployment"


@dataclass(frozen=True, slots=True)
class Node:
    """A box. key: its name within one graph. at: when it came to be, UTC; empty where not known.

    ref: how a panel or a command calls it; empty where nothing can be opened. count: 1, or how
    many runs the box stands for.
    """

    key: str
    kind: Kind
    title: str
    detail: str = ""
    sha256: str = ""
    at: str = ""
    by: str = ""
    ref: str = ""
    gone: bool = False
    count: int = 1


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in an order in which each stands after what it came from; edges from, to.

    focus: the keys of what was asked for.
    """

    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]
    focus: frozenset[str]

    def before(self) -> tuple[Node, ...]:
        """What was asked for and all that it came from."""
        wanted = reached(self.focus, [(b, a) for a, b in self.edges])
        return tuple(node for node in self.nodes if node.key in wanted)

    def after(self) -> tuple[Node, ...]:
        """What was asked for and all that came from it."""
        wanted = reached(self.focus, self.edges)
        return tuple(node for node in self.nodes if node.key in wanted)


def reached(start: Iterable[str], edges: Iterable[tuple[str, str]]) -> set[str]:
    """The keys that edges lead to from some keys, and those keys."""
    following: dict[str, list[str]] = {}
    for before, after in edges:
        following.setdefault(before, []).append(after)
    found, waiting = set(start), list(start)
    while waiting:
        for after in following.get(waiting.pop(), ()):
            if after not in found:
                found.add(after)
                waiting.append(after)
    return found


def nearest(graph: Graph, most: int) -> Graph:
    """The part of a graph that is nearest to what was asked for: at most so many boxes."""
    if len(graph.nodes) <= most:
        return graph
    beside: dict[str, list[str]] = defaultdict(list)
    for a, b in graph.edges:
        beside[a].append(b)
        beside[b].append(a)
    kept = [node.key for node in graph.nodes if node.key in graph.focus][:most]
    for key in kept:  # Which grows meanwhile.
        new = [other for other in beside[key] if other not in kept]
        kept += dict.fromkeys(new[: most - len(kept)])
    return Graph(
        tuple(node for node in graph.nodes if node.key in kept),
        tuple(edge for edge in graph.edges if set(edge) <= set(kept)),
        graph.focus,
    )


def places(graph: Graph) -> dict[str, tuple[int, int]]:
    """Column and row of each box. Its column is one further than the furthest that it came from.
    The longest ways lie on top, and each box beside the first that it leads to."""
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for a, b in graph.edges:
        before[b].append(a)
        after[a].append(b)
    column: dict[str, int] = {}
    stacks: dict[int, list[str]] = defaultdict(list)
    for node in graph.nodes:
        column[node.key] = max((column[a] + 1 for a in before[node.key]), default=0)
        stacks[column[node.key]].append(node.key)
    ahead: dict[str, int] = {}
    for node in reversed(graph.nodes):
        ahead[node.key] = max((ahead[b] + 1 for b in after[node.key]), default=0)
    row: dict[str, int] = {}
    for number in sorted(stacks):
        wanted = {key: min((row[a] for a in before[key]), default=0) for key in stacks[number]}
        stacks[number].sort(key=lambda key: (wanted[key], -ahead[key]))
        _stack(stacks[number], wanted, row)
    for number in sorted(stacks, reverse=True):
        wanted = {
            key: min((row[b] for b in after[key]), default=row[key]) for key in stacks[number]
        }
        _stack(stacks[number], wanted, row)
    return {key: (column[key], row[key]) for key in column}


def _stack(keys: list[str], wanted: dict[str, int], row: dict[str, int]) -> None:
    last = -1
    for key in keys:
        last = row[key] = max(last + 1, wanted[key])
