"""Asking a deployment about one row, as the Try it form does, and how a program would ask it."""

from __future__ import annotations

import http.client
import json
import shlex
from dataclasses import dataclass
from pathlib import Path

from mlops_desktop.actions import serving
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import uuid7
from mlops_desktop.paths import Workspace

_LATEST = 50  # The row's own record is among so many of the newest, however busy the server is.


@dataclass(frozen=True, slots=True)
class Tried:
    """One answer. probabilities: by class, the likeliest first; empty where a number is predicted.

    latency_us: what the server itself took, from its record; None where others pushed that out.
    """

    prediction: float | str
    probabilities: tuple[tuple[str, float], ...]
    prediction_id: str
    latency_us: int | None
    version: int | None


def try_row(workspace: Workspace, deployment: Deployment, values: dict[str, object]) -> Tried:
    """Ask about one row, by column name. It is recorded as any other request."""
    request_id = uuid7()
    body = {"dataframe_records": [values], "params": {"probabilities": True}}
    try:
        with serving.client(workspace, deployment) as server:
            code, answer = server.ask(
                "/invocations", json.dumps(body).encode(), X_Request_Id=request_id
            )
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
    )


def as_curl(workspace: Workspace, deployment: Deployment, values: dict[str, object]) -> str:
    """A command that asks the same in a POSIX shell."""
    token = shlex.quote(str(_token_file(workspace, deployment)))
    body = json.dumps({"dataframe_records": [values]}, ensure_ascii=False, indent=1)
    return (
        f"curl -s {deployment.url}/invocations \\\n"
        f'  -H "Authorization: Bearer $(cat {token})" \\\n'
        f'  -H "Content-Type: application/json" \\\n'
        f"  -d {shlex.quote(body)}\n"
    )


def as_python(workspace: Workspace, deployment: Deployment, values: dict[str, object]) -> str:
    """A program that asks the same; it needs nothing but Python."""
    row = "".join(f"    {name!r}: {value!r},\n" for name, value in values.items())
    return (
        "import json\n"
        "from pathlib import Path\n"
        "from urllib.request import Request, urlopen\n\n"
        f"token = Path({str(_token_file(workspace, deployment))!r}).read_text()\n"
        f"row = {{\n{row}}}\n"
        "request = Request(\n"
        f'    "{deployment.url}/invocations",\n'
        '    json.dumps({"dataframe_records": [row]}).encode(),\n'
        '    {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},\n'
        ")\n"
        "with urlopen(request) as answer:\n"
        "    print(json.load(answer))\n"
    )


def _token_file(workspace: Workspace, deployment: Deployment) -> Path:
    return workspace.root.absolute() / deployment.token_file
