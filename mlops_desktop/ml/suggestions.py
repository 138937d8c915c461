"""The fixes that warnings offer at a click, as steps of a recipe."""

from __future__ import annotations

from dataclasses import replace

from mlops_desktop.core.datasets import ColumnType, DataWarning, Suggestion, WarningKind
from mlops_desktop.core.profile import ColumnProfile, Profile
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.ml.outliers import FarOut

DROP_DUPLICATES = Suggestion("Drop duplicate rows", (Step(StepKind.DROP_DUPLICATES, {}),))


def drop(name: str) -> Suggestion:
    step = Step(StepKind.DROP_COLUMNS, {"columns": [name]})
    return Suggestion("Drop the column", (step,))


def group_or_drop(column: ColumnProfile, share: float) -> Suggestion:
    """Group the rare values where some are not rare; else nothing of the column would be left."""
    present = column.rows - column.missing
    if not column.top or column.top[0].count < share * present:
        return drop(column.name)
    settings = {"column": column.name, "share": share, "name": "(other)"}
    return Suggestion("Group the rare ones", (Step(StepKind.GROUP_RARE, settings),))


def zero_to_missing(name: str) -> Suggestion:
    step = Step(StepKind.MAP_VALUES, {"column": name, "values": {"0": None}})
    return Suggestion("Make 0 missing", (step,))


def clip(name: str, side: FarOut) -> Suggestion:
    settings = {"columns": [name], "high" if side.above else "low": side.next}
    return Suggestion(f"Clip to {side.next:.6g}", (Step(StepKind.CLIP, settings),))


def parse_dates(name: str, form: str, label: str = "Read as dates") -> Suggestion:
    """form: as strptime has it, or several with a bar between them; empty for ISO."""
    settings: dict[str, object] = {"columns": [name]}
    if form:
        settings["format"] = form
    return Suggestion(label, (Step(StepKind.PARSE_DATE, settings),))


def for_reading(warning: DataWarning, profile: Profile) -> DataWarning:
    """What was told of one column as its file was read, with the steps that mend it here."""
    if len(warning.columns) != 1 or warning.suggestion is not None:
        return warning
    name = warning.columns[0]
    if warning.kind is WarningKind.TYPE and ColumnType.NUMBER in warning.read_as:
        step = Step(StepKind.PARSE_NUMBER, {"columns": [name]})
        return replace(warning, suggestion=Suggestion("Read as numbers", (step,)))
    if warning.kind is WarningKind.TYPE and ColumnType.TEXT in warning.read_as:
        column = profile.column(name)
        if column is None or not column.type.is_numeric or not column.missing:
            return warning
        step = Step(StepKind.FILL, {"columns": [name], "with": "median"})
        return replace(warning, suggestion=Suggestion("Fill with the median", (step,)))
    if warning.kind is WarningKind.DATES and ColumnType.DATETIME in warning.read_as:
        return replace(warning, suggestion=parse_dates(name, ""))
    return warning
