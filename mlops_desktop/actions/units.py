"""Units of columns, such as mm or EUR: shown beside names and along axes."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from mlops_desktop.actions import datasets
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.store import units as stored

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

_LONGEST = 24


def units(store: Store, dataset: str) -> dict[str, str]:
    """The units of a dataset's columns by name; columns without one are not in it."""
    return stored.units(store, dataset)


def set_unit(store: Store, dataset: str, column: str, unit: str) -> dict[str, str]:
    """Set the unit of a column in all versions, or take it away (empty); all units come back.

    Raises NotFound for a dataset or a column that is not there, UserError for a unit that is too
    long to stand beside a number.
    """
    unit = " ".join(unit.split())
    if len(unit) > _LONGEST or not unit.isprintable():
        raise UserError(
            f"{unit[:40]!r} is too long for a unit.",
            hint=f"Use at most {_LONGEST} signs, such as mm or EUR.",
        )
    versions = datasets.list_versions(store, dataset)
    names = list(dict.fromkeys(c.name for version in versions for c in version.columns))
    if column not in names:
        near = difflib.get_close_matches(column, names, n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else ""
        raise NotFound(f"{dataset} has no column {column!r}.", hint=hint)
    with store.write("datasets"):
        stored.put(store, dataset, column, unit)
        store.audit("dataset.unit", dataset, column=column, unit=unit)
        return stored.units(store, dataset)
