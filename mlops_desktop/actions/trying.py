"""Asking a deployment about one row, as the Try it form does, and how a program would ask it."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass

from mlops_desktop.actions import serving
from mlops_desktop.actions.programs import curl, python
from mlops_desktop.core.deployments import Deployment, Reasons
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import uuid7
from mlops_desktop.paths import Workspace

_NOT_EXPLAINED = 422
_LATEST = 50  # The row's own record is among so many of the newest, however busy the server is.


@dataclass(frozen=True, slots=True)
class Tried:
    """One answer. probabilities: by class, the likeliest first; empty where a number is predicted.

    reasons: what each column added; None where an older version of the app trained the model.
    latency_us: what the server itself took, from its record; None where others pushed that out.
    """

    prediction: float | str
    probabilities: tuple[tuple[str, float], ...]
    prediction_id: str
    latency_us: int | None
    version: int | None
    reasons: Reasons | None


def try_row(workspace: Workspace, deployment: Deployment, values: dict[str, object]) -> Tried:
    """Ask about one row, by column name. It is recorded as any other request."""
    request_id = uuid7()
    body = {"dataframe_records": [values], "params": {"probabilities": True}}
    text = json.dumps(body).encode()
    try:
        with serving.client(workspace, deployment) as server:
            code, answer = server.ask("/invocations?explain=true", text, X_Request_Id=request_id)
            if code == _NOT_EXPLAINED:
                code, answer = server.ask("/invocations", text, X_Request_Id=request_id)
    except (OSError, http.client.HTTPException) as error:
        raise UserError(
            f"{deployment.name} does not answer.", why=str(error), hint="Start it again."
        ) from error
    if code != 200:
        raise UserError(f"{deployment.name} refused the row.", why=answer.get("error", str(code)))
    record = next(
        (
            request
            for request in serving.recent_requests(workspace, deployment, _LATEST)
            if request.id == request_id
        ),
        None,
    )
    chances = zip(answer.get("classes", ()), *answer.get("probabilities", ()), strict=False)
    return Tried(
        prediction=answer["predictions"][0],
        probabilities=tuple(
            sorted(((str(name), p) for name, p in chances), key=lambda pair: -pair[1])
        ),
        prediction_id=answer["prediction_ids"][0],
        latency_us=record.latency_us if record else None,
        version=record.version if record else None,
        reasons=next(map(Reasons.told, answer.get("explanations", ())), None),
    )


def as_curl(workspace: Workspace, deployment: Deployment, values: dict[str, object]) -> str:
    """A command that asks the same in a POSIX shell."""
    return curl(workspace, deployment, "/invocations", {"dataframe_records": [values]})


def as_python(workspace: Workspace, deployment: Deployment, values: dict[str, object]) -> str:
    """A program that asks the same; it needs nothing but Python."""
    return python(workspace, deployment, "/invocations", {"dataframe_records": [values]})
