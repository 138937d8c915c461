"""Columns that are not recorded: what is on disk, and that answers and replays stay the same."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from mlops_desktop.blobs.segments import read_header, read_records, segment_files
from mlops_desktop.child.serving.hidden import Hidden
from mlops_desktop.paths import Workspace
from tests.served import COLUMNS, ROW, Server, served, small_model

_PRIVACY = {"drop": ["season"], "hash": ["hr", "holiday"]}


def _model(workspace: Workspace) -> dict[str, Any]:
    path = workspace.privacy_key(1)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(secrets.token_urlsafe(32))
    return small_model(workspace) | {"privacy": _PRIVACY}


def _bytes(server: Server) -> bytes:
    folder = server.workspace.segments(1)
    return b"".join(path.read_bytes() for path in segment_files(folder))


def test_that_hidden_values_never_reach_the_disk(tmp_path: Path) -> None:
    with served(tmp_path, _model(Workspace(tmp_path))) as server:
        secret = [[7, 0.5, "winter", True, None], [7.0, 0.25, "winter", None, None]]
        status, answer = server.predict(*secret, X_Request_Id="one")
        assert status == 200
        assert server.predict(*[secret[0]] * 2_000)[0] == 200  # Recorded as they came, elsewhere.
        [path] = segment_files(server.workspace.segments(1))
        header = read_header(path)
        assert header is not None
        assert header.columns == ("hr", "temp", "holiday", "at")
        assert (header.dropped, header.hashed) == (("season",), ("hr", "holiday"))
        first, second = (record for record, _ in read_records(path))
        assert [row[1] for row in first.x] == [0.5, 0.25]
        assert first.x[0][0] == first.x[1][0]  # 7 is 7.0.
        assert first.x[0][0] == second.x[0][0]
        assert len(str(first.x[0][0])) == 32
        assert first.x[1][2] is None
        assert first.y == answer["predictions"]
        assert b"winter" not in _bytes(server)


def test_that_a_repeated_id_gets_the_recorded_answer_also_after_the_columns_change(
    tmp_path: Path,
) -> None:
    workspace = Workspace(tmp_path)
    with served(tmp_path, _model(workspace)) as server:
        first = server.predict(ROW, X_Request_Id="twice")
        assert server.predict(ROW, X_Request_Id="twice") == first
        assert server.predict([9, *ROW[1:]], X_Request_Id="twice")[0] == 409
    # Everything is recorded again; the digests of before are keyed nevertheless.
    with served(tmp_path, _model(workspace) | {"privacy": {"drop": [], "hash": []}}) as server:
        assert server.predict(ROW, X_Request_Id="twice") == first
        second = server.predict(ROW, X_Request_Id="open")
        status, _, _ = server.ask("/admin/swap", {"model": _model(workspace)})
        assert status == 200
        assert server.predict(ROW, X_Request_Id="open") == second
        assert server.predict(ROW, X_Request_Id="twice") == first


def test_that_the_digest_of_a_body_with_hidden_values_is_keyed(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    digests = []
    for _ in range(2):
        with served(tmp_path, _model(workspace)) as server:
            server.predict(ROW, X_Request_Id=f"d{len(digests)}")
            path = segment_files(server.workspace.segments(1))[-1]
            line = path.read_bytes().splitlines()[1]
            digests.append(line.split(b'"h":"')[1][:32])
        workspace.privacy_key(1).unlink()
    assert digests[0] != digests[1]


def test_that_explanations_are_recorded_without_hidden_columns(tmp_path: Path) -> None:
    with served(tmp_path, _model(Workspace(tmp_path))) as server:
        body = {"dataframe_split": {"columns": COLUMNS, "data": [ROW]}}
        status, answer, _ = server.ask("/invocations?explain=true", body)
        assert status == 200
        assert "season" in str(answer)
        [path] = segment_files(server.workspace.segments(1))
        [(record, _)] = read_records(path)
        assert record.e is not None
        assert set(record.e[0]["contributions"]) == {"temp", "at"}


def test_that_equal_values_of_two_columns_or_keys_have_other_hashes() -> None:
    one = Hidden(["a", "b"], [], ["a", "b"], b"key")
    other = Hidden(["a", "b"], [], ["a", "b"], b"another key")
    [[a, b]] = one.rows([[1.0, 1.0]])
    assert a != b
    assert other.rows([[1.0, 1.0]]) != [[a, b]]
    assert one.rows([[None, 1]]) == [[None, b]]
    assert one.rows([["1.0", True]])[0][0] != a


def test_that_an_explanation_is_whole_once_and_given_again_without_hidden_columns(
    tmp_path: Path,
) -> None:
    kinds = ("INT64", "FP64", "BYTES", "BOOL", "BYTES")
    tensors = [
        {"name": name, "shape": [1], "datatype": kind, "data": [value]}
        for name, kind, value in zip(COLUMNS, kinds, ROW, strict=True)
    ]
    body = {"inputs": tensors, "parameters": {"explain": True}}
    with served(tmp_path, _model(Workspace(tmp_path))) as server:
        told = []
        for _ in range(2):
            status, answer, _ = server.ask(
                "/v2/models/bike/infer", body, headers={"X-Request-Id": "why"}
            )
            assert status == 200
            outputs = {output["name"]: output for output in answer["outputs"]}
            names = outputs["contribution_columns"]["data"]
            assert outputs["contributions"]["shape"] == [1, len(names)]
            told.append(names)
    assert [sorted(names) for names in told] == [sorted(COLUMNS), ["at", "temp"]]
