"""Answers to warnings last, and a file can be read again with other types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlops_desktop.actions import audit, datasets
from mlops_desktop.actions.answers import answer, answers
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.core.answers import Answer, key_of
from mlops_desktop.core.datasets import (
    ColumnType,
    DataWarning,
    ImportOptions,
    ImportSpec,
    WarningKind,
)
from mlops_desktop.core.errors import UserError
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store

LEAK = DataWarning(WarningKind.LEAK, ("a", "b", "c"), "a + b = c", "", "")


@pytest.fixture
def store(workspace_dir: Path) -> Iterator[Store]:
    store = Store.open(Workspace(workspace_dir))
    yield store
    store.close()


def test_that_an_answer_is_remembered_and_can_be_taken_back(store: Store):
    assert answer(store, "bike", LEAK, Answer.KEEP) == {key_of(LEAK): Answer.KEEP}
    assert answers(store, "bike") == {key_of(LEAK): Answer.KEEP}
    assert answers(store, "other") == {}
    assert answer(store, "bike", LEAK, None) == {}
    assert [entry.action for entry in audit.about(store, "bike")] == ["warning.answered"] * 2


def _as_text(column: str) -> ImportOptions:
    return ImportOptions(types={column: ColumnType.TEXT})


def test_that_a_file_is_read_again_with_another_type(store: Store, tmp_path: Path):
    file = tmp_path / "bills.csv"
    file.write_text(
        "name,bill,code\n" + "".join(f"n{i},{i}.5,{i}\n" for i in range(40)) + "x, ,7\n"
    )
    lane = DirectLane(store)
    first = datasets.import_file(lane, ImportSpec(str(file), "bills"))
    warning = next(w for w in first.warnings if w.kind is WarningKind.TYPE)
    assert warning.read_as == (ColumnType.TEXT,)
    second = datasets.read_again(lane, first.ref, _as_text("bill"))
    third = datasets.read_again(lane, second.ref, _as_text("code"))
    types = {column.name: column.type for column in third.columns}
    assert (types["bill"], types["code"]) == (ColumnType.TEXT, ColumnType.TEXT)
    file.unlink()
    with pytest.raises(UserError, match="no file"):
        datasets.read_again(lane, first.ref, _as_text("bill"))
