"""A whole model as one ONNX graph: raw columns in, feature steps, encoding, estimator, answers out.

The app's own server does not need it (plain Python encodes a row in microseconds); it is for
other programs. One input a column, [rows, 1]: numbers, booleans (0 or 1) and moments
(microseconds since 1970) are float64, missing is NaN; text is string, missing is "(missing)".
The output is called "prediction", which no column may be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, compose, helper

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.models import Signature
from mlops_desktop.ml.encode import MISSING
from mlops_desktop.ml.fitted import FittedStep
from mlops_desktop.ml.graph_nodes import Inexpressible, Nodes
from mlops_desktop.ml.graph_operations import tensor_of

OPSET = 20
OUTPUT = "prediction"


def whole(
    signature: Signature,
    steps: Sequence[FittedStep],
    encoder: Mapping[str, Any],
    estimator: bytes,
) -> bytes:
    """The graph. encoder: as in the model card; estimator: the graph of `ml/graph.py`.

    Raises Inexpressible where a step has no ONNX form, and says which.
    """
    prefix = "made/"
    while any(field.name.startswith(prefix) for field in signature.inputs):
        prefix = f"_{prefix}"
    nodes = Nodes(prefix)
    tensors: dict[str, str] = {}
    inputs = []
    for field in signature.inputs:
        text = field.type is ColumnType.TEXT
        kind = TensorProto.STRING if text else TensorProto.DOUBLE
        inputs.append(helper.make_tensor_value_info(field.name, kind, [None, 1]))
        tensors[field.name] = field.name if text else nodes.finite(field.name)
    for step in steps:
        made = {item.column.name: tensor_of(item.expression, tensors, nodes) for item in step.makes}
        tensors |= made
    parts = [_encoded(step, tensors, nodes) for step in encoder["steps"]]
    last = f"{prefix}model/"
    nodes.add("Concat", parts, output=f"{last}x", axis=1)
    model = compose.add_prefix(onnx.load_model_from_string(estimator), last)
    answer = helper.make_node("Identity", [f"{last}y"], [OUTPUT])
    output = onnx.ValueInfoProto()
    output.CopyFrom(model.graph.output[0])
    output.name = OUTPUT
    graph = helper.make_graph(
        [*nodes.nodes, *model.graph.node, answer],
        "model",
        inputs,
        [output],
        [*nodes.constants, *model.graph.initializer],
    )
    made_of = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", 3)],
        producer_name="mlops_desktop",
        ir_version=9,
    )
    onnx.checker.check_model(made_of)
    return bytes(made_of.SerializeToString())


def feeds(signature: Signature, table: Any) -> dict[str, np.ndarray[Any, Any]]:
    """An Arrow table with the signature's columns as the graph takes it."""
    found = {}
    for field in signature.inputs:
        column = table[field.name]
        if field.type is ColumnType.TEXT:
            values = np.array([MISSING if v is None else v for v in column.to_pylist()], object)
        else:
            if field.type is ColumnType.DATETIME:
                column = column.cast("int64")
            values = column.cast("float64", safe=False).to_numpy()
        found[field.name] = values.reshape(-1, 1)
    return found


def _encoded(step: Mapping[str, Any], tensors: dict[str, str], nodes: Nodes) -> str:
    """float32 [rows, 1], or [rows, categories] of an one-hot step; as `ml/encode.py` does it."""
    column = tensors[step["column"]]
    match step["kind"]:
        case "number":
            return _scaled(nodes.add("Cast", [column], to=TensorProto.FLOAT), step, nodes)
        case "date_part":
            part = nodes.date_part(column, step["part"])
            return _scaled(nodes.add("Cast", [part], to=TensorProto.FLOAT), step, nodes)
        case "missing_flag":
            value = nodes.date_part(column, step["part"]) if "part" in step else column
            single = nodes.add("Cast", [value], to=TensorProto.FLOAT)
            missing = nodes.add("Or", [nodes.add("IsNaN", [single]), nodes.add("IsInf", [single])])
            return _scaled(nodes.add("Cast", [missing], to=TensorProto.FLOAT), step, nodes)
        case "category_code":
            return nodes.add(
                "LabelEncoder",
                [column],
                domain="ai.onnx.ml",
                keys_strings=list(step["categories"]),
                values_floats=[float(place) for place in range(len(step["categories"]))],
                default_float=float(step["unknown"]),
            )
        case "category_onehot":
            known = nodes.constant(np.array([list(step["categories"])], dtype=object))
            same = nodes.add("Equal", [column, known])
            return nodes.add("Cast", [same], to=TensorProto.FLOAT)
        case _:
            raise Inexpressible(f"{step['kind']} has no ONNX form.")


def _scaled(single: str, step: Mapping[str, Any], nodes: Nodes) -> str:
    """(value - mean) / scale in float64, the fill where the float32 is missing; as float32."""
    missing = nodes.add("Or", [nodes.add("IsNaN", [single]), nodes.add("IsInf", [single])])
    value = nodes.add("Cast", [single], to=TensorProto.DOUBLE)
    fill = step.get("fill")
    filled = nodes.add("Where", [missing, nodes.number(np.nan if fill is None else fill), value])
    if step.get("mean") or step.get("scale", 1.0) != 1.0:
        moved = nodes.add("Sub", [filled, nodes.number(step.get("mean", 0.0))])
        filled = nodes.add("Div", [moved, nodes.number(step.get("scale", 1.0))])
    return nodes.add("Cast", [filled], to=TensorProto.FLOAT)
