"""Columns that recipes of a dataset left out, made or retyped, so that rules know of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.sentences import TYPE_WORDS
from mlops_desktop.store import datasets

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


def elsewhere(store: Store, version: DatasetVersion) -> dict[str, str]:
    """Column -> what a recipe did to it, in words, where raw and derived versions share a dataset.

    Of a derived version: what its recipes left out or gave another type. Of a raw one: what only
    derived versions have. A version in a dataset of its own has rules of its own.
    """
    if version.derived_from is not None:
        return _left_behind(store, version)
    every = datasets.versions(store, version.dataset)
    raw = {c.name for other in every if other.derived_from is None for c in other.columns}
    return {
        column.name: f"comes from {other.recipe} only"
        for other in every
        if other.derived_from is not None
        for column in other.columns
        if column.name not in raw
    }


def _left_behind(store: Store, version: DatasetVersion) -> dict[str, str]:
    now = {column.name: column.type for column in version.columns}
    found: dict[str, str] = {}
    child = version
    while child.derived_from is not None:
        parent = datasets.by_id(store, child.derived_from)
        if parent.dataset != version.dataset:
            break
        for column in parent.columns:
            if column.name not in now:
                found.setdefault(column.name, f"is left out by {child.recipe}")
            elif now[column.name] is not column.type:
                kind = TYPE_WORDS[now[column.name].value]
                found.setdefault(column.name, f"is made {kind} by {child.recipe}")
        child = parent
    return found
