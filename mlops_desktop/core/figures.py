"""Shares and very small numbers as people write them, the same on every screen."""

from __future__ import annotations

import re

_POWER = re.compile(r"-?\d+(?:\.\d+)?e[+-]?\d+")
_TINY = 1e-6  # Below it nobody weighs a difference; the exact figure is a tool tip.


def percent(share: float, *, whole: bool = False) -> str:
    """0.1 as `10 %`, 0.052 as `5.2 %`; never 0 or 100 where it is not.

    whole: without decimals, where there is room for two digits or nothing depends on more.
    """
    size, sign = abs(share), "-" if share < 0 else ""
    if whole:
        if 0 < size < 0.005:
            return "< 1 %"
        if 0.995 <= size < 1:
            return "> 99 %"
        return f"{sign}{100 * size:.0f} %"
    if 0 < size < 1e-6:
        return "less than 0.0001 %"
    if 0.9995 <= size < 1:
        return "more than 99.9 %"
    digits = 3 if size >= 0.1 else 2
    text = f"{100 * size:.{digits}g}" if size < 9.995 else f"{100 * size:,.0f}"
    return f"{sign}{text} %"


def small(value: float) -> str:
    """A difference or a tolerance without powers of ten: `0.000012`, `less than 0.000001`."""
    if value == 0:
        return "0"
    if abs(value) < _TINY:
        return "less than 0.000001"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = f"{value:.2g}"
    return f"{value:.6f}".rstrip("0") if "e" in digits else digits


def in_words(text: str) -> str:
    """A sentence with every `6.9e-07` in it as small() says it."""
    return _POWER.sub(lambda found: small(float(found[0])), text)
