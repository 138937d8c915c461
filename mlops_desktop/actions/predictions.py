"""Asking a deployment about every row of a file, and writing its answers beside the inputs."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_desktop.actions import deployments, models
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.blobs import objects
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.models import ModelVersion

if TYPE_CHECKING:
    import pyarrow as pa

    from mlops_desktop.store.store import Store


@dataclass(frozen=True, slots=True)
class Predicted:
    """csv: the whole answer as text where no file was named, else empty."""

    rows: int
    csv: str = ""


def predict_file(
    lane: Lane, name: str, file: Path, output: Path | None, context: Context | None = None
) -> Predicted:
    """Predict every row of a .csv or .parquet file through the running server.

    The output holds the inputs, prediction_id and prediction (for classes also the
    probabilities). Raises UserError for a file that does not fit the model, Cancelled.
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
    table = inputs.read(file, version.signature)

    def told(done: int) -> None:
        context.checkpoint()
        context.progress(done / max(1, table.num_rows), f"{done:,} of {table.num_rows:,} rows")

    answered = deployments.predict(workspace, deployment, table, told)
    data = _parquet(answered) if output and output.suffix.lower() == ".parquet" else _csv(answered)
    if output is None:
        return Predicted(answered.num_rows, data.decode())
    with objects.writing(output):
        objects.write_whole(output.absolute(), data)
    return Predicted(answered.num_rows)


def _csv(table: pa.Table) -> bytes:
    import pyarrow.csv as arrow_csv  # noqa: PLC0415

    sink = io.BytesIO()
    arrow_csv.write_csv(table, sink)
    return sink.getvalue()


def _parquet(table: pa.Table) -> bytes:
    import pyarrow.parquet as parquet  # noqa: PLC0415

    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()
