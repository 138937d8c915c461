"""A large body that is read in pieces is answered, recorded and counted as one read row by row."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_desktop.child.serving import batches, rowtext
from mlops_desktop.child.serving.batches import Irregular
from mlops_desktop.child.serving.columns import ColumnChecker
from mlops_desktop.child.serving.model import LoadedModel, Prediction
from mlops_desktop.child.serving.protocols import BodyKind, Csv, Infer, Json
from mlops_desktop.child.serving.refused import Refused
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.models import Field, Signature
from mlops_desktop.core.runs import Task
from mlops_desktop.paths import Workspace
from tests.served import COLUMNS, small_model

_DATATYPES = dict(zip(COLUMNS, ("INT64", "FP64", "BYTES", "BOOL", "BYTES"), strict=True))
FINE: list[list[object]] = [
    [0, 8, 23, 9.0, -4.0],
    [0.5, 7, -3e5, None, math.nan],
    ["winter", "summer", "monsoon", "(missing)", "", "],[", "NaN", None],
    [True, False, None],
    ["2011-01-03", "2011-07-03T08:00:00+02:00", None],
]
ODD = [None, 1.5, 2.0**63, "x", "9", True, [], [[1]], {"a": 1}, "soon", 3, -0.0, 1e40, math.inf]


@pytest.fixture(params=[(), ("no", "yes")], ids=["numbers", "classes"])
def model(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LoadedModel]:
    monkeypatch.setattr(rowtext, "_PIECE", 100)
    monkeypatch.setattr(batches, "_ROWS", 3)
    workspace = Workspace(tmp_path)
    found = LoadedModel(workspace, 1, small_model(workspace, classes=request.param))
    yield found
    found.close()


def as_csv(rows: list[list[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([["" if v is None else str(v) for v in row] for row in rows])
    return text.getvalue().encode()


def as_infer(rows: list[list[object]]) -> bytes:
    columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    tensors = [
        {"name": name, "shape": [len(rows)], "datatype": _DATATYPES[name], "data": list(values)}
        for name, values in zip(COLUMNS, columns, strict=True)
    ]
    return json.dumps({"inputs": tensors}).encode()


def as_json(form: str, rows: list[list[object]]) -> bytes:
    records = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    turned = [{"more": 1, **dict(reversed(row.items()))} for row in records]
    value: object = {
        "split": {"dataframe_split": {"columns": COLUMNS, "data": rows}},
        "turned": {
            "dataframe_split": {
                "columns": [*COLUMNS[::-1], "more"],
                "data": [[*row[::-1], "?"] for row in rows],
            }
        },
        "records": {"dataframe_records": turned},
        "objects": {"instances": records},
        "lists": {"instances": rows},
        "inputs": {"inputs": {n: [row[i] for row in rows] for i, n in enumerate(COLUMNS)}},
    }[form]
    return json.dumps(value).encode()  # With NaN and Infinity, as careless clients write them.


# One model does for all examples of a test.
OFTEN = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FORMS = ("split", "turned", "records", "objects", "lists", "inputs", "infer", "csv")


def body_of(form: str, rows: list[list[object]]) -> tuple[BodyKind, bytes]:
    if form == "csv":
        return Csv(), as_csv(rows)
    if form == "infer":
        return Infer(), as_infer(rows)
    return Json(), as_json(form, rows)


def in_pieces(model: LoadedModel, kind: BodyKind, body: bytes) -> tuple[Prediction, Any]:
    said, text = model.predict_pieces(kind.batch(body, model.checker).pieces)
    return said, orjson.loads(text)


def by_row(model: LoadedModel, kind: BodyKind, body: bytes) -> tuple[Prediction, Any]:
    rows, _ = kind.parse(body, model.checker)
    singly = [model.predict([row]) for row in rows]  # In place: what is settled is recorded.
    unseen: dict[str, int] = {}
    for said in singly:
        for name, count in said.checked.unseen.items():
            unseen[name] = unseen.get(name, 0) + count
    settled = any(said.checked.settled for said in singly)
    y = [label for said in singly for label in said.y]
    p = [row for said in singly for row in said.p or ()] or None
    checked = model.predict([]).checked._replace(unseen=unseen, settled=settled)
    return Prediction(y, p, checked), rows


def same(found: tuple[Prediction, Any], expected: tuple[Prediction, Any]) -> None:
    (said, recorded), (wanted, rows) = found, expected
    assert recorded == rows
    assert [[type(v) for v in row] for row in recorded] == [[type(v) for v in row] for row in rows]
    assert said.y == (pytest.approx(wanted.y) if wanted.p is None else wanted.y)
    assert said.p == (None if wanted.p is None else [pytest.approx(row) for row in wanted.p])
    assert said.checked == wanted.checked


_FINE = st.tuples(*(st.sampled_from(values) for values in FINE)).map(list)
_FINE_ROWS = st.lists(_FINE, min_size=1, max_size=12)


@st.composite
def _odd_rows(draw: st.DrawFn) -> list[list[object]]:
    rows = draw(_FINE_ROWS)
    for _ in range(draw(st.integers(1, 2))):
        row = draw(st.sampled_from(rows))
        row[draw(st.integers(0, len(COLUMNS) - 1))] = draw(st.sampled_from(ODD))
    return rows


@pytest.mark.parametrize("form", FORMS)
@OFTEN
@given(rows=_FINE_ROWS)
def test_that_pieces_are_answered_as_rows_are(
    model: LoadedModel, form: str, rows: list[list[object]]
) -> None:
    """Also with missing values, unseen categories and whole numbers that look like floats."""
    kind, body = body_of(form, rows)
    try:
        found = in_pieces(model, kind, body)
    except Irregular:  # Brackets in texts are told from nested values by the parser alone.
        assert form in ("turned", "records", "objects", "split", "lists")
        assert any(row[2] == "],[" for row in rows)
        return
    same(found, by_row(model, kind, body))


@pytest.mark.parametrize("form", FORMS)
@OFTEN
@given(rows=_odd_rows())
def test_that_what_rows_are_refused_for_is_never_answered_in_pieces(
    model: LoadedModel, form: str, rows: list[list[object]]
) -> None:
    kind, body = body_of(form, rows)
    try:
        expected = by_row(model, kind, body)
    except Refused:
        with pytest.raises((Irregular, Refused)):
            in_pieces(model, kind, body)
        return
    try:
        found = in_pieces(model, kind, body)
    except Irregular:
        return
    same(found, expected)


def test_that_a_category_among_many_is_found() -> None:
    """More of them than fit in a byte are looked up in another way."""
    for count in (253, 254, 255, 256, 300):
        names = tuple(f"c{number}" for number in range(count))
        field = Field("c", ColumnType.TEXT, categories=names)
        checker = ColumnChecker(Signature((field,), "y", Task.REGRESSION))
        looked = checker.look([[*names, "new", None, "new"]])
        assert looked is not None
        assert looked.unseen == {"c": 2}
        assert checker.look([[*names, 3]]) is None
