"""The server described in OpenAPI 3.1, with the columns of the model that it serves."""

from __future__ import annotations

from typing import Any

from mlops_desktop import __version__
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.models import Field, Signature

_SCHEMA_OF: dict[ColumnType, dict[str, Any]] = {
    ColumnType.NUMBER: {"type": "number"},
    ColumnType.INTEGER: {"type": "integer"},
    ColumnType.BOOLEAN: {"type": "boolean"},
    ColumnType.TEXT: {"type": "string"},
    ColumnType.DATETIME: {"type": "string", "description": "ISO 8601"},
}
_CSV_TEXT = {"schema": {"type": "string"}}


def document(model: str, version: int, signature: Signature) -> dict[str, Any]:
    """The whole document."""
    base = f"/v2/models/{model}"
    health = {"get": _operation("Up or not", security=[])}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{model}, version {version}",
            "version": __version__,
            "description": "Labels of classes are answered in the type of the training target.",
        },
        "security": [{"token": []}],
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"row": _row(signature)},
        },
        "paths": {
            "/invocations": {"post": _invocations(signature)},
            f"{base}/infer": {"post": _infer()},
            base: {"get": _operation("Inputs and outputs of the model")},
            f"{base}/ready": {"get": _operation("The model can answer")},
            "/v2": {"get": _operation("The server")},
            "/v2/health/live": health,
            "/v2/health/ready": health,
            "/ping": health,
            "/healthz": health,
            "/health": {"get": _operation("Up or not")},
            "/version": {"get": _operation("The server's version", kind="text/plain")},
            "/metrics": {"get": _operation("Prometheus metrics", kind="text/plain")},
            "/openapi.json": {"get": _operation("This document")},
        },
    }


def _row(signature: Signature) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {field.name: _column(field) for field in signature.inputs},
        "required": [field.name for field in signature.inputs],
    }


def _column(field: Field) -> dict[str, Any]:
    schema = dict(_SCHEMA_OF[field.type])
    if field.nullable:
        schema["type"] = [schema["type"], "null"]
    if field.example is not None:
        schema["examples"] = [field.example]
    return schema


def _invocations(signature: Signature) -> dict[str, Any]:
    row = {"$ref": "#/components/schemas/row"}
    params = {
        "type": "object",
        "properties": {
            "probabilities": {"type": "boolean", "description": "Answer them too (classes)"}
        },
    }
    split = {
        "type": "object",
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}},
            "data": {"type": "array", "items": {"type": "array"}},
        },
        "required": ["data"],
    }
    example = {
        "dataframe_split": {
            "columns": [field.name for field in signature.inputs],
            "data": [[field.example for field in signature.inputs]],
        }
    }
    forms = [
        {"type": "object", "properties": {form: schema, "params": params}, "required": [form]}
        for form, schema in (
            ("dataframe_split", split),
            ("dataframe_records", {"type": "array", "items": row}),
            ("instances", {"type": "array"}),
            ("inputs", {}),
        )
    ]
    body = {"application/json": {"schema": {"oneOf": forms}, "example": example}}
    operation = _operation("Predict, as MLflow's scoring server does")
    operation["parameters"] = [
        {
            "name": "X-Request-Id",
            "in": "header",
            "schema": {"type": "string", "maxLength": 128},
            "description": "The same id with the same body gets the recorded answer again.",
        }
    ]
    operation["requestBody"] = {"required": True, "content": {**body, "text/csv": _CSV_TEXT}}
    return operation


def _infer() -> dict[str, Any]:
    tensor = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "shape": {"type": "array", "items": {"type": "integer"}},
            "datatype": {"type": "string"},
            "data": {"type": "array"},
        },
        "required": ["name", "shape", "datatype", "data"],
    }
    schema = {
        "type": "object",
        "properties": {"id": {"type": "string"}, "inputs": {"type": "array", "items": tensor}},
        "required": ["inputs"],
    }
    operation = _operation("Predict, by the Open Inference Protocol 2")
    operation["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": schema}},
    }
    return operation


def _operation(
    summary: str, *, kind: str = "application/json", security: list[Any] | None = None
) -> dict[str, Any]:
    error = {
        "description": 'Refused: {"error": "what and why"}',
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {"error": {"type": "string"}}}
            }
        },
    }
    operation: dict[str, Any] = {
        "summary": summary,
        "responses": {"200": {"description": "OK", "content": {kind: {}}}, "4XX": error},
    }
    if security is not None:
        operation["security"] = security
    return operation
