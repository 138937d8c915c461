"""The server described in OpenAPI 3.1: its routes, with the columns of the model that it serves.

What it says is held against a real server by schemathesis (tests/child/test_serve_openapi.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlops_desktop import __version__
from mlops_desktop.child.serving import openapi_schemas as schemas
from mlops_desktop.child.serving.openapi_schemas import JSON, TEXT
from mlops_desktop.core.models import Signature

_Json = dict[str, Any]
_ABOUT = """\
Predictions of one model, on this computer only. Every route but the health routes needs the
deployment's token: `Authorization: Bearer TOKEN`. Every answer is on record before it is given.
A request must name this server exactly in `Host`, and come from no other web site (`Origin`).
Labels of classes are answered in the type of the training target.
"""
_WHY = {
    "400": "Not understood, or a row does not fit: the column, the value and what is expected",
    "401": "The token is missing or wrong",
    "403": "From another web site, or with the token that only reads the metrics",
    "408": "The request did not arrive within 10 seconds",
    "409": "The request id was used with another body, or is being answered now",
    "413": "More than 8 MB, 10,000 rows, or 100 rows to explain",
    "415": "Neither JSON nor CSV in UTF-8, or packed (Content-Encoding)",
    "422": "A model that cannot be loaded, or, of an older version of the app, explained",
    "503": "Too much at once, or nothing can be put on record now: ask again after Retry-After",
}
_PLAIN = {"400", "408", "503"}  # Also said before a request is read, in plain text.
_EVERY = ("400", "403", "408", "503")
_WITH_TOKEN = ("401", *_EVERY)
_PREDICTING = ("409", "413", "415", "422", *_WITH_TOKEN)


def document(model: str, version: int, signature: Signature, labels: list[object]) -> _Json:
    """The whole document. labels: the classes as they are answered, none for numbers."""
    base = f"/v2/models/{model}"
    about, ready = _get("Inputs and outputs of the model", "Metadata"), _health("Ready to answer")
    infer = _infer(signature)
    paths: _Json = {"/invocations": {"post": _invocations(signature)}}
    for path in (base, f"{base}/versions/{version}"):
        paths[f"{path}/infer"] = {"post": infer}
        paths[path] = {"get": about}
        paths[f"{path}/ready"] = {"get": ready}
    paths["/v2"] = {"get": _get("The server and its version", "Server")}
    for path in ("/v2/health/live", "/v2/health/ready", "/ping", "/healthz"):
        paths[path] = {"get": _health("Up or not", token=False)}
    paths["/health"] = {"get": _health("Up or not")}
    paths["/version"] = {"get": _get("The version of the server", kind=TEXT)}
    paths["/metrics"] = {"get": _get("Counters for Prometheus", kind=TEXT, secret="reading")}
    paths["/openapi.json"] = {"get": _get("This document", "Document")}
    paths["/admin/stats"] = {"get": _get("How the server is doing", "Object", secret="reading")}
    paths["/admin/swap"] = {"post": _exchange("Serve another version", "Swap")}
    paths["/admin/second"] = {"post": _exchange("Try a second version beside the first", "Second")}
    for path, routes in paths.items():
        parts = path.replace(base, "/v2/model").replace(".", "/").split("/")
        for method, operation in routes.items():
            routes[method] = {
                **operation,
                "operationId": "_".join([method, *filter(None, parts)]),
                "tags": [_tag(path, operation)],
            }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{model}, version {version}",
            "version": __version__,
            "description": _ABOUT,
        },
        "security": [{"token": []}],
        "tags": [{"name": name} for name in ("predict", "model", "health", "operation")],
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "The deployment's."},
                "reading": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A second token, which reads the metrics and nothing else.",
                },
            },
            "headers": {
                "X-Request-Id": {
                    "description": "The request's id, the client's own or a new one; a row's "
                    "prediction id is this, a colon and the row's number from 0.",
                    "required": True,
                    "schema": {"type": "string"},
                },
                "Retry-After": {"description": "Seconds", "schema": {"type": "string"}},
            },
            "responses": {status: _error(status) for status in _WHY},
            "schemas": schemas.schemas(signature, labels),
        },
        "paths": paths,
    }


def _tag(path: str, operation: _Json) -> str:
    if path.startswith("/admin") or path == "/metrics":
        return "operation"
    if "requestBody" in operation:
        return "predict"
    return "model" if path.startswith("/v2/models") else "health"


def _invocations(signature: Signature) -> _Json:
    forms = schemas.request_examples(signature)
    content = {
        JSON: {
            "schema": schemas.ref("Invocations"),
            "examples": {name: {"value": value} for name, value in forms.items()},
        },
        "text/csv": {
            "schema": {"type": "string", "description": "A header line, then rows"},
            "example": schemas.csv_example(signature),
        },
    }
    explain = {
        "name": "explain",
        "in": "query",
        "schema": {"type": "boolean", "default": False},
        "description": "Also what each column added to the answer; at most 100 rows, "
        "fewer of a model with hundreds of columns.",
    }
    operation = _operation("Predict, as MLflow's scoring server does", _PREDICTING)
    operation["parameters"] = [explain, _request_id()]
    operation["requestBody"] = {"required": True, "content": content}
    operation["responses"]["200"] = _answer(schemas.ref("Predictions"))
    return operation


def _infer(signature: Signature) -> _Json:
    example = schemas.infer_example(signature)
    content = {JSON: {"schema": schemas.ref("Inference"), "examples": {"row": {"value": example}}}}
    operation = _operation("Predict, by the Open Inference Protocol 2", _PREDICTING)
    operation["parameters"] = [_request_id()]
    operation["requestBody"] = {"required": True, "content": content}
    operation["responses"]["200"] = _answer(schemas.ref("Inferred"))
    return operation


def _exchange(summary: str, schema: str) -> _Json:
    operation = _operation(f"{summary} (the app's own)", ("413", "415", "422", *_WITH_TOKEN))
    operation["requestBody"] = {
        "required": True,
        "content": {JSON: {"schema": schemas.ref(schema)}},
    }
    operation["responses"]["200"] = _ok(JSON, schemas.ref("Object"))
    return operation


def _get(summary: str, schema: str = "", *, kind: str = JSON, secret: str = "") -> _Json:
    operation = _operation(summary, _WITH_TOKEN)
    operation["responses"]["200"] = _ok(kind, schemas.ref(schema) if schema else {"type": "string"})
    if secret:
        operation["security"] = [{"token": []}, {secret: []}]
    return operation


def _health(summary: str, *, token: bool = True) -> _Json:
    operation = _operation(summary, _WITH_TOKEN if token else _EVERY)
    operation["responses"]["200"] = _ok(JSON, schemas.ref("Up"))
    if not token:
        operation["security"] = []
    return operation


def _operation(summary: str, refusals: Iterable[str]) -> _Json:
    responses = {status: {"$ref": f"#/components/responses/{status}"} for status in refusals}
    return {"summary": summary, "responses": dict(sorted(responses.items()))}


def _request_id() -> _Json:
    return {
        "name": "X-Request-Id",
        "in": "header",
        "schema": {"type": "string", "pattern": r"^[!#-\[\]-~]{1,128}$"},
        "description": "The same id with the same body gets the recorded answer again.",
    }


def _answer(schema: _Json) -> _Json:
    return _ok(JSON, schema) | {"headers": _header("X-Request-Id")}


def _ok(kind: str, schema: _Json) -> _Json:
    return {"description": "OK", "content": {kind: {"schema": schema}}}


def _error(status: str) -> _Json:
    plain = {TEXT: {"schema": {"type": "string"}}} if status in _PLAIN else {}
    found: _Json = {
        "description": _WHY[status],
        "content": {JSON: {"schema": schemas.ref("Error")}, **plain},
    }
    if status in ("409", "503"):
        found["headers"] = _header("Retry-After")
    return found


def _header(name: str) -> _Json:
    return {name: {"$ref": f"#/components/headers/{name}"}}
