"""MLflow's scoring protocol: the five forms in which `/invocations` takes rows, and its answer."""

from __future__ import annotations

import csv
import io
import math
import re
from contextlib import suppress
from typing import Any

import orjson

from mlops_desktop.child.serving.checks import (
    EXPECTED,
    RowChecker,
    Rows,
    check_depth,
    missing_text,
    shown,
)
from mlops_desktop.child.serving.refused import Refused
from mlops_desktop.core.datasets import MISSING, ColumnType
from mlops_desktop.core.models import Field

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NAN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|NaN', re.DOTALL)  # Texts are passed over.
_FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")


def loads(body: bytes) -> Any:
    """The JSON value of a body. NaN, which JSON has not but MLflow's clients write, is null."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if b"NaN" in body:
            body = _NAN.sub(_null, body)
            with suppress(orjson.JSONDecodeError):
                return orjson.loads(body)
        hint = " JSON has no Infinity; send null." if b"Infinity" in body else ""
        raise Refused(400, f"The body is not JSON: {error}.{hint}") from None


def _null(match: re.Match[bytes]) -> bytes:
    return b"null" if match[0] == b"NaN" else match[0]


def parse_json(body: bytes, checker: RowChecker) -> tuple[Rows, dict[str, Any]]:
    """The rows in the model's order, and the params."""
    form, data, params = opened(body)
    if form == "dataframe_split":
        return _split(data, checker), params
    if form == "dataframe_records":
        return _records(data, checker, form), params
    if form == "instances":
        return _instances(data, checker, form), params
    if form == "inputs":
        return _inputs(data, checker), params
    raise Refused(400, f"Unknown key {shown(form)}; send exactly one of {_names()}.")


def opened(body: bytes) -> tuple[str, Any, dict[str, Any]]:
    """The one key of a body beside the params, what it holds, and the params."""
    value = loads(body)
    if type(value) is not dict:
        raise Refused(400, f"The body is {shown(value)}, not an object with one of {_names()}.")
    params: dict[str, Any] = {}
    if "params" in value:
        params = value.pop("params") or {}
        if not isinstance(params, dict):
            raise Refused(400, '"params" is not an object.')
        check_depth(params, 30)
    if len(value) != 1:
        if sum(form in value for form in _FORMS) == 1:
            extra = next(key for key in value if key not in _FORMS)
            raise Refused(400, f"Unknown key {shown(extra)}; beside the rows only params.")
        raise Refused(400, f"Send exactly one of {_names()}.")
    [(form, data)] = value.items()
    return form, data, params


def _names() -> str:
    return ", ".join(_FORMS)


def _split(data: object, checker: RowChecker) -> Rows:
    if not isinstance(data, dict) or not {"data"} <= data.keys() <= {"columns", "index", "data"}:
        raise Refused(400, 'dataframe_split needs "columns" and "data", and may have "index".')
    rows = _rows(data["data"], "dataframe_split.data")
    if "index" in data:
        check_depth(data["index"], 2)
    columns = data.get("columns", checker.columns)
    if columns == checker.columns:
        return rows
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise Refused(400, "dataframe_split.columns is not a list of names.")
    return checker.arrange(columns, rows)


def _rows(data: object, what: str) -> Rows:
    if type(data) is not list:
        raise Refused(400, f"{what} is not a list of rows.")
    for number, row in enumerate(data):
        if type(row) is not list:
            raise Refused(400, f"{what}: row {number} is {shown(row)}, not a list of values.")
    return data


def _records(data: object, checker: RowChecker, what: str) -> Rows:
    if type(data) is not list:
        raise Refused(400, f"{what} is not a list of objects.")
    rows: Rows = []
    columns, width = checker.columns, len(checker.columns)
    for number, record in enumerate(data):
        if type(record) is not dict:
            raise Refused(400, f"{what}: row {number} is {shown(record)}, not an object.")
        try:
            rows.append([record[name] for name in columns])
        except KeyError:
            missing = [name for name in columns if name not in record]
            raise Refused(400, f"Row {number}: {missing_text(missing)}") from None
        if len(record) > width:
            check_depth(record, 30)
    return rows


def _instances(data: object, checker: RowChecker, what: str) -> Rows:
    if type(data) is list and data:
        if type(data[0]) is dict:
            return _records(data, checker, what)
        if type(data[0]) is not list and len(checker.columns) == 1:
            return [[value] for value in data]
    return _rows(data, what)


def _inputs(data: object, checker: RowChecker) -> Rows:
    if type(data) is not dict:
        return _instances(data, checker, "inputs")
    return [list(row) for row in zip(*columns_of(data, checker), strict=True)]


def columns_of(data: dict[str, Any], checker: RowChecker) -> list[list[Any]]:
    """The columns that `inputs` holds, in the model's order; one row where they are no lists."""
    missing = [name for name in checker.columns if name not in data]
    if missing:
        raise Refused(400, missing_text(missing))
    columns = [data[name] for name in checker.columns]
    if len(data) > len(columns):
        check_depth(data, 30)
    if not any(isinstance(column, list) for column in columns):
        return [[value] for value in columns]
    for name, column in zip(checker.columns, columns, strict=True):
        if type(column) is not list or len(column) != len(columns[0]):
            raise Refused(
                400, f"inputs: column {shown(name)} is not a list as long as the first column."
            )
    return list(map(_flat, columns))


def _flat(column: list[Any]) -> list[Any]:
    """The values of a column of shape [n] or, as TensorFlow Serving's clients send it, [n, 1]."""
    if column and all(type(value) is list and len(value) == 1 for value in column):
        return [value for [value] in column]
    return column


def parse_csv(body: bytes, checker: RowChecker) -> Rows:
    """Rows of a CSV text with a header line; what an import takes as missing is missing."""
    arranged = _csv_cells(body, checker)
    for number, row in enumerate(arranged):
        if len(row) != len(checker.fields):
            raise Refused(
                400, f"Row {number} has {len(row)} values for {len(checker.fields)} columns."
            )
    return [
        [_cell(str(text), field, number) for text, field in zip(row, checker.fields, strict=True)]
        for number, row in enumerate(arranged)
    ]


def csv_columns(body: bytes, checker: RowChecker) -> list[list[object]]:
    """The same by column, where every value fits. Raises ValueError where rows differ in length;
    an error that names row 0 may be of any."""
    texts = zip(*_csv_cells(body, checker), strict=True)
    return [
        _csv_column(list(map(str, column)), field)
        for column, field in zip(texts, checker.fields, strict=True)
    ]


def _csv_column(texts: list[str], field: Field) -> list[object]:
    if field.type in (ColumnType.NUMBER, ColumnType.INTEGER):
        plain = not ",".join(texts).strip("0123456789.-,") and max(map(len, texts)) <= 18
        with suppress(ValueError):
            if plain:  # Not one is a number in another way of writing.
                return [(float(t) if "." in t else int(t)) if t else None for t in texts]
    # Each is read once, however often it stands there.
    return list(map({text: _cell(text, field, 0) for text in set(texts)}.__getitem__, texts))


def _csv_cells(body: bytes, checker: RowChecker) -> Rows:
    """The cells as text, in the model's order."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(400, f"The body is not UTF-8: {error}.") from None
    try:
        header, *lines = [line for line in csv.reader(io.StringIO(text), strict=True) if line]
    except ValueError:
        raise Refused(400, "The CSV is empty; its first line must name the columns.") from None
    except csv.Error as error:
        raise Refused(400, f"The body is not CSV: {error}.") from None
    cells: Rows = [list(line) for line in lines]
    return checker.arrange(header, cells)


def _cell(text: str, field: Field, number: int) -> object:
    if text == "":
        return None
    if field.type is ColumnType.TEXT:
        return text
    if text.strip().lower() in MISSING:
        return None
    if field.type is ColumnType.DATETIME:
        return text
    if field.type is ColumnType.BOOLEAN:
        lowered = text.strip().lower()
        if lowered in ("true", "false"):
            return lowered == "true"
    else:
        try:
            value = float(text)
            if math.isnan(value):
                return None
            if math.isfinite(value) and "_" not in text:
                return int(text) if _INTEGER.fullmatch(text.strip()) else value
        except ValueError:
            pass
    raise Refused(
        400,
        f"Column {shown(field.name)}, row {number}: {shown(text)} is not {EXPECTED[field.type]}.",
    )


def answer(
    request_id: str,
    labels: list[object],
    probabilities: list[list[float]] | None,
    classes: list[object],
    reasons: list[dict[str, Any]] | None,
) -> bytes:
    """{"predictions": [...], "prediction_ids": [...]}, and what else was asked for."""
    fields: dict[str, object] = {
        "predictions": labels,
        "prediction_ids": [f"{request_id}:{row}" for row in range(len(labels))],
    }
    if probabilities is not None:
        fields["classes"] = classes
        fields["probabilities"] = probabilities
    if reasons is not None:
        fields["explanations"] = reasons
    return orjson.dumps(fields)
