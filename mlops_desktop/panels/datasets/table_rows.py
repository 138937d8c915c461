"""The columns and cells of a version's table as they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mlops_desktop.actions import table_views
from mlops_desktop.actions.table_views import View
from mlops_desktop.core.datasets import Column, ColumnType, DatasetVersion
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.page_model import PageColumn, Rows
from mlops_desktop.widgets.profile_face import type_word

_DATE_WIDTH = 124


def page_columns(columns: Sequence[Column], units: Mapping[str, str]) -> list[PageColumn]:
    """The columns of the table; below a title stand its type and its unit, if it has one."""
    found = []
    for column in columns:
        words = [type_word(column.type), units.get(column.name, "")]
        note = ", ".join(word for word in words if word)
        found.append(PageColumn(column.name, column.type.is_numeric, note))
    return found


def page_column(name: str, kind: ColumnType, note: str = "") -> PageColumn:
    """Wide enough for a date where it holds dates."""
    made = PageColumn(name, kind.is_numeric, note)
    return replace(made, least=_DATE_WIDTH) if kind is ColumnType.DATETIME else made


def read_window(
    workspace: Workspace,
    version: DatasetVersion,
    view: View,
    first: int,
    count: int,
    columns: Sequence[str],
) -> Rows:
    """Rows [first, first + count) of a view, whose times are texts already: for workers."""
    table = table_views.rows(workspace, version, view, first, count, columns)
    values = [[as_shown(value) for value in column.to_pylist()] for column in table.columns]
    return list(zip(*values, strict=True))


def as_shown(value: object) -> object:
    """A value of a cell; a time as text."""
    if not isinstance(value, datetime):
        return value
    midnight = not (value.hour or value.minute or value.second or value.microsecond)
    return f"{value:%Y-%m-%d}" if midnight else f"{value:%Y-%m-%d %H:%M:%S}"
