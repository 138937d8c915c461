"""Asking a deployment about every row of a file, and writing its answers beside the inputs."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from mlops_desktop.actions import deployments, models
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.serving import PREDICTION, PREDICTION_ID
from mlops_desktop.blobs import objects
from mlops_desktop.core.datasets import ImportOptions
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.models import ModelVersion

if TYPE_CHECKING:
    import pyarrow as pa

    from mlops_desktop.store.store import Store


_GUESSED = ImportOptions()


@dataclass(frozen=True, slots=True)
class Predicted:
    """table: inputs and answers."""

    rows: int
    table: pa.Table


def predict_file(
    lane: Lane,
    name: str,
    file: Path,
    output: Path | None,
    context: Context | None = None,
    options: ImportOptions = _GUESSED,
) -> Predicted:
    """Predict every row of a file, of any format that an import reads, through the running server.

    options: how to read it; what is None is guessed. The output holds the inputs, prediction_id
    and prediction (for classes also the probabilities).

    Raises UserError for a file that does not fit the model, Cancelled.
    """
    from mlops_desktop.blobs import inputs  # noqa: PLC0415  pyarrow is for those who predict.

    context = context or Context()
    if output is not None and output.suffix.lower() not in (".csv", ".parquet"):
        raise UserError(f"{output.name!r} ends neither in .csv nor in .parquet.", hint="Pick one.")

    def look(store: Store) -> tuple[Deployment, ModelVersion]:
        deployment = deployments.get_deployment(store, name)
        ref = Ref(deployment.model, version=deployment.version)
        return deployment, models.get_version(store, ref)

    deployment, version = lane(look)
    workspace = lane(lambda store: store.workspace)
    table = inputs.read(file, version.signature, options)

    def told(done: int) -> None:
        context.checkpoint()
        context.progress(done / max(1, table.num_rows), f"{done:,} of {table.num_rows:,} rows")

    answered = deployments.predict(workspace, deployment, table, told)
    if output is None:
        return Predicted(answered.num_rows, answered)
    is_parquet = output.suffix.lower() == ".parquet"
    data = _parquet(answered) if is_parquet else as_csv(file, answered, options)
    with objects.writing(output):
        objects.write_whole(output.absolute(), data)
    return Predicted(answered.num_rows, answered)


def _as_given(file: Path, answered: pa.Table, options: ImportOptions) -> pa.Table:
    """The answers beside what a file of text holds: its dates and words letter by letter."""
    import pyarrow as pa  # noqa: PLC0415  pyarrow is for those who predict.

    from mlops_desktop.blobs import inputs  # noqa: PLC0415

    other = [
        field.name
        for field in answered.schema
        if field.name not in (PREDICTION_ID, PREDICTION)
        and not (pa.types.is_integer(field.type) or pa.types.is_floating(field.type))
    ]
    given = inputs.as_written(file, other, options)
    if given is None:
        return answered
    for name in given.column_names:
        answered = answered.set_column(answered.column_names.index(name), name, given[name])
    return answered


def as_csv(file: Path, answered: pa.Table, options: ImportOptions = _GUESSED) -> bytes:
    """The answers about the rows of a file as CSV; missing is an empty cell."""
    import pyarrow.csv as arrow_csv  # noqa: PLC0415

    sink = io.BytesIO()
    arrow_csv.write_csv(_as_given(file, answered, options), sink)
    return sink.getvalue()


def as_records(table: pa.Table) -> list[dict[str, object]]:
    """The rows of a table as JSON has them: times as ISO text, what is no number as null."""
    rows: list[dict[str, object]] = orjson.loads(orjson.dumps(table.to_pylist(), default=str))
    return rows


def _parquet(table: pa.Table) -> bytes:
    import pyarrow.parquet as parquet  # noqa: PLC0415

    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()
