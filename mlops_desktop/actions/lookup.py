"""One prediction among millions, found by its id."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_desktop.actions import deployments
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.blobs import idindex, segments
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.store import labels as label_rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FoundPrediction:
    """One row of a recorded request, and what is known of it.

    row: which of the request's `rows`, from 0. at_us: arrival, microseconds since 1970. actual:
    what labels say was true. reasons: the explanation that was given, None where none was.
    answers: to each of the rows.
    """

    deployment: str
    prediction_id: str
    model: str
    version: int
    at_us: int
    latency_us: int
    row: int
    rows: int
    inputs: dict[str, object]
    prediction: float | str
    probabilities: dict[str, float] | None
    actual: str | None
    reasons: dict[str, Any] | None
    answers: tuple[float | str, ...] = ()


def find(lane: Lane, name: str, given: str, context: Context | None = None) -> FoundPrediction:
    """The newest prediction of an id: a request's (X-Request-Id), or one row's (prediction_id).

    A request of several rows gives its first one. Large segments without an index get one first,
    which takes a second for 300,000 predictions; monitoring makes them ahead of time. Raises
    NotFound where no prediction has the id.
    """
    context = context or Context()
    workspace = lane(lambda store: store.workspace)
    deployment = lane(lambda store: deployments.get_deployment(store, name))
    folder = workspace.segments(deployment.id)
    prepare(folder, context)
    given = given.strip()
    request_id, _, number = given.rpartition(":")
    found, row = idindex.find(folder, given), 0
    if found is None and number.isascii() and number.isdecimal():
        found, row = idindex.find(folder, request_id), int(number)
    if found is None or row >= len(found.record.x):
        raise NotFound(
            f"No prediction of {name} has the id {given!r}.",
            hint="It is the prediction_id, or the X-Request-Id that came with an answer.",
        )
    return lane(partial(_described, deployment, found, row))


def prepare(folder: Path, context: Context | None = None) -> None:
    """Make the indexes that a folder's segments lack, in small steps.

    An index that cannot be written is no fault: the search reads the segment instead.
    """
    context = context or Context()
    for path in segments.segment_files(folder):
        if not idindex.needs_index(path):
            continue
        size = segments.length(path)
        try:
            for done in idindex.build(path):
                context.checkpoint()
                context.progress(done / size, f"Indexing {path.stem}")
        except (OSError, UserError) as error:
            log.warning("no index of %s: %s", path.name, error)


def _described(
    deployment: Deployment, found: idindex.Found, row: int, store: Store
) -> FoundPrediction:
    header, record = found.header, found.record
    prediction_id = f"{record.id}:{row}"
    known = label_rows.actuals(store, deployment.id, [prediction_id])
    classes = header.outputs[1:]
    return FoundPrediction(
        deployment=deployment.name,
        prediction_id=prediction_id,
        model=header.model,
        version=header.version,
        at_us=record.t,
        latency_us=record.us,
        row=row,
        rows=len(record.x),
        inputs=dict(zip(header.columns, record.x[row], strict=True)),
        prediction=record.y[row],
        probabilities=dict(zip(classes, record.p[row], strict=True)) if record.p else None,
        actual=known.get(prediction_id),
        reasons=record.e[row] if record.e else None,
        answers=tuple(record.y),
    )
