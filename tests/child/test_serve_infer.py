"""The Open Inference Protocol, by hand and by Triton's own client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.models import Field, Signature
from mlops_desktop.core.runs import Task
from mlops_desktop.paths import Workspace
from tests.served import COLUMNS, FIELDS, ROW, Server, served, small_model

INFER = "/v2/models/bike/infer"
TYPES = ("INT64", "FP64", "BYTES", "BOOL", "BYTES")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("workspace")
    with served(root, small_model(Workspace(root), classes=("0", "1"))) as found:
        yield found


def request(*rows: list[object], **more: object) -> dict[str, Any]:
    tensors = [
        {"name": name, "shape": [len(rows)], "datatype": kind, "data": [row[i] for row in rows]}
        for i, (name, kind) in enumerate(zip(COLUMNS, TYPES, strict=True))
    ]
    return {"inputs": tensors, **more}


def test_that_one_tensor_a_column_is_answered(server: Server) -> None:
    status, answer, headers = server.ask(INFER, request(ROW, [20, 1.0, "summer", None, None]))
    assert status == 200
    assert (answer["model_name"], answer["model_version"]) == ("bike", "1")
    outputs = {output["name"]: output for output in answer["outputs"]}
    assert outputs["prediction"]["datatype"] == "INT64"
    assert outputs["prediction"]["data"] == [0, 1]
    assert outputs["probabilities"]["shape"] == [2, 2]
    assert outputs["prediction_id"]["data"][1] == f"{headers['x-request-id']}:1"


def test_that_id_and_wanted_outputs_are_kept(server: Server) -> None:
    body = request(ROW, id="mine", outputs=[{"name": "probabilities"}])
    _, answer, headers = server.ask(INFER, body, headers={"X-Request-Id": "theirs"})
    assert (answer["id"], headers["x-request-id"]) == ("mine", "theirs")
    assert [output["name"] for output in answer["outputs"]] == ["probabilities"]


def test_that_nested_data_and_columns_of_one_are_taken(server: Server) -> None:
    body = request(ROW)
    for tensor in body["inputs"]:
        tensor["shape"], tensor["data"] = [1, 1], [tensor["data"]]
    assert server.ask(INFER, body)[0] == 200


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shape": [2]}, "does not fit"),
        ({"shape": []}, "shape"),
        ({"shape": [1, 2]}, "does not fit"),
        ({"datatype": "FP8"}, "unknown datatype"),
        ({"datatype": ["FP64"]}, "unknown datatype"),
        ({"datatype": {"FP64": 1}}, "unknown datatype"),
        ({"data": "x"}, "not a list"),
        ({"name": "other"}, 'Missing column "hr"'),
        ({"name": "temp"}, "given twice"),
        ({"data": [1.5]}, 'Column "hr", row 0: 1.5'),
        ({"parameters": {"a": [[[]]] * 3}, "data": [[[[]]]]}, "row 0"),
    ],
)
def test_that_a_wrong_tensor_is_refused(server: Server, change: dict[str, Any], said: str) -> None:
    body = request(ROW)
    body["inputs"][0] |= change
    status, answer, _ = server.ask(INFER, body)
    assert status == 400
    assert said in answer["error"]


@pytest.mark.parametrize(
    ("datatype", "value", "reach"),
    [
        ("UINT8", 300, "0 to 255"),
        ("UINT8", -3, "0 to 255"),
        ("INT8", 128, "-128 to 127"),
        ("UINT64", -1, "0 to 18446744073709551615"),
        ("INT64", 2**63, "-9223372036854775808 to 9223372036854775807"),
        ("INT32", 1e10, "-2147483648 to 2147483647"),
    ],
)
@pytest.mark.parametrize("other", [7, None])
@pytest.mark.parametrize("rows", [2, 3_000])
def test_that_a_number_that_its_datatype_cannot_hold_is_refused(
    server: Server, datatype: str, value: float, reach: str, other: int | None, rows: int
) -> None:
    body = request(*[ROW] * rows)
    body["inputs"][0] |= {"datatype": datatype, "data": [other, value, *[7] * (rows - 2)]}
    status, answer, _ = server.ask(INFER, body)
    assert status == 400
    assert answer["error"].startswith('Input "hr", row 1: ')
    assert f"is outside of {datatype}, which goes from {reach}." in answer["error"]
    body["inputs"][0] |= {"datatype": "INT8", "data": [127] * rows}
    assert server.ask(INFER, body)[0] == 200


def test_that_unknown_outputs_and_binary_bodies_are_refused(server: Server) -> None:
    status, answer, _ = server.ask(INFER, request(ROW, outputs=[{"name": "reasons"}]))
    assert (status, "reasons" in answer["error"]) == (400, True)
    headers = {"Inference-Header-Content-Length": "10"}
    status, answer, _ = server.ask(INFER, request(ROW), headers=headers)
    assert (status, "binary_data=False" in answer["error"]) == (400, True)


def test_that_a_matrix_in_the_signatures_order_is_taken(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    assert FIELDS[0] == Field("hr", ColumnType.INTEGER, low=0, high=23, nullable=False, example=8)
    from onnx import TensorProto, helper

    from tests.served import stored

    root = tmp_path_factory.mktemp("workspace")
    fields = (Field("a", ColumnType.NUMBER, example=1.0), Field("b", ColumnType.NUMBER, example=2))
    graph = helper.make_graph(
        [helper.make_node("ReduceSum", ["x"], ["y"], keepdims=1, noop_with_empty_axes=0)],
        "sum",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    steps = [{"column": name, "kind": "number", "fill": 0.0} for name in "ab"]
    signature = Signature(fields, "c", Task.REGRESSION)
    job = stored(Workspace(root), signature, steps, model.SerializeToString())
    tensor = {"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [[3, 4.5]]}
    with served(root, job) as server:
        _, answer, _ = server.ask(INFER, {"inputs": [tensor]})
        assert answer["outputs"][0]["data"] == [7.5]
        tensor["shape"] = [2, 1]
        status, answer, _ = server.ask(INFER, {"inputs": [tensor]})
        assert (status, "takes 2" in answer["error"]) == (400, True)


def test_that_tritons_client_is_served(server: Server) -> None:
    triton = pytest.importorskip("tritonclient.http")
    headers = {"Authorization": f"Bearer {server.token}"}
    client = triton.InferenceServerClient(f"127.0.0.1:{server.port}")
    try:
        assert client.is_server_live(headers=headers)
        assert client.is_server_ready(headers=headers)
        assert client.is_model_ready("bike", headers=headers)
        assert client.get_model_metadata("bike", headers=headers)["versions"] == ["1"]
        tensors = []
        for name, kind, value in zip(COLUMNS, TYPES, ROW, strict=True):
            tensor = triton.InferInput(name, [1], kind)
            dtype = {"INT64": np.int64, "FP64": np.float64, "BOOL": bool}.get(kind, object)
            tensor.set_data_from_numpy(np.array([value], dtype=dtype), binary_data=False)
            tensors.append(tensor)
        outputs = [triton.InferRequestedOutput("prediction", binary_data=False)]
        answer = client.infer("bike", tensors, outputs=outputs, headers=headers)
        assert answer.as_numpy("prediction").tolist() == [0]
    finally:
        client.close()
