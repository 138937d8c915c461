"""The bodies that the server takes and gives, as JSON Schemas and examples of one model."""

from __future__ import annotations

import csv
import io
from typing import Any

from mlops_desktop.child.serving import inference
from mlops_desktop.child.serving.checks import EXPECTED
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.models import Field, Signature

_Json = dict[str, Any]
JSON, TEXT = "application/json", "text/plain"
_TYPE_OF = {
    ColumnType.NUMBER: "number",
    ColumnType.INTEGER: "integer",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.TEXT: "string",
    ColumnType.DATETIME: "string",
}
_SHOWN_CATEGORIES = 20
_TEXT: _Json = {"type": "string"}
_NUMBER: _Json = {"type": "number"}
_ANY: _Json = {"type": "object"}


def ref(name: str) -> _Json:
    return {"$ref": f"#/components/schemas/{name}"}


def schemas(signature: Signature, labels: list[object]) -> dict[str, _Json]:
    """Every named schema of the document."""
    return {
        "Row": _row(signature),
        "Values": _values(signature),
        "Invocations": _invocations(signature),
        "Predictions": _predictions(labels),
        "Explanation": _explanation(signature),
        "Inference": _inference(),
        "Inferred": _inferred(),
        "Metadata": _metadata(),
        "Server": _object(name=_TEXT, version=_TEXT, extensions=_list(_TEXT)),
        "Document": _object(openapi=_TEXT, info=_ANY, paths=_ANY),
        "Up": _object(status={"const": "ok"}),
        "Error": _object(error={"type": "string", "description": "What and why"}),
        "Object": _ANY,
        "Swap": _object(model=_ANY),
        "Second": {
            "type": "object",
            "properties": {
                "role": {"enum": ["canary", "shadow", None]},
                "share": {"type": "number", "minimum": 0, "maximum": 1},
                "model": _ANY,
            },
            "required": ["role"],
        },
    }


def request_examples(signature: Signature) -> dict[str, _Json]:
    """One row in each form of `/invocations`."""
    record = {field.name: field.example for field in signature.inputs}
    names, values = list(record), list(record.values())
    return {
        "dataframe_split": {"dataframe_split": {"columns": names, "data": [values]}},
        "dataframe_records": {"dataframe_records": [record]},
        "instances": {"instances": [record]},
        "inputs": {"inputs": {name: [value] for name, value in record.items()}},
    }


def csv_example(signature: Signature) -> str:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([field.name for field in signature.inputs])
    lines.writerow([field.example for field in signature.inputs])
    return text.getvalue()


def infer_example(signature: Signature) -> _Json:
    return {
        "inputs": [
            {
                "name": field.name,
                "shape": [1],
                "datatype": inference.DATATYPE_OF[field.type],
                "data": [field.example],
            }
            for field in signature.inputs
        ],
        "parameters": {"explain": False},
    }


def _row(signature: Signature) -> _Json:
    return {
        "type": "object",
        "description": "Every input by its name. Further columns are ignored, and not recorded.",
        "properties": {field.name: _column(field) for field in signature.inputs},
        "required": [field.name for field in signature.inputs],
    }


def _values(signature: Signature) -> _Json:
    count = len(signature.inputs)
    return {
        "type": "array",
        "description": "The inputs in the order of the model.",
        "prefixItems": [_column(field) for field in signature.inputs],
        "items": False,
        "minItems": count,
    }


def _column(field: Field) -> _Json:
    schema: _Json = {"type": _TYPE_OF[field.type], "description": _said(field)}
    if field.nullable:
        schema["type"] = [schema["type"], "null"]
    if field.type is ColumnType.DATETIME:
        schema["format"] = "date-time"
    if field.example is not None:
        schema["examples"] = [field.example]
    return schema


def _said(field: Field) -> str:
    """What a value should be, and what training saw: others are answered all the same."""
    wanted = EXPECTED[field.type]
    said = [f"{wanted[0].upper()}{wanted[1:]}."]
    if field.type is ColumnType.TEXT and field.categories:
        some = ", ".join(field.categories[:_SHOWN_CATEGORIES])
        more = len(field.categories) - _SHOWN_CATEGORIES
        said.append(f"Training saw {some}{f' and {more} more' if more > 0 else ''}.")
    elif field.type.is_numeric and field.low is not None and field.high is not None:
        said.append(f"Training saw {field.low:.6g} to {field.high:.6g}.")
    return " ".join(said)


def _invocations(signature: Signature) -> _Json:
    columns: _Json = {
        "type": "object",
        "properties": {
            field.name: {"type": "array", "items": _column(field)} for field in signature.inputs
        },
        "required": [field.name for field in signature.inputs],
    }
    in_order = _list(ref("Values"))
    split: _Json = {
        "type": "object",
        "properties": {
            "columns": {
                **_list(_TEXT),
                "description": "The inputs' names in the order of the data; the model's order "
                "where it is absent.",
                "const": [field.name for field in signature.inputs],
            },
            "index": _list({"type": ["integer", "string"]}),
            "data": in_order,
        },
        "required": ["data"],
        "additionalProperties": False,
    }
    params: _Json = {
        "type": "object",
        "properties": {
            "probabilities": {"type": "boolean", "description": "Answer those of classes, too"}
        },
    }
    either: _Json = {"anyOf": [_list(ref("Row")), in_order]}
    forms = {
        "dataframe_split": split,
        "dataframe_records": _list(ref("Row")),
        "instances": either,
        "inputs": {"anyOf": [ref("Row"), columns, in_order]},
    }
    return {
        "oneOf": [
            {
                "type": "object",
                "properties": {form: schema, "params": params},
                "required": [form],
                "additionalProperties": False,
            }
            for form, schema in forms.items()
        ]
    }


def _predictions(labels: list[object]) -> _Json:
    label: _Json = {"enum": labels} if labels else _NUMBER
    return {
        "type": "object",
        "properties": {
            "predictions": _list(label),
            "prediction_ids": _list(_TEXT),
            "classes": {**_list(_TEXT), "description": "In the order of the probabilities"},
            "probabilities": _list(_list({"type": "number", "minimum": 0, "maximum": 1})),
            "explanations": _list(ref("Explanation")),
        },
        "required": ["predictions", "prediction_ids"],
        "additionalProperties": False,
    }


def _explanation(signature: Signature) -> _Json:
    names = [field.name for field in signature.inputs]
    made = _object(
        of={**_TEXT, "description": "The class whose probability is explained, or the target"},
        answer=_NUMBER,
        baseline={**_NUMBER, "description": "The mean answer to rows of the training data"},
        contributions={
            "type": "object",
            "description": "Every input; given again, those that the record may hold",
            "properties": dict.fromkeys(names, _NUMBER),
            "additionalProperties": False,
        },
    )
    return made | {"description": "The contributions add up to the answer less the baseline."}


def _inference() -> _Json:
    tensor: _Json = {
        "type": "object",
        "properties": {
            "name": _TEXT,
            "shape": _list({"type": "integer", "minimum": 0}),
            "datatype": {"enum": sorted(inference.DATATYPES)},
            "parameters": _ANY,
            "data": {"type": "array", "description": "Flat, or nested as the shape"},
        },
        "required": ["name", "shape", "datatype", "data"],
    }
    known = [*inference.OUTPUTS, *inference.REASONS]
    wanted = {"type": "object", "properties": {"name": {"enum": known}}, "required": ["name"]}
    return {
        "type": "object",
        "description": "One input a column, or one of two dimensions in the model's order.",
        "properties": {
            "id": _TEXT,
            "parameters": {"type": "object", "properties": {"explain": {"type": "boolean"}}},
            "inputs": {"type": "array", "items": tensor},
            "outputs": _list(wanted),
        },
        "required": ["inputs"],
    }


def _inferred() -> _Json:
    output = _object(
        name=_TEXT, datatype=_TEXT, shape=_list({"type": "integer"}), data={"type": "array"}
    )
    return _object(model_name=_TEXT, model_version=_TEXT, id=_TEXT, outputs=_list(output))


def _metadata() -> _Json:
    tensor = _object(name=_TEXT, datatype=_TEXT, shape=_list({"type": "integer"}))
    return _object(
        name=_TEXT,
        versions=_list(_TEXT),
        platform=_TEXT,
        inputs=_list(tensor),
        outputs=_list(tensor),
    )


def _list(items: _Json) -> _Json:
    return {"type": "array", "items": items}


def _object(**properties: _Json) -> _Json:
    return {"type": "object", "properties": properties, "required": list(properties)}
