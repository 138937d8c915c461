"""The cells of a version's table as they are shown: read on a worker's thread."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mlops_desktop.actions import table_views
from mlops_desktop.actions.table_views import View
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.page_model import Rows


def read_window(
    workspace: Workspace,
    version: DatasetVersion,
    view: View,
    first: int,
    count: int,
    columns: Sequence[str],
) -> Rows:
    """Rows [first, first + count) of a view, whose times are texts already."""
    table = table_views.rows(workspace, version, view, first, count, columns)
    values = [[as_shown(value) for value in column.to_pylist()] for column in table.columns]
    return list(zip(*values, strict=True))


def as_shown(value: object) -> object:
    """A value of a cell; a time as text."""
    if not isinstance(value, datetime):
        return value
    midnight = not (value.hour or value.minute or value.second or value.microsecond)
    return f"{value:%Y-%m-%d}" if midnight else f"{value:%Y-%m-%d %H:%M:%S}"
