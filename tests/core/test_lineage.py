"""Where the boxes of a lineage stand."""

from __future__ import annotations

from itertools import pairwise

from mlops_desktop.core.lineage import Graph, Kind, Node, nearest, places


def graph(keys: str, *edges: str) -> Graph:
    nodes = tuple(Node(key, Kind.DATA, key) for key in keys)
    return Graph(nodes, tuple((edge[0], edge[1]) for edge in edges), frozenset())


def test_that_a_chain_is_one_row() -> None:
    assert places(graph("abc", "ab", "bc")) == {"a": (0, 0), "b": (1, 0), "c": (2, 0)}


def test_that_the_longest_way_lies_on_top() -> None:
    found = places(graph("abcd", "ab", "ac", "cd"))
    assert found == {"a": (0, 0), "b": (1, 1), "c": (1, 0), "d": (2, 0)}


def test_that_a_box_is_right_of_all_that_it_came_from_and_none_lies_on_another() -> None:
    found = places(graph("abcdef", "ab", "bc", "ac", "ad", "de", "cf", "ef"))
    assert found["c"][0] == 2
    assert found["f"][0] == 3
    assert len(set(found.values())) == 6


def test_that_no_boxes_have_no_places() -> None:
    assert places(graph("")) == {}


def test_that_the_nearest_boxes_are_kept_of_a_large_graph() -> None:
    keys = "abcdefgh"
    chain = Graph(
        tuple(Node(key, Kind.DATA, key) for key in keys),
        tuple(pairwise(keys)),
        frozenset("e"),
    )
    near = nearest(chain, 4)
    assert "".join(node.key for node in near.nodes) == "cdef"
    assert near.edges == (("c", "d"), ("d", "e"), ("e", "f"))
    assert nearest(chain, 8) is chain
