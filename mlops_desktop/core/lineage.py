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


def places(graph: Graph) -> dict[str, tuple[int, float]]:
    """Column and row of each box. Its column is one further than the furthest that it came from;
    its row is as near as there is room to what it came from, and to what came from it."""
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
    row: dict[str, float] = {}
    for number in sorted(stacks):
        wanted = {key: _mean([row[a] for a in before[key]]) for key in stacks[number]}
        stacks[number].sort(key=lambda key: wanted[key])
        _stack(stacks[number], wanted, row)
    for number in sorted(stacks, reverse=True):
        wanted = {
            key: _mean([row[b] for b in after[key]]) if after[key] else row[key]
            for key in stacks[number]
        }
        _stack(stacks[number], wanted, row)
    top = min(row.values(), default=0.0)
    return {key: (column[key], row[key] - top) for key in column}


def _stack(keys: list[str], wanted: dict[str, float], row: dict[str, float]) -> None:
    last: float | None = None
    for key in keys:
        last = wanted[key] if last is None else max(last + 1.0, wanted[key])
        row[key] = last


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
