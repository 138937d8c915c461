"""Labels: what was true, joined to recorded predictions by their ids."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_desktop.actions import alerts, deployments, windows
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.windows import Watch
from mlops_desktop.blobs import objects, segments
from mlops_desktop.core.datasets import MISSING, ImportOptions
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.models import Signature
from mlops_desktop.paths import Workspace
from mlops_desktop.store import labels as label_rows
from mlops_desktop.store import models as model_rows
from mlops_desktop.store import monitoring as rows
from mlops_desktop.store.labels import Label

if TYPE_CHECKING:
    import pyarrow as pa

    from mlops_desktop.store.store import Store


_GUESSED = ImportOptions()


@dataclass(frozen=True, slots=True)
class LabelBatch:
    """What became of the labels that were given.

    matched: joined to a prediction. unknown: ids that no prediction has. missing: without a
    value. duplicates: given more than once (the last one counts). known: of the matched, those
    that the prediction had already; a new value replaces an old one.
    """

    deployment: str
    rows: int
    matched: int
    unknown: int
    missing: int
    duplicates: int
    known: int = 0


def add_labels(
    lane: Lane,
    name: str,
    file: Path,
    label_column: str,
    context: Context | None = None,
    options: ImportOptions = _GUESSED,
) -> LabelBatch:
    """Join the labels of a file, of any format that an import reads, with the columns
    prediction_id and label_column.

    Raises UserError for a file without them or with values that cannot be true; then nothing of
    it is kept. The same file again changes nothing.
    """
    if not file.is_file():
        raise UserError(f"There is no file {file}.", hint="Check the path.")
    table = _read(file, options)
    for column in ("prediction_id", label_column):
        if column not in table.column_names:
            raise UserError(
                f"{file.name} has no column {column!r}.",
                why=f"It has {', '.join(map(repr, table.column_names[:12]))}.",
                hint="Labels are joined by the prediction_id that came with each answer.",
            )
    ids = table["prediction_id"].to_pylist()
    values = table[label_column].to_pylist()
    return _add(lane, name, ids, values, str(file), objects.sha256_of(file), context, MISSING)


def add_labels_table(
    lane: Lane,
    name: str,
    prediction_ids: Sequence[str],
    values: Sequence[object],
    source: str,
    context: Context | None = None,
) -> LabelBatch:
    """Join labels that are at hand already, one a prediction id; None where missing."""
    texts = _as_text(values)
    ids: list[str | None] = list(prediction_ids)
    sha256 = hashlib.sha256(json.dumps([ids, texts]).encode()).hexdigest()
    return _add(lane, name, ids, texts, source, sha256, context)


def _add(
    lane: Lane,
    name: str,
    ids: list[str | None],
    values: list[str | None],
    source: str,
    sha256: str,
    context: Context | None,
    marks: tuple[str, ...] = ("",),
) -> LabelBatch:
    """marks: texts that stand for no value, where the model has no class of that name."""
    from mlops_desktop.actions import monitoring  # noqa: PLC0415  It names our verbs, too.

    context = context or Context()
    monitoring.fold(lane, name, context)
    workspace = lane(lambda store: store.workspace)
    deployment, signature = lane(partial(_deployed, name=name))
    wanted, missing, duplicates = _wanted(signature, ids, values, marks)
    found, watches = _found(lane, workspace, deployment, wanted, context)
    if wanted and not found:
        raise UserError(
            f"No prediction of {name} has any of these ids.",
            why=f"The first one given is {next(iter(wanted))!r}.",
            hint="Take the ids from the answers of this deployment.",
        )
    batch = LabelBatch(
        deployment=name,
        rows=len(ids),
        matched=len(found),
        unknown=len(wanted) - len(found),
        missing=missing,
        duplicates=duplicates,
    )
    return lane(partial(_store, deployment, found, batch, watches, source, sha256))


def _deployed(store: Store, name: str) -> tuple[Deployment, Signature]:
    deployment = deployments.get_deployment(store, name)
    return deployment, model_rows.get(store, deployment.model_version).signature


def _wanted(
    signature: Signature,
    ids: list[str | None],
    values: list[str | None],
    marks: tuple[str, ...],
) -> tuple[dict[str, str], int, int]:
    """True values by id, how many had no value or id, and how many ids came again."""
    wanted: dict[str, str] = {}
    missing = duplicates = 0
    for row, (prediction_id, value) in enumerate(zip(ids, values, strict=True), start=1):
        text = "" if value is None else value.strip()
        if prediction_id is None or (text.lower() in marks and text not in signature.classes):
            missing += 1
            continue
        duplicates += prediction_id in wanted
        wanted[prediction_id] = _true_value(signature, text, row)
    return wanted, missing, duplicates


def _true_value(signature: Signature, text: str, row: int) -> str:
    """A label as training writes it: numbers as floats, classes as their text."""
    if not signature.classes:
        with contextlib.suppress(ValueError):
            if math.isfinite(number := float(text)):
                return repr(number)
        raise UserError(
            f"Label {text!r} in row {row} is not a number.",
            why=f"The model predicts {signature.target}, which is a number.",
            hint="Correct the file; nothing of it was kept.",
        )
    if text in signature.classes:
        return text
    for other in (text.lower(), text.removesuffix(".0")):
        if other in signature.classes:
            return other
    known = ", ".join(signature.classes[:10])
    raise UserError(
        f"Label {text!r} in row {row} is none of the classes of {signature.target}.",
        why=f"They are {known}.",
        hint="Correct the file; nothing of it was kept.",
    )


def _found(
    lane: Lane,
    workspace: Workspace,
    deployment: Deployment,
    wanted: dict[str, str],
    context: Context,
) -> tuple[list[Label], dict[int, Watch]]:
    """The counted predictions that the ids name, each with its true value; what judges them."""
    requests = {prediction_id.rpartition(":")[0] for prediction_id in wanted}
    folded = lane(partial(rows.offsets, deployment_id=deployment.id))
    watches: dict[int, Watch] = {}
    starts: dict[int, list[int]] = {}
    found: dict[str, Label] = {}
    for path in segments.segment_files(workspace.segments(deployment.id)):
        context.checkpoint()
        header = segments.read_header(path)
        if header is None:
            continue
        version = header.model_version
        if version not in watches:
            watches[version] = lane(partial(windows.watch, model_version=version))
            starts[version] = lane(
                partial(rows.window_starts, deployment_id=deployment.id, model_version=version)
            )
        watch = watches[version]
        for record, after in segments.read_records(path, only=requests):
            if after > folded.get(segments.segment_name(path), 0):
                break  # No window has counted it yet.
            for number, row in enumerate(record.x):
                prediction_id = f"{record.id}:{number}"
                actual = wanted.get(prediction_id)
                if actual is None:
                    continue
                answer = record.y[number]
                scores = record.p[number] if record.p is not None else [float(answer)]
                time_us = watch.row_time(header.columns, row, record.t)
                start_us = windows.home(watch, starts[version], time_us)
                # An id that was used again after a long time means its newest prediction.
                found[prediction_id] = Label(
                    prediction_id, version, start_us, actual, str(answer), tuple(scores)
                )
    return list(found.values()), watches


def _store(
    deployment: Deployment,
    found: list[Label],
    batch: LabelBatch,
    watches: dict[int, Watch],
    source: str,
    sha256: str,
    store: Store,
) -> LabelBatch:
    """Keep the labels, measure the windows that they fall into, and review the alerts."""
    known = label_rows.actuals(store, deployment.id, [label.prediction_id for label in found])
    fresh = [label for label in found if known.get(label.prediction_id) != label.actual]
    batch = replace(batch, known=len(found) - len(fresh))
    if not fresh and (not found or label_rows.has_batch(store, deployment.id, sha256)):
        return batch
    with store.write("monitoring"):
        number = label_rows.add_batch(
            store, deployment.id, source, sha256, batch.rows, batch.matched
        )
        # What an older file has said, too: it may be undone, and this one still says it.
        label_rows.add_labels(store, deployment.id, number, found)
        store.audit(
            "labels.added",
            deployment.name,
            source=source,
            sha256=sha256,
            rows=batch.rows,
            matched=batch.matched,
            known=batch.known,
        )
        for version, start_us in sorted({(one.model_version, one.window_us) for one in found}):
            measure(store, deployment, watches[version], start_us)
        alerts.review(store, deployments.get_deployment(store, deployment.name))
    return batch


def measure(store: Store, deployment: Deployment, watch: Watch, start_us: int) -> None:
    """Compute the error of one window from the labels that count. Inside write()."""
    labels = label_rows.labels_of(store, deployment.id, watch.version.id, start_us)
    error = windows.error_of(watch, labels)
    rows.put_error(store, deployment.id, watch.version.id, start_us, len(labels), error)


def _read(file: Path, options: ImportOptions) -> pa.Table:
    """Every column as text."""
    import pyarrow as pa  # noqa: PLC0415  Only those who add labels need it.

    from mlops_desktop.blobs import inputs  # noqa: PLC0415

    try:
        table = inputs.texts(file, options)
        for at, field in enumerate(table.schema):
            if not pa.types.is_string(field.type):
                texts = pa.array(_as_text(table.column(at).to_pylist()), pa.string())
                table = table.set_column(at, field.name, texts)
        return table
    except pa.ArrowInvalid as error:
        raise UserError(f"{file.name} is not a table of labels.", why=str(error)) from error


def _as_text(values: Sequence[object]) -> list[str | None]:
    """Cells as a CSV would hold them; what is no number (NaN) is missing."""
    return [
        None
        if value is None or value != value
        else json.dumps(value)
        if isinstance(value, bool)
        else str(value)
        for value in values
    ]
