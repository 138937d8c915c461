"""Is the new one really better? Two model versions on rows that neither was trained on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mlops_desktop.actions import datasets, models, origins, recipes, runs
from mlops_desktop.actions.lane import Lane
from mlops_desktop.actions.recipes import Chain
from mlops_desktop.blobs import modelfiles, objects
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.models import CHAMPION, ModelVersion
from mlops_desktop.core.runs import METRICS, Run
from mlops_desktop.ml import drift, evaluate
from mlops_desktop.ml.served_features import encoder_of
from mlops_desktop.paths import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

    from mlops_desktop.store.store import Store

_LEAST_ROWS = 50
_MOST_ROWS = 20_000
_RESAMPLES = 500
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """value and other_value: the goal metric of both on the same rows. sure: the share of
    bootstrap resamples of the rows in which the version is better than the other one."""

    version: str
    other: str
    metric: str
    value: float
    other_value: float
    rows: int
    sure: float

    @property
    def better(self) -> bool:
        return METRICS[self.metric].better(self.value, self.other_value)

    def __str__(self) -> str:
        word = "better" if self.better else "not better"
        title = METRICS[self.metric].title
        share = self.sure if self.better else 1 - self.sure
        # Five hundred resamples cannot tell more than that.
        sure = "more than 99 %" if share > 0.99 else f"{100 * share:.0f} %"
        return (
            f"On {self.rows:,} rows that neither was trained on: {title} {self.value:.4g}, "
            f"{self.other} {self.other_value:.4g}. It is {word} ({sure} sure)."
        )


@dataclass(frozen=True, slots=True)
class _Side:
    version: ModelVersion
    run: Run
    chain: Chain


def compare(lane: Lane, ref: str | Ref, other: str | Ref | None = None) -> Comparison:
    """Compare a version with another one, its model's champion unless it is named.

    Asked are the version's held-out rows that were not among the other one's training rows.
    Raises UserError where there are too few of them, or the two predict different things.
    """
    workspace = lane(lambda store: store.workspace)
    new, old = lane(lambda store: _sides(store, ref, other))
    if new.version.signature.target != old.version.signature.target:
        raise UserError(f"{new.version.ref} and {old.version.ref} predict different columns.")
    held = runs.heldout(workspace, new.run)
    table = _table(workspace, new).take(held["row"])
    unseen = np.flatnonzero(~np.isin(_keys(table, old), _trained_on(workspace, old)))[:_MOST_ROWS]
    if len(unseen) < _LEAST_ROWS:
        raise UserError(
            f"{new.version.ref} and {old.version.ref} cannot be compared fairly.",
            why=f"Only {len(unseen)} held-out rows are new to both; {_LEAST_ROWS} are needed.",
            hint="Add labels of newer predictions and retrain.",
        )
    signature, metric = new.version.signature, new.version.metric
    actual = held["actual"].take(unseen).to_pylist()
    names = [f"probability {name}" for name in signature.classes] or ["predicted"]
    own = np.column_stack([held[name].to_numpy()[unseen] for name in names])
    theirs = _scores(workspace, old.version, table.take(unseen))
    sides = [drift.answers_of(signature, actual, scores) for scores in (own, theirs)]
    values = [evaluate.value(metric, side) for side in sides]
    return Comparison(
        version=new.version.ref,
        other=old.version.ref,
        metric=metric,
        value=values[0],
        other_value=values[1],
        rows=len(unseen),
        sure=_sure(metric, sides),
    )


def _sides(store: Store, ref: str | Ref, other: str | Ref | None) -> tuple[_Side, _Side]:
    version = models.get_version(store, ref)
    found = models.get_version(store, other or Ref(version.model, alias=CHAMPION))
    if found.id == version.id:
        raise UserError(f"{version.ref} is the one to compare with.", hint="Name another version.")
    return _side(store, version), _side(store, found)


def _side(store: Store, version: ModelVersion) -> _Side:
    data = datasets.get_version(store, Ref(version.dataset, version=version.dataset_version))
    return _Side(version, runs.get_run(store, version.run), recipes.chain(store, data))


def _table(workspace: Workspace, side: _Side) -> pa.Table:
    """The columns that clients send and the target, a row for each of the version trained on."""
    derived, raw = origins.tables(workspace, side.chain)
    target = side.version.signature.target
    names = [name for name in raw.column_names if name != target]
    return raw.select(names).append_column(target, derived[target])


def _trained_on(workspace: Workspace, side: _Side) -> npt.NDArray[np.uint64]:
    """The keys of a version's training rows: those of its data that it did not hold out."""
    table = _table(workspace, side)
    kept = np.ones(table.num_rows, dtype=bool)
    kept[runs.heldout(workspace, side.run)["row"].to_numpy()] = False
    return _keys(table.take(np.flatnonzero(kept)), side)


def _keys(table: pa.Table, side: _Side) -> npt.NDArray[np.uint64]:
    """One number a row: of what the side's model learns from and of the target."""
    import pandas as pd  # noqa: PLC0415  Only those who compare need it.

    names = [item.name for item in side.version.signature.inputs]
    _check_columns(table, names, side.version.ref)
    rows = table.select([*names, side.version.signature.target]).to_pandas()
    return np.asarray(pd.util.hash_pandas_object(rows, index=False), dtype=np.uint64)


def _check_columns(table: pa.Table, names: list[str], ref: str) -> None:
    missing = [name for name in names if name not in table.column_names]
    if missing:
        raise UserError(
            f"{ref} needs {missing[0]!r}, which the data of the other version does not have.",
            why="They were trained on different raw columns.",
            hint="Compare their metrics in the runs instead.",
        )


def _scores(workspace: Workspace, version: ModelVersion, table: pa.Table) -> Floats:
    """What a version's served form answers: [rows, 1] of numbers or [rows, classes]."""
    import onnxruntime  # noqa: PLC0415  Only those who compare need it.

    if modelfiles.ONNX not in version.files:
        raise UserError(f"{version.ref} has no fast form to compare with.")
    card: dict[str, Any] = json.loads(objects.get_bytes(workspace, version.files[modelfiles.CARD]))
    columns = {item.name: table[item.name].to_numpy() for item in version.signature.inputs}
    encoded = encoder_of(card).encode_table(columns)
    session = onnxruntime.InferenceSession(
        objects.get_bytes(workspace, version.files[modelfiles.ONNX]),
        providers=["CPUExecutionProvider"],
    )
    (scores,) = session.run(None, {"x": encoded})
    return np.asarray(scores, dtype=np.float64)


def _sure(metric: str, sides: list[evaluate.Answers]) -> float:
    rng = np.random.default_rng(0)
    rows = len(sides[0].actual)
    better = 0
    for _ in range(_RESAMPLES):
        weights = np.bincount(rng.integers(0, rows, rows), minlength=rows)[None, :].astype(float)
        new, old = (float(evaluate.measure(metric, side, weights)[0]) for side in sides)
        better += METRICS[metric].better(new, old)
    return better / _RESAMPLES
