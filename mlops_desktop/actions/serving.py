"""Asking a running deployment: predictions for a table, how it is doing, what it answered."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from mlops_desktop.blobs.segments import last_records
from mlops_desktop.core.deployments import Deployment, LiveStats, RecentRequest
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import uuid7
from mlops_desktop.core.jsonable import from_plain
from mlops_desktop.paths import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 5_000
_BODY_LIMIT = 8 * 1024 * 1024
_TRIES = 5
PREDICTION_ID = "prediction_id"
PREDICTION = "prediction"


def token(workspace: Workspace, deployment: Deployment, *, metrics: bool = False) -> str:
    """The secret that every request to the deployment carries; metrics: one that only reads them.

    With the second one a monitoring program gets `/metrics` and `/admin/stats`, and nothing else.
    """
    file = deployment.metrics_token_file if metrics else deployment.token_file
    try:
        return (workspace.root / file).read_text(encoding="ascii")
    except FileNotFoundError:
        raise UserError(
            f"{deployment.name} has no token yet.", hint="Start it again to make one."
        ) from None


class Client:
    """One connection to a server, with its token."""

    def __init__(self, deployment: Deployment, secret: str, timeout_s: float) -> None:
        self._name = deployment.name
        self._headers = {
            "Authorization": f"Bearer {secret}",
            "Content-Type": "application/json",
        }
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", deployment.port, timeout=timeout_s
        )

    def ask(
        self, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Status and answer. Raises OSError or HTTPException where there is no server."""
        sent = self._headers | {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self._connection.request("GET" if body is None else "POST", path, body, sent)
            response = self._connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        except BaseException:
            self._connection.close()
            raise
        return response.status, answer

    def close(self) -> None:
        self._connection.close()


@contextmanager
def client(
    workspace: Workspace, deployment: Deployment, timeout_s: float = 30.0
) -> Iterator[Client]:
    """A connection to a deployment, closed afterwards."""
    found = Client(deployment, token(workspace, deployment), timeout_s)
    try:
        yield found
    finally:
        found.close()


def answers(workspace: Workspace, deployment: Deployment, timeout_s: float = 1.0) -> bool:
    """True where the server says that it is ready."""
    try:
        with client(workspace, deployment, timeout_s) as server:
            return server.ask("/v2/health/ready")[0] == 200
    except (OSError, http.client.HTTPException, ValueError):
        return False


def predict(
    workspace: Workspace,
    deployment: Deployment,
    table: pa.Table,
    on_batch: Callable[[int], None] | None = None,
) -> pa.Table:
    """The table with prediction_id and prediction (for classes: probability_CLASS too) added.

    Columns of those names that the table has already are replaced. on_batch is told how many rows
    are answered. Rows go over HTTP in batches; a batch whose answer got lost is asked again under
    the same id, so it is on record once.
    """
    done = 0
    answers: list[dict[str, Any]] = []
    with client(workspace, deployment) as server:
        columns = _inputs(server, deployment, table)
        used = table.select(columns)
        for body, rows in _bodies(used, columns):
            answers.append(_answer(server, deployment, body))
            done += rows
            if on_batch is not None:
                on_batch(done)
    return _with_answers(table, answers)


def live(workspace: Workspace, deployment: Deployment) -> LiveStats | None:
    """How a running server is doing; None where it does not answer within a second."""
    try:
        with client(workspace, deployment, timeout_s=1.0) as server:
            code, stats = server.ask("/admin/stats")
    except (OSError, http.client.HTTPException, ValueError, UserError):
        return None
    if code != 200:
        return None
    errors = sum(count for status, count in stats["statuses"].items() if int(status) >= 400)
    return from_plain(LiveStats, stats | {"errors": errors})


def recent_requests(
    workspace: Workspace, deployment: Deployment, count: int = 50
) -> list[RecentRequest]:
    """The newest requests on record, newest first, whether the server runs or not."""
    return [
        RecentRequest(
            id=record.id,
            at_us=record.t,
            version=header.version,
            latency_us=record.us,
            rows=len(record.x),
            inputs=dict(zip(header.columns, record.x[0], strict=True)) if record.x else {},
            prediction=record.y[0] if record.y else None,
        )
        for header, record in last_records(workspace.segments(deployment.id), count)
    ]


def log_tail(workspace: Workspace, deployment: Deployment, count: int = 20_000) -> str:
    """The end of the server's log, at most that many bytes."""
    return tail(workspace.deployment(deployment.id) / "server.log", count)


def _inputs(server: Client, deployment: Deployment, table: pa.Table) -> list[str]:
    """The columns of the table that the model takes, in its order."""
    try:
        code, about = server.ask(f"/v2/models/{quote(deployment.model)}")
    except (OSError, http.client.HTTPException) as error:
        raise _silent(deployment, error) from error
    if code != 200:
        raise UserError(f"{deployment.name} refused.", why=about["error"])
    wanted = [field["name"] for field in about["inputs"]]
    missing = [name for name in wanted if name not in table.column_names]
    if missing:
        raise UserError(
            f"The table lacks {', '.join(missing)}.",
            hint=f"{deployment.name} takes {', '.join(wanted)}.",
        )
    return wanted


def _bodies(table: pa.Table, columns: list[str]) -> Iterator[tuple[bytes, int]]:
    """Request bodies of at most 5,000 rows and 8 MB, and the rows of each."""
    start = 0
    while start < table.num_rows:
        rows = min(BATCH_ROWS, table.num_rows - start)
        while True:
            body = _body(table.slice(start, rows), columns)
            if len(body) <= _BODY_LIMIT or rows == 1:
                break
            rows //= 2
        yield body, rows
        start += rows


def _body(table: pa.Table, columns: list[str]) -> bytes:
    values = [column.to_pylist() for column in table.columns]
    # orjson writes datetimes as ISO text, and NaN as null.
    data = list(zip(*values, strict=True))
    request = {
        "dataframe_split": {"columns": columns, "data": data},
        "params": {"probabilities": True},
    }
    return orjson.dumps(request)


def _answer(server: Client, deployment: Deployment, body: bytes) -> dict[str, Any]:
    request_id = uuid7()
    for attempt in range(1, _TRIES + 1):
        try:
            code, answer = server.ask("/invocations", body, X_Request_Id=request_id)
        except (OSError, http.client.HTTPException) as error:
            if attempt == _TRIES:
                raise _silent(deployment, error) from error
        else:
            if code == 200:
                return answer
            # 409: the try whose answer got lost is still being worked on.
            if code not in (409, 503) or attempt == _TRIES:
                raise UserError(
                    f"{deployment.name} refused the rows.", why=answer.get("error", str(code))
                )
        time.sleep(0.1 * 2**attempt)
    raise AssertionError("The last try returns or raises.")


def _silent(deployment: Deployment, error: Exception) -> UserError:
    return UserError(
        f"{deployment.name} does not answer.",
        why=str(error),
        hint="See whether it runs: deploy status.",
    )


def _with_answers(table: pa.Table, answers: list[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415  pyarrow is for those who predict.

    added: dict[str, list[Any]] = {PREDICTION_ID: [], PREDICTION: []}
    for answer in answers:
        added[PREDICTION_ID] += answer["prediction_ids"]
        added[PREDICTION] += answer["predictions"]
        for index, label in enumerate(answer.get("classes", ())):
            column = added.setdefault(f"probability_{label}", [])
            column += [row[index] for row in answer["probabilities"]]
    for name, values in added.items():
        if name in table.column_names:
            table = table.drop_columns([name])
        kind = pa.string() if name == PREDICTION_ID else None
        table = table.append_column(name, pa.array(values, kind))
    return table


def tail(path: Path, count: int) -> str:
    """The last bytes of a text file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - count))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
