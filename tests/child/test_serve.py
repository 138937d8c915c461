"""The server as its clients meet it: real process, real sockets."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlops_desktop.blobs.segments import SEALED, read_header, read_records, segment_files
from mlops_desktop.child.seal import seal
from mlops_desktop.paths import Workspace
from tests.served import COLUMNS, ROW, Server, served, small_model


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("workspace")) as found:
        yield found


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("workspace")
    with served(root, small_model(Workspace(root), classes=("false", "true"))) as found:
        yield found


def records(server: Server) -> list[tuple[str, list[list[object]]]]:
    return [
        (record.id, record.x)
        for path in segment_files(server.workspace.segments(1))
        for record, _ in read_records(path)
    ]


def test_that_every_form_of_invocations_gives_the_same_answer(server: Server) -> None:
    record = dict(zip(COLUMNS, ROW, strict=True))
    bodies = (
        {"dataframe_split": {"columns": COLUMNS, "data": [ROW], "index": [7]}},
        {"dataframe_split": {"data": [ROW]}},
        {"dataframe_split": {"columns": COLUMNS[::-1], "data": [ROW[::-1]]}},
        {"dataframe_split": {"columns": ["more", *COLUMNS], "data": [[[1], *ROW]]}},
        {"dataframe_records": [record]},
        {"dataframe_records": [record | {"more": {"a": 1}}], "params": {}},
        {"instances": [record]},
        {"instances": [ROW]},
        {"inputs": {name: [value] for name, value in record.items()}},
        {"inputs": record},
        {"inputs": [ROW]},
    )
    for body in bodies:
        status, answer, headers = server.ask("/invocations", body)
        assert (status, answer["predictions"]) == (200, [109.0]), body
        assert answer["prediction_ids"] == [f"{headers['x-request-id']}:0"]


def test_that_csv_is_read_with_its_header_and_empty_means_missing(server: Server) -> None:
    text = "temp,hr,season,holiday,at,more\n0.5,8,winter,False,2011-01-03 08:00:00,x\n,1,,,,\n"
    status, answer, _ = server.ask(
        "/invocations", raw=text.encode(), headers={"Content-Type": "text/csv; charset=utf-8"}
    )
    assert (status, answer["predictions"]) == (200, [109.0, 101.5])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (["x", 0.5, "winter", False, None], 'Column "hr", row 0: "x" is not a whole number'),
        ([1.5, 0.5, "winter", False, None], 'Column "hr", row 0: 1.5 is not a whole number'),
        ([True, 0.5, "winter", False, None], 'Column "hr", row 0: true is not a whole number'),
        ([None, 0.5, "winter", False, None], 'Column "hr", row 0: null'),
        (
            [10**30, 0.5, "winter", False, None],
            '"hr", row 0: 1e+30 is too large; whole numbers here go from -9223372036854775808 to',
        ),
        ([-1e300, 0.5, "winter", False, None], 'Column "hr", row 0: -1e+300 is too small'),
        ([1, "abc", "winter", False, None], 'Column "temp", row 0: "abc" is not a number'),
        ([1, [[1]], "winter", False, None], 'Column "temp", row 0: a list is not a number'),
        ([1, 0.5, 3, False, None], 'Column "season", row 0: 3 is not text'),
        ([1, 0.5, "winter", 1, None], 'Column "holiday", row 0: 1 is not true or false'),
        ([1, 0.5, "winter", False, "soon"], 'Column "at", row 0: "soon" is not a time'),
        ([1, 0.5, "winter", False], "Row 0 has 4 values for 5 columns"),
        (["x" * 200, 0.5, "winter", False, None], "..."),
    ],
)
def test_that_a_wrong_value_is_named_alone_and_in_a_batch(
    server: Server, row: list[object], said: str
) -> None:
    status, answer = server.predict(row)
    assert status == 400
    assert said in answer["error"]
    status, answer = server.predict(*[ROW] * 40, row)
    assert status == 400
    assert said.replace("ow 0", "ow 40") in answer["error"]


def test_that_a_missing_column_is_named(server: Server) -> None:
    short = [[*ROW[1:]]]
    for body in (
        {"dataframe_split": {"columns": COLUMNS[1:], "data": short}},
        {"dataframe_records": [dict(zip(COLUMNS[1:], ROW[1:], strict=True))]},
        {"inputs": dict(zip(COLUMNS[1:], ROW[1:], strict=True))},
    ):
        status, answer, _ = server.ask("/invocations", body)
        assert status == 400
        assert 'Missing column "hr"' in answer["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"params": {}}',
        b'{"dataframe_split": 3}',
        b'{"dataframe_split": {"columns": ["hr"], "data": 4}}',
        b'{"dataframe_split": {"columns": [1], "data": []}}',
        b'{"dataframe_split": {"columns": ["hr", "hr"], "data": []}}',
        b'{"dataframe_records": [3]}',
        b'{"dataframe_records": {}}',
        b'{"instances": 5}',
        b'{"inputs": {"hr": 1, "temp": [1], "season": 1, "holiday": 1, "at": 1}}',
        b'{"inputs": 1, "instances": 1}',
        b'{"instances": [], "more": 1}',
        b'{"instances": [[NaN, 1, 2, 3, 4]]}',
        b'{"instances": [[1e999, 1, 2, 3, 4]]}',
        b'{"instances": [], "params": 3}',
        b'{"instances": [], "params": {"a": ' + b"[" * 40 + b"]" * 40 + b"}}",
        b'{"instances": ' + b"[" * 40 + b"]" * 40 + b"}",
        b"[" * 100_000,
        b'{"instances": ["\\ud800"]}',
        b"\xff\xfe",
    ],
)
def test_that_a_malformed_body_is_refused_with_a_reason(server: Server, body: bytes) -> None:
    status, answer, _ = server.ask("/invocations", raw=body)
    assert status == 400
    assert answer["error"]


def test_that_an_unseen_category_and_missing_values_are_answered_and_counted(
    server: Server,
) -> None:
    before = server.ask("/admin/stats")[1]["unseen"].get("season", 0)
    assert server.predict([1, None, "monsoon", None, None])[1]["predictions"] == [101.5]
    assert server.predict(*[[1.0, None, "monsoon", None, None]] * 20)[0] == 200
    assert server.ask("/admin/stats")[1]["unseen"]["season"] == before + 21


def test_that_a_row_is_answered_alike_alone_and_in_a_batch(server: Server) -> None:
    rows = [[hour, hour / 30, "summer" if hour % 2 else None, None, None] for hour in range(24)]
    alone = [server.predict(list(row))[1]["predictions"][0] for row in rows]
    together = server.predict(*[list(row) for row in rows])[1]["predictions"]
    assert together == pytest.approx(alone, rel=1e-6)


def test_that_labels_have_the_type_of_the_target_and_probabilities_come_if_asked(
    classifier: Server,
) -> None:
    rows = [ROW, [20, 1.0, "summer", False, None]]
    body = {"dataframe_split": {"columns": COLUMNS, "data": rows}}
    status, answer, _ = classifier.ask("/invocations", body)
    assert (status, answer["predictions"]) == (200, [False, True])
    assert set(answer) == {"predictions", "prediction_ids"}
    answer = classifier.ask("/invocations", body | {"params": {"probabilities": True}})[1]
    assert answer["classes"] == ["false", "true"]
    assert [sum(row) for row in answer["probabilities"]] == pytest.approx([1, 1])
    [path] = segment_files(classifier.workspace.segments(1))
    header = read_header(path)
    assert header is not None
    assert header.outputs == ("prediction", "false", "true")
    assert next(read_records(path))[0].y == ["false", "true"]


def test_that_the_record_holds_what_was_asked_and_answered(server: Server) -> None:
    status, answer = server.predict([8.0, None, "winter", True, None], X_Request_Id="seen-1")
    assert (status, answer["prediction_ids"]) == (200, ["seen-1:0"])
    assert ("seen-1", [[8, None, "winter", True, None]]) in records(server)


def test_that_a_repeated_id_gets_the_recorded_answer_and_another_body_is_refused(
    server: Server,
) -> None:
    first = server.predict(ROW, X_Request_Id="twice")
    assert server.predict(ROW, X_Request_Id="twice") == first
    assert [name for name, _ in records(server)].count("twice") == 1
    status, answer = server.predict([9, *ROW[1:]], X_Request_Id="twice")
    assert status == 409
    assert "twice" in answer["error"]
    big = [ROW] * 3_000
    first = server.predict(*big, X_Request_Id="large")
    assert server.predict(*big, X_Request_Id="large") == first
    assert [name for name, _ in records(server)].count("large") == 1


def test_that_a_repeated_id_is_known_after_a_restart(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        first = server.predict(ROW, X_Request_Id="kept")
        server.process.kill()
    [torn] = segment_files(server.workspace.segments(1))
    with torn.open("ab") as file:
        file.write(b'{"id":"torn","t":1,"h":"')
    with served(tmp_path) as again:
        assert again.predict(ROW, X_Request_Id="kept") == first
        assert again.predict([9, *ROW[1:]], X_Request_Id="kept")[0] == 409
        assert [name for name, _ in records(again)] == ["kept"]


def test_that_more_rows_than_the_limit_are_refused(server: Server) -> None:
    assert server.predict(*[ROW] * 10_000)[0] == 200
    status, answer = server.predict(*[ROW] * 10_001)
    assert status == 413
    assert "10000" in answer["error"]
    assert server.predict()[1]["predictions"] == []


def test_that_the_protocols_pages_are_there(server: Server) -> None:
    for path in ("/ping", "/healthz", "/health", "/v2/health/live", "/v2/health/ready", "/v2"):
        assert server.ask(path)[0] == 200, path
    about = server.ask("/v2/models/bike/versions/1")[1]
    assert [column["name"] for column in about["inputs"]] == COLUMNS
    document = server.ask("/openapi.json")[1]
    assert document["openapi"].startswith("3.1")
    assert json.dumps(document).count("season") >= 2
    assert server.ask("/v2/models/other")[0] == 404
    assert server.ask("/v2/models/bike/versions/2")[0] == 404
    assert server.ask("/no/such")[0] == 404
    status, _, headers = server.ask("/invocations")
    assert (status, headers["allow"]) == (405, "POST")
    assert server.ask("/ping", method="HEAD")[0] == 200


def test_that_metrics_are_in_prometheus_words(server: Server) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    server.predict(ROW)
    families = {
        family.name: family
        for family in text_string_to_metric_families(server.ask("/metrics")[1].decode())
    }
    for name in (
        "model_infer_request_duration",
        "rest_server_request_duration_seconds",
        "model_infer_request_success",
        "model_infer_request_failure",
        "rest_server_requests",
        "rest_server_requests_duration_seconds",
        "rest_server_requests_in_progress",
        "request_predict_seconds",
    ):
        assert name in families, name
    labels = {"model_name": "bike", "model_version": "1"}
    [success] = families["model_infer_request_success"].samples
    assert success.labels == {"model": "bike", "version": "1"}
    assert success.value >= 1
    [count] = [
        sample
        for sample in families["request_predict_seconds"].samples
        if sample.name.endswith("_count")
    ]
    assert (count.labels, count.value) == (labels, success.value)
    served = {"method": "POST", "path": "/invocations", "status_code": "200"}
    served["app_name"] = "mlops_desktop"
    counted = [s.value for s in families["rest_server_requests"].samples if s.labels == served]
    assert [value >= 1 for value in counted] == [True]
    now = {
        s.labels["method"]: s.value for s in families["rest_server_requests_in_progress"].samples
    }
    assert now["GET"] == 1
    assert set(now.values()) <= {0, 1}


def test_that_a_canarys_answers_and_refusals_are_counted_as_its_own(tmp_path: Path) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    with served(tmp_path) as server:
        second = small_model(server.workspace, version=2)
        body = {"role": "canary", "share": 0.5, "model": second}
        assert server.ask("/admin/second", body)[0] == 200
        said = [server.predict(ROW)[1]["predictions"][0] for _ in range(6)]
        assert sorted(said) == [109.0] * 3 + [209.0] * 3
        for _ in range(4):
            assert server.predict(["x", *ROW[1:]])[0] == 400
        text = server.ask("/metrics")[1].decode()
    counted = {
        (sample.name, sample.labels.get("version") or sample.labels["model_version"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels.keys() & {"version", "model_version"} and "le" not in sample.labels
    }
    for version in ("1", "2"):
        assert counted["model_infer_request_success_total", version] == 3
        assert counted["model_infer_request_failure_total", version] == 2
        assert counted["request_predict_seconds_count", version] == 3


def test_that_a_server_goes_on_beside_segments_that_are_sealed_or_removed(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        server.predict(ROW, X_Request_Id="old")
    [old] = segment_files(server.workspace.segments(1))
    with served(tmp_path) as server:
        first = server.predict(ROW, X_Request_Id="kept")
    kept = segment_files(server.workspace.segments(1))[-1]
    os.utime(old, (1, 1))
    seal(old, old.with_suffix(SEALED))
    old.unlink()
    with served(tmp_path) as server:
        assert server.predict(ROW, X_Request_Id="kept") == first
        logged = server.ask("/admin/stats")[1]["log_bytes"]
        assert "arrow" not in Path(f"/proc/{server.process.pid}/maps").read_text()
        kept.unlink()
        old.with_suffix(SEALED).unlink()
        assert server.predict(ROW, X_Request_Id="kept")[0] == 200  # Nobody knows it any more.
        assert server.ask("/admin/stats")[1]["log_bytes"] < logged
        assert [name for name, _ in records(server)] == ["kept"]
