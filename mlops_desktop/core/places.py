"""Where a button leads: a panel of the window, and what it is to show there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataPlace:
    """A version in Data. tab: the topic of one of its tabs, such as `checks`; column: the one that
    the inspector tells of. Either may be empty."""

    ref: str
    tab: str = ""
    column: str = ""
