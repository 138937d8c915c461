"""What a running deployment says of itself, put so that an analyst can read and use it."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from typing import Any

import orjson

from mlops_desktop.actions import serving
from mlops_desktop.actions.programs import JSON, curl, python
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import UserError
from mlops_desktop.paths import Workspace


@dataclass(frozen=True, slots=True)
class Route:
    """statuses: the refusals that it may answer."""

    method: str
    path: str
    summary: str
    needs_token: bool
    statuses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Input:
    """about: what a value should be, and what training saw. example: a real value."""

    name: str
    type: str
    may_be_missing: bool
    about: str
    example: str


@dataclass(frozen=True, slots=True)
class Example:
    """One way to ask, as a command and as a program."""

    title: str
    curl: str
    python: str


@dataclass(frozen=True, slots=True)
class Documentation:
    """text: the whole OpenAPI document as JSON."""

    title: str
    routes: tuple[Route, ...]
    inputs: tuple[Input, ...]
    examples: tuple[Example, ...]
    text: str


def documentation(workspace: Workspace, deployment: Deployment) -> Documentation:
    """What the server's own OpenAPI document says. Raises UserError where it does not answer."""
    try:
        with serving.client(workspace, deployment) as server:
            code, document = server.ask("/openapi.json")
    except (OSError, http.client.HTTPException) as error:
        raise UserError(
            f"{deployment.name} does not answer.", why=str(error), hint="Start it again."
        ) from error
    if code != 200:
        raise UserError(f"{deployment.name} refused.", why=document.get("error", str(code)))
    row = document["components"]["schemas"]["Row"]
    return Documentation(
        title=document["info"]["title"],
        routes=tuple(
            _route(method, path, operation)
            for path, routes in document["paths"].items()
            for method, operation in routes.items()
            if not path.startswith("/admin/s") or method == "get"
        ),
        inputs=tuple(_input(name, schema) for name, schema in row["properties"].items()),
        examples=_examples(workspace, deployment, document),
        text=orjson.dumps(document, option=orjson.OPT_INDENT_2).decode(),
    )


def _route(method: str, path: str, operation: dict[str, Any]) -> Route:
    return Route(
        method.upper(),
        path,
        operation["summary"],
        operation.get("security") != [],
        tuple(status for status in operation["responses"] if status != "200"),
    )


def _input(name: str, schema: dict[str, Any]) -> Input:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    kind = schema.get("format") or kinds[0]
    [example] = schema.get("examples", [None])
    shown = "" if example is None else str(example)
    return Input(name, kind, "null" in kinds, schema["description"], shown)


def _examples(
    workspace: Workspace, deployment: Deployment, document: dict[str, Any]
) -> tuple[Example, ...]:
    """The document's own examples, and what else one asks."""
    content = document["paths"]["/invocations"]["post"]["requestBody"]["content"]
    forms = {name: form["value"] for name, form in content[JSON]["examples"].items()}
    infer = f"/v2/models/{deployment.model}/infer"
    tensors = document["paths"][infer]["post"]["requestBody"]["content"][JSON]["examples"]
    one = forms["dataframe_records"]
    asked: tuple[tuple[str, str, object, str], ...] = (
        ("Ask about a row", "/invocations", one, JSON),
        ("Ask for the reasons, too", "/invocations?explain=true", one, JSON),
        (
            "Ask for the probabilities",
            "/invocations",
            {**one, "params": {"probabilities": True}},
            JSON,
        ),
        ("Send a table (split)", "/invocations", forms["dataframe_split"], JSON),
        ("Send columns (inputs)", "/invocations", forms["inputs"], JSON),
        ("Send CSV", "/invocations", content["text/csv"]["example"], "text/csv"),
        ("Open Inference Protocol", infer, tensors["row"]["value"], JSON),
        ("Is it up?", "/v2/health/ready", None, JSON),
        ("Inputs and outputs", f"/v2/models/{deployment.model}", None, JSON),
        ("Metrics", "/metrics", None, JSON),
    )
    return tuple(
        Example(
            title,
            curl(workspace, deployment, path, body, kind),
            python(workspace, deployment, path, body, kind),
        )
        for title, path, body, kind in asked
        if title != "Ask for the probabilities" or _has_classes(document)
    )


def _has_classes(document: dict[str, Any]) -> bool:
    said = document["components"]["schemas"]["Predictions"]["properties"]["predictions"]
    return "enum" in said["items"]
