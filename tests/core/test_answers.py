"""What warnings and their answers mean for the columns of a training."""

from __future__ import annotations

from mlops_desktop.core.answers import Answer, decisions, key_of
from mlops_desktop.core.datasets import Column, ColumnType, DataWarning, WarningKind

COLUMNS = [Column(name, ColumnType.INTEGER) for name in ("id", "casual", "registered", "cnt", "hr")]
SUM = DataWarning(WarningKind.LEAK, ("casual", "registered", "cnt"), "sum", "", "")
NAMES = DataWarning(WarningKind.IDENTIFIER, ("id",), "names rows", "", "")


def left_out(target: str, answers: dict[str, Answer]) -> list[str]:
    found = decisions(COLUMNS, [SUM, NAMES], target, answers)
    return [decision.column.name for decision in found if decision.leave_out]


def test_that_the_parts_of_the_target_and_identifiers_are_left_out():
    assert left_out("cnt", {}) == ["casual", "registered", "id"]


def test_that_an_answer_to_keep_them_counts():
    assert left_out("cnt", {key_of(SUM): Answer.KEEP}) == ["id"]


def test_that_a_leak_elsewhere_is_left_out_only_on_request():
    assert left_out("hr", {}) == ["id"]
    assert left_out("hr", {key_of(SUM): Answer.LEAVE_OUT}) == ["casual", "registered", "id"]


def test_that_every_column_but_the_target_is_listed_with_reasons_first():
    found = decisions(COLUMNS, [SUM, NAMES], "cnt", {})
    assert [d.column.name for d in found] == ["casual", "registered", "id", "hr"]
    assert [d.reason for d in found] == ["sum", "sum", "names rows", ""]


def test_that_of_a_sum_only_the_total_is_left_out_where_a_part_is_predicted():
    assert left_out("registered", {}) == ["cnt", "id"]
    found = decisions(COLUMNS, [SUM, NAMES], "registered", {})
    assert [d.column.name for d in found if d.reason == "sum"] == ["cnt"]
