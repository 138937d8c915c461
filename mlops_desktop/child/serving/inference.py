"""The Open Inference Protocol, version 2: tensors in, tensors out, and what a model is like."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import orjson

from mlops_desktop.blobs.segments import SegmentHeader
from mlops_desktop.child.serving.checks import RowChecker, Rows, check_depth, missing_text, shown
from mlops_desktop.child.serving.invocations import loads
from mlops_desktop.child.serving.refused import Refused
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.models import Signature

_SIGNED = {f"INT{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)}
_INTEGERS = _SIGNED | {f"UINT{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)}
_FLOATS = {"FP16", "FP32", "FP64"}
DATATYPES = _INTEGERS.keys() | _FLOATS | {"BOOL", "BYTES"}
DATATYPE_OF = {
    ColumnType.NUMBER: "FP64",
    ColumnType.INTEGER: "INT64",
    ColumnType.BOOLEAN: "BOOL",
    ColumnType.TEXT: "BYTES",
    ColumnType.DATETIME: "BYTES",
}
NO_BINARY = (
    "Binary tensors are not taken; send them as JSON: with tritonclient, by "
    "set_data_from_numpy(..., binary_data=False)."
)
OUTPUTS = ("prediction", "probabilities", "prediction_id")
REASONS = ("contributions", "contribution_columns", "baseline", "explained")


def parse(body: bytes, checker: RowChecker) -> tuple[Rows, dict[str, Any]]:
    """The rows in the model's order, and the request (its id, parameters and wanted outputs)."""
    columns, request = columns_of(body, checker)
    return [list(row) for row in zip(*columns, strict=True)], request


def columns_of(body: bytes, checker: RowChecker) -> tuple[list[list[Any]], dict[str, Any]]:
    """The columns in the model's order, all of one length, and the request.

    Either one input a column, or a single two-dimensional one in the signature's order.
    """
    request = loads(body)
    if type(request) is not dict or type(request.get("inputs")) is not list:
        raise Refused(400, 'The body is not an object with a list of "inputs".')
    if not isinstance(request.get("id", ""), str):
        raise Refused(400, '"id" is not text.')
    check_depth(request.get("parameters"), 30)
    _check_outputs(request)
    columns: dict[str, list[Any]] = {}
    for tensor in request["inputs"]:
        name, shape, data = _tensor(tensor)
        if name in columns:
            raise Refused(400, f"Input {shown(name)} is given twice.")
        if len(request["inputs"]) == 1 and len(shape) == 2 and name not in checker.columns:
            return _matrix(name, shape, data, checker), request
        if math.prod(shape[1:]) != 1:
            raise Refused(400, f"Input {shown(name)} has shape {shape}; a column is [n] or [n, 1].")
        columns[name] = data
    missing = [name for name in checker.columns if name not in columns]
    if missing:
        raise Refused(400, missing_text(missing))
    used = [columns[name] for name in checker.columns]
    if any(len(column) != len(used[0]) for column in used):
        raise Refused(400, "The inputs have different numbers of rows.")
    return used, request


def _tensor(tensor: object) -> tuple[str, list[int], list[Any]]:
    if not isinstance(tensor, dict) or not {"name", "shape", "datatype"} <= tensor.keys():
        raise Refused(400, "An input needs name, shape, datatype and data.")
    name, shape, data = tensor["name"], tensor["shape"], tensor.get("data")
    if not isinstance(name, str):
        raise Refused(400, f"An input's name is {shown(name)}, not text.")
    kind = tensor["datatype"]
    if not isinstance(kind, str) or kind not in DATATYPES:
        raise Refused(400, f"Input {shown(name)}: unknown datatype {shown(kind)}.")
    if not (
        isinstance(shape, list) and shape and all(type(size) is int and size >= 0 for size in shape)
    ):
        raise Refused(400, f"Input {shown(name)}: shape is not a list of sizes.")
    if not isinstance(data, list):
        raise Refused(400, f"Input {shown(name)}: data is not a list. {NO_BINARY}")
    check_depth(tensor.get("parameters"), 30)
    flat = data
    for _ in shape[1:]:
        if flat and isinstance(flat[0], list):
            if not all(isinstance(item, list) for item in flat):
                raise Refused(400, f"Input {shown(name)}: data is neither flat nor nested.")
            flat = [value for item in flat for value in item]
    if len(flat) != math.prod(shape):
        raise Refused(
            400, f"Input {shown(name)}: shape {shape} does not fit its {len(flat)} values."
        )
    if flat and kind in _INTEGERS:
        _check_range(name, kind, flat, len(flat) // shape[0])
    return name, shape, flat


def _check_range(name: str, datatype: str, values: list[Any], width: int) -> None:
    """Refuse numbers that the datatype cannot hold. What is no number is for other rules."""
    low, high = _INTEGERS[datatype]
    with suppress(TypeError):  # Of a null or a text among them.
        if low <= min(values) and max(values) <= high:
            return
    for place, value in enumerate(values):
        if isinstance(value, (int, float)) and not low <= value <= high:
            raise Refused(
                400,
                f"Input {shown(name)}, row {place // width}: {shown(value)} is outside of "
                f"{datatype}, which goes from {low} to {high}.",
            )


def _matrix(name: str, shape: list[int], data: list[Any], checker: RowChecker) -> list[list[Any]]:
    width = len(checker.columns)
    if shape[1] != width:
        raise Refused(400, f"Input {shown(name)} has {shape[1]} columns; the model takes {width}.")
    return [data[place::width] for place in range(width)]


def _check_outputs(request: dict[str, Any]) -> None:
    wanted = request.get("outputs")
    if wanted is None:
        return
    if not isinstance(wanted, list) or not all(isinstance(item, dict) for item in wanted):
        raise Refused(400, '"outputs" is not a list of objects.')
    for item in wanted:
        check_depth(item, 30)
        if item.get("name") not in OUTPUTS + REASONS:
            raise Refused(
                400,
                f"Unknown output {shown(item.get('name'))}; there are "
                f"{', '.join(OUTPUTS)}, and of explanations {', '.join(REASONS)}.",
            )


def explains(request: object) -> bool:
    """Whether the parameters ask for explanations."""
    parameters = request.get("parameters") if isinstance(request, dict) else None
    wanted = parameters.get("explain", False) if isinstance(parameters, dict) else False
    if not isinstance(wanted, bool):
        raise Refused(400, f"The parameter explain is {shown(wanted)}, not true or false.")
    return wanted


def answer(
    served: SegmentHeader,
    request_id: str,
    request: dict[str, Any],
    labels: list[object],
    probabilities: list[list[float]] | None,
    reasons: list[dict[str, Any]] | None,
) -> bytes:
    """The response with the outputs that were asked for, or all.

    contributions are [rows, contribution_columns]: all inputs, or, where an answer is given again
    from the record, those that it may hold.
    """
    rows = len(labels)
    ids = [f"{request_id}:{row}" for row in range(rows)]
    outputs: dict[str, dict[str, Any]] = {
        "prediction": {"datatype": _datatype(labels), "shape": [rows], "data": labels},
        "prediction_id": {"datatype": "BYTES", "shape": [rows], "data": ids},
    }
    if probabilities is not None:
        width = len(probabilities[0]) if probabilities else 0
        flat = [value for row in probabilities for value in row]
        outputs["probabilities"] = {"datatype": "FP64", "shape": [rows, width], "data": flat}
    if reasons is not None:
        place = {name: number for number, name in enumerate(served.columns)}
        told = reasons[0]["contributions"] if reasons else place
        names = sorted(told, key=lambda name: (place.get(name, len(place)), name))
        parts = [reason["contributions"][name] for reason in reasons for name in names]
        width = len(names)
        outputs |= {
            "contributions": {"datatype": "FP64", "shape": [rows, width], "data": parts},
            "contribution_columns": {"datatype": "BYTES", "shape": [width], "data": names},
            "baseline": {"datatype": "FP64", "shape": [rows], "data": _each(reasons, "baseline")},
            "explained": {"datatype": "BYTES", "shape": [rows], "data": _each(reasons, "of")},
        }
    wanted = [item["name"] for item in request.get("outputs") or ()] or list(outputs)
    return orjson.dumps(
        {
            "model_name": served.model,
            "model_version": str(served.version),
            "id": request.get("id") or request_id,
            "outputs": [{"name": name, **outputs[name]} for name in wanted if name in outputs],
        }
    )


def _each(reasons: list[dict[str, Any]], key: str) -> list[Any]:
    return [reason[key] for reason in reasons]


def _datatype(labels: list[object]) -> str:
    kind = type(labels[0]) if labels else float
    return {bool: "BOOL", int: "INT64", str: "BYTES"}.get(kind, "FP64")


def metadata(
    model: str, version: int, signature: Signature, labels: list[object]
) -> dict[str, Any]:
    """What `/v2/models/NAME` says."""
    outputs: list[dict[str, Any]] = [
        {"name": "prediction", "datatype": _datatype(labels), "shape": [-1]}
    ]
    if signature.classes:
        shape = [-1, len(signature.classes)]
        outputs.append({"name": "probabilities", "datatype": "FP64", "shape": shape})
    outputs.append({"name": "prediction_id", "datatype": "BYTES", "shape": [-1]})
    return {
        "name": model,
        "versions": [str(version)],
        "platform": "mlops_desktop",
        "inputs": [
            {"name": field.name, "datatype": DATATYPE_OF[field.type], "shape": [-1]}
            for field in signature.inputs
        ],
        "outputs": outputs,
    }
