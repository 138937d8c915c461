"""Retraining: the old rows and the newly labelled ones, the same question, the same gates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from mlops_desktop.actions import datasets, deployments, models, origins, recipes, runs
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.blobs import modelfiles, segments
from mlops_desktop.core.datasets import ColumnType, DatasetVersion, Source
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.models import ModelVersion
from mlops_desktop.core.runs import Algorithm, Run, RunState, TrainSpec
from mlops_desktop.paths import Workspace
from mlops_desktop.store import datasets as dataset_rows
from mlops_desktop.store import labels as label_rows
from mlops_desktop.store import models as model_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from mlops_desktop.store.store import Store


@dataclass(frozen=True, slots=True)
class _Ground:
    """What retraining starts from. data: the raw rows without recorded predictions of this
    deployment; made: the versions that recipes made of them, up to the one that was trained on;
    actual: true values by prediction id; batches: of labels, that they are from."""

    deployment: Deployment
    version: ModelVersion
    run: Run
    data: DatasetVersion
    made: tuple[DatasetVersion, ...]
    actual: dict[str, str]
    batches: tuple[int, ...]


def retrain(
    lane: Lane, name: str, context: Context | None = None, workers: int | None = None
) -> ModelVersion:
    """Train the deployed model's algorithm (and the baseline) again on more rows.

    The new dataset version holds the rows that the deployed model was trained on and all recorded
    inputs of the deployment that have labels by now, each once and with its newest label; where
    a recipe made the old version, it is run on the new one as well. The run
    becomes the model's next version, with its gates judged: approving it is up to a person.
    """
    context = context or Context()
    workspace = lane(lambda store: store.workspace)
    ground = lane(partial(_ground, name=name))
    context.progress(0.02, "Gathering labelled predictions")
    fresh = _fresh(workspace, ground, context)
    hidden = _lacking(workspace, ground.deployment, fresh)
    context.progress(0.05, f"{fresh.num_rows:,} new rows join {ground.data.rows:,} old ones")
    data = _save(lane, workspace, ground, fresh, hidden, context)
    for made in ground.made:
        data = recipes.apply(lane, data.ref, made.recipe, made.dataset, context=context)
    spec = _spec(workspace, ground, data)
    trained = runs.train(lane, spec, _Part(context), workers)
    done = [r for r in trained if r.state is RunState.DONE and r.algorithm is ground.run.algorithm]
    if not done:
        raise UserError(
            f"Retraining {ground.version.model} did not finish.",
            why=" ".join(run.error for run in trained if run.error),
        )
    return lane(lambda store: models.register(store, done[0].id, ground.version.model))


def hidden_columns(store: Store, version: ModelVersion) -> tuple[str, ...]:
    """Columns that the rows which joined a retrained version lack, because they were not recorded
    for privacy."""
    data = datasets.get_version(store, Ref(version.dataset, version=version.dataset_version))
    root = recipes.chain(store, data).root
    hidden = root.source.detail.get("hidden")
    return tuple(map(str, hidden)) if isinstance(hidden, list) else ()


class _Part(Context):
    """Training's share of the whole progress; the cancel is the caller's."""

    def __init__(self, whole: Context) -> None:
        super().__init__()
        self.cancelled = whole.cancelled
        self._whole = whole

    def progress(self, fraction: float | None, text: str) -> None:
        self._whole.progress(None if fraction is None else 0.1 + 0.9 * fraction, text)


def _ground(store: Store, name: str) -> _Ground:
    deployment = deployments.get_deployment(store, name)
    version = model_rows.get(store, deployment.model_version)
    run = runs.get_run(store, version.run)
    data = datasets.get_version(store, Ref(version.dataset, version=version.dataset_version))
    chain = recipes.chain(store, data)
    made = _made(store, data, chain.root)
    _check_target(store.workspace, chain, version.signature.target)
    data = chain.root
    batches = tuple(label_rows.batches(store, deployment.id))
    own = {"deployment": name, "batches": list(batches)}
    if not batches or own.items() <= data.source.detail.items():
        raise UserError(
            f"{name} has no new labels to learn from.",
            why="Retraining adds recorded predictions whose true value is known.",
            hint="Add labels first: a file with the true values.",
        )
    while data.source.detail.get("deployment") == name and data.parent is not None:
        data = dataset_rows.by_id(store, data.parent)
    actual = label_rows.actuals(store, deployment.id)
    return _Ground(deployment, version, run, data, made, actual, batches)


def _made(store: Store, data: DatasetVersion, root: DatasetVersion) -> tuple[DatasetVersion, ...]:
    """The versions that recipes made one after the other, from behind the root to `data`."""
    found: list[DatasetVersion] = []
    while data.id != root.id and data.derived_from is not None:
        found.insert(0, data)
        data = dataset_rows.by_id(store, data.derived_from)
    return tuple(found)


def _check_target(workspace: Workspace, chain: recipes.Chain, target: str) -> None:
    """Labels are true values of the target: raw rows can take them only as they are."""
    if not chain.steps:
        return
    derived, raw = origins.tables(workspace, chain)
    if target not in raw.column_names or not raw[target].equals(derived[target]):
        raise UserError(
            f"The recipe changes {target}, so labels cannot be put back into the raw rows.",
            hint="Import data that has the new rows, run the recipe on it, and train on that.",
        )


def _fresh(workspace: Workspace, ground: _Ground, context: Context) -> pa.Table:
    """The labelled inputs as a table with the columns of the old data, missing where the model
    never asked for them."""
    import pyarrow as pa  # noqa: PLC0415  Only those who retrain need it.

    target = ground.version.signature.target
    columns: dict[str, list[object]] = {column.name: [] for column in ground.data.columns}
    requests = {prediction_id.rpartition(":")[0] for prediction_id in ground.actual}
    for path in segments.segment_files(workspace.segments(ground.deployment.id)):
        context.checkpoint()
        header = segments.read_header(path)
        if header is None:
            continue
        place = {
            name: number for number, name in enumerate(header.columns) if name not in header.hashed
        }
        for record, _ in segments.read_records(path, only=requests):
            for number, row in enumerate(record.x):
                actual = ground.actual.get(f"{record.id}:{number}")
                if actual is None:
                    continue
                for column in ground.data.columns:
                    value = row[place[column.name]] if column.name in place else None
                    if column.name == target:
                        value = actual
                    columns[column.name].append(_cell(value, column.type))
    arrays = [pa.array(columns[c.name], _arrow(c.type)) for c in ground.data.columns]
    return pa.table(arrays, names=[c.name for c in ground.data.columns])


def _lacking(workspace: Workspace, deployment: Deployment, fresh: pa.Table) -> tuple[str, ...]:
    """Columns that some record of the deployment hides, of those that the new rows should have."""
    hidden: set[str] = set()
    for path in segments.segment_files(workspace.segments(deployment.id)):
        header = segments.read_header(path)
        if header is not None:
            hidden |= {*header.dropped, *header.hashed}
    return tuple(name for name in fresh.column_names if name in hidden)


def _cell(value: object, kind: ColumnType) -> object:
    """A recorded value as the column holds it."""
    if value is None:
        return None
    match kind:
        case ColumnType.INTEGER:
            return round(float(str(value)))
        case ColumnType.NUMBER:
            return float(str(value))
        case ColumnType.BOOLEAN:
            return value if isinstance(value, bool) else str(value).lower() == "true"
        case ColumnType.DATETIME:
            moment = datetime.fromisoformat(str(value))
            return moment.replace(tzinfo=None)
        case _:
            return str(value)


def _arrow(kind: ColumnType) -> pa.DataType:
    import pyarrow as pa  # noqa: PLC0415

    types: dict[ColumnType, pa.DataType] = {
        ColumnType.INTEGER: pa.int64(),
        ColumnType.NUMBER: pa.float64(),
        ColumnType.BOOLEAN: pa.bool_(),
        ColumnType.TEXT: pa.string(),
        ColumnType.DATETIME: pa.timestamp("us"),
    }
    return types[kind]


def _save(
    lane: Lane,
    workspace: Workspace,
    ground: _Ground,
    fresh: pa.Table,
    hidden: tuple[str, ...],
    context: Context,
) -> DatasetVersion:
    import pyarrow as pa  # noqa: PLC0415

    old = datasets.load(workspace, ground.data)
    table = pa.concat_tables([old, fresh.cast(old.schema)])
    source = Source(
        "retrain",
        detail={
            "deployment": ground.deployment.name,
            "model": ground.version.ref,
            "batches": list(ground.batches),
            "new_rows": fresh.num_rows,
        },
    )
    message = f"{fresh.num_rows:,} labelled predictions of {ground.deployment.name} added"
    if hidden:
        source.detail["hidden"] = list(hidden)
        message += f"; {', '.join(hidden)} missing in them: not recorded, for privacy"
    return datasets.add_table(
        lane, ground.data.dataset, table, source, message, ground.data.id, context
    )


def _spec(workspace: Workspace, ground: _Ground, data: DatasetVersion) -> TrainSpec:
    """The same question again. Columns that the model never asked for are left out: the new rows
    do not have them."""
    spec = ground.run.spec
    asked = {item.name for item in ground.version.signature.inputs}
    if ground.made:
        card = modelfiles.read_card(workspace, ground.version.files)
        asked = {step["column"] for step in card["encoder"]["steps"]}
    asked |= {spec.target, spec.time_column or "", spec.group_column or ""}
    unknown = [column.name for column in data.columns if column.name not in asked]
    return replace(
        spec,
        version=data.version,
        exclude=tuple(dict.fromkeys([*spec.exclude, *unknown])),
        algorithms=(Algorithm.BASELINE, ground.run.algorithm),
    )
