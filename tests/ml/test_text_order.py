"""Numbers that stand in the order of texts, whether they are sorted as words or by their heads."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_desktop.ml import text_order

LETTERS = st.text(st.sampled_from("aAbBéÉ\0ßž😀 "), max_size=12)
TEXTS = st.lists(st.one_of(st.none(), LETTERS, LETTERS.map("Customer No. ".__add__)), min_size=1)


def in_parts(texts: list[str | None], size: int) -> list[object]:
    return [
        pa.array(texts[start : start + size], pa.string()) for start in range(0, len(texts), size)
    ]


def check(texts: list[str | None], ranks: list[int]) -> None:
    """Arrow's small letters are asked for, since Python's lower() differs in a few."""
    small = pc.utf8_lower(pa.array(texts, pa.string())).to_pylist()
    there = [place for place, text in enumerate(texts) if text is not None]
    keys = {place: (str(small[place]), str(texts[place])) for place in there}
    for one, other in itertools.pairwise(there):
        assert (ranks[one] < ranks[other]) == (keys[one] < keys[other])
        assert (ranks[one] == ranks[other]) == (keys[one] == keys[other])
    assert sorted(there, key=lambda place: (ranks[place], place)) == sorted(
        there, key=lambda place: (keys[place], place)
    )


@settings(deadline=None)
@given(TEXTS, st.integers(1, 30))
def test_that_ranks_stand_in_the_order_of_the_texts(texts: list[str | None], size: int) -> None:
    parts = in_parts(texts, size)
    check(texts, text_order.ranks(parts).tolist())
    check(texts, text_order._by_heads(parts).tolist())
    check(texts, text_order._by_words(parts).tolist())


@pytest.mark.parametrize(
    "texts",
    [
        [f"Customer {number * 7919 % 5000:08d} x" for number in range(5000)],
        [f"{number * 2654435761 % 2**32:08x}" for number in range(5000)],
        [f"https://example.org/a/long/way/{number % 3}/{number}" for number in range(5000)],
        ["same"] * 5000,
        [None] * 100,
    ],
)
def test_that_names_numbers_and_addresses_are_ordered(texts: list[str | None]) -> None:
    check(texts, text_order.ranks(in_parts(texts, 700)).tolist())
