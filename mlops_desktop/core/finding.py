"""What can be found by its name, and where it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Found(StrEnum):
    """The kinds, as a palette calls them."""

    DATASET = "dataset"
    VERSION = "data version"
    RUN = "run"
    MODEL = "model version"
    DEPLOYMENT = "deployment"
    COLUMN = "column"


@dataclass(frozen=True, slots=True)
class Thing:
    """title: as it is called; about: more words that find it; panel and place: what shows it."""

    kind: Found
    title: str
    about: str
    panel: str
    place: object
