"""Shares and small numbers in words: no power of ten, no decimals that say nothing."""

from __future__ import annotations

import pytest

from mlops_desktop.core.figures import in_words, percent, small


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.1, "10 %"),
        (0.05, "5 %"),
        (0.0017, "0.17 %"),
        (1 / 3, "33.3 %"),
        (0, "0 %"),
        (1, "100 %"),
        (0.99999, "more than 99.9 %"),
        (1e-9, "less than 0.0001 %"),
        (-0.2, "-20 %"),
        (12.5, "1,250 %"),
    ],
)
def test_that_a_percent_has_the_digits_that_it_needs(share: float, text: str) -> None:
    assert percent(share) == text


def test_that_whole_percents_are_neither_nothing_nor_all_where_they_are_not() -> None:
    shares = (0, 0.001, 0.456, 0.999, 1)
    shown = [percent(share, whole=True) for share in shares]
    assert shown == ["0 %", "< 1 %", "46 %", "> 99 %", "100 %"]


def test_that_a_small_number_has_no_power_of_ten() -> None:
    shown = [small(value) for value in (0, 6.9e-7, 1.2e-5, 0.0001, 0.25, 12345.6)]
    assert shown == ["0", "less than 0.000001", "0.000012", "0.0001", "0.25", "12,346"]


def test_that_a_gate_is_told_without_powers_of_ten() -> None:
    text = "largest difference 6.9e-07 over 8,645 held-out rows, at most 1e-05, run4e-2b"
    assert in_words("largest difference 6.9e-07 over 8,645 held-out rows") == (
        "largest difference less than 0.000001 over 8,645 held-out rows"
    )
    assert "0.00001" in in_words(text)
