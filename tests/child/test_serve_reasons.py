"""Explanations that clients ask the server for: in every protocol, on record, within limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlops_desktop.blobs.modelfiles import BACKGROUND as BACKGROUND_FILE
from mlops_desktop.blobs.segments import read_records, segment_files
from mlops_desktop.child.serving.reasons import Reasons
from mlops_desktop.child.serving.refused import Refused
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.models import Field, Signature
from mlops_desktop.core.runs import Task
from mlops_desktop.ml.encode import RowEncoder
from mlops_desktop.paths import Workspace
from tests.served import BACKGROUND, COLUMNS, ROW, Server, served, small_model

ASKED = "/invocations?explain=true"
SPLIT = {"dataframe_split": {"columns": COLUMNS, "data": [ROW]}}
TYPES = ("INT64", "FP64", "BYTES", "BOOL", "BYTES")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("workspace")) as found:
        yield found


def infer(*rows: list[object], **parameters: object) -> dict[str, Any]:
    tensors = [
        {"name": name, "shape": [len(rows)], "datatype": kind, "data": [row[at] for row in rows]}
        for at, (name, kind) in enumerate(zip(COLUMNS, TYPES, strict=True))
    ]
    return {"inputs": tensors, "parameters": parameters}


def test_that_each_row_is_explained_by_its_raw_columns(server: Server) -> None:
    rows = [ROW, [20, None, "summer", None, None]]
    body = {"dataframe_split": {"columns": COLUMNS, "data": rows}}
    status, answer, _ = server.ask(ASKED, body)
    assert status == 200
    assert len(answer["explanations"]) == 2
    for said, reason in zip(answer["predictions"], answer["explanations"], strict=True):
        parts = reason["contributions"]
        assert (set(parts), reason["of"]) == (set(COLUMNS), "cnt")
        assert reason["answer"] == pytest.approx(said)
        assert sum(parts.values()) == pytest.approx(said - reason["baseline"], abs=1e-4)
        assert list(parts) == sorted(parts, key=lambda name: -abs(parts[name]))
    # The model is a sum, so each share is known: the hour's weight is 1.
    mean_hour = sum(range(24)) / 24
    assert answer["explanations"][0]["contributions"]["hr"] == pytest.approx(8 - mean_hour)
    assert answer["explanations"][0]["contributions"]["holiday"] == 0
    assert server.ask("/invocations?explain=false", body)[1].keys() == {
        "predictions",
        "prediction_ids",
    }


def test_that_every_form_and_the_open_protocol_are_explained_alike(server: Server) -> None:
    wanted = server.ask(ASKED, SPLIT)[1]["explanations"]
    record = dict(zip(COLUMNS, ROW, strict=True))
    for body in ({"instances": [ROW]}, {"dataframe_records": [record]}, {"inputs": record}):
        assert server.ask(ASKED, body)[1]["explanations"] == wanted
    lines = f"{','.join(COLUMNS)}\n{','.join(map(str, ROW))}\n"
    headers = {"Content-Type": "text/csv"}
    assert server.ask(ASKED, raw=lines.encode(), headers=headers)[1]["explanations"] == wanted
    answer = server.ask("/v2/models/bike/infer", infer(ROW, explain=True))[1]
    outputs = {output["name"]: output for output in answer["outputs"]}
    assert outputs["contributions"]["shape"] == [1, 5]
    names = outputs["contribution_columns"]["data"]
    assert names == COLUMNS
    parts = dict(zip(names, outputs["contributions"]["data"], strict=True))
    assert parts == wanted[0]["contributions"]
    assert outputs["baseline"]["data"] == [wanted[0]["baseline"]]
    assert outputs["explained"]["data"] == ["cnt"]
    for parameters in ({}, {"explain": False}):
        answer = server.ask("/v2/models/bike/infer", infer(ROW, **parameters))[1]
        assert "contributions" not in [output["name"] for output in answer["outputs"]]


def test_that_an_explanation_is_on_record_and_given_again(server: Server) -> None:
    headers = {"X-Request-Id": "why"}
    first = server.ask(ASKED, SPLIT, headers=headers)[1]
    assert server.ask(ASKED, SPLIT, headers=headers)[1] == first
    found = [
        record
        for path in segment_files(server.workspace.segments(1))
        for record, _ in read_records(path, only={"why"})
    ]
    assert [record.e for record in found] == [first["explanations"]]
    assert server.ask("/invocations", SPLIT, headers=headers)[0] == 409


def test_that_more_than_a_hundred_rows_are_not_explained(server: Server) -> None:
    rows = {"dataframe_split": {"columns": COLUMNS, "data": [ROW] * 101}}
    status, answer, _ = server.ask(ASKED, rows)
    assert (status, "100" in answer["error"]) == (413, True)
    assert server.ask("/v2/models/bike/infer", infer(*[ROW] * 101, explain=True))[0] == 413
    rows["dataframe_split"]["data"].pop()
    answer = server.ask(ASKED, rows)[1]
    assert len(answer["explanations"]) == 100
    assert answer["explanations"][99] == answer["explanations"][0]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/invocations?explain=yes", SPLIT, '"yes"'),
        ("/invocations?why=true", SPLIT, '"why"'),
        ("/invocations?explain", SPLIT, "not well-formed"),
        ("/v2/models/bike/infer?explain=true", infer(ROW), "parameters"),
        ("/v2/models/bike/infer", infer(ROW, explain=1), "not true or false"),
        (ASKED, {"instances": [["x", *ROW[1:]]]}, 'Column "hr", row 0'),
    ],
)
def test_that_a_wrong_wish_is_refused_with_a_reason(
    server: Server, path: str, body: object, said: str
) -> None:
    status, answer, _ = server.ask(path, body)
    assert status == 400
    assert said in answer["error"]


def test_that_the_positive_class_is_explained_and_of_older_models_it_is_said_why_not(
    tmp_path: Path,
) -> None:
    model = small_model(Workspace(tmp_path), classes=("false", "true"))
    with served(tmp_path, model) as server:
        answer = server.ask(ASKED, SPLIT | {"params": {"probabilities": True}})[1]
        [reason] = answer["explanations"]
        assert reason["of"] == "true"
        assert reason["answer"] == pytest.approx(answer["probabilities"][0][1])
        del model["files"]["background.json"]
        assert server.ask("/admin/swap", {"model": model})[0] == 200
        status, answer, _ = server.ask(ASKED, SPLIT)
        assert (status, "Train it again" in answer["error"]) == (422, True)
        assert server.predict(ROW)[0] == 200
    assert len(BACKGROUND) == 24


def test_that_a_model_of_thousands_of_columns_is_not_explained(tmp_path: Path) -> None:
    fields = tuple(Field(f"c{number}", ColumnType.NUMBER) for number in range(5_001))
    signature = Signature(fields, "y", Task.REGRESSION)
    steps = [{"column": field.name, "kind": "number", "fill": 0.0} for field in fields]
    with pytest.raises(Refused, match=r"5,001 columns; at most 5,000 can be explained") as refused:
        Reasons(
            Workspace(tmp_path), {BACKGROUND_FILE: ""}, signature, RowEncoder(steps), lambda x: x
        )
    assert refused.value.status == 422
