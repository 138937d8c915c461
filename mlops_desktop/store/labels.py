"""Labels, and the batches that brought them, as rows.

Each batch keeps its own value of a prediction; the newest of a batch that is not undone counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_desktop.core import clock
from mlops_desktop.core.monitoring import LabelFile

if TYPE_CHECKING:
    from mlops_desktop.store.store import Row, Store

_AT_ONCE = 500  # Ids in one question to SQLite.


@dataclass(frozen=True, slots=True)
class Label:
    """window_us: the start of the window that counts the prediction. scores: probabilities in the
    order of the classes, or the number alone."""

    prediction_id: str
    model_version: int
    window_us: int
    actual: str
    predicted: str
    scores: tuple[float, ...]


def add_batch(
    store: Store, deployment_id: int, source: str, sha256: str, rows: int, matched: int
) -> int:
    return store.insert(
        "label_batches",
        {
            "deployment_id": deployment_id,
            "source": source,
            "sha256": sha256,
            "rows": rows,
            "matched": matched,
            "actor": store.actor,
            "created_at": clock.now(),
        },
    )


def batches(store: Store, deployment_id: int) -> list[int]:
    """Those that count, by id."""
    sql = "SELECT id FROM label_batches WHERE deployment_id = ? AND undone_at IS NULL ORDER BY id"
    return [row["id"] for row in store.query(sql, [deployment_id])]


def has_batch(store: Store, deployment_id: int, sha256: str) -> bool:
    """True where a batch of that content counts."""
    sql = "SELECT 1 FROM label_batches WHERE deployment_id = ? AND sha256 = ? AND undone_at IS NULL"
    return store.one(sql, [deployment_id, sha256]) is not None


def files(store: Store, deployment_id: int) -> list[LabelFile]:
    """All batches of a deployment, newest first."""
    rows = store.query(
        "SELECT b.*, (SELECT count(*) FROM labels l WHERE l.batch_id = b.id AND l.counts) AS used "
        "FROM label_batches b WHERE b.deployment_id = ? ORDER BY b.id DESC",
        [deployment_id],
    )
    return [
        LabelFile(
            id=row["id"],
            source=row["source"],
            rows=row["rows"],
            matched=row["matched"],
            used=row["used"],
            by=row["actor"],
            at=row["created_at"],
            undone_at=row["undone_at"],
        )
        for row in rows
    ]


def undo(store: Store, deployment_id: int, batch: int) -> list[tuple[int, int]]:
    """A batch counts no longer, and what it had overwritten does again; the answer is the model
    version and start of each window that this changes."""
    store.execute("UPDATE label_batches SET undone_at = ? WHERE id = ?", [clock.now(), batch])
    found = [
        (row["model_version_id"], row["window_us"])
        for row in store.query(
            "SELECT DISTINCT model_version_id, window_us FROM labels WHERE deployment_id = ? "
            "AND prediction_id IN (SELECT prediction_id FROM labels WHERE batch_id = ? AND counts)",
            [deployment_id, batch],
        )
    ]
    store.execute(
        "UPDATE labels SET counts = 1 WHERE deployment_id = ? AND prediction_id IN "
        "(SELECT prediction_id FROM labels WHERE batch_id = ? AND counts) AND batch_id = ("
        "SELECT max(o.batch_id) FROM labels o JOIN label_batches b ON b.id = o.batch_id "
        "WHERE o.deployment_id = labels.deployment_id AND o.prediction_id = labels.prediction_id "
        "AND b.undone_at IS NULL)",
        [deployment_id, batch],
    )
    store.execute("UPDATE labels SET counts = 0 WHERE batch_id = ?", [batch])
    return sorted(found)


def add_labels(store: Store, deployment_id: int, batch: int, labels: Sequence[Label]) -> None:
    """Add the labels of a new batch; they count in place of older ones of the same predictions."""
    store.execute_many(
        "UPDATE labels SET counts = 0 WHERE deployment_id = ? AND prediction_id = ? AND counts",
        [(deployment_id, label.prediction_id) for label in labels],
    )
    store.execute_many(
        "INSERT INTO labels VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)",
        [
            (
                deployment_id,
                label.prediction_id,
                batch,
                label.model_version,
                label.window_us,
                label.actual,
                label.predicted,
                json.dumps(label.scores),
            )
            for label in labels
        ],
    )


def labelled(store: Store, deployment_id: int) -> int:
    sql = "SELECT count(*) FROM labels WHERE deployment_id = ? AND counts"
    return int(store.scalar(sql, [deployment_id]))


def labels_of(store: Store, deployment_id: int, model_version: int, window_us: int) -> list[Label]:
    """The labels of the predictions of one window."""
    rows = store.query(
        "SELECT * FROM labels WHERE deployment_id = ? AND model_version_id = ? AND window_us = ? "
        "AND counts",
        [deployment_id, model_version, window_us],
    )
    return [_label(row) for row in rows]


def actuals(store: Store, deployment_id: int, ids: Sequence[str] | None = None) -> dict[str, str]:
    """True values by prediction id: of these ids, or all that are known."""
    sql = "SELECT prediction_id, actual FROM labels WHERE deployment_id = ? AND counts"
    if ids is None:
        rows = store.query(sql, [deployment_id])
    else:
        rows = []
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            rows += store.query(f"{sql} AND prediction_id IN ({marks})", [deployment_id, *some])
    return {row["prediction_id"]: row["actual"] for row in rows}


def _label(row: Row) -> Label:
    return Label(
        row["prediction_id"],
        row["model_version_id"],
        row["window_us"],
        row["actual"],
        row["predicted"],
        tuple(json.loads(row["scores"])),
    )
